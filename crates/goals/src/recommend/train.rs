//! From who took what to a run.

use super::choose::choose;
use super::design::design;
use super::history::{History, column, shares};
use super::model::Recommender;
use super::network::{Blueprint, Tastes};
use super::report::test;
use super::side::Sides;
use super::task::{People, Scale, TasteTask, UserSource};
use super::told::{Told, compare, told};
use crate::dataset::{ColumnPlan, Survey, Use, tell_unusable, tolerate};
use crate::design::Design;
use crate::drawing;
use crate::finish::finish;
use crate::learning::limit_design;
use crate::reasons::Reasons;
use crate::train::{resolve_data, resolve_plan, tell_columns};
use crate::trained::Trained;
use crate::{Config, Ended, Result, Run, Watcher};
use pellucid_insight::check::CheckReport;
use pellucid_kinds::cell_text;
use pellucid_nn::Seed;
use pellucid_train::{RunFolder, Stopped, train as run_plan};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// All that the first step needs.
pub(crate) struct Begun {
    survey: Survey,
    people: Arc<People>,
    titles: Vec<String>,
    config: Config,
    design: Design<Blueprint>,
    command: String,
}

/// Reads who took what, and what is known of users and items.
fn ready(survey: &Survey, config: &Config, watcher: &mut dyn Watcher) -> Result<(Arc<People>, Vec<String>)> {
    watcher.begin("Reading the data", survey.table.rows());
    let history = History::read(survey, config, &mut |done| watcher.advance(done))?;
    tolerate(survey, &history.left_out, &config.data)?;
    compare(survey, &history, watcher)?;
    let [of_items, of_users] = told(survey, &history)?;
    let sides = [Sides::of(&of_items, history.items.len())?, Sides::of(&of_users, history.users.len())?];
    let titles = titles(&of_items)?;
    let scale = Scale::of(&history);
    Ok((Arc::new(People { history, scale, sides }), titles))
}

/// What items are called: in each table, the first column whose name says so.
fn titles(told: &[Told<'_>]) -> Result<Vec<String>> {
    let named = |column: &&&ColumnPlan| {
        let name = column.name.to_lowercase();
        name.contains("title") || name.contains("name")
    };
    let mut titles: Vec<String> = Vec::new();
    for told in told {
        let Some(column) = told.columns.iter().find(named) else { continue };
        let called = told.values(column, |cell| cell_text(cell).unwrap_or_default().into_owned())?;
        titles.resize(called.len(), String::new());
        for (title, called) in titles.iter_mut().zip(called) {
            if title.is_empty() {
                *title = called.unwrap_or_default();
            }
        }
    }
    Ok(titles)
}

/// Says what was found.
fn tell(people: &People, watcher: &mut dyn Watcher) {
    let history = &people.history;
    let (rows, [users, items]) = (history.rows().iter().sum::<usize>(), history.took);
    let filled = 100.0 * rows as f64 / (users as f64 * items as f64);
    watcher.note(&format!("{users} users took {rows} of {items} items: {filled:.2} % of all that could be"));
    for (sides, of) in people.sides.iter().zip(["items", "users"]) {
        let names: Vec<String> = sides.names().map(|name| format!("`{name}`")).collect();
        if !names.is_empty() {
            watcher.note(&format!(
                "of {of}, {} {} known, too",
                names.join(", "),
                if names.len() == 1 { "is" } else { "are" }
            ));
        }
    }
    let more = history.items.len() - items;
    match people.sides[0].width {
        _ if more == 0 => {}
        0 => watcher.warning(&format!(
            "{more} more items were never taken, and no column tells anything of them: they will hardly be recommended"
        )),
        _ => watcher.note(&format!(
            "{more} more items were never taken: they are recommended by what is known of them"
        )),
    }
    if history.repeated > 0 {
        watcher.warning(&format!(
            "{} rows say again that a user took an item: the last one counts",
            history.repeated
        ));
    }
    match history.tied {
        Some(1.0) => watcher.warning(
            "all rows of a user have the same time: in which order things were taken is not known, and nothing is learned from it",
        ),
        Some(tied) if tied >= 0.005 => watcher.note(&format!(
            "{:.0} % of what was taken next has the same time as what was taken before: there the later row counts as later",
            100.0 * tied
        )),
        _ => {}
    }
    watcher.note(&history.splits.reason);
}

/// Everything before the first step.
///
/// # Errors
/// Data that is refused, and a run's folder that cannot be written.
pub(crate) fn begin(
    survey: Survey,
    mut config: Config,
    run: &Run,
    command: &str,
    watcher: &mut dyn Watcher,
) -> Result<Box<Begun>> {
    let here = "where things are recommended";
    let idle = ["augment", "channels", "blocks", "label_smoothing", "shared_vocabulary", "characters"];
    config.refuse_beside_predicting(&idle, here)?;
    tell_columns(&survey, watcher);
    [config.data.validation, config.data.test] = shares(&config).map(Some);
    let (people, titles) = ready(&survey, &config, watcher)?;
    tell_unusable(&survey.table, &people.history.left_out, watcher);
    tell(&people, watcher);
    let ordered = people.history.ordered();
    if !ordered {
        let here = &format!("{here} and their order is not known");
        config.refuse_beside_predicting(&["depth", "dropout", "context"], here)?;
    }
    let again = |config: &Config| design_for(&people, ordered, config);
    let mut design = again(&config);
    if config.training.steps.is_none() {
        let learning = learning(&people, &config, &design)?;
        limit_design(&mut design, learning, &config, again, 0, watcher)?;
    }
    let name = |role: Use| column(&survey, role).map(|column| column.name.clone());
    let [user, item, rating, time] = [Use::User, Use::Item, Use::Target, Use::Time].map(name);
    resolve_data(&mut config, &survey);
    config.data.predict = Vec::new();
    (config.data.user, config.data.item, config.data.rating, config.data.time) = (user, item, rating, time);
    config.network.width = Some(design.blueprint.width);
    if let Some(b) = &design.blueprint.sequence {
        let network = &mut config.network;
        (network.depth, network.context, network.dropout) = (Some(b.depth), Some(b.context), Some(b.dropout));
    }
    resolve_plan(&mut config.training, &design.plan, design.seconds);
    let columns: Vec<ColumnPlan> = survey.all_columns().map(|(column, _)| column.clone()).collect();
    Reasons::new(command, &columns, &design.decisions).write(run)?;
    run.write("config.toml", config.to_toml()?.as_bytes())?;
    design.plan.check()?;
    Ok(Box::new(Begun { survey, people, titles, config, design, command: command.to_owned() }))
}

/// A run that was begun before.
///
/// # Errors
/// Data that differs.
pub(crate) fn resume(
    survey: Survey,
    config: Config,
    reasons: Reasons,
    watcher: &mut dyn Watcher,
) -> Result<Box<Begun>> {
    let (people, titles) = ready(&survey, &config, watcher)?;
    // A run that was begun when no order was seen says nothing of it.
    let mut design = design_for(&people, config.network.context.is_some(), &config);
    reasons.recall_settings(&mut design.decisions);
    design.plan.check()?;
    Ok(Box::new(Begun { survey, people, titles, config, design, command: reasons.command }))
}

fn design_for(people: &Arc<People>, ordered: bool, config: &Config) -> Design<Blueprint> {
    use pellucid_train::Source;
    design(people, UserSource::new(people.clone(), None).rows(), ordered, config)
}

/// What learns, and what from.
fn learning(
    people: &Arc<People>,
    config: &Config,
    design: &Design<Blueprint>,
) -> Result<(TasteTask, Arc<UserSource>)> {
    let sizes = [people.history.users.len(), people.history.items.len()];
    let network = Tastes::new(&Seed::new(config.training.seed), &design.blueprint, sizes)?;
    let context = design.blueprint.sequence.as_ref().map(|sequence| sequence.context);
    Ok((TasteTask::new(network, people.clone()), Arc::new(UserSource::new(people.clone(), context))))
}

impl Begun {
    /// Learns, and finishes the run.
    ///
    /// # Errors
    /// A training that fails, and a folder that cannot be written.
    pub(crate) fn carry_out(self, run: Run, watcher: &mut dyn Watcher, stop: &AtomicBool) -> Result<Ended> {
        let Begun { survey, people, titles, config, mut design, command } = self;
        let (mut task, source) = learning(&people, &config, &design)?;
        let folder = RunFolder::new(run.path(), people.fingerprint(!survey.beside.is_empty()));
        drawing::keep(&run, task.structure()?)?;
        let outcome = run_plan(&mut task, source, &design.plan, &folder, watcher, stop)?;
        if outcome.stopped == Stopped::Interrupted {
            return Ok(Ended::Interrupted(run));
        }
        people.foresee(&mut task.network)?;
        let chosen = choose(&task.network, &people, watcher)?;
        design.decisions.extend(chosen.decisions);
        let name = |role: Use| column(&survey, role).map(|column| column.name.clone());
        let history = &people.history;
        let all = |user: usize| people.past(user, |_| true).taken;
        let model = Recommender {
            columns: [Use::User, Use::Item].map(|role| name(role).unwrap_or_default()),
            rating: name(Use::Target),
            scale: people.scale,
            network: task.network,
            blueprint: design.blueprint.clone(),
            sides: people.sides.clone(),
            ease: chosen.ease,
            sequence: chosen.sequence,
            users: history.users.clone(),
            items: history.items.clone(),
            titles,
            pasts: (0..history.users.len()).map(all).collect(),
        };
        let trained = Trained {
            survey: &survey,
            splits: &history.splits,
            checks: &CheckReport::default(),
            unreadable: &history.left_out,
            rows: history.rows(),
            unanswered: 0,
            config: &config,
            decisions: &design.decisions,
            outcome: &outcome,
            folder: &folder,
            command: &command,
        };
        let tested = test(&trained, &model, &people, &run, watcher)?;
        finish(&trained, tested, &run, |folder| model.save(folder)).map(|f| Ended::Finished(Box::new(f)))
    }
}
