//! What the layers of a network for pictures or sounds look for: for some channels of each, the patches that excite them most.

use maud::{Markup, html};

use super::examples::picture;
use super::prose;
use crate::report::data::{Looks, LooksOfChannel, LooksOfLayer, ReportData};
use crate::report::words::count;

pub(super) fn content(data: &ReportData, _: &ReportData) -> Option<Markup> {
    (!data.looks.is_empty())
        .then(|| html! { @for looks in &data.looks { (self::looks(looks, data.looks.len() > 1)) } })
}

/// What the layers for one column look for; `named` says that there are several columns.
pub(crate) fn looks(looks: &Looks, named: bool) -> Markup {
    let (one, many) = if looks.sound { ("sound", "sounds") } else { ("picture", "pictures") };
    html! {
        @if named { h3 { (looks.column) } }
        p {
            "The network is a row of layers, and each layer has many " b { "channels" } ": small detectors, each of which looks for one thing everywhere in a "
            (one) ". "
            @match looks.sound {
                true => "The first layers hear a few hundredths of a second and find beginnings, ends and tones",
                false => "The first layers see a few pixels and find edges, spots and shades",
            }
            "; each later one combines what those before it have found, until the whole is recognised. Below are, for each layer, some channels that tell most "
            "of " (prose(&format!("`{}`", looks.target)))
            ", and the places in training " (many) " that excite each of them most."
        }
        @if looks.sound {
            p { "A sound is drawn with time from left to right and high frequencies above, from black where it is quietest to white where it is loudest." }
        }
        p class="aside" {
            "Found in " (count(looks.searched)) " training " (many) ", drawn by chance; what a channel stands for was counted on " (count(looks.measured))
            " others, because on those by which it was chosen it would look better than it is."
            @if looks.left_out > 0 { " There are " (looks.left_out) " more layers between these." }
        }
        @for layer in &looks.layers { (of_layer(looks, layer)) }
        @if looks.whole { p class="aside" { "Layers after these see the whole " (one) " at each place, so there are no patches to show." } }
        details {
            summary { "How this was found" }
            p {
                "The patches that excite single channels most, as in Zeiler & Fergus 2014 (arXiv 1311.2901) and Girshick et al. 2014 (arXiv 1311.2524). A patch is "
                "exactly what the channel sees at that place (its receptive field, worked out from the sizes and steps of all kernels before it; Araujo et al. 2019): "
                "nothing outside of it can have excited the channel, but for the brightness and contrast of the whole, by which each " (one) " is standardised. Grey is "
                "where a patch juts out of the " (one) ". Where a patch is half of the " (one) " or more, what does not excite the channel is darkened."
            }
            p {
                "Channels are not chosen by hand: first comes the one whose strongest excitation goes along most closely with a class, a tag or the number (by "
                "correlation), then one for another class, and so on, without those that say the same as one before (a correlation above 0.9). What a channel stands for is counted on the tenth "
                "of other " (many) " that excites it most, and believed if chance would name any channel of such a list in fewer than one of twenty (Fisher's exact test with Bonferroni's "
                "correction): network dissection (Bau et al. 2017, arXiv 1704.05796) with the data's own labels in the place of drawn masks."
            }
        }
    }
}

fn of_layer(looks: &Looks, layer: &LooksOfLayer) -> Markup {
    let (shown, sure) = (layer.shown.len(), Looks::sure(layer));
    html! {
        section class="layer" {
            h4 { "Layer " (layer.number) " " span class="sees" { (looks.sees(layer)) } }
            p class="aside" {
                (count(layer.channels)) " channels"
                @if layer.idle > 0 { ", of which none of the " (if looks.sound { "sounds" } else { "pictures" }) " excites " (count(layer.idle)) }
                ". "
                @match sure {
                    0 => "None of those shown tells anything of it by itself yet.",
                    n if n == shown => "Each of those shown tells something of it.",
                    1 => { "One of the " (shown) " shown tells something of it." }
                    n => { (n) " of the " (shown) " shown tell something of it." }
                }
            }
            @for channel in &layer.shown { (of_channel(looks, channel)) }
            details { summary { "What it is made of" } p { (layer.does) } }
        }
    }
}

fn of_channel(looks: &Looks, channel: &LooksOfChannel) -> Markup {
    let (sure, stands) = looks.stands(channel);
    html! {
        div class="channel" {
            div class="patches" {
                @for patch in &channel.patches {
                    @let said = format!("{}: {} ({:+.1} deviations)", patch.place, patch.label, patch.strength);
                    figure title=(said) {
                        @if let Some(png) = &patch.picture { (picture(png, &said)) }
                        figcaption { (patch.label) }
                    }
                }
            }
            p class=(if sure { "stands" } else { "stands unsure" }) { small { "Channel " (channel.number) } " " (prose(&stands)) }
        }
    }
}
