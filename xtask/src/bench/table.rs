//! A table for people, in Markdown, so that it can be kept in `docs/`.

/// Lines with as many cells as the first, which names the columns; all but the first column stand right.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.first().map_or(0, Vec::len);
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
            .max(3)
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut lines = Vec::new();
    for (i, row) in rows.iter().enumerate() {
        let mut line = "|".to_owned();
        for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
            line += &match column {
                0 => format!(" {cell:<width$} |"),
                _ => format!(" {cell:>width$} |"),
            };
        }
        lines.push(line);
        if i == 0 {
            let rule = |(column, &width): (usize, &usize)| match column {
                0 => format!("-{}-|", "-".repeat(width)),
                _ => format!("-{}:|", "-".repeat(width)),
            };
            lines.push("|".to_owned() + &widths.iter().enumerate().map(rule).collect::<String>());
        }
    }
    lines.join("\n")
}

/// A number with three digits that count, or none where there is none.
pub(crate) fn short(number: f64) -> String {
    match number.abs() {
        _ if !number.is_finite() => "–".to_owned(),
        size if size < 10.0 => format!("{number:.2}"),
        size if size < 100.0 => format!("{number:.1}"),
        _ => format!("{number:.0}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let row = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        let text = table(&[row(["name", "×"]), row(["W1", "12.5"])]);
        assert_eq!(text, "| name |    × |\n|------|-----:|\n| W1   | 12.5 |");
        assert_eq!(
            ["1.00", "12.3", "123", "–"],
            [1.0, 12.34, 123.4, f64::NAN].map(short).map(|s| s).each_ref().map(String::as_str)
        );
    }
}
