//! From who took what to a run.

use super::design::design;
use super::ease::{Ease, Together};
use super::history::{History, column, shares};
use super::model::Recommender;
use super::network::{Blueprint, Tastes};
use super::rank::{Known, TOGETHER, best, scores};
use super::report::test;
use super::side::Sides;
use super::task::{People, Scale, TasteTask, UserSource, some_users};
use super::told::{Told, compare, told};
use crate::dataset::{ColumnPlan, Survey, Use, tell_unusable, tolerate};
use crate::design::{Decision, Design};
use crate::finish::finish;
use crate::learning::limit_design;
use crate::reasons::Reasons;
use crate::train::{resolve_data, resolve_plan, tell_columns};
use crate::trained::Trained;
use crate::{Config, Ended, Result, Run, Watcher};
use pellucid_data::Part;
use pellucid_insight::check::CheckReport;
use pellucid_kinds::cell_text;
use pellucid_nn::Seed;
use pellucid_train::metrics::{LISTED, RankedList};
use pellucid_train::{RunFolder, Stopped, train as run_plan};
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
        "augment",
        "channels",
        "blocks",
        "depth",
        "label_smoothing",
        "shared_vocabulary",
        "characters",
        "context",
    ];
    config.refuse_beside_predicting(&idle, "where things are recommended")?;
    tell_columns(&survey, watcher);
    [config.data.validation, config.data.test] = shares(&config).map(Some);
    let (people, titles) = ready(&survey, &config, watcher)?;
    tell_unusable(&survey.table, &people.history.left_out, watcher);
    tell(&people, watcher);
    let mut design = design_for(&people, &config);
    if config.training.steps.is_none() {
        let learning = learning(&people, &config, &design)?;
        limit_design(&mut design, learning, &config, |config| design_for(&people, config), 0, watcher)?;
    }
    let name = |role: Use| column(&survey, role).map(|column| column.name.clone());
    let [user, item, rating, time] = [Use::User, Use::Item, Use::Target, Use::Time].map(name);
    resolve_data(&mut config, &survey);
    config.data.predict = Vec::new();
    (config.data.user, config.data.item, config.data.rating, config.data.time) = (user, item, rating, time);
    (config.network.width, config.network.dropout) = (Some(design.blueprint.width), None);
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
    let mut design = design_for(&people, &config);
    reasons.recall_settings(&mut design.decisions);
    design.plan.check()?;
    Ok(Box::new(Begun { survey, people, titles, config, design, command: reasons.command }))
}

fn design_for(people: &Arc<People>, config: &Config) -> Design<Blueprint> {
    use pellucid_train::Source;
    design(people, UserSource::new(people.clone()).rows(), config)
}

/// What learns, and what from.
fn learning(
    people: &Arc<People>,
    config: &Config,
    design: &Design<Blueprint>,
) -> Result<(TasteTask, Arc<UserSource>)> {
    let sizes = [people.history.users.len(), people.history.items.len()];
    let network = Tastes::new(&Seed::new(config.training.seed), &design.blueprint, sizes)?;
    Ok((TasteTask::new(network, people.clone()), Arc::new(UserSource::new(people.clone()))))
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
    watcher.begin("Comparing with EASE", users.len());
    let maps: Vec<(f64, Ease)> =
        LAMBDAS.iter().filter_map(|&lambda| Some((lambda, counts.solve(lambda)?))).collect();
    let ways = || maps.iter().flat_map(|(lambda, ease)| SHARES.map(|share| (*lambda, ease, share)));
    let (mut alone, mut mixed, mut scored) = (0.0, vec![0.0; maps.len() * SHARES.len()], 0usize);
    for some in users.chunks(TOGETHER) {
        let pasts: Vec<Known> =
            some.iter().map(|&user| people.past(user, |part| part == Part::Train)).collect();
        // The network is asked once; what EASE adds is cheap.
        let all =
            scores(network, &people.sides, history.items.len(), None, &pasts.iter().collect::<Vec<_>>())?;
        for ((&user, past), own) in some.iter().zip(&pasts).zip(&all) {
            let (taken, wanted) = (past.items(), history.items_of(user, Part::Validation));
            let ndcg = |scores: &[f32]| {
                let list = RankedList::of(&best(scores, &past.taken, LISTED), &wanted);
                list.map_or(0.0, |list| list.ndcg())
            };
            alone += ndcg(own);
            for ((_, ease, share), sum) in ways().zip(&mut mixed) {
                let mut scores = own.clone();
                ease.add(&taken, share, &mut scores);
                *sum += ndcg(&scores);
            }
        }
        scored += some.len();
        watcher.advance(scored);
    }
    // Of equal ones the first: the least held back, and the least of EASE.
    let chosen = ways().zip(&mixed).reduce(|best, way| if way.1 > best.1 { way } else { best });
    let Some(((lambda, _, share), ndcg)) = chosen else { return Ok(None) };
    let Some(ease) = together(history, &|part| part != Part::Test).solve(lambda) else { return Ok(None) };
    let mean = |sum: f64| sum / scored.max(1) as f64;
    let decision = Decision {
        setting: "ease".to_owned(),
        value: format!("counts {share} times, held back by {lambda}"),
        why: format!("on the validation, nDCG@10 {:.3} with it and {:.3} without", mean(*ndcg), mean(alone)),
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
        let folder = RunFolder::new(run.path(), people.fingerprint(!survey.beside.is_empty()));
        let outcome = run_plan(&mut task, source, &design.plan, &folder, watcher, stop)?;
        if outcome.stopped == Stopped::Interrupted {
            return Ok(Ended::Interrupted(run));
        }
        people.foresee(&mut task.network)?;
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
