//! Generate, for pictures: new ones like those that were learned from.

mod design;
mod flow;
mod gallery;
mod infer;
mod judge;
mod model;
mod nearest;
mod network;
mod pictures;
mod report;
mod sheet;
mod task;
mod train;

pub(crate) use gallery::Gallery;
pub(crate) use infer::evaluate;
pub use judge::judge;
pub use model::{Brush, Painting};
pub use sheet::sheet;
pub(crate) use train::{Begun, begin, is_asked, resume};
