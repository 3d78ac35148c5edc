//! Each row's rarest tag: what a split keeps in proportion.

use super::cells::Separator;
use crate::cells::cell_text;
use pellucid_data::{Result, Table};
use std::collections::HashMap;

/// The rarest tag of each row of a column, as a number from 1 on; 0 for rows without a tag.
///
/// Splitting each tag's rows in proportion, the rarest first, is what iterative stratification does (Sechidis, Tsoumakas &
/// Vlahavas 2011); with one class a row, its rarest tag, common tags are spread nearly as well because they have many rows.
///
/// # Errors
/// What reading the table reports.
pub fn rarest_tags(table: &Table, column: usize) -> Result<Vec<u32>> {
    let mut texts: HashMap<String, usize> = HashMap::new();
    let mut rows = Vec::with_capacity(table.rows());
    for chunk in table.chunks() {
        let chunk = chunk?;
        for i in 0..chunk.rows {
            let text = cell_text(chunk.cell(i, column)).unwrap_or_default().into_owned();
            *texts.entry(text.clone()).or_default() += 1;
            rows.push(text);
        }
    }
    let separator = Separator::of(texts.iter().map(|(text, times)| (text.as_str(), *times)));
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for (text, times) in &texts {
        separator.parts(text).for_each(|tag| *counts.entry(tag).or_default() += times);
    }
    let mut by_rarity: Vec<_> = counts.into_iter().collect();
    by_rarity.sort_by_key(|&(tag, rows)| (rows, tag));
    let ranks: HashMap<&str, u32> = by_rarity.iter().map(|(tag, _)| *tag).zip(1..).collect();
    let rarest = |text: &String| separator.parts(text).filter_map(|tag| ranks.get(tag).copied()).min();
    Ok(rows.iter().map(|text| rarest(text).unwrap_or_default()).collect())
}
