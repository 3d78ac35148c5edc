//! RecBole's files: names with types, also in folders.

use crate::{column, columns, error, folder, open, open_text, put};
use pellucid_data::{ErrorKind, Part, Storage};

#[test]
fn the_header_says_what_columns_are() {
    let text = "user_id:token\tage:float\ttags:token_seq\tplace:float_seq\tzip:token\n\
                1\t24\tdrama comedy\t0.5 1.5\t85711\n\
                02\t\t\"two\ttabs\"\t\t0211\n\
                x\t1e1\t\t1\tNA\n";
    let table = open_text("films.user", text).unwrap();
    assert_eq!(
        columns(&table),
        [
            ("user_id", Storage::Text),
            ("age", Storage::Number),
            ("tags", Storage::Text),
            ("zip", Storage::Text),
        ]
    );
    let sets: Vec<bool> = table.columns().iter().map(|c| c.words).collect();
    assert_eq!(sets, [false, false, true, false], "only a token_seq is a set of words");
    assert_eq!(column(&table, "user_id"), ["1", "02", "x"]);
    assert_eq!(column(&table, "age"), ["24.0", "·", "10.0"]);
    assert_eq!(column(&table, "tags"), ["drama comedy", "two\ttabs", "·"]);
    assert_eq!(column(&table, "zip"), ["85711", "0211", "·"]);
    assert_eq!(table.notes(), ["RecBole's layout, UTF-8", "`place` holds lists of numbers: left aside"]);
}

#[test]
fn it_is_known_by_its_header_whatever_its_name() {
    for name in ["a.csv", "a.txt", "a.inter", "a.kg"] {
        let table = open_text(name, "\u{feff}head_id:token\ttail_id:token\r\na:b\tc\r\n").unwrap();
        assert_eq!(columns(&table), [("head_id", Storage::Text), ("tail_id", Storage::Text)], "{name}");
        assert_eq!(column(&table, "head_id"), ["a:b"]);
    }
    // A header that is longer than the bytes by which formats are recognised.
    let names: Vec<String> = (0..90).map(|i| format!("column_{i}:float")).collect();
    let table = open_text("wide.tsv", names.join("\t") + "\n" + &["1"; 90].join("\t") + "\n").unwrap();
    assert_eq!((table.columns().len(), column(&table, "column_89")), (90, vec!["1.0".to_owned()]));
    let plain = open_text("plain.csv", "time:token,b\n1,2\n").unwrap();
    assert_eq!(plain.columns()[0].name, "time:token");
}

#[test]
fn headers_and_cells_that_do_not_fit_are_told() {
    for (name, text, says) in [
        ("a.item", "item_id:token\ttitle\n1\tx\n", "`title` names no type"),
        ("b.item", "item_id:token\tyear:int\n1\t1995\n", "`year:int` names no type"),
        ("u.user", "1|24|M|technician|85711\n", "names no type"),
        ("c.inter", "user_id:token\tuser_id:token\na\tb\n", "same name"),
        ("d.inter", "user_id:token\tx:float\n", "a header but no rows"),
        ("e.inter", "user_id:token\tx:float\na\tmany\n", "has `many` in the column `x`"),
        ("f.inter", "user_id:token\tx:float\na\n", "line 2 has 1 cells where the table has 2 columns"),
    ] {
        let said = error(open_text(name, text)).to_string();
        assert!(said.contains(says) && said.contains(name), "{name}: {said}");
    }
    let error = error(open_text("a.item", "item_id:token\ttitle\n1\tx\n"));
    assert_eq!(error.kind, ErrorKind::Unreadable);
    assert!(error.to_string().contains("token, token_seq, float, float_seq"), "{error}");
}

#[test]
fn parts_of_a_split_are_named_between_dots() {
    let folder = folder();
    for (part, row) in [("train", "a"), ("valid", "b"), ("test", "c")] {
        put(&folder, &format!("films/films.{part}.inter"), format!("user_id:token\n{row}\n"));
    }
    let table = open(folder.path()).unwrap();
    assert_eq!(column(&table, "user_id"), ["a", "b", "c"]);
    assert_eq!(table.given_parts(), Some(&[Part::Train, Part::Validation, Part::Test][..]));
    put(&folder, "films/films.item", "item_id:token\tyear:float\tlength:float\n1\t2\t3\n");
    let table = open(folder.path()).unwrap();
    assert_eq!(table.rows(), 3, "parts go before what lies beside them");
}
