use super::*;
use crate::isa::Isa;
use crate::product::micro::kernel;

/// Made-up numbers between −1 and 1.
fn numbers<T: Float>(len: usize, seed: usize) -> Vec<T> {
    (0..len).map(|i| T::from_f64(((i * 7919 + seed * 104_729) % 2003) as f64 / 1001.5 - 1.0)).collect()
}

/// y and the gradients of the tensors, written out in double precision.
fn plain<T: Float>(a: &Attention, tensors: &[&[T]], dy: &[T]) -> (Vec<f64>, Vec<Vec<f64>>) {
    let strides = a.strides(&tensors.iter().map(|t| t.len()).collect::<Vec<_>>());
    let mut y = vec![0.0; a.output_len()];
    let mut gradients: Vec<_> = tensors.iter().map(|t| vec![0.0; t.len()]).collect();
    for item in 0..a.batch {
        let view = a.view(item);
        for head in 0..a.heads {
            let at = |which: usize, row: usize| {
                (a.places[which].tensor, a.at(which, strides[which], item, head, row))
            };
            let row = |which: usize, row: usize| {
                let (tensor, at) = at(which, row);
                tensors[tensor][at..][..a.width].iter().map(|x| x.to_f64()).collect::<Vec<_>>()
            };
            let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            for i in 0..view.queries {
                let scale = 1.0 / (a.width as f64).sqrt();
                let q = row(0, i);
                let e: Vec<f64> = (0..view.seen_by(i)).map(|j| (scale * dot(&q, &row(1, j))).exp()).collect();
                let first = (item * a.queries + i) * a.columns() + head * a.width;
                let dy: Vec<f64> = dy[first..][..a.width].iter().map(|x| x.to_f64()).collect();
                let p: Vec<f64> = e.iter().map(|x| x / e.iter().sum::<f64>()).collect();
                let dp: Vec<f64> = (0..p.len()).map(|j| dot(&dy, &row(2, j))).collect();
                let mean = dot(&dp, &p);
                for (j, p) in p.iter().enumerate() {
                    let ds = p * (dp[j] - mean) * scale;
                    let (k, v) = (row(1, j), row(2, j));
                    for c in 0..a.width {
                        y[first + c] += p * v[c];
                        let mut add = |which, row, more: f64| {
                            let (tensor, at) = at(which, row);
                            gradients[tensor][at + c] += more;
                        };
                        add(0, i, ds * k[c]);
                        add(1, j, ds * q[c]);
                        add(2, j, p * dy[c]);
                    }
                }
            }
        }
    }
    (y, gradients)
}

fn agree<T: Float>(what: &str, got: &[T], want: &[f64]) {
    let tolerance = if size_of::<T>() == 8 { 1e-11 } else { 2e-5 };
    for (i, (got, want)) in got.iter().zip(want).enumerate() {
        assert!((got.to_f64() - want).abs() < tolerance, "{what}, number {i}: {got:?} instead of {want}");
    }
}

/// Runs an attention both ways with every vector family.
fn check<T: Float>(a: &Attention, tensors: &[&[T]]) {
    let dy = numbers::<T>(a.output_len(), 9);
    let (want, want_gradients) = plain(a, tensors, &dy);
    for isa in Isa::ALL {
        let (kernel, what) = (kernel::<T>(isa), format!("{a:?} with {}", isa.name()));
        // Whatever is not written stays NaN.
        let nan = T::from_f64(f64::NAN);
        let (mut y, mut kept) = (vec![nan; a.output_len()], vec![nan; a.statistics_len()]);
        a.forward_by(kernel, tensors, &mut y, &mut kept).unwrap();
        agree(&what, &y, &want);
        let mut gradients: Vec<_> = tensors.iter().map(|t| vec![nan; t.len()]).collect();
        let mut slices: Vec<_> = gradients.iter_mut().map(|g| &mut g[..]).collect();
        a.backward_by(kernel, tensors, (&y, &kept), &dy, &mut slices).unwrap();
        for (i, (got, want)) in gradients.iter().zip(&want_gradients).enumerate() {
            agree(&format!("{what}, gradient {i}"), got, want);
        }
    }
}

/// q, k and v as tensors of their own.
fn apart<T: Float>(shape: [usize; 5], causal: bool, lengths: [Option<&[u32]>; 2]) {
    let [batch, heads, width, queries, keys] = shape;
    let places = [0, 1, 2].map(|tensor| Place { tensor, first: 0 });
    let [query_lengths, key_lengths] = lengths;
    let a = Attention { batch, heads, width, queries, keys, causal, query_lengths, key_lengths, places };
    let columns = heads * width;
    let (q, k) = (numbers::<T>(batch * queries * columns, 1), numbers(batch * keys * columns, 2));
    check(&a, &[&q, &k, &numbers(batch * keys * columns, 3)]);
}

#[test]
fn lengths_around_tiles_panels_and_blocks() {
    for n in [0, 1, 7, 13, 14, 15, 31, 32, 33, 127, 129, 257] {
        for causal in [false, true] {
            apart::<f32>([1, 2, 8, n, n], causal, [None, None]);
            apart::<f64>([1, 1, 5, 19, n], causal, [None, None]);
            apart::<f64>([1, 1, 5, n, 19], causal, [None, None]);
        }
        apart::<f32>([2, 1, n.min(70), 5, 6], false, [None, None]);
    }
    apart::<f32>([0, 2, 8, 3, 3], false, [None, None]);
}

#[test]
fn padding_is_not_seen() {
    let lengths: &[u32] = &[40, 0, 1, 33];
    for causal in [false, true] {
        apart::<f32>([4, 2, 16, 40, 40], causal, [Some(lengths), Some(lengths)]);
        apart::<f64>([4, 1, 3, 20, 40], causal, [None, Some(lengths)]);
        apart::<f64>([4, 1, 3, 40, 17], causal, [Some(lengths), None]);
    }
}

#[test]
fn few_heads_of_many_keys_are_cut_into_parts() {
    for causal in [false, true] {
        apart::<f32>([1, 1, 64, 300, 700], causal, [None, Some(&[650])]);
        apart::<f32>([1, 1, 64, 600, 300], causal, [None, None]);
    }
}

#[test]
fn all_three_may_lie_in_one_tensor() {
    let (batch, heads, width, time) = (2, 3, 10, 21);
    let places = [0, 30, 60].map(|first| Place { tensor: 0, first });
    let a = Attention {
        batch,
        heads,
        width,
        queries: time,
        keys: time,
        causal: true,
        query_lengths: None,
        key_lengths: None,
        places,
    };
    check(&a, &[&numbers::<f64>(batch * time * 90, 4)]);
}

#[test]
fn padding_may_hold_anything_and_nan_is_not_hidden() {
    let places = [0, 1, 2].map(|tensor| Place { tensor, first: 0 });
    let lengths: &[u32] = &[2];
    let a = Attention {
        batch: 1,
        heads: 1,
        width: 4,
        queries: 1,
        keys: 3,
        causal: false,
        query_lengths: None,
        key_lengths: Some(lengths),
        places,
    };
    let mut k = vec![1f32; 12];
    let (q, mut y, mut kept) = ([1f32; 4], [0.0; 4], [0.0]);
    k[8..].fill(f32::NAN);
    a.forward(&[&q, &k, &k], &mut y, &mut kept).unwrap();
    assert_eq!(y, [1.0; 4]);
    k[3] = f32::NAN;
    a.forward(&[&q, &k, &k], &mut y, &mut kept).unwrap();
    assert!(y.iter().all(|y| y.is_nan()));
}
