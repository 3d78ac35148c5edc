//! Every limit of this crate in one place: generous for real data, closed to attacks.

/// Rows in one chunk of a table.
pub const CHUNK_ROWS: usize = 16_384;
/// Bytes of cells after which a chunk is closed early (embedded pictures are large).
pub const CHUNK_BYTES: usize = 16 << 20;
/// Memory for the cells of one table before chunks go to a temporary file: 1 GiB.
pub const TABLE_MEMORY: usize = 1 << 30;
/// Share of unreadable rows that is tolerated (and reported) before the data is refused.
pub const SKIP_SHARE: f64 = 0.01;
/// Bytes of the largest single cell: 256 MiB.
pub const MAX_CELL: usize = 256 << 20;
/// Columns of the widest table.
pub const MAX_COLUMNS: usize = 20_000;
/// Bytes of a JSON document that has to be held in memory whole: 512 MiB.
pub const MAX_JSON_DOCUMENT: u64 = 512 << 20;
/// Uncompressed bytes of one entry of an archive: 64 GiB.
pub const MAX_ENTRY: u64 = 64 << 30;
/// Uncompressed bytes of a whole archive: 1 TiB.
pub const MAX_ARCHIVE: u64 = 1 << 40;
/// Uncompressed ÷ compressed size above which a large entry counts as a zip bomb.
pub const MAX_RATIO: u64 = 200;
/// Uncompressed bytes from which [`MAX_RATIO`] is applied; small files may compress as well as they like.
pub const RATIO_FROM: u64 = 16 << 20;
/// Entries of one archive.
pub const MAX_ENTRIES: usize = 20_000_000;
/// Bytes of one file that is read into memory whole ([`crate::Files::read`]): 2 GiB.
pub const MAX_FILE_IN_MEMORY: u64 = 2 << 30;
/// Bytes up to which an archived table is unpacked in memory; larger ones go through a temporary file.
pub const UNPACK_IN_MEMORY: u64 = 64 << 20;
/// Folders nested deeper than this are not walked.
pub const MAX_FOLDER_DEPTH: usize = 64;
/// Files looked through beside a single table file to find pictures that it names without their folder.
pub const MAX_FILES_BESIDE: usize = 200_000;
