//! Drawings made of characters, for the programs of the learning path.
//!
//! The path itself is the numbered programs beside this file; it starts with `1_neuron`.

/// From little to much.
const SHADES: [char; 5] = [' ', '░', '▒', '▓', '█'];

/// A picture `[height, width]` as shades, its smallest value blank and its largest full. Each pixel is two
/// characters wide, which makes it about square.
pub fn picture(pixels: &[f32], width: usize) -> String {
    let low = pixels.iter().copied().fold(f32::INFINITY, f32::min);
    let high = pixels.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let shade = |x: &f32| {
        let share = (x - low) / (high - low).max(f32::MIN_POSITIVE);
        SHADES[((share * 5.0) as usize).min(4)].to_string().repeat(2)
    };
    lines(pixels.chunks(width).map(|row| row.iter().map(shade).collect()))
}

/// The square −1 … 1 × −1 … 1 as points `(x, y)`, row by row from the top: one for each character of a [`map`].
pub fn plane(width: usize, height: usize) -> Vec<[f32; 2]> {
    let place = |i: usize, count: usize| 2.0 * (i as f32 + 0.5) / count as f32 - 1.0;
    (0..width * height).map(|i| [place(i % width, width), -place(i / width, height)]).collect()
}

/// A drawing of the plane: `ground` has one character for each point of [`plane`]; `points` lie on top.
pub fn map(mut ground: Vec<char>, width: usize, points: &[([f32; 2], char)]) -> String {
    let height = ground.len() / width;
    let cell = |x: f32, count: usize| (((x + 1.0) / 2.0 * count as f32) as usize).min(count - 1);
    for ([x, y], mark) in points {
        ground[cell(-y, height) * width + cell(*x, width)] = *mark;
    }
    lines(ground.chunks(width).map(|row| row.iter().collect()))
}

/// Several curves in one plot, `height` lines high: one column of characters for each value, the vertical axis from
/// `low` to `high`. Where curves meet, the later one is seen.
pub fn curves(curves: &[(char, &[f64])], height: usize, low: f64, high: f64) -> String {
    let width = curves.iter().map(|(_, values)| values.len()).max().unwrap_or(0);
    let mut rows = vec![vec![' '; width]; height];
    for (mark, values) in curves {
        for (x, value) in values.iter().enumerate() {
            let share = ((value - low) / (high - low)).clamp(0.0, 1.0);
            rows[((1.0 - share) * (height - 1) as f64).round() as usize][x] = *mark;
        }
    }
    let label = |y: usize| match y {
        0 => format!("{high:6.2} "),
        y if y + 1 == height => format!("{low:6.2} "),
        _ => " ".repeat(7),
    };
    lines(rows.iter().enumerate().map(|(y, row)| format!("{}│{}", label(y), row.iter().collect::<String>())))
}

/// Drawings side by side.
pub fn beside(drawings: &[String]) -> String {
    let height = drawings.iter().map(|d| d.lines().count()).max().unwrap_or(0);
    let width = |d: &String| d.lines().map(|line| line.chars().count()).max().unwrap_or(0);
    let part = |d: &String, y| {
        let line = d.lines().nth(y).unwrap_or_default();
        format!("{:width$} ", line.strip_prefix("  ").unwrap_or(line), width = width(d))
    };
    lines((0..height).map(|y| drawings.iter().map(|d| part(d, y)).collect()))
}

/// Lines, each ended, with a margin.
fn lines(rows: impl Iterator<Item = String>) -> String {
    rows.map(|row| format!("  {}\n", row.trim_end())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_pixel_is_blank_and_the_largest_full() {
        assert_eq!(picture(&[0.0, 1.0, 0.5, 0.0], 2), "    ██\n  ▒▒\n");
        assert_eq!(picture(&[3.0, 3.0], 2).trim(), "", "all alike");
    }

    #[test]
    fn points_lie_where_their_coordinates_say() {
        assert_eq!(plane(2, 2), [[-0.5, 0.5], [0.5, 0.5], [-0.5, -0.5], [0.5, -0.5]]);
        let marks: Vec<_> = plane(3, 3).into_iter().zip('a'..).collect();
        assert_eq!(map(vec!['.'; 9], 3, &marks), "  abc\n  def\n  ghi\n");
        assert_eq!(map(vec!['.'; 4], 2, &[([1.0, -1.0], 'x'), ([-9.0, 9.0], 'o')]), "  o.\n  .x\n");
    }

    #[test]
    fn curves_run_from_low_at_the_bottom_to_high_at_the_top() {
        let rising = [0.0, 0.5, 1.0];
        let drawn = curves(&[('+', &rising)], 3, 0.0, 1.0);
        assert_eq!(drawn, "    1.00 │  +\n         │ +\n    0.00 │+\n");
    }

    #[test]
    fn drawings_stand_side_by_side() {
        assert_eq!(beside(&["  a\n  bb\n".into(), "  c\n".into()]), "  a    c\n  bb\n");
    }
}
