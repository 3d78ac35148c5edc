//! Every case of every registered operation: gradient checks, PyTorch's values, and that none is left out.
//!
//! The values in `reference/*.json` are made by the scripts beside them: `python reference/ops.py`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use pellucid_grad::check::Case;
use pellucid_grad::ops::OPS;
use pellucid_tensor::{DType, Tensor};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// The largest deviation from the reference, relative to the largest number of the compared tensor.
fn tolerance(dtype: DType) -> f64 {
    if dtype == DType::F64 { 1e-9 } else { 1e-5 }
}

/// Tensors whose numbers are all smaller than this are compared as if one were this large.
const LEAST_SCALE: f64 = 1e-3;

/// What `pack` in `reference/common.py` wrote.
#[derive(Deserialize)]
struct Packed {
    shape: Vec<usize>,
    /// Sum and sum of absolute values, if `values` are only samples.
    sums: Option<[f64; 2]>,
    values: Vec<f64>,
}

#[derive(Deserialize)]
struct Expected {
    output: Packed,
    gradients: Vec<Packed>,
}

fn references() -> BTreeMap<String, Expected> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference");
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "json") {
            let text = std::fs::read_to_string(&path).unwrap();
            let part: BTreeMap<String, Expected> = serde_json::from_str(&text).unwrap();
            all.extend(part);
        }
    }
    all
}

fn cases() -> Vec<Case> {
    OPS.iter().flat_map(|op| (op.cases)().unwrap()).collect()
}

/// Why a tensor differs from what the reference has, if it does.
fn difference(got: &Tensor, want: &Packed) -> Option<String> {
    if got.shape()[..] != want.shape[..] {
        return Some(format!("shape {} instead of {:?}", got.shape(), want.shape));
    }
    let all = got.to_vec();
    let (n, samples) = (all.len(), want.values.len());
    let place = |i: usize| if want.sums.is_some() { i * (n - 1) / (samples - 1) } else { i };
    let scale = want.values.iter().fold(LEAST_SCALE, |m, v| m.max(v.abs()));
    let tolerance = tolerance(got.dtype());
    let near = |got: f64, want: f64, scale: f64| (got - want).abs() <= tolerance * scale;
    for (i, &value) in want.values.iter().enumerate() {
        let here = all[place(i)];
        if !near(here, value, scale) {
            return Some(format!("element {}: {here} instead of {value} (scale {scale})", place(i)));
        }
    }
    let [sum, absolute] = want.sums?;
    let sums = [all.iter().sum::<f64>(), all.iter().map(|v| v.abs()).sum()];
    let scale = absolute.max(LEAST_SCALE);
    (!near(sums[0], sum, scale) || !near(sums[1], absolute, scale))
        .then(|| format!("sums {sums:?} instead of [{sum}, {absolute}]"))
}

/// Fails with all complaints at once.
fn none(complaints: &[String]) {
    assert!(complaints.is_empty(), "{} complaints:\n{}", complaints.len(), complaints.join("\n"));
}

#[test]
fn gradients_agree_with_finite_differences() {
    none(&cases().iter().filter_map(|case| case.check_gradients().err()).collect::<Vec<_>>());
}

#[test]
fn values_and_gradients_agree_with_pytorch() {
    let references = references();
    let mut complaints = Vec::new();
    for case in cases() {
        let Some(want) = references.get(&case.name) else {
            complaints
                .push(format!("{}: no reference values; add it to a script in tests/reference", case.name));
            continue;
        };
        assert_eq!(want.gradients.len(), case.inputs.len(), "{}: inputs", case.name);
        for dtype in [DType::F64, DType::F32] {
            let (output, gradients) = match case.evaluate(dtype) {
                Ok(result) => result,
                Err(e) => {
                    complaints.push(format!("{} ({}): {e}", case.name, dtype.name()));
                    continue;
                }
            };
            let mut compare = |what: String, got: &Tensor, want: &Packed| {
                assert_eq!(got.dtype(), dtype, "{}: element type of {what}", case.name);
                let why = difference(got, want);
                complaints.extend(why.map(|why| format!("{} ({}), {what}: {why}", case.name, dtype.name())));
            };
            compare("output".into(), &output, &want.output);
            for (k, (got, want)) in gradients.iter().zip(&want.gradients).enumerate() {
                compare(format!("gradient {k}"), got, want);
            }
        }
    }
    none(&complaints);
}

#[test]
fn every_operation_is_registered_and_has_cases() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/ops");
    let files: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .filter(|name| name != "mod")
        .collect();
    let registered: BTreeSet<String> = OPS.iter().map(|op| op.name.to_string()).collect();
    assert_eq!(files, registered, "files in src/ops and the list in src/ops/mod.rs differ");
    for op in OPS {
        let cases = (op.cases)().unwrap();
        assert!(!cases.is_empty(), "{} has no cases", op.name);
        let prefix = format!("{}/", op.name);
        assert!(
            cases.iter().all(|c| c.name.starts_with(&prefix)),
            "cases of {} start with {prefix}",
            op.name
        );
        let source = std::fs::read_to_string(format!("{folder}/{}.rs", op.name)).unwrap();
        for function in
            source.lines().filter_map(|line| line.strip_prefix("pub fn ")?.split(['(', '<']).next())
        {
            let called = cases.iter().any(|c| c.name.contains(function));
            assert!(called, "{}: no case is named after {function}", op.name);
        }
    }
}

#[test]
fn cases_and_reference_values_match_one_to_one() {
    let names: Vec<String> = cases().into_iter().map(|c| c.name).collect();
    let unique: BTreeSet<String> = names.iter().cloned().collect();
    assert_eq!(unique.len(), names.len(), "two cases have the same name");
    let stored: BTreeSet<String> = references().into_keys().collect();
    none(
        &stored
            .difference(&unique)
            .map(|n| format!("{n}: stored, but there is no such case"))
            .collect::<Vec<_>>(),
    );
}
