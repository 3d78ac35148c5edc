//! Explanations beside those of Captum, SHAP and Quantus (`reference/explain.py`), and of scikit-learn (`reference/dependence.py`).
#![allow(clippy::unwrap_used)]

use pellucid_insight::explain::{
    Attribution, Case, Effort, Parts, Samples, faithfulness, integrated, occlusion, partial_dependence,
    shapley,
};
use serde::Deserialize;
use std::convert::Infallible;

#[derive(Deserialize)]
struct Reference {
    x: Vec<f64>,
    backgrounds: Vec<Vec<f64>>,
    integrated: Vec<Vec<f64>>,
    occlusion: Vec<Vec<f64>>,
    shapley: Vec<Vec<f64>>,
    shapley_of_backgrounds: Vec<f64>,
    deletion: Vec<f64>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("reference/explain.json")).unwrap()
}

/// Partial dependence on each column, and the answers to single rows that it is the mean of.
#[derive(Deserialize)]
struct Dependence {
    rows: Vec<Vec<f64>>,
    columns: Vec<OfColumn>,
}

#[derive(Deserialize)]
struct OfColumn {
    values: Vec<f64>,
    mean: Vec<f64>,
    single: Vec<Vec<f64>>,
}

/// The same stands in `explain.py` and `dependence.py`.
fn f(x: &[f64]) -> f64 {
    x[0].sin() * x[1] + x[2] * x[2] * x[3] - (x[0] * x[4]).tanh()
}

/// Its slopes.
fn slopes(x: &[f64]) -> [f64; 5] {
    let bend = 1.0 - (x[0] * x[4]).tanh().powi(2);
    [x[0].cos() * x[1] - bend * x[4], x[0].sin(), 2.0 * x[2] * x[3], x[2] * x[2], -bend * x[0]]
}

/// [`f`] of numbers of which those that are missing are a background's.
struct Function {
    x: Vec<f64>,
    backgrounds: Vec<Vec<f64>>,
}

impl Parts for Function {
    type Error = Infallible;

    fn count(&self) -> usize {
        self.x.len()
    }

    fn backgrounds(&self) -> usize {
        self.backgrounds.len()
    }

    fn answers(&self, cases: &[Case]) -> Result<Vec<f64>, Infallible> {
        let answer = |case: &Case| {
            let both = self.x.iter().zip(&self.backgrounds[case.background]).zip(&case.there);
            f(&both.map(|((x, b), there)| if *there { *x } else { *b }).collect::<Vec<_>>())
        };
        Ok(cases.iter().map(answer).collect())
    }
}

fn near(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    assert!(
        found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6),
        "{found:?}, expected {expected:?}"
    );
}

const EXACT: Samples = Samples { pairs: 0, exact: 1 << 10, seed: 0 };

#[test]
fn integrated_gradients_are_captums() {
    let r = reference();
    for (start, expected) in r.backgrounds.iter().zip(&r.integrated) {
        let change: Vec<f64> = r.x.iter().zip(start).map(|(x, b)| x - b).collect();
        let mut along = |places: &[f64]| {
            let at = |place: &f64| {
                let point: Vec<f64> = start.iter().zip(&change).map(|(b, d)| b + place * d).collect();
                slopes(&point).iter().zip(&change).map(|(slope, d)| (slope * d) as f32).collect()
            };
            Ok::<_, Infallible>(places.iter().map(at).collect())
        };
        let Ok(found) = integrated(12, 5, (f(start), f(&r.x)), &mut along);
        near(&found.values, expected);
    }
}

#[test]
fn occlusion_and_shapley_values_are_captums_and_shaps() {
    let r = reference();
    let of = |backgrounds: &[Vec<f64>]| Function { x: r.x.clone(), backgrounds: backgrounds.to_vec() };
    for (background, expected) in r.backgrounds.iter().zip(&r.occlusion) {
        let Ok(found) = occlusion(&of(std::slice::from_ref(background)), 1);
        near(&found.values, expected);
    }
    let Ok(one) = shapley(&of(&r.backgrounds[..1]), EXACT);
    near(&one.values, &r.shapley[0]);
    let Ok(all) = shapley(&of(&r.backgrounds), EXACT);
    near(&all.values, &r.shapley_of_backgrounds);
}

#[test]
fn the_course_of_taking_parts_away_is_quantuss() {
    let r = reference();
    let parts = Function { x: r.x.clone(), backgrounds: vec![vec![0.0; 5]] };
    let explanation = Attribution { values: r.shapley_of_backgrounds.clone(), ..Attribution::default() };
    let effort = Effort { steps: 5, orders: 1, backgrounds: 1, seed: 0 };
    let Ok(found) = faithfulness(&parts, &explanation, effort);
    let course: Vec<f64> = found.deletion.iter().map(|(_, answer)| *answer).collect();
    near(&course[1..], &r.deletion);
}

#[test]
fn partial_dependence_is_scikit_learns() {
    let r: Dependence = serde_json::from_str(include_str!("reference/dependence.json")).unwrap();
    assert_eq!(r.columns.len(), 5);
    for (place, column) in r.columns.iter().enumerate() {
        let answer = |row: &Vec<f64>, value: f64| {
            let mut row = row.clone();
            row[place] = value;
            f(&row)
        };
        let of = |&value: &f64| r.rows.iter().map(|row| answer(row, value)).collect::<Vec<f64>>();
        let answers: Vec<Vec<f64>> = column.values.iter().map(of).collect();
        for (row, single) in column.single.iter().enumerate() {
            near(&answers.iter().map(|of| of[row]).collect::<Vec<_>>(), single);
        }
        let found = partial_dependence(&answers, 0);
        near(&found.iter().map(|point| point.mean).collect::<Vec<_>>(), &column.mean);
        assert!(found.iter().all(|point| point.low <= point.mean && point.mean <= point.high));
    }
}
