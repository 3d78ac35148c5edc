//! From who took what to a run.

use super::design::{Design, design};
use super::ease::{Ease, Together};
use super::history::{History, column, shares};
use super::model::Recommender;
use super::network::Tastes;
use super::rank::{Scorer, lists};
use super::report::test;
use super::side::{Owner, Sides, owners};
use super::task::{People, Scale, TasteTask, UserSource, some_users};
use crate::dataset::{ColumnPlan, Survey, Use, each_cell, tell_unusable, tolerate};
use crate::design::Decision;
use crate::finish::finish;
use crate::learning::cost;
use crate::reasons::Reasons;
use crate::train::{resolve_data, resolve_plan, tell_columns};
use crate::trained::Trained;
use crate::{Config, Ended, Result, Run, Watcher};
use pellucid_data::Part;
use pellucid_insight::check::CheckReport;
use pellucid_kinds::cell_text;
use pellucid_nn::Seed;
use pellucid_train::metrics::RankedList;
use pellucid_train::{RunFolder, Stopped, train as run_plan};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// How strongly EASE may be held back.
const LAMBDAS: [f64; 3] = [100.0, 300.0, 1000.0];

/// How much EASE may count beside the network; the last is as good as alone.
const SHARES: [f32; 7] = [0.0, 2.0, 5.0, 10.0, 20.0, 50.0, 1000.0];

/// Users by whom it is chosen how much EASE counts, at most.
const CHOSEN_BY: usize = 2_000;

/// All that the first step needs.
pub(crate) struct Begun {
    survey: Survey,
    people: Arc<People>,
    titles: Vec<String>,
    config: Config,
    design: Design,
    command: String,
}

/// Reads who took what, and what is known of users and items.
fn ready(survey: &Survey, config: &Config, watcher: &mut dyn Watcher) -> Result<(Arc<People>, Vec<String>)> {
    watcher.begin("Reading the data", survey.table.rows());
    let history = History::read(survey, config, &mut |done| watcher.advance(done))?;
    tolerate(survey, &history.left_out, &config.data)?;
    let telling: Vec<&ColumnPlan> = survey.used_as(Use::Input).chain(survey.used_as(Use::Aside)).collect();
    let owner = owners(survey, &history, &telling)?;
    let is_training: std::collections::HashSet<usize> =
        history.part(Part::Train).map(|taken| taken.row()).collect();
    let of = |wanted: Owner| -> Result<Sides> {
        let owned = telling
            .iter()
            .zip(&owner)
            .filter(|(column, owner)| **owner == wanted && column.role == Use::Input);
        let columns: Vec<&ColumnPlan> = owned.map(|(column, _)| *column).collect();
        let first = history.first_rows(wanted == Owner::Item);
        Sides::of(survey, &columns, &first, &|row| is_training.contains(&row))
    };
    let sides = [of(Owner::Item)?, of(Owner::User)?];
    let named = |column: &&ColumnPlan| {
        let name = column.name.to_lowercase();
        name.contains("title") || name.contains("name")
    };
    let titles = telling.iter().zip(&owner).filter(|(_, owner)| **owner == Owner::Item);
    let title = titles.map(|(column, _)| *column).find(named);
    let titles = title.map_or(Ok(Vec::new()), |column| titles_of(survey, column, &history))?;
    let scale = Scale::of(&history);
    Ok((Arc::new(People { history, scale, sides }), titles))
}

/// What each item is called in its first row.
fn titles_of(survey: &Survey, column: &ColumnPlan, history: &History) -> Result<Vec<String>> {
    let first: HashMap<usize, usize> =
        history.first_rows(true).into_iter().enumerate().map(|(item, row)| (row, item)).collect();
    let mut titles = vec![String::new(); history.items.len()];
    each_cell(survey, column, |row, cell| {
        if let Some(&item) = first.get(&row) {
            titles[item] = cell_text(cell).unwrap_or_default().into_owned();
        }
        Ok(())
    })?;
    Ok(titles)
}

/// Says what was found.
fn tell(people: &People, watcher: &mut dyn Watcher) {
    let history = &people.history;
    let rows: usize = history.rows().iter().sum();
    let filled = 100.0 * rows as f64 / (history.users.len() as f64 * history.items.len() as f64);
    watcher.note(&format!(
        "{} users took {rows} of {} items: {filled:.2} % of all that could be",
        history.users.len(),
        history.items.len()
    ));
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
    if history.repeated > 0 {
        watcher.warning(&format!(
            "{} rows say again that a user took an item: the last one counts",
            history.repeated
        ));
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
    let idle = [
        "from",
        "freeze",
        "class_weights",
        "augment",
        "layers",
        "channels",
        "blocks",
        "depth",
        "members",
        "label_smoothing",
        "shared_vocabulary",
        "characters",
        "context",
    ];
    config.refuse(&idle, "where things are recommended")?;
    tell_columns(&survey, watcher);
    [config.data.validation, config.data.test] = shares(&config).map(Some);
    let (people, titles) = ready(&survey, &config, watcher)?;
    tell_unusable(&survey.table, &people.history.left_out, watcher);
    tell(&people, watcher);
    let mut design = design_for(&people, &config);
    if config.training.steps.is_none() {
        limit_by_time(&people, &config, &mut design, watcher)?;
    }
    let name = |role: Use| column(&survey, role).map(|column| column.name.clone());
    let [user, item, rating, time] = [Use::User, Use::Item, Use::Target, Use::Time].map(name);
    resolve_data(&mut config, &survey);
    config.data.predict = Vec::new();
    (config.data.user, config.data.item, config.data.rating, config.data.time) = (user, item, rating, time);
    (config.network.width, config.network.dropout) = (Some(design.blueprint.width), None);
    resolve_plan(&mut config.training, &design.plan, design.seconds);
    Reasons::new(command, &survey.columns, &design.decisions).write(run)?;
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
    let mut design = design_for(&people, &config);
    reasons.recall_settings(&mut design.decisions);
    design.plan.check()?;
    Ok(Box::new(Begun { survey, people, titles, config, design, command: reasons.command }))
}

fn design_for(people: &Arc<People>, config: &Config) -> Design {
    use pellucid_train::Source;
    design(people, UserSource::new(people.clone()).rows(), config)
}

/// What learns, and what from.
fn learning(people: &Arc<People>, config: &Config, design: &Design) -> Result<(TasteTask, Arc<UserSource>)> {
    let sizes = [people.history.users.len(), people.history.items.len()];
    let network = Tastes::new(&Seed::new(config.training.seed), &design.blueprint, sizes)?;
    Ok((TasteTask::new(network, people.clone()), Arc::new(UserSource::new(people.clone()))))
}

/// Takes the time of some steps, and shortens the plan to what fits into the time allowed.
fn limit_by_time(
    people: &Arc<People>,
    config: &Config,
    out: &mut Design,
    watcher: &mut dyn Watcher,
) -> Result<()> {
    let (mut task, source) = learning(people, config, out)?;
    let cost = cost(&mut task, source, &out.plan, out.seconds)?;
    if let Some(shorter) = cost.shorter(config, &out.plan) {
        *out = design_for(people, &shorter);
        cost.explain(&mut out.decisions, out.seconds);
    }
    watcher.planned(out.plan.steps, cost.seconds(&out.plan), 0);
    Ok(())
}

/// EASE of what was taken in the parts that are `known`.
fn together(history: &History, known: &dyn Fn(Part) -> bool) -> Together {
    let taken: Vec<Vec<u32>> = (0..history.users.len())
        .map(|user| history.of(user, known).map(|taken| taken.item).collect())
        .collect();
    Together::of(history.items.len(), taken.iter().map(Vec::as_slice))
}

/// What was found out by the validation.
struct Chosen {
    ease: Ease,
    share: f32,
    decision: Decision,
}

/// Chooses by the validation how much EASE counts beside the network, and how strongly it is held back; the map that is chosen is worked out
/// again from all that is known before the test.
fn choose(network: &Tastes, people: &People, watcher: &mut dyn Watcher) -> Result<Option<Chosen>> {
    let history = &people.history;
    let users = some_users(history, Part::Validation, CHOSEN_BY);
    let counts = together(history, &|part| part == Part::Train);
    watcher.begin("Comparing with EASE", LAMBDAS.len() * SHARES.len());
    let (mut best, mut alone, mut done) = ((f64::NEG_INFINITY, 0.0f32, LAMBDAS[0]), 0.0, 0);
    for lambda in LAMBDAS {
        let Some(ease) = counts.solve(lambda) else { continue };
        for share in SHARES {
            let scorer = Scorer { network, people, ease: (share > 0.0).then_some((&ease, share)) };
            let known = |part: Part| part == Part::Train;
            let (found, _) = lists(&scorer, &users, &known, Part::Validation, &mut |_| {})?;
            let ndcg = found.iter().map(RankedList::ndcg).sum::<f64>() / found.len().max(1) as f64;
            if share == 0.0 {
                alone = ndcg;
            }
            if ndcg > best.0 {
                best = (ndcg, share, lambda);
            }
            done += 1;
            watcher.advance(done);
        }
    }
    let (ndcg, share, lambda) = best;
    let Some(ease) = together(history, &|part| part != Part::Test).solve(lambda) else { return Ok(None) };
    let decision = Decision {
        setting: "ease".to_owned(),
        value: format!("counts {share} times, held back by {lambda}"),
        why: format!("on the validation, nDCG@10 {ndcg:.3} with it and {alone:.3} without"),
    };
    Ok(Some(Chosen { ease, share, decision }))
}

impl Begun {
    /// Learns, and finishes the run.
    ///
    /// # Errors
    /// A training that fails, and a folder that cannot be written.
    pub(crate) fn carry_out(self, run: Run, watcher: &mut dyn Watcher, stop: &AtomicBool) -> Result<Ended> {
        let Begun { survey, people, titles, config, mut design, command } = self;
        let (mut task, source) = learning(&people, &config, &design)?;
        let folder = RunFolder::new(run.path(), people.history.fingerprint());
        let outcome = run_plan(&mut task, source, &design.plan, &folder, watcher, stop)?;
        if outcome.stopped == Stopped::Interrupted {
            return Ok(Ended::Interrupted(run));
        }
        let chosen = choose(&task.network, &people, watcher)?;
        design.decisions.extend(chosen.as_ref().map(|chosen| chosen.decision.clone()));
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
            ease: chosen.map(|chosen| (chosen.ease, chosen.share)),
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
