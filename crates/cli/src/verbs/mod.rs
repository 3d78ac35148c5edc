//! Every verb of the program: one file each, and one line in the list.

mod audit;
mod check;
mod doctor;
mod evaluate;
mod explain;
mod forecast;
mod generate;
mod listen;
mod predict;
mod recommend;
mod resume;
mod sample;
mod serve;
mod studio;
mod train;
mod translate;

use crate::program::Verb;

/// The verbs, in the order of the help.
pub(crate) static VERBS: &[&Verb] = &[
    &check::VERB,
    &train::VERB,
    &resume::VERB,
    &evaluate::VERB,
    &predict::VERB,
    &explain::VERB,
    &audit::VERB,
    &forecast::VERB,
    &translate::VERB,
    &generate::VERB,
    &recommend::VERB,
    &listen::VERB,
    &serve::VERB,
    &studio::VERB,
    &doctor::VERB,
    &sample::VERB,
];
