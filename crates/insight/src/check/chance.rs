//! How many equal rows are mere coincidence: in a table with few distinct values, twins occur by themselves.

use super::Column;
use super::fingerprint::hash_cell;

/// Share of the pairs of equal rows (one row from each side) that coincidence explains, in [0, 1].
///
/// Where rows coincide by chance, far more pairs agree everywhere but in one column; a copied row agrees in all.
/// With E pairs of equal rows, Pⱼ pairs that agree everywhere but possibly in column j, and cⱼ the chance that two
/// rows agree in column j, coincidence should give about (Pⱼ − E) · cⱼ / (1 − cⱼ) equal pairs. The column that
/// allows most of them decides, since columns that depend on each other allow too few.
pub(super) fn explained_by_chance(
    columns: &[&Column<'_>],
    prints: &[u128],
    here: &[usize],
    there: &[usize],
) -> f64 {
    let equal = pairs(prints, here, there);
    let all = here.len() as f64 * there.len() as f64;
    if equal == 0.0 {
        return 1.0;
    }
    let mut explained = 0.0_f64;
    for (position, column) in columns.iter().enumerate() {
        let cells: Vec<u128> = (0..prints.len()).map(|row| hash_cell(&column.cells, row, position)).collect();
        let rest: Vec<u128> =
            prints.iter().zip(&cells).map(|(print, cell)| print.wrapping_sub(*cell)).collect();
        let agree = pairs(&cells, here, there) / all;
        if agree < 1.0 {
            let near = pairs(&rest, here, there) - equal;
            explained = explained.max(near * agree / (1.0 - agree) / equal);
        }
    }
    explained.min(1.0)
}

/// Number of pairs of rows, one from each side, with equal prints.
fn pairs(prints: &[u128], here: &[usize], there: &[usize]) -> f64 {
    let sorted = |rows: &[usize]| {
        let mut side: Vec<u128> = rows.iter().map(|&row| prints[row]).collect();
        side.sort_unstable();
        side
    };
    let (here, there) = (sorted(here), sorted(there));
    let mut groups = there.chunk_by(|a, b| a == b).peekable();
    let mut total = 0.0;
    for group in here.chunk_by(|a, b| a == b) {
        while groups.next_if(|other| other[0] < group[0]).is_some() {}
        if let Some(other) = groups.next_if(|other| other[0] == group[0]) {
            total += group.len() as f64 * other.len() as f64;
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_counted_like_the_double_loop() {
        let prints: Vec<u128> = (0..60_u128).map(|i| i * i % 13).collect();
        let (here, there): (Vec<usize>, Vec<usize>) = (0..60).partition(|row| row % 3 == 0);
        let mut naive = 0;
        for &a in &here {
            naive += there.iter().filter(|&&b| prints[a] == prints[b]).count();
        }
        assert_eq!(pairs(&prints, &here, &there), naive as f64);
    }
}
