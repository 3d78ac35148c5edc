//! `explain --layers`: what each layer of a network for pictures or sounds looks for.

use super::super::generate::do_nothing;
use super::{CLASS, COUNT, LOCK, METHOD, OUT, ROWS, SOUNDS, TARGET};
use crate::arguments::Arguments;
use crate::flags::JSON;
use crate::output;
use crate::program::DONE;
use crate::show;
use pellucid_goals::{Error, Looks, explain_layers, layers_page};
use std::path::Path;

/// Patches of a channel that are named.
const NAMED: usize = 3;

pub(super) fn show(a: &Arguments<'_>, run: &Path) -> Result<u8, Error> {
    do_nothing(a, &[&METHOD, &CLASS, &LOCK, &ROWS, &COUNT, &SOUNDS], "is looked at layer by layer")?;
    let mut watcher = show::watcher(false);
    let all = explain_layers(run, a.text(&TARGET), watcher.as_mut())?;
    drop(watcher);
    for looks in &all {
        match a.on(&JSON) {
            true => output::line(&as_json(looks))?,
            false => output::line(&in_words(looks))?,
        }
    }
    if let Some(path) = a.path(&OUT) {
        output::page(path, &layers_page(&output::name(run), &all))?;
    }
    Ok(DONE)
}

/// A line of JSON for each column of pictures or sounds; patches are for the page, their places are here.
fn as_json(looks: &Looks) -> String {
    let mut plain = looks.clone();
    let channels = plain.layers.iter_mut().flat_map(|layer| &mut layer.shown);
    channels.flat_map(|channel| &mut channel.patches).for_each(|patch| patch.picture = None);
    serde_json::json!(plain).to_string()
}

fn in_words(looks: &Looks) -> String {
    let what = if looks.sound { "sounds" } else { "pictures" };
    let mut lines = vec![format!(
        "`{}` · found in {} training {what}, counted on {} others; --out shows the patches",
        looks.column,
        show::count(looks.searched),
        show::count(looks.measured)
    )];
    for layer in &looks.layers {
        lines.push(format!(
            "Layer {} · {} · {} channels, {} idle · {}",
            layer.number,
            looks.sees(layer),
            show::count(layer.channels),
            show::count(layer.idle),
            layer.does
        ));
        for channel in &layer.shown {
            let patches = channel.patches.iter().take(NAMED).map(|patch| {
                let ([top, bottom], [left, right]) = (patch.rows, patch.columns);
                format!("{} ({}) at {top}–{bottom}, {left}–{right}", patch.place, patch.label)
            });
            lines.push(format!("  channel {:<4} {}", channel.number, looks.stands(channel).1));
            lines.push(format!("               {}", patches.collect::<Vec<_>>().join(" · ")));
        }
    }
    if looks.whole {
        lines.push("Layers after these see the whole at each place.".to_owned());
    }
    show::plain(&(lines.join("\n") + "\n"))
}
