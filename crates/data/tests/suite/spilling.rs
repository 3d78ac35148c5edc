//! A table larger than its memory budget gives the same cells.

use crate::{column, folder, put};
use pellucid_data::{OpenOptions, Table};

#[test]
fn a_table_larger_than_its_budget_has_identical_cells() {
    let folder = folder();
    let mut text = "n,x,flag,when,word,odd\n".to_owned();
    for i in 0..50_000_u32 {
        let odd = if i % 3 == 0 { String::new() } else { format!("{}", i % 3) };
        let day = i % 28 + 1;
        text.push_str(&format!("{i},{}.25,{},2024-01-{day:02},wörd{},{odd}\n", i * 3, i % 2 == 0, i % 977));
    }
    let path = [put(&folder, "a.csv", text)];
    let roomy = Table::open(&path, &OpenOptions::default()).unwrap();
    for memory in [0, 2 << 20] {
        let tight = Table::open(&path, &OpenOptions { memory, ..OpenOptions::default() }).unwrap();
        assert!(tight.notes().iter().any(|note| note.contains("temporary file")), "{:?}", tight.notes());
        assert!(!roomy.notes().iter().any(|note| note.contains("temporary file")));
        assert_eq!(roomy.columns(), tight.columns());
        for info in roomy.columns() {
            assert_eq!(column(&roomy, &info.name), column(&tight, &info.name), "{}", info.name);
        }
        for row in [0, 1, 16_383, 16_384, 32_768, 49_999] {
            let (a, b) = (roomy.cells(row).unwrap(), tight.cells(row).unwrap());
            assert!((0..6).all(|column| a.cell(column) == b.cell(column)), "row {row}");
        }
    }
}

#[test]
fn several_threads_read_spilled_rows_at_once() {
    let folder = folder();
    let text: String =
        std::iter::once("a,b\n".to_owned()).chain((0..20_000).map(|i| format!("{i},w{i}\n"))).collect();
    let options = OpenOptions { memory: 0, ..OpenOptions::default() };
    let table = Table::open(&[put(&folder, "a.csv", text)], &options).unwrap();
    std::thread::scope(|scope| {
        for start in 0..4 {
            let table = table.clone();
            scope.spawn(move || {
                for row in (start..20_000).step_by(97) {
                    let cells = table.cells(row).unwrap();
                    assert_eq!(cells.cell(0), pellucid_data::Cell::Integer(row as i64));
                    assert_eq!(cells.cell(1), pellucid_data::Cell::Text(&format!("w{row}")));
                }
            });
        }
    });
}
