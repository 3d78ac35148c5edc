//! A model that recommends: its network, what people took, in use and as a folder.

use super::ease::Ease;
use super::ids::Ids;
use super::network::{Blueprint, Tastes};
use super::rank::{Known, Scorer, best};
use super::side::Sides;
use super::task::Scale;
use crate::stored::{Saving, Stored};
use crate::{Error, Result};
use pellucid_nn::{Param, Pass, Seed, module};
use pellucid_tensor::Tensor;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::path::Path;

/// What it is for, as its folder says.
pub(crate) const GOAL: &str = "recommend";

/// The file of who took what.
const PEOPLE: &str = "people.json";

/// Letters of a part of a title that tell which one is meant, at least.
const SHORTEST_PART: usize = 3;

/// Things taken that are named for a recommendation.
const REASONS: usize = 3;

/// A network that has learned what people like.
pub struct Recommender {
    /// The columns of users and of items.
    pub columns: [String; 2],
    pub(crate) rating: Option<String>,
    pub(crate) scale: Option<Scale>,
    pub(crate) network: Tastes,
    pub(crate) blueprint: Blueprint,
    pub(crate) sides: [Sides; 2],
    /// And how much it counts beside the network.
    pub(crate) ease: Option<(Ease, f32)>,
    /// How much what follows by the order counts beside the network; 0 without one.
    pub(crate) sequence: f32,
    pub(crate) users: Ids,
    pub(crate) items: Ids,
    /// What items are called, where that is known.
    pub(crate) titles: Vec<String>,
    /// What each user took.
    pub(crate) pasts: Vec<Vec<(u32, f32)>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    targets: [Column; 1],
    user: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rating: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scale: Option<Scale>,
    /// How much EASE counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ease: Option<f32>,
    /// How much what follows by the order counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sequence: Option<f32>,
    network: Blueprint,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Column {
    name: String,
    kind: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct People {
    users: Ids,
    items: Ids,
    titles: Vec<String>,
    pasts: Vec<Vec<(u32, f32)>>,
    sides: [Sides; 2],
    /// The items that EASE knows.
    ease: Vec<u32>,
}

/// All numbers of a model.
struct Numbers {
    network: Tastes,
    ease: Option<Param>,
}

module!(Numbers { network, ease });

/// An item that is recommended.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recommended {
    /// Its name in the data.
    pub item: String,
    /// What it is called, if that is known.
    pub title: Option<String>,
    /// How much it speaks for it: comparable only within a list.
    pub score: f64,
    /// How the user is expected to rate it, if the network has learned from ratings.
    pub rating: Option<f64>,
    /// Whether nobody has taken it yet: then it is known by its columns only.
    pub new: bool,
    /// What of all that was taken speaks most for it, the most first.
    pub because: Vec<Because>,
}

/// Something taken that speaks for an item.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Because {
    /// Its name in the data.
    pub item: String,
    /// What it is called, if that is known.
    pub title: Option<String>,
    /// Its share of all that speaks for the item: of what is added up for each thing taken, and, where their order is seen, of what the order
    /// would say less for the item without this thing.
    pub share: f64,
}

impl Recommender {
    /// What is known of a user by name.
    ///
    /// # Errors
    /// A user that is not known, with the nearest one.
    pub(crate) fn user(&self, name: &str) -> Result<Known> {
        let Some(number) = self.users.find(name) else {
            let near = pellucid_base::nearest(name, self.users.names().iter().map(String::as_str));
            let near = near.map_or_else(String::new, |near| format!("did you mean `{near}`? · "));
            return Err(Error::usage(format!(
                "`{name}` is no `{}` that it knows · {near}of someone new, say what he likes: --liked ITEM,ITEM",
                self.columns[0]
            )));
        };
        let taken = self.pasts.get(number as usize).cloned().unwrap_or_default();
        Ok(Known { user: Some(number), taken })
    }

    /// The number of an item by its name in the data, or by what it is called.
    fn item(&self, name: &str) -> Result<u32> {
        if let Some(number) = self.items.find(name) {
            return Ok(number);
        }
        let called = |title: &String| title.eq_ignore_ascii_case(name);
        if let Some(at) = self.titles.iter().position(called) {
            return Ok(at as u32);
        }
        let names = || self.titles.iter().chain(self.items.names()).map(String::as_str);
        // A part of a title is nearer than a title with other letters.
        let part = name.to_lowercase();
        let holds = |title: &&str| part.len() >= SHORTEST_PART && title.to_lowercase().contains(&part);
        let near = names().find(holds).or_else(|| pellucid_base::nearest(name, names()));
        let advice = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("name it as the column `{}` does", self.columns[1]),
        };
        Err(Error::usage(format!("`{name}` is nothing that it knows · {advice}")))
    }

    /// What scores items.
    pub(super) fn scorer(&self) -> Scorer<'_> {
        Scorer {
            network: &self.network,
            sides: &self.sides,
            items: self.items.len(),
            ease: self.ease.as_ref().map(|(ease, share)| (ease, *share)),
            sequence: self.sequence,
        }
    }

    /// What is known of a user by name, or of someone new, and `more` that he likes.
    ///
    /// # Errors
    /// A user or items that are not known.
    pub(super) fn known(&self, user: Option<&str>, more: &[String]) -> Result<Known> {
        let mut known = user.map_or(Ok(Known::default()), |name| self.user(name))?;
        for name in more {
            let item = self.item(name)?;
            known.taken.retain(|&(taken, _)| taken != item);
            // As if liked one deviation more than on average.
            known.taken.push((item, 1.0));
        }
        Ok(known)
    }

    /// The items that anybody took.
    pub(super) fn taken(&self) -> HashSet<u32> {
        self.pasts.iter().flatten().map(|&(item, _)| item).collect()
    }

    /// What an item is called, if that is known.
    pub(super) fn title(&self, item: u32) -> Option<String> {
        self.titles.get(item as usize).filter(|title| !title.is_empty()).cloned()
    }

    /// Recommends items to a user, or to someone new; `more` items are liked beside what is known of him. What was taken is left out.
    ///
    /// # Errors
    /// A user or items that are not known, nobody named and nothing liked, and no memory.
    pub fn recommend(&self, user: Option<&str>, more: &[String], count: usize) -> Result<Vec<Recommended>> {
        let known = self.known(user, more)?;
        // Of whom something is known beside, something can be said.
        if known.taken.is_empty() && (known.user.is_none() || self.sides[1].width == 0) {
            return Err(Error::usage(
                "nothing is known of whom to recommend to · name a --user, or what is --liked",
            ));
        }
        let scorer = self.scorer();
        let scores = scorer.scores(&[&known])?.into_iter().next().unwrap_or_default();
        let list = best(&scores, &known.taken, count);
        let who = vec![0; list.len()];
        let ratings = scorer.liked(&[&known], [&who, &list])?;
        let reasons = self.reasons(&known, &list)?;
        let taken = self.taken();
        let recommended = |((place, &item), because): ((usize, &u32), Vec<Because>)| Recommended {
            item: self.items.name(item).to_owned(),
            title: self.title(item),
            score: f64::from(scores[item as usize]),
            rating: self.scale.zip(ratings.get(place)).map(|(scale, &liking)| scale.rating(liking)),
            new: !taken.contains(&item),
            because,
        };
        Ok(list.iter().enumerate().zip(reasons).map(recommended).collect())
    }

    /// What of all that a user took speaks most for each of some items. What the network and EASE say is a sum over what was taken, of which each
    /// thing's part is exact. What the order says is no sum: there a thing's part is what would be said less for the item without it.
    fn reasons(&self, known: &Known, items: &[u32]) -> Result<Vec<Vec<Because>>> {
        let shown = known.shown();
        if shown.is_empty() || items.is_empty() {
            return Ok(vec![Vec::new(); items.len()]);
        }
        let taken: Vec<u32> = shown.iter().map(|&(item, _)| item).collect();
        let [having, wanted] = [&taken[..], items].map(|numbers| Tensor::new(numbers, &[numbers.len()]));
        let side = self.sides[0].some(items)?;
        let said = self.network.says(&Pass::inference(), &having?, &wanted?, side.as_ref())?;
        let (said, share) = (said.value().data::<f32>()?, 1.0 / (shown.len() as f32).sqrt());
        let by_order = self.said_less(known, items)?;
        let mut all = Vec::with_capacity(items.len());
        for (column, &item) in items.iter().enumerate() {
            let mut speaks: Vec<(f32, u32)> = Vec::with_capacity(taken.len());
            for (row, &having) in taken.iter().enumerate() {
                let by_ease = self.ease.as_ref().and_then(|(ease, share)| {
                    let at = ease.items.binary_search(&item).ok()?;
                    Some(share * ease.row(having)?.get(at)?)
                });
                // Both end with what was taken last.
                let at = (by_order.len() + row).checked_sub(taken.len());
                let by_order = at.and_then(|at| Some(by_order.get(at)?[column]));
                let plain = share * said[row * items.len() + column] + by_ease.unwrap_or_default();
                speaks.push((plain + by_order.unwrap_or_default(), having));
            }
            speaks.sort_by(|a, b| b.0.total_cmp(&a.0));
            let whole: f32 = speaks.iter().map(|(x, _)| x.max(0.0)).sum();
            let because = |&(x, item): &(f32, u32)| Because {
                item: self.items.name(item).to_owned(),
                title: self.title(item),
                share: f64::from(x / whole),
            };
            all.push(speaks.iter().take(REASONS).filter(|(x, _)| *x > 0.0).map(because).collect());
        }
        Ok(all)
    }

    /// For each of the last things a user took, of which the order is seen: how much less the order would say for each of some items without it.
    fn said_less(&self, known: &Known, items: &[u32]) -> Result<Vec<Vec<f32>>> {
        let Some(sequence) = self.network.sequence.as_ref().filter(|_| self.sequence > 0.0) else {
            return Ok(Vec::new());
        };
        let taken = &known.taken;
        let without =
            |at: usize| Known { user: known.user, taken: [&taken[..at], &taken[at + 1..]].concat() };
        let first = taken.len() - sequence.seen(known).len();
        let all: Vec<Known> =
            std::iter::once(known.clone()).chain((first..taken.len()).map(without)).collect();
        let follows = self.scorer().follows(&all.iter().collect::<Vec<_>>())?;
        let Some((whole, less)) = follows.split_first() else { return Ok(Vec::new()) };
        let lost = |less: &Vec<f32>| {
            items.iter().map(|&item| self.sequence * (whole[item as usize] - less[item as usize])).collect()
        };
        Ok(less.iter().map(lost).collect())
    }

    /// Writes the model's folder.
    ///
    /// # Errors
    /// Files that cannot be written.
    pub(crate) fn save(self, folder: &Path) -> Result<()> {
        let [user, item] = self.columns;
        let file = File {
            targets: [Column { name: item, kind: "item".to_owned() }],
            user,
            rating: self.rating,
            scale: self.scale,
            ease: self.ease.as_ref().map(|(_, share)| *share),
            sequence: self.network.sequence.as_ref().map(|_| self.sequence),
            network: self.blueprint,
        };
        let (ease, weights) = self.ease.map(|(ease, _)| (ease.items, ease.weights)).unwrap_or_default();
        let table = |weights: Vec<f32>| Tensor::new(&weights, &[ease.len(), ease.len()]);
        let weights = (!ease.is_empty()).then(|| table(weights)).transpose()?;
        let people = People {
            users: self.users,
            items: self.items,
            titles: self.titles,
            pasts: self.pasts,
            sides: self.sides,
            ease,
        };
        let mut saving = Saving::default();
        saving.file(PEOPLE, &people)?;
        let numbers = Numbers { network: self.network, ease: weights.map(Param::buffer) };
        saving.write(folder, GOAL, &file, &numbers)
    }

    /// Reads a model's folder.
    ///
    /// # Errors
    /// Files of another form, and weights of another network.
    pub(crate) fn load(stored: &Stored) -> Result<Recommender> {
        let File {
            targets: [Column { name: item, .. }],
            user,
            rating,
            scale,
            ease: share,
            sequence,
            network: blueprint,
        } = stored.parse()?;
        let People { users, items, titles, pasts, sides, ease } =
            serde_json::from_slice(&stored.file(PEOPLE)?)
                .map_err(|e| stored.unreadable(format!("{PEOPLE} is damaged: {e}")))?;
        let fits = pasts.iter().flatten().all(|&(item, _)| (item as usize) < items.len())
            && ease.iter().all(|&item| (item as usize) < items.len())
            && sides[0].check(items.len())?
            && sides[1].check(users.len())?;
        if !fits {
            return Err(stored.unreadable(format!("{PEOPLE} does not fit together")));
        }
        let n = ease.len();
        let table = (n > 0).then(|| Tensor::zeros(pellucid_tensor::DType::F32, &[n, n])).transpose()?;
        let network = Tastes::new(&Seed::none(), &blueprint, [users.len(), items.len()])?;
        let mut numbers = Numbers { network, ease: table.map(Param::buffer) };
        stored.fill(&mut numbers)?;
        let weights = numbers.ease.as_ref().map(|ease| ease.value.data::<f32>()).transpose()?;
        let weights = weights.map(<[f32]>::to_vec);
        let ease = weights.map(|weights| (Ease { items: ease, weights }, share.unwrap_or_default()));
        let network = numbers.network;
        let columns = [user, item];
        Ok(Recommender {
            columns,
            rating,
            scale,
            network,
            blueprint,
            sides,
            ease,
            sequence: sequence.unwrap_or_default(),
            users,
            items,
            titles,
            pasts,
        })
    }
}
