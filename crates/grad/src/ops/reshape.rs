//! The same elements in another shape.

use crate::Var;
use crate::check::Case;
use crate::tape::record;
use pellucid_tensor::Result;

/// The elements of x, in their order, in another shape. Nothing is copied.
///
/// x: any shape; shape: the result's, with the same number of elements.
///
/// # Errors
/// A shape of another number of elements.
pub fn reshape(x: &Var, shape: &[usize]) -> Result<Var> {
    let before = *x.shape();
    record(x.value().reshape(shape)?, [x], move |g, _| Ok([Some(g.reshape(&before)?.into())]))
}

pub(crate) fn cases() -> Result<Vec<Case>> {
    let case = |name: &str, from: &[usize], to: &'static [usize]| {
        Case::new(format!("reshape/{name}"), &[from], move |v| reshape(&v[0], to))
    };
    Ok(vec![
        case("scalar", &[], &[1, 1])?,
        case("to scalar", &[1, 1], &[])?,
        case("nothing", &[0, 3], &[5, 0])?,
        case("joined", &[3, 4, 5], &[12, 5])?,
        case("split", &[33], &[3, 1, 11])?,
        case("large", &[700, 101], &[101, 700])?,
    ])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Tape;
    use pellucid_tensor::Tensor;

    #[test]
    fn another_number_of_elements_is_an_error() {
        let x = Tape::idle().constant(&Tensor::full(1f32, &[2, 3]).unwrap());
        assert!(reshape(&x, &[7]).err().unwrap().to_string().contains("[2, 3] cannot become [7]"));
    }
}
