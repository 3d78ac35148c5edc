//! The cap on memory. It is one for the whole process, so it has a test program of its own.

use pellucid_tensor::{DType, Error, Tensor, pool};

const MIB: usize = 1 << 20;

#[test]
fn more_than_the_cap_is_an_error_and_buffers_kept_for_reuse_give_way() {
    let kib = |kib: usize| Tensor::zeros(DType::F32, &[kib * 1024 / 4]);
    let tensor = |mib: usize| kib(mib * 1024);
    // Without a cap that someone set, what the machine does not have is refused before it is touched.
    assert!(matches!(tensor(1 << 30), Err(Error::Memory { .. })));
    pool::set_limit(8 * MIB);
    let first = tensor(6).ok();
    assert!(first.is_some());
    let refused = |bytes, in_use| (bytes, in_use) == (4 * MIB, 6 * MIB);
    assert!(matches!(tensor(4), Err(Error::Memory { bytes, in_use }) if refused(bytes, in_use)));
    drop(first);
    assert_eq!((pool::in_use(), pool::kept()), (0, 6 * MIB));
    let second = kib(2560);
    assert!(second.is_ok());
    assert_eq!((pool::in_use(), pool::kept()), (5 * MIB / 2, 0), "both together would be beyond the cap");
    drop(second);
    let third = kib(1536);
    assert_eq!(
        (pool::in_use(), pool::kept()),
        (5 * MIB / 2, 0),
        "a kept buffer less than twice as large is taken"
    );
    let fourth = tensor(5);
    assert!(fourth.is_ok());
    drop(fourth);
    let fifth = tensor(3);
    assert!(fifth.is_ok() && third.is_ok());
    assert_eq!((pool::in_use(), pool::kept()), (15 * MIB / 2, 0));
}
