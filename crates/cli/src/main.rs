//! The `pellucid` program.

fn main() {}
