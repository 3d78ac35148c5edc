//! Folders of pictures, and folders of tables.

use crate::{column, columns, error, folder, open, put};
use pellucid_data::Part::{Test, Train, Validation};
use pellucid_data::{OpenOptions, Storage, Table};

#[test]
fn pictures_in_sub_folders_have_labels() {
    let folder = folder();
    for name in ["cat/1.png", "cat/2.JPG", "dog/a/3.jpeg", ".DS_Store", "cat/Thumbs.db", "dog/notes.txt"] {
        put(&folder, name, name);
    }
    let table = open(folder.path()).unwrap();
    assert_eq!(columns(&table), [("image", Storage::Text), ("label", Storage::Text)]);
    assert_eq!(column(&table, "image"), ["cat/1.png", "cat/2.JPG", "dog/a/3.jpeg"]);
    assert_eq!(column(&table, "label"), ["cat", "cat", "dog"]);
    assert_eq!(table.given_parts(), None);
    assert_eq!(table.files().unwrap().read("dog/a/3.jpeg").unwrap(), b"dog/a/3.jpeg");
    assert!(table.place(2).to_string().ends_with("dog/a/3.jpeg"));
    assert!(
        table
            .notes()
            .iter()
            .any(|note| note.contains("1 other files were left aside, such as dog/notes.txt"))
    );
}

#[test]
fn part_folders_give_the_split_also_below_a_folder_around_everything() {
    let folder = folder();
    for name in ["set/train/7/a.png", "set/val/7/b.png", "set/test/01/c.png", "set/train/01/d.png"] {
        put(&folder, name, "x");
    }
    let table = open(folder.path()).unwrap();
    assert_eq!(column(&table, "image"), ["test/01/c.png", "train/01/d.png", "train/7/a.png", "val/7/b.png"]);
    assert_eq!(column(&table, "label"), ["01", "01", "7", "7"], "folder names stay as they are");
    assert_eq!(table.given_parts(), Some(&[Test, Train, Train, Validation][..]));
}

#[test]
fn pictures_in_one_folder_have_no_label_and_strays_have_none_either() {
    let folder = folder();
    put(&folder, "all/1.png", "x");
    put(&folder, "all/2.png", "x");
    let table = open(folder.path()).unwrap();
    assert_eq!(columns(&table), [("image", Storage::Text)]);
    put(&folder, "all/cat/3.png", "x");
    put(&folder, "all/dog/4.png", "x");
    let table = open(folder.path()).unwrap();
    assert_eq!(column(&table, "label"), ["·", "·", "cat", "dog"]);
    assert!(table.notes().iter().any(|note| note.starts_with("2 pictures are in no sub-folder")));
}

#[test]
fn sounds_of_each_class_lie_in_a_folder() {
    let folder = folder();
    put(&folder, "no/1.wav", "x");
    put(&folder, "yes/2.flac", "x");
    let table = open(folder.path()).unwrap();
    let names: Vec<_> = table.columns().iter().map(|c| c.name.as_str()).collect();
    assert_eq!((names, table.rows()), (vec!["audio", "label"], 2));
}

#[test]
fn texts_of_each_class_lie_in_a_folder_and_are_read_whole() {
    let folder = folder();
    put(&folder, "train/good/1.txt", "Fine,\r\nreally.\r\n");
    put(&folder, "train/bad/2.txt", "");
    put(&folder, "test/bad/3.md", "\u{feff}Ärgerlich");
    put(&folder, "README.txt", "about these texts");
    let table = open(folder.path()).unwrap();
    let names: Vec<_> = table.columns().iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["file", "text", "label"]);
    assert_eq!(column(&table, "file"), ["test/bad/3.md", "train/bad/2.txt", "train/good/1.txt"]);
    assert_eq!(column(&table, "text"), ["Ärgerlich", "", "Fine,\nreally.\n"]);
    assert_eq!(column(&table, "label"), ["bad", "bad", "good"]);
    assert_eq!(table.given_parts(), Some(&[Test, Train, Train][..]));
    assert!(table.place(2).to_string().ends_with("train/good/1.txt"));
}

#[test]
fn a_plain_text_is_a_table_unless_it_is_said_to_be_a_text() {
    let folder = folder();
    put(&folder, "a.txt", "x,y\n1,2\n3,4\n");
    put(&folder, "b.txt", "a poem");
    let path = |name: &str| folder.path().join(name);
    assert_eq!(open(path("a.txt")).unwrap().columns().len(), 2);
    let texts = OpenOptions { texts: true, ..OpenOptions::default() };
    let table = Table::open(&[path("a.txt")], &texts).unwrap();
    assert_eq!(column(&table, "text"), ["x,y\n1,2\n3,4\n"]);
    let table = Table::open(&[path("b.txt"), path("a.txt")], &texts).unwrap();
    assert_eq!(column(&table, "file"), ["b.txt", "a.txt"]);
    put(&folder, "c.txt", "\0\u{1}\0\0\0");
    let said = Table::open(&[path("c.txt")], &texts).unwrap_err().to_string();
    assert!(said.contains("c.txt") && said.contains("not a text file"), "{said}");
}

#[test]
fn melodies_lie_in_folders_of_parts_beside_a_table_that_does_not_name_them() {
    let folder = folder();
    put(&folder, "train/1.mid", "x");
    put(&folder, "test/2.MIDI", "x");
    put(&folder, "pitches.json", r#"{"train": [[60]], "test": [[62]]}"#);
    let table = open(folder.path()).unwrap();
    assert_eq!(columns(&table), [("melody", Storage::Text)]);
    assert_eq!(table.given_parts(), Some(&[Test, Train][..]));
    assert!(table.notes().iter().any(|note| note.contains("pitches.json names none of the melodies")));
}

#[test]
fn films_are_not_promised() {
    let folder = folder();
    put(&folder, "no/1.mp4", "x");
    put(&folder, "yes/2.mov", "x");
    let said = error(open(folder.path())).to_string();
    assert!(said.contains("1 × .mov, 1 × .mp4") || said.contains("1 × .mp4, 1 × .mov"), "{said}");
    assert!(said.contains("folders of pictures") && !said.contains("film"), "{said}");
}

#[test]
fn folders_without_a_picture_are_named() {
    let folder = folder();
    for name in ["set/cat/1.png", "set/dog/2.png", "set/bird/notes.txt"] {
        put(&folder, name, "x");
    }
    std::fs::create_dir_all(folder.path().join("set/fish/small")).unwrap();
    let said = |table: Table| table.notes().join("\n");
    let notes = said(open(folder.path()).unwrap());
    assert!(notes.contains("2 folders hold no pictures: `bird`, `fish`"), "{notes}");
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for name in ["cat/1.png", "dog/2.png"] {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
    }
    zip.add_directory("fish", zip::write::SimpleFileOptions::default()).unwrap();
    let zip = put(&folder, "set.zip", zip.finish().unwrap().into_inner());
    let notes = said(open(zip).unwrap());
    assert!(notes.contains("1 folder holds no pictures: `fish`"), "{notes}");
    std::fs::remove_dir_all(folder.path().join("set/dog")).unwrap();
    let notes = said(open(folder.path().join("set")).unwrap());
    assert!(
        notes.contains("2 folders hold no pictures"),
        "the only class is told beside the empty ones: {notes}"
    );
}

#[test]
fn a_table_that_names_pictures_wins_over_its_folders() {
    let folder = folder();
    put(&folder, "a/1.png", "x");
    put(&folder, "b/2.png", "x");
    let csv = put(&folder, "signs.csv", "file,sign\na\\1.png,stop\n2.png,give way\n");
    let table = open(folder.path()).unwrap();
    assert_eq!(column(&table, "sign"), ["stop", "give way"]);
    assert!(column(&table, "file").iter().all(|name| table.files().unwrap().contains(name)));
    std::fs::write(csv, "note,number\nhello,1\nworld,2\n").unwrap();
    let table = open(folder.path()).unwrap();
    assert_eq!(column(&table, "label"), ["a", "b"]);
    assert!(table.notes().iter().any(|note| note.contains("signs.csv names none of the pictures")));
}

#[test]
fn tables_in_a_folder_are_read_together_when_named_after_parts() {
    let folder = folder();
    put(&folder, "train.csv", "x\n1\n2\n");
    put(&folder, "dev.csv", "x\n3\n");
    put(&folder, "test.tsv", "x\n4\n");
    put(&folder, "sample_submission.csv", "id\n9\n");
    put(&folder, "about.json", "{\"licence\": \"MIT\"}");
    let table = open(folder.path()).unwrap();
    assert_eq!(column(&table, "x"), ["1", "2", "3", "4"]);
    assert_eq!(table.given_parts(), Some(&[Train, Train, Validation, Test][..]));
    assert!(table.notes().iter().any(|note| note.contains("sample_submission.csv")));
}

#[test]
fn picture_files_given_one_by_one_keep_their_order() {
    let folder = folder();
    let paths = [put(&folder, "b/2.png", "two"), put(&folder, "a/1.png", "one")];
    let table = Table::open(&paths, &OpenOptions::default()).unwrap();
    assert_eq!(column(&table, "image"), ["b/2.png", "a/1.png"]);
    assert_eq!(table.files().unwrap().read("a/1.png").unwrap(), b"one");
    let single = Table::open(&paths[..1], &OpenOptions::default()).unwrap();
    assert_eq!(column(&single, "image"), ["2.png"]);
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_circles_end() {
    let folder = folder();
    put(&folder, "cat/1.png", "x");
    put(&folder, "dog/2.png", "x");
    std::os::unix::fs::symlink(folder.path(), folder.path().join("cat/again")).unwrap();
    std::os::unix::fs::symlink("nowhere", folder.path().join("dog/gone.png")).unwrap();
    let table = open(folder.path()).unwrap();
    assert!(table.rows() >= 2 && table.rows() <= 4);
    assert!(table.notes().iter().any(|note| note.contains("link to nothing")));
}

#[test]
fn reading_from_many_threads_gives_the_same_bytes() {
    let folder = folder();
    let names: Vec<String> = (0..50).map(|i| format!("c{}/{i}.png", i % 3)).collect();
    let bytes: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), name.as_bytes())).collect();
    let path = put(&folder, "a.zip", crate::zip_of(&bytes));
    let files = pellucid_data::Files::open(path).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let (files, names) = (files.clone(), &names);
            scope.spawn(move || names.iter().for_each(|n| assert_eq!(files.read(n).unwrap(), n.as_bytes())));
        }
    });
}
