//! A network that others have trained, as the start of one's own.

use crate::{Error, Result};
use pellucid_pretrained::{Bert, BertConfig, Folder};
use std::path::Path;

/// An encoder of texts in a folder.
pub(crate) struct Pretrained {
    pub(crate) folder: Folder,
    pub(crate) shape: BertConfig,
    tokenizer: Vec<u8>,
}

impl Pretrained {
    /// Opens a folder; its weights are read later.
    ///
    /// # Errors
    /// A folder that holds no network that is known here.
    pub(crate) fn open(path: &Path) -> Result<Pretrained> {
        let usage = |e: pellucid_pretrained::Error| Error::usage(e.to_string());
        let folder = Folder::open(path).map_err(usage)?;
        let shape = Bert::shape(&folder).map_err(usage)?;
        let tokenizer = folder.tokenizer().map_err(usage)?;
        Ok(Pretrained { folder, shape, tokenizer })
    }

    /// Its vocabulary, and the most pieces of a text.
    pub(crate) fn vocabulary(&self) -> (&[u8], usize) {
        (&self.tokenizer, self.shape.max_position_embeddings)
    }
}
