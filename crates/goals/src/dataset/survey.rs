//! What a data set holds: its columns, their kinds, and what each is used for.

use super::beside::{Beside, open};
use super::corrections::{self, Mended};
use super::likes::Likes;
use super::works::Works;
use crate::config::DataConfig;
use crate::{Error, Result};
use pellucid_data::{Cell, DataError, MEDIA, OpenOptions, Place, Table};
use pellucid_kinds::{Kind, Profile, Role, kind, profile, recognise};

/// What a row is called: what stands in the column of its file, or its number.
pub(crate) fn row_name(table: &Table, file: Option<usize>, row: usize) -> String {
    if let Some(position) = file
        && let Ok(cells) = table.cells(row)
        && let Cell::Text(name) = cells.cell(position)
    {
        return name.to_owned();
    }
    let place = table.place(row);
    let number = place.row.unwrap_or(row + 1);
    // Rows of several files have the same numbers.
    let several = table.place(0).file != table.place(table.rows() - 1).file;
    match place.file.filter(|_| several) {
        Some(file) => format!("{} row {number}", file.rsplit(['/', '\\']).next().unwrap_or(&file)),
        None => format!("row {number}"),
    }
}

/// Names that a column to predict often has, when the person names none.
pub(super) const USUAL_TARGETS: [&str; 6] = ["label", "target", "class", "outcome", "diagnosis", "y"];

/// What a column is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// The network sees it.
    Input,
    /// The network learns to answer it.
    Target,
    /// It keeps rows of one group on one side of the split.
    Group,
    /// It says who took something.
    User,
    /// It says what was taken.
    Item,
    /// It orders the rows in time.
    Time,
    /// It names the part of each row.
    Split,
    /// It is left out.
    Aside,
}

impl Use {
    /// The use in words.
    pub fn name(self) -> &'static str {
        match self {
            Use::Input => "input",
            Use::Target => "to predict",
            Use::Group => "keeps groups together",
            Use::User => "who",
            Use::Item => "what",
            Use::Time => "orders the rows",
            Use::Split => "gives the split",
            Use::Aside => "set aside",
        }
    }
}

/// One column and what is made of it.
#[derive(Clone)]
pub struct ColumnPlan {
    /// The name.
    pub name: String,
    /// The position in the table.
    pub position: usize,
    /// The kind; `None` if the column is set aside because no kind here can learn from it.
    pub kind: Option<&'static dyn Kind>,
    /// What it is used for.
    pub role: Use,
    /// Why: "`outcome` looks like a category: 2 distinct values in 569 rows".
    pub reason: String,
    /// The other kind it could well be, if a person should be asked.
    pub or: Option<&'static str>,
}

/// A table with the plan for every column.
pub struct Survey {
    /// The data.
    pub table: Table,
    /// Facts about every column.
    pub profiles: Vec<Profile>,
    /// The plan for every column, in the table's order.
    pub columns: Vec<ColumnPlan>,
    /// Tables of their own that say something of users or items.
    pub(crate) beside: Vec<Beside>,
    /// What was decided on these tables, in words.
    told: Vec<String>,
    /// Cells that were mended, and no longer are as in the data.
    pub(crate) mended: usize,
    /// Whether something new is to be made, and nothing predicted.
    pub generate: bool,
    /// Whether it is to be learned what people like.
    pub recommend: bool,
}

impl Survey {
    /// Opens and surveys the data.
    ///
    /// # Errors
    /// Data that cannot be read, or column names that do not exist.
    pub fn new(config: &DataConfig) -> Result<Survey> {
        let mut options = OpenOptions::default();
        if let Some(share) = config.skip_share {
            options.skip_share = share;
        }
        if let Some(memory) = config.memory {
            options.memory = memory;
        }
        options.texts = config.generate;
        options.called = config.sample.as_ref().map(|name| format!("sample {name}"));
        let (table, beside, told) = match config.recommend {
            true => Beside::all(open(config, &options)?, config)?,
            false => (Table::open(&config.paths, &options)?, Vec::new(), Vec::new()),
        };
        let mut survey = Survey::of(table, beside, told, config)?;
        if let Some(path) = &config.corrections {
            let Mended { changes, told } = corrections::find(path, &survey)?;
            let table = survey.table.with_cells(&changes)?;
            survey = Survey::of(table, survey.beside, survey.told, config)?;
            survey.told.push(told);
            survey.mended = changes.len();
        }
        Ok(survey)
    }

    /// Surveys a table.
    fn of(table: Table, beside: Vec<Beside>, told: Vec<String>, config: &DataConfig) -> Result<Survey> {
        let profiles = profile(&table)?;
        let named = [&config.group, &config.time, &config.split, &config.user, &config.item, &config.rating];
        for name in config.predict.iter().chain(&config.inputs).chain(named.into_iter().flatten()) {
            table.column_index(name)?;
        }
        for name in config.ignore.iter().chain(config.kinds.keys()) {
            exists(name, &table, &beside)?;
        }
        no_second_use(config)?;
        let targets = targets(&table, config);
        let works = config.generate.then(|| Works::of(&table, &profiles, config)).transpose()?;
        let likes = config.recommend.then(|| Likes::of(&table, config)).transpose()?;
        let columns = profiles
            .iter()
            .enumerate()
            .map(|(position, p)| match &likes {
                Some(likes) => likes.plan(position, p, config),
                None => plan_column(position, p, &targets, works.as_ref(), config),
            })
            .collect::<Result<_>>()?;
        let (generate, recommend) = (config.generate, config.recommend);
        Ok(Survey { table, profiles, columns, beside, told, mended: 0, generate, recommend })
    }

    /// All columns with the facts about them, also those of tables beside.
    pub fn all_columns(&self) -> impl Iterator<Item = (&ColumnPlan, &Profile)> {
        let beside = self.beside.iter().flat_map(|beside| beside.columns.iter().zip(&beside.profiles));
        self.columns.iter().zip(&self.profiles).chain(beside)
    }

    /// What was detected or decided while reading, in plain words.
    pub fn notes(&self) -> Vec<&String> {
        let tables = std::iter::once(&self.table).chain(self.beside.iter().map(|beside| &beside.table));
        let mut notes: Vec<&String> = Vec::new();
        for note in tables.flat_map(Table::notes).chain(&self.told) {
            if !notes.contains(&note) {
                notes.push(note);
            }
        }
        notes
    }

    /// The columns with a use.
    pub fn used_as(&self, role: Use) -> impl Iterator<Item = &ColumnPlan> {
        self.columns.iter().filter(move |c| c.role == role)
    }

    /// What a person calls a row: the name of its picture or sound, or its file and number.
    pub fn row_name(&self, row: usize) -> String {
        row_name(&self.table, self.naming_column(), row)
    }

    /// The column of files that name their rows.
    fn naming_column(&self) -> Option<usize> {
        let is_file = |k: &str| MEDIA.iter().any(|media| media.column == k);
        let mut columns = self.used_as(Use::Input).chain(self.used_as(Use::Target));
        columns.find(|c| c.kind.is_some_and(|k| is_file(k.name()))).map(|column| column.position)
    }

    /// Tells the name of each row, in the table's order.
    ///
    /// # Errors
    /// Failures of reading.
    pub(crate) fn each_row_name(&self, mut tell: impl FnMut(usize, &str)) -> Result<()> {
        let Some(column) = self.naming_column() else {
            (0..self.table.rows()).for_each(|row| tell(row, &self.row_name(row)));
            return Ok(());
        };
        for chunk in self.table.chunks() {
            let chunk = chunk?;
            for row in 0..chunk.rows {
                match chunk.cell(row, column) {
                    Cell::Text(name) => tell(chunk.first_row + row, name),
                    _ => tell(chunk.first_row + row, &self.row_name(chunk.first_row + row)),
                }
            }
        }
        Ok(())
    }

    /// The facts about a column.
    pub fn profile(&self, column: &ColumnPlan) -> &Profile {
        &self.profiles[column.position]
    }

    /// Checks that there is something to learn and something to learn it from.
    ///
    /// # Errors
    /// No target, no inputs, or a target that is constant, all missing or all different.
    pub fn check_learnable(&self) -> Result<()> {
        let names = || self.columns.iter().map(|c| format!("`{}`", c.name)).collect::<Vec<_>>().join(", ");
        let refuse = |what: String| DataError::refused(what).in_file(self.table.origin());
        if self.generate || self.recommend {
            return Ok(());
        }
        if self.used_as(Use::Target).next().is_none() {
            let sort = |c: &ColumnPlan| MEDIA.iter().find(|m| c.kind.is_some_and(|k| k.name() == m.column));
            if let [Some(media)] = self.columns.iter().map(sort).collect::<Vec<_>>().as_slice() {
                let files = media.plural;
                let error = refuse(format!("there is only one class: all {files} lie in one folder"));
                let advice = format!(
                    "put the {files} of each class into a folder of their own, or give a table that names them"
                );
                return Err(error.advise(advice).into());
            }
            return Err(Error::usage(format!(
                "which column is to be predicted? · {} · its columns are {} · name one with --predict COLUMN",
                self.table.origin(),
                names()
            )));
        }
        for column in self.used_as(Use::Target) {
            let p = self.profile(column);
            let refuse = |what: &str| refuse(what.to_owned()).in_column(&column.name);
            if p.present() == 0 {
                return Err(refuse("there is nothing to learn: no row has an answer").into());
            }
            if p.all_counted && p.distinct() == 1 {
                let value = p.values.first().map_or("", |v| v.0.as_str());
                let why = format!("every row has the same answer, `{value}`");
                return Err(refuse("there is nothing to learn: only one answer occurs")
                    .because(why)
                    .advise("give rows with at least two different answers")
                    .into());
            }
            if column.kind.is_none_or(|k| k.name() == "id") {
                let why = format!("{} rows have {} different answers", p.present(), p.distinct());
                return Err(refuse("this column cannot be predicted: hardly any answer occurs twice")
                    .because(why)
                    .advise("choose a column with a limited set of answers, or a number")
                    .into());
            }
        }
        if self.used_as(Use::Input).next().is_none() {
            let error = refuse("there is nothing to learn from: no column can be an input".to_owned());
            let aside = self.columns.iter().find(|c| c.role == Use::Aside);
            let error = match aside {
                Some(column) => error.because(column.reason.clone()),
                None => error,
            };
            return Err(error
                .advise(format!("its columns are {}; set a kind with --kind COLUMN=KIND", names()))
                .into());
        }
        Ok(())
    }
}

impl Survey {
    /// Checks that numbers are finite: an infinite one is a division by zero or an overflow, not a measurement.
    /// Only a share of the rows that was allowed by name is treated as missing.
    ///
    /// # Errors
    /// Infinite numbers, with the first one's place.
    pub fn check_finite(&self, allowed: Option<f64>) -> Result<()> {
        let own = self.columns.iter().zip(&self.profiles).map(|(column, p)| (&self.table, column, p));
        let beside = self.beside.iter().flat_map(|beside| {
            beside.columns.iter().zip(&beside.profiles).map(|(column, p)| (&beside.table, column, p))
        });
        for (table, column, p) in
            own.chain(beside).filter(|(_, c, _)| matches!(c.role, Use::Input | Use::Target))
        {
            let (rows, infinite) = (table.rows(), p.infinite);
            if infinite as f64 <= allowed.unwrap_or(0.0) * rows as f64 {
                continue;
            }
            let mut place = first(table, column, |cell| matches!(cell, Cell::Number(x) if x.is_infinite()))?;
            place.column = Some(column.name.clone());
            let error =
                DataError::refused(format!("an infinite number in {infinite} of {rows} rows")).at(place);
            return Err(error
                .because("the first of them is here")
                .advise("replace them, leave these cells empty, or have them treated as missing with --skip-share")
                .into());
        }
        Ok(())
    }
}

/// The place of the first row whose cell is as described.
fn first(table: &Table, column: &ColumnPlan, is: impl Fn(Cell<'_>) -> bool) -> Result<Place> {
    for chunk in table.chunks() {
        let chunk = chunk?;
        if let Some(i) = (0..chunk.rows).find(|&i| is(chunk.cell(i, column.position))) {
            return Ok(table.place(chunk.first_row + i));
        }
    }
    Ok(Place::default())
}

/// Checks that a column is there, in the table or in one beside it.
fn exists(name: &str, table: &Table, beside: &[Beside]) -> Result<()> {
    let others = || beside.iter().flat_map(|beside| &beside.columns).map(|column| column.name.as_str());
    if others().any(|other| other == name) {
        return Ok(());
    }
    table.column_index(name).map(drop).map_err(|error| {
        let own = table.columns().iter().map(|column| column.name.as_str());
        let near = pellucid_base::nearest(name, own.chain(others()));
        match near {
            Some(near) => error.advise(format!("did you mean `{near}`?")).into(),
            None => error.into(),
        }
    })
}

/// Refuses a column that is to be predicted and to be something else as well.
fn no_second_use(config: &DataConfig) -> Result<()> {
    for name in &config.predict {
        let is = |other: &Option<String>| other.as_ref() == Some(name);
        let other = match () {
            () if config.ignore.contains(name) => "left out (--ignore)",
            () if config.inputs.contains(name) => "predicted from (--from-column)",
            () if is(&config.group) => "keep groups together (--group)",
            () if is(&config.time) => "order the rows (--time-column)",
            () if is(&config.split) => "give the split (--split)",
            () => continue,
        };
        return Err(Error::usage(format!(
            "`{name}` cannot be predicted and {other} at once · name another column for one of the two"
        )));
    }
    Ok(())
}

/// The columns to predict: as named, or the one column with a usual name.
fn targets(table: &Table, config: &DataConfig) -> Vec<String> {
    if !config.predict.is_empty() {
        return config.predict.clone();
    }
    let usual = |name: &str| USUAL_TARGETS.iter().any(|u| name.eq_ignore_ascii_case(u));
    let found: Vec<_> = table.columns().iter().map(|c| &c.name).filter(|n| usual(n)).cloned().collect();
    if found.len() == 1 { found } else { Vec::new() }
}

fn plan_column(
    position: usize,
    p: &Profile,
    targets: &[String],
    works: Option<&Works>,
    config: &DataConfig,
) -> Result<ColumnPlan> {
    let is = |name: &Option<String>| name.as_deref() == Some(p.name.as_str());
    let aside = |role, why: &str| {
        let reason = format!("`{}` {why}", p.name);
        Ok(ColumnPlan { name: p.name.clone(), position, kind: None, role, reason, or: None })
    };
    if config.ignore.contains(&p.name) {
        return aside(Use::Aside, "is left out, as asked");
    }
    if is(&config.group) {
        return aside(
            Use::Group,
            "keeps rows of one group on one side of the split, and is not shown to the network",
        );
    }
    if is(&config.time) {
        return aside(Use::Time, "orders the rows in time for the split, and is not shown to the network");
    }
    if is(&config.split) {
        return aside(Use::Split, "names the part of each row");
    }
    if let Some(works) = works {
        return works.plan(position, p, config);
    }
    let target = targets.contains(&p.name);
    let role = if target { Role::Target } else { Role::Input };
    let recognised = recognise(p, role);
    let (kind, reason, or) = match config.kinds.get(&p.name) {
        Some(name) => (Some(kind(name)?), format!("`{}` is of kind {name}, as asked", p.name), None),
        None => (recognised.kind, recognised.reason, recognised.or),
    };
    if !target && !config.inputs.is_empty() && !config.inputs.contains(&p.name) {
        return aside(Use::Aside, "is left out: other columns were named to predict from");
    }
    let constant = p.all_counted && p.distinct() <= 1 && p.missing == 0 && p.pictures + p.sounds == 0;
    if !target && constant && p.present() > 0 {
        return aside(Use::Aside, "is set aside: it has the same value in every row");
    }
    let role = match kind {
        _ if target => Use::Target,
        Some(k) if k.is_input() => Use::Input,
        _ => Use::Aside,
    };
    Ok(ColumnPlan { name: p.name.clone(), position, kind, role, reason, or })
}
