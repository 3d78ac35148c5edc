//! Zip archives: what they may hold, and attacks.

use crate::{column, columns, error, folder, open, put, zip_of};
use pellucid_data::{ErrorKind, Files, Part, Storage, write_zip};
use std::io::Write;
use zip::write::SimpleFileOptions;

#[test]
fn a_zip_is_the_same_as_its_folder() {
    let folder = folder();
    let files: [(&str, &[u8]); 6] = [
        ("set/train/cat/1.png", b"one"),
        ("set/train/dog/2.png", b"two"),
        ("set/test/cat/3.png", b"three"),
        ("__MACOSX/set/train/cat/._1.png", b"litter"),
        ("set/.DS_Store", b"litter"),
        ("set/Thumbs.db", b"litter"),
    ];
    for (name, bytes) in &files {
        put(&folder, &format!("f/{name}"), bytes);
    }
    let from_folder = open(folder.path().join("f")).unwrap();
    let from_zip = open(put(&folder, "f.zip", zip_of(&files))).unwrap();
    for table in [&from_folder, &from_zip] {
        assert_eq!(column(table, "image"), ["test/cat/3.png", "train/cat/1.png", "train/dog/2.png"]);
        assert_eq!(column(table, "label"), ["cat", "cat", "dog"]);
        assert_eq!(table.given_parts(), Some(&[Part::Test, Part::Train, Part::Train][..]));
        assert_eq!(table.files().unwrap().read("train/dog/2.png").unwrap(), b"two");
        assert_eq!(table.name(), "f");
    }
}

#[test]
fn tables_in_a_zip() {
    let folder = folder();
    let path =
        put(&folder, "a.zip", zip_of(&[("w/train.csv", b"x,y\n1,a\n"), ("w/test.csv", b"x,y\n2,b\n")]));
    let table = open(&path).unwrap();
    assert_eq!(columns(&table), [("x", Storage::Integer), ("y", Storage::Text)]);
    assert!(table.place(1).to_string().ends_with("a.zip/test.csv, row 1"), "{}", table.place(1));
    let path = put(
        &folder,
        "b.zip",
        zip_of(&[("data.csv", b"image,n\npictures/1.png,1\n"), ("pictures/1.png", b"x")]),
    );
    let table = open(&path).unwrap();
    assert_eq!(table.files().unwrap().read(&column(&table, "image")[0]).unwrap(), b"x");
}

#[test]
fn names_that_climb_out_are_refused() {
    for name in [
        "../evil.png",
        "a/../../evil.png",
        "/etc/evil.png",
        "C:/evil.png",
        "..\\evil.png",
        "a\\..\\..\\e.png",
    ] {
        let folder = folder();
        let path = put(&folder, "a.zip", zip_of(&[("ok.png", b"x"), (name, b"x")]));
        let error = error(open(path));
        assert_eq!(error.kind, ErrorKind::Refused, "{name}");
        assert!(error.to_string().contains("climbs out") && error.to_string().contains("a.zip"), "{error}");
    }
}

#[test]
fn zip_bombs_are_refused_and_small_files_may_compress_well() {
    let folder = folder();
    let zeros = vec![0; 32 << 20];
    let bomb = error(open(put(&folder, "a.zip", zip_of(&[("a.csv", &zeros)]))));
    assert_eq!(bomb.kind, ErrorKind::Refused);
    assert!(bomb.to_string().contains("zip bomb"), "{bomb}");
    let small = format!("a\n{}", "0\n".repeat(1 << 20));
    assert_eq!(open(put(&folder, "b.zip", zip_of(&[("a.csv", small.as_bytes())]))).unwrap().rows(), 1 << 20);
}

/// An entry that declares fewer bytes than it holds must not grow beyond them.
#[test]
fn an_entry_that_lies_about_its_size_is_an_error() {
    let folder = folder();
    let mut bytes = zip_of(&[("cat/1.png", &[7; 5000]), ("dog/2.png", b"x")]);
    let declared = 5000_u32.to_le_bytes();
    for at in 0..bytes.len() - 4 {
        if bytes[at..at + 4] == declared {
            bytes[at..at + 4].copy_from_slice(&100_u32.to_le_bytes());
        }
    }
    let files = Files::open(put(&folder, "a.zip", bytes)).unwrap();
    let error = files.read("cat/1.png").unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unreadable, "{error}");
    assert!(error.to_string().contains("a.zip/cat/1.png"), "{error}");
}

#[test]
fn entries_that_share_their_bytes_are_refused() {
    let folder = folder();
    let noise: Vec<u8> = (0..100_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("0.png", SimpleFileOptions::default()).unwrap();
    zip.write_all(&noise).unwrap();
    for i in 1..20 {
        zip.shallow_copy_file("0.png", &format!("{i}.png")).unwrap();
    }
    let bytes = zip.finish().unwrap().into_inner();
    let error = error(open(put(&folder, "a.zip", bytes)));
    assert!(error.to_string().contains("share the same bytes"), "{error}");
}

#[test]
fn encrypted_archives_say_so() {
    let folder = folder();
    let mut bytes = zip_of(&[("1.png", b"secret")]);
    for (magic, flags) in [(b"PK\x03\x04", 6), (b"PK\x01\x02", 8)] {
        let at = bytes.windows(4).position(|window| window == magic).unwrap();
        bytes[at + flags] |= 1;
    }
    let error = error(open(put(&folder, "a.zip", bytes)));
    assert!(error.to_string().contains("encrypted") && error.to_string().contains("password"), "{error}");
}

#[test]
fn links_in_archives_are_left_out_with_a_note() {
    let folder = folder();
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("1.png", SimpleFileOptions::default()).unwrap();
    zip.add_symlink("2.png", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    let table = open(put(&folder, "a.zip", zip.finish().unwrap().into_inner())).unwrap();
    assert_eq!(column(&table, "image"), ["1.png"]);
    assert!(table.notes().iter().any(|note| note.contains("1 symbolic links")));
}

#[test]
fn files_that_are_written_as_an_archive_come_back_as_they_were() {
    let folder = folder();
    let noise: Vec<u8> = (0..300_000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut files = Vec::new();
    for (name, bytes) in [("a/b.bin", noise.as_slice()), ("a/empty", b""), ("größe.txt", &[b'x'; 100_000])]
    {
        let path = put(&folder, &format!("{}.file", files.len()), bytes);
        files.push((name.to_owned(), path));
    }
    let mut zip = Vec::new();
    write_zip(&mut zip, &files).unwrap();
    assert!(zip.len() < 310_000, "what can be said in fewer bytes is: {}", zip.len());
    let opened = Files::open(put(&folder, "all.zip", zip.clone())).unwrap();
    for (name, path) in &files {
        assert_eq!(opened.read(name).unwrap(), std::fs::read(path).unwrap(), "{name}");
    }
    let mut again = Vec::new();
    write_zip(&mut again, &files).unwrap();
    assert!(zip == again, "the same files give the same bytes");
    files.push(("c".to_owned(), folder.path().join("gone")));
    let error = write_zip(std::io::sink(), &files).unwrap_err();
    assert!(error.to_string().contains("gone"), "{error}");
}

#[test]
fn an_archive_within_an_archive_is_not_opened() {
    let folder = folder();
    let inner = zip_of(&[("1.png", b"x")]);
    let error = error(open(put(&folder, "a.zip", zip_of(&[("b.zip", &inner)]))));
    assert!(
        error.to_string().contains("an archive within an archive is not opened · unpack the outer"),
        "{error}"
    );
}

#[test]
fn a_flipped_byte_is_noticed_when_the_file_is_read() {
    let folder = folder();
    let noise: Vec<u8> = (0..1000_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut bytes = zip_of(&[("1.png", &noise)]);
    bytes[500] ^= 1;
    let files = Files::open(put(&folder, "a.zip", bytes)).unwrap();
    assert_eq!(files.read("1.png").unwrap_err().kind, ErrorKind::Unreadable);
}
