//! CSV and its relatives.

use crate::{column, columns, error, folder, open, open_text, put};
use pellucid_data::{ErrorKind, OpenOptions, Storage, Table};

#[test]
fn columns_get_the_storage_that_all_their_cells_fit() {
    let text = "age,weight,code,ill,seen,name,empty\n\
                61,70.5,007,yes,2024-01-31,\"Doe, Jane\",\n\
                NA,?,012,no,2024-02-01T10:00:00Z,None,-\n\
                -5,1e2,100,Yes,,  Ann  ,NaN\n";
    let table = open_text("patients.csv", text).unwrap();
    assert_eq!(
        columns(&table),
        [
            ("age", Storage::Integer),
            ("weight", Storage::Number),
            ("code", Storage::Text),
            ("ill", Storage::Flag),
            ("seen", Storage::Time),
            ("name", Storage::Text),
            ("empty", Storage::Text),
        ]
    );
    assert_eq!(table.name(), "patients");
    assert_eq!(column(&table, "age"), ["61", "·", "-5"]);
    assert_eq!(column(&table, "weight"), ["70.5", "·", "100.0"]);
    assert_eq!(column(&table, "code"), ["007", "012", "100"]);
    assert_eq!(column(&table, "ill"), ["true", "false", "true"]);
    assert_eq!(column(&table, "seen"), ["1706659200000 ms", "1706781600000 ms", "·"]);
    assert_eq!(column(&table, "name"), ["Doe, Jane", "·", "Ann"]);
    assert_eq!(column(&table, "empty"), ["·", "·", "·"]);
    assert_eq!(table.notes(), ["comma-separated, UTF-8, header found"]);
}

#[test]
fn infinities_are_kept_and_nan_is_missing() {
    let table = open_text("a.csv", "x\n1.5\ninf\n-inf\nNaN\n").unwrap();
    assert_eq!(column(&table, "x"), ["1.5", "inf", "-inf", "·"]);
}

#[test]
fn semicolons_with_decimal_commas_and_tabs() {
    let table = open_text("a.csv", "größe;preis\n1,75;1.234,50\n1,8;2\n").unwrap();
    assert_eq!(column(&table, "größe"), ["1.75", "1.8"]);
    assert_eq!(column(&table, "preis"), ["1234.5", "2.0"]);
    let table = open_text("a.tsv", "a\tb\nx, y\t1\nz\t2\n").unwrap();
    assert_eq!(column(&table, "a"), ["x, y", "z"]);
    assert_eq!(columns(&table)[1], ("b", Storage::Integer));
}

#[test]
fn files_without_a_header_get_numbered_columns() {
    let table = open_text("iris.data", "5.1,3.5,setosa\n4.9,3.0,virginica\n").unwrap();
    assert_eq!(
        columns(&table),
        [("column_1", Storage::Number), ("column_2", Storage::Number), ("column_3", Storage::Text)]
    );
    assert_eq!(table.rows(), 2);
    assert_eq!(table.place(1).row, Some(2));
}

#[test]
fn every_common_encoding_gives_the_same_table() {
    let text = "naam,stad\nZoë,Curaçao\nJosé,Málaga\nRenée,Besançon\nBjörn,Göteborg\n";
    let utf16 = |bytes: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    let cases: [(&str, Vec<u8>); 6] = [
        ("UTF-8", text.into()),
        ("UTF-8 with its mark", [b"\xef\xbb\xbf", text.as_bytes()].concat()),
        ("Windows-1252", text.chars().map(|c| c as u8).collect()),
        ("UTF-16LE with its mark", [vec![0xff, 0xfe], utf16(u16::to_le_bytes)].concat()),
        ("UTF-16BE with its mark", [vec![0xfe, 0xff], utf16(u16::to_be_bytes)].concat()),
        ("UTF-16LE without", utf16(u16::to_le_bytes)),
    ];
    for (name, bytes) in cases {
        let table = open_text("a.csv", bytes).unwrap();
        assert_eq!(column(&table, "naam"), ["Zoë", "José", "Renée", "Björn"], "{name}");
        assert_eq!(column(&table, "stad")[1], "Málaga", "{name}");
    }
}

#[test]
fn characters_across_the_decoder_s_blocks_stay_whole() {
    let mut text = "text,n\n".to_owned();
    for i in 0..40_000 {
        text.push_str(&format!("{}ü€😀,{i}\n", "x".repeat(i % 5)));
    }
    let table = open_text("a.csv", &text).unwrap();
    assert_eq!(table.rows(), 40_000);
    assert!(column(&table, "text").iter().all(|cell| cell.trim_start_matches('x') == "ü€😀"));
    assert_eq!(column(&table, "n")[39_999], "39999");
}

#[test]
fn ragged_rows_are_skipped_with_their_place_up_to_the_share() {
    let mut text = "a,b\n".to_owned();
    for i in 0..300 {
        text.push_str(if i == 7 { "1\n" } else { "1,2\n" });
    }
    let table = open_text("a.csv", &text).unwrap();
    assert_eq!(table.rows(), 299);
    let [skipped] = table.skipped() else { panic!("{:?}", table.skipped()) };
    assert_eq!(skipped.place.row, Some(8));
    assert!(skipped.why.contains("line 9 has 1 cells where the table has 2"), "{}", skipped.why);
    assert_eq!((table.place(6).row, table.place(7).row), (Some(7), Some(9)));
    assert!(table.notes().iter().any(|note| note.contains("an unreadable row was skipped: ")));

    let refused = error(open_text("b.csv", "a,b\n1,2\n3\n4,5,6\n7,8\n"));
    assert_eq!(refused.kind, ErrorKind::Refused);
    assert_eq!(refused.place.row, Some(2));
    assert!(refused.to_string().contains("2 of 4 rows"), "{refused}");
    let folder = folder();
    let path = put(&folder, "b.csv", "a,b\n1,2\n3\n4,5,6\n7,8\n");
    let tolerant = OpenOptions { skip_share: 0.5, ..OpenOptions::default() };
    assert_eq!(Table::open(&[path], &tolerant).unwrap().rows(), 2);
}

#[test]
fn rows_with_nul_characters_are_skipped() {
    let text = format!("a,b\n{}1,x\0y\n", "1,z\n".repeat(200));
    let table = open_text("a.csv", text).unwrap();
    assert_eq!((table.rows(), table.skipped().len()), (200, 1));
    assert!(table.skipped()[0].why.contains("NUL"));
}

#[test]
fn repeated_and_empty_names_are_made_unique_with_a_note() {
    let table = open_text("a.csv", "x,x,,x,y,y,x_2\n1,2,3,4,5,6,7\n").unwrap();
    let names: Vec<&str> = columns(&table).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["x_1", "x_3", "column_3", "x_4", "y_1", "y_2", "x_2"]);
    assert_eq!(table.notes().iter().filter(|note| note.contains("columns are named")).count(), 2);
}

#[test]
fn a_delimiter_at_every_line_s_end_makes_no_column() {
    let table = open_text("a.csv", "x,y,\n1,2,\n3,4,\n").unwrap();
    assert_eq!(columns(&table).len(), 2);
    assert_eq!(column(&table, "y"), ["2", "4"]);
}

#[test]
fn quotes_keep_delimiters_line_ends_and_quotes() {
    let table = open_text("a.csv", "t,n\r\n\"a,\"\"b\"\"\r\nc\",1\r\nd,2\r\n").unwrap();
    assert_eq!(column(&table, "t"), ["a,\"b\"\r\nc", "d"]);
}

#[test]
fn one_column_of_sentences_is_one_column() {
    let table = open_text("a.csv", "text\nhello, world\nno comma\na, b, c\n\"quoted, too\"\n").unwrap();
    assert_eq!(column(&table, "text"), ["hello, world", "no comma", "a, b, c", "quoted, too"]);
}

#[test]
fn ambiguous_dates_stay_text_and_are_noted() {
    let table = open_text("a.csv", "d,e\n01/02/2024,31/01/2024\n03/04/2024,01/02/2024\n").unwrap();
    assert_eq!(columns(&table), [("d", Storage::Text), ("e", Storage::Time)]);
    assert_eq!(column(&table, "e"), ["1706659200000 ms", "1706745600000 ms"]);
    assert!(table.notes().iter().any(|note| note.starts_with("`d` may be day/month/year")));
}

#[test]
fn files_named_after_parts_give_the_split() {
    let folder = folder();
    let train = put(&folder, "train.csv", "x,y\n1,a\n2,b\n");
    let test = put(&folder, "test.csv", "y,x,extra\nc,2.5,1\n");
    let table = Table::open(&[train, test], &OpenOptions::default()).unwrap();
    assert_eq!(columns(&table), [("x", Storage::Number), ("y", Storage::Text), ("extra", Storage::Integer)]);
    assert_eq!(column(&table, "x"), ["1.0", "2.0", "2.5"]);
    assert_eq!(column(&table, "extra"), ["·", "·", "1"]);
    use pellucid_data::Part::{Test, Train};
    assert_eq!(table.given_parts(), Some(&[Train, Train, Test][..]));
    assert!(table.place(2).to_string().ends_with("test.csv, row 1"));
    assert!(table.notes().iter().any(|note| note.contains("train.csv has no column `extra`")));
}

#[test]
fn tables_that_do_not_belong_together_are_refused() {
    let folder = folder();
    let paths = [put(&folder, "a.csv", "x,y\n1,2\n"), put(&folder, "b.csv", "p,q,r\n1,2,3\n")];
    let error = error(Table::open(&paths, &OpenOptions::default()));
    assert!(error.to_string().contains("do not belong together"), "{error}");
}

#[test]
fn a_misspelt_column_gets_the_nearest_name() {
    let table = open_text("a.csv", "outcome,age\n1,2\n").unwrap();
    let error = table.column_index("outcom").unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotFound);
    assert!(error.to_string().contains("did you mean `outcome`?"));
    assert!(table.column_index("zzz").unwrap_err().to_string().contains("outcome, age"));
}

#[test]
fn pictures_beside_a_table_file_are_found() {
    let folder = folder();
    put(&folder, "pictures/1.png", b"one");
    let path =
        put(&folder, "a.csv", "image,n\n/Users/me/pictures/1.png,1\npictures/1.png,2\n../secret.png,3\n");
    let table = open(path).unwrap();
    let files = table.files().unwrap();
    for name in column(&table, "image").iter().take(2) {
        assert_eq!(files.read(name).unwrap(), b"one");
    }
    put(&folder, "../pellucid-secret.png", b"outside");
    assert!(!files.contains("../pellucid-secret.png"));
    std::fs::remove_file(folder.path().join("../pellucid-secret.png")).unwrap();
}
