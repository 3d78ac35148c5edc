//! What networks that do not learn make of texts and pictures: asked once for each row, not in every pass.

use super::{INFERENCE_BATCH, Network};
use crate::{Error, Result};
use pellucid_base::free_memory;
use pellucid_kinds::{Batch, Batcher, Examples};
use pellucid_nn::Pass;
use pellucid_tensor::Tensor;
use pellucid_train::Failure;
use std::collections::HashMap;

/// The share of the free memory that the vectors may take.
const SHARE: f64 = 0.5;

/// The vectors of some records.
pub(crate) struct Frozen {
    width: usize,
    numbers: Vec<f32>,
    /// Where a record's vector is.
    at: HashMap<usize, usize>,
    batcher: Batcher,
}

impl Frozen {
    /// Asks the network about each of the records; `progress` hears of how many it is done.
    ///
    /// # Errors
    /// A network that reads neither texts nor pictures, vectors that do not fit into memory, and failures of reading.
    pub(crate) fn ask(
        network: &Network,
        batcher: &Batcher,
        examples: &Examples,
        records: &[usize],
        progress: &mut dyn FnMut(usize),
    ) -> Result<Frozen> {
        let width = network.vectors_width()?;
        if width == 0 {
            return Err(Error::usage(
                "there is nothing that could stay as it is · [training] freeze · neither a text nor a picture goes into this \
                 network; leave --freeze out",
            ));
        }
        let bytes = (records.len() * width * size_of::<f32>()) as f64;
        if let Some(free) = free_memory().filter(|&free| bytes > SHARE * free as f64) {
            return Err(Error::usage(format!(
                "the vectors of all rows do not fit into memory · [training] freeze · they take {:.1} GB, and {:.1} GB are free · \
                 leave --freeze out",
                bytes / 1e9,
                free as f64 / 1e9
            )));
        }
        // Texts of like length together: none waits for a longer one.
        let mut order = records.to_vec();
        order.sort_by_key(|&i| examples.longest_text(i));
        let (mut numbers, mut at) = (Vec::with_capacity(records.len() * width), HashMap::new());
        for (done, some) in order.chunks(INFERENCE_BATCH).enumerate() {
            let batch = batcher.batch(examples, some, None)?;
            numbers.extend_from_slice(network.vectors(&Pass::inference(), &batch)?.value().data::<f32>()?);
            at.extend(some.iter().enumerate().map(|(k, &i)| (i, done * INFERENCE_BATCH + k)));
            progress(at.len());
        }
        Ok(Frozen { width, numbers, at, batcher: batcher.without_media() })
    }

    /// The batch of some records, with their vectors.
    ///
    /// # Errors
    /// Records that were not asked about, and failures of reading.
    pub(crate) fn batch(&self, examples: &Examples, records: &[usize]) -> pellucid_train::Result<Batch> {
        let mut batch = self.batcher.batch(examples, records, None).map_err(Failure::source)?;
        let mut vectors = Vec::with_capacity(records.len() * self.width);
        for i in records {
            let at = self.at.get(i).ok_or_else(|| Failure::source(format!("row {i} has no vector")))?;
            vectors.extend_from_slice(&self.numbers[at * self.width..(at + 1) * self.width]);
        }
        batch.vectors = Some(Tensor::new(&vectors, &[records.len(), self.width])?);
        Ok(batch)
    }
}
