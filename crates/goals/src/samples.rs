//! Small real data sets inside the program, for a first try without any data of one's own.

use crate::{Error, Result};
use pellucid_base::nearest;
use pellucid_data::{DataError, write_atomic};
use std::path::{Path, PathBuf};

/// A data set inside the program.
pub struct Sample {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// Where it comes from, and what one may do with it.
    pub licence: &'static str,
    file: &'static str,
    bytes: &'static [u8],
}

/// All samples.
pub static SAMPLES: &[Sample] = &[
    Sample {
        name: "clothes",
        about: "5,000 pictures of clothes in 10 classes, 28 × 28 pixels (from Fashion-MNIST)",
        licence: "MIT, © 2017 Zalando SE",
        file: "clothes.zip",
        bytes: include_bytes!("../../../samples/clothes.zip"),
    },
    Sample {
        name: "tumours",
        about: "569 breast tumours, 30 measurements of cell nuclei each, benign or malignant (Wisconsin, 1995)",
        licence: "CC BY 4.0, W. Wolberg, O. Mangasarian, N. Street and W. Street, UCI Machine Learning Repository",
        file: "tumours.csv",
        bytes: include_bytes!("../../../samples/tumours.csv"),
    },
];

/// The sample of a name.
///
/// # Errors
/// An unknown name; the error lists the samples.
pub fn sample(name: &str) -> Result<&'static Sample> {
    SAMPLES.iter().find(|s| s.name == name).ok_or_else(|| {
        let names: Vec<_> = SAMPLES.iter().map(|s| s.name).collect();
        let advice = match nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are: {}", names.join(", ")),
        };
        Error::usage(format!("there is no sample `{name}` · {advice}"))
    })
}

/// Writes a sample into a folder and gives its path.
///
/// # Errors
/// An unknown name, or a place that cannot be written.
pub fn extract(name: &str, folder: &Path) -> Result<PathBuf> {
    let sample = sample(name)?;
    std::fs::create_dir_all(folder).map_err(|e| DataError::io("the folder cannot be made", folder, &e))?;
    let path = folder.join(sample.file);
    write_atomic(&path, |w| w.write_all(sample.bytes))?;
    Ok(path)
}

/// Writes a sample into a temporary folder, which lives as long as the first part of the result.
pub(crate) fn unpack(name: &str) -> Result<(tempfile::TempDir, PathBuf)> {
    let folder = tempfile::tempdir()
        .map_err(|e| DataError::io("a temporary folder cannot be made", std::env::temp_dir(), &e))?;
    let path = extract(name, folder.path())?;
    Ok((folder, path))
}
