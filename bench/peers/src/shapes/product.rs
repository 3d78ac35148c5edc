//! c = a b of row-major matrices: by Pellucid's kernels, and by the crate `gemm`.

use super::{mean_square, numbers};
use pellucid_kernels::matmul::{Epilogue, Mat, matmul};
use pellucid_peers::{number, timed};
use pellucid_tensor::{Error, Result};
use serde_json::{Value, json};

/// The factors `a: [m, k]` and `b: [k, n]` as they lie in memory, and whether they lie transposed.
struct Product {
    sizes: [usize; 3],
    a: Vec<f32>,
    b: Vec<f32>,
    a_transposed: bool,
    b_transposed: bool,
}

pub(crate) fn time(who: &str, sizes: [&str; 3], form: &str, seconds: &str, threads: usize) -> Result<Value> {
    let [m, k, n] = sizes.map(number::<usize>);
    let (m, k, n) = (m?, k?, n?);
    let product = Product {
        sizes: [m, k, n],
        a: numbers(m * k),
        b: numbers(k * n),
        a_transposed: form == "at",
        b_transposed: form == "bt",
    };
    let mut c = vec![0.0; m * n];
    let mut answer = timed(number(seconds)?, || {
        match who {
            "pellucid" => by_pellucid(&product, &mut c)?,
            _ => by_gemm(&product, &mut c, threads)?,
        }
        Ok(0.0)
    })?;
    answer["loss"] = json!(mean_square(&c));
    Ok(answer)
}

fn by_pellucid(product: &Product, c: &mut [f32]) -> Result<()> {
    let [m, k, n] = product.sizes;
    let a = if product.a_transposed { Mat::new(&product.a, k, m).t() } else { Mat::new(&product.a, m, k) };
    let b = if product.b_transposed { Mat::new(&product.b, n, k).t() } else { Mat::new(&product.b, k, n) };
    matmul(a, b, c, Epilogue::default()).map_err(|_| Error::state("there is no memory for the product"))
}

#[cfg(feature = "gemm")]
#[allow(unsafe_code)]
fn by_gemm(product: &Product, c: &mut [f32], threads: usize) -> Result<()> {
    let [m, k, n] = product.sizes;
    // (between columns, between rows) of a matrix with `rows` × `columns` numbers that lies as it is or transposed.
    let strides = |rows: usize, columns: usize, transposed: bool| match transposed {
        true => (rows as isize, 1),
        false => (1, columns as isize),
    };
    let (a, b) = (strides(m, k, product.a_transposed), strides(k, n, product.b_transposed));
    let parallelism = if threads > 1 { gemm::Parallelism::Rayon(threads) } else { gemm::Parallelism::None };
    // SAFETY: the slices have m k, k n and m n numbers, and the strides reach every one of them and none beside.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            c.as_mut_ptr(),
            1,
            n as isize,
            false,
            product.a.as_ptr(),
            a.0,
            a.1,
            product.b.as_ptr(),
            b.0,
            b.1,
            0.0,
            1.0,
            false,
            false,
            false,
            parallelism,
        );
    }
    Ok(())
}

#[cfg(not(feature = "gemm"))]
fn by_gemm(_: &Product, _: &mut [f32], _: usize) -> Result<()> {
    Err(Error::argument("shapes", "this program was built without `--features gemm`".to_owned()))
}
