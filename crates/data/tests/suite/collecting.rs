//! Several tables, seen one by one before some of them are read.

use crate::{column, folder, put, zip_of};
use pellucid_data::{Collection, OpenOptions, OutColumn, Part, Storage, Table, write_table};
use std::path::PathBuf;

fn find(paths: &[PathBuf]) -> Option<Collection> {
    Collection::find(paths, &OpenOptions::default()).unwrap()
}

#[test]
fn a_single_table_and_other_data_are_no_collection() {
    let folder = folder();
    let csv = put(&folder, "a.csv", "x\n1\n");
    assert!(find(std::slice::from_ref(&csv)).is_none());
    assert!(find(&[folder.path().to_owned()]).is_none(), "a folder with one table");
    let pictures = [put(&folder, "p/cat/1.png", "x"), put(&folder, "p/dog/2.png", "x")];
    assert!(find(&[folder.path().join("p")]).is_none());
    assert!(find(&[csv, folder.path().join("p")]).is_none());
    assert!(
        Collection::find(&pictures, &OpenOptions::default()).is_err(),
        "pictures are of no table's format"
    );
    assert!(Collection::find(&["absent.csv".into()], &OpenOptions::default()).is_err());
}

#[test]
fn files_of_all_formats_show_their_columns_and_are_read_by_choice() {
    let folder = folder();
    let many: String = (0..500).map(|i| format!("{{\"b\": {i}, \"c\": \"x\"}}\n")).collect();
    let parquet = folder.path().join("d.parquet");
    write_table(&parquet, &[OutColumn::integer("e", (0..3000).collect())]).unwrap();
    let array = format!("[{}]", (0..300).map(|i| format!("{{\"f\": {i}}}")).collect::<Vec<_>>().join(","));
    let paths = [
        put(&folder, "train.csv", "a;b\n1,5;2\n2,5;x\n"),
        put(&folder, "b.jsonl", many),
        put(&folder, "test.csv", "a;b\n3;4\n"),
        parquet,
        put(&folder, "f.json", array),
    ];
    let all = find(&paths).unwrap();
    assert!(!all.was_found());
    let names: Vec<&[String]> = all.tables().map(|table| all.columns(table)).collect();
    assert_eq!(names, [&["a", "b"][..], &["b", "c"], &["a", "b"], &["e"], &["f"]]);
    assert_eq!((all.stem(3), all.label(1)), ("d".to_owned(), paths[1].to_str().unwrap()));
    for (table, rows) in [(1, 500), (3, 3000), (4, 300)] {
        assert_eq!(all.open(&[table]).unwrap().rows(), rows);
    }
    // As if they had been opened together.
    let both = all.open(&[0, 2]).unwrap();
    let same = Table::open(&[paths[0].clone(), paths[2].clone()], &OpenOptions::default()).unwrap();
    assert_eq!(column(&both, "a"), ["1.5", "2.5", "3.0"]);
    assert_eq!((both.columns(), both.notes(), both.name()), (same.columns(), same.notes(), same.name()));
    assert_eq!(both.given_parts(), Some(&[Part::Train, Part::Train, Part::Test][..]));
    assert_eq!(both.place(2).to_string(), format!("{}, row 1", paths[2].display()));
    assert_eq!(both.columns()[1].storage, Storage::Text);
}

#[test]
fn folders_and_archives_show_their_tables() {
    let folder = folder();
    let files: [(&str, &[u8]); 4] = [
        ("set/ratings.csv", b"user,item\n1,2\n"),
        ("set/movies.csv", b"item,title\n2,Fargo\n"),
        ("set/more/deep.csv", b"x\n1\n"),
        ("set/README.txt", b"about it"),
    ];
    files.iter().for_each(|(name, bytes)| drop(put(&folder, name, bytes)));
    let zip = put(&folder, "z/set.zip", zip_of(&files));
    for path in [folder.path().join("set"), zip] {
        let all = find(&[path]).unwrap();
        assert!(all.was_found());
        let stems: Vec<String> = all.tables().map(|table| all.stem(table)).collect();
        assert_eq!(stems, ["movies", "ratings"]);
        let table = all.open(&[0]).unwrap();
        assert_eq!((column(&table, "title"), table.name()), (vec!["Fargo".to_owned()], "set"));
        assert!(table.place(0).to_string().ends_with("/movies.csv, row 1"));
    }
}
