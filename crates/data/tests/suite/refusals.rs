//! Input that must end in a clear message.

use crate::{error, folder, open, open_text, put};
use pellucid_data::{ErrorKind, Files, OpenOptions, Table};

#[test]
fn each_message_says_what_and_where() {
    let folder = folder();
    let empty_folder = folder.path().join("nothing");
    std::fs::create_dir(&empty_folder).unwrap();
    put(&folder, "papers/a.pdf", "x");
    put(&folder, "papers/b.pdf", "x");
    let cases = [
        (folder.path().join("absent.csv"), ErrorKind::NotFound, "absent.csv"),
        (empty_folder, ErrorKind::Refused, "it is empty"),
        (folder.path().join("papers"), ErrorKind::Refused, "it holds 2 × .pdf · these are read: "),
        (put(&folder, "empty.csv", ""), ErrorKind::Refused, "the file is empty"),
        (put(&folder, "blank.csv", "\n\n\n"), ErrorKind::Refused, "empty"),
        (put(&folder, "header.csv", "a,b\n"), ErrorKind::Refused, "header but no rows"),
        (put(&folder, "sheet.xyz", "a,b\n1,2\n"), ErrorKind::Unreadable, "format of this file is not known"),
        (put(&folder, "a.csv.gz", b"\x1f\x8b\x08"), ErrorKind::Unreadable, "gzip"),
        (put(&folder, "zeros.csv", [0_u8; 4096]), ErrorKind::Unreadable, "full of NUL bytes"),
        (put(&folder, "short.parquet", "PAR1"), ErrorKind::Unreadable, "Parquet file is damaged"),
        (
            put(&folder, "short.zip", "PK\x03\x04 and no more"),
            ErrorKind::Unreadable,
            "zip archive cannot be read",
        ),
        (
            put(&folder, "book.xlsx", crate::zip_of(&[("[Content_Types].xml", b"x")])),
            ErrorKind::Unreadable,
            "office",
        ),
    ];
    for (path, kind, text) in cases {
        let error = error(open(&path));
        let message = error.to_string();
        let name = path.file_name().unwrap().to_str().unwrap();
        assert_eq!(error.kind, kind, "{message}");
        assert!(message.contains(text) && message.contains(name), "{name}: {message}");
    }
}

#[test]
fn usage_errors() {
    assert_eq!(error(Table::open(&[], &OpenOptions::default())).kind, ErrorKind::Usage);
    let folder = folder();
    let path = put(&folder, "a.csv", "a\n1\n");
    let options = OpenOptions { skip_share: 1.5, ..OpenOptions::default() };
    assert_eq!(error(Table::open(std::slice::from_ref(&path), &options)).kind, ErrorKind::Usage);
    let both = [path.clone(), folder.path().to_owned()];
    assert_eq!(error(Table::open(&both, &OpenOptions::default())).kind, ErrorKind::Usage);
    let table = open(&path).unwrap();
    assert_eq!(table.cells(1).unwrap_err().kind, ErrorKind::Usage);
}

#[test]
fn a_table_with_too_many_columns_is_refused() {
    let rows: String = (0..30)
        .map(|i| {
            let fields: Vec<String> = (0..1000).map(|j| format!("\"k{}\":1", i * 1000 + j)).collect();
            format!("{{{}}}\n", fields.join(","))
        })
        .collect();
    assert!(error(open_text("a.jsonl", rows)).to_string().contains("more than 20000 columns"));
}

#[test]
fn a_missing_file_in_a_collection_gets_the_nearest_name() {
    let folder = folder();
    put(&folder, "cats/one.png", "x");
    put(&folder, "dogs/two.png", "x");
    let error = Files::open(folder.path()).unwrap().read("cats/ome.png").unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert!(error.to_string().contains("did you mean `cats/one.png`?"), "{error}");
}
