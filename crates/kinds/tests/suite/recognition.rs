//! What columns are taken for, and the reasons as a person reads them.

use crate::{csv, fit, folder, lines, open, put};
use pellucid_kinds::{Recognised, Role, profile, recognise};

/// What the column `c` of a table with these cells is taken for.
fn look(role: Role, cells: impl IntoIterator<Item = impl std::fmt::Display>) -> Recognised {
    let text = cells.into_iter().fold("c,other\n".to_owned(), |text, cell| format!("{text}{cell},1\n"));
    recognise(&profile(&csv(&text)).unwrap()[0], role)
}

fn name(found: &Recognised) -> &'static str {
    found.kind.map_or("nothing", |kind| kind.name())
}

#[test]
fn a_column_of_two_words_is_a_category() {
    let text =
        lines("outcome,size", 569, |i| format!("{},{i}.5", if i % 8 < 3 { "malignant" } else { "benign" }));
    let profiles = profile(&csv(&text)).unwrap();
    for role in [Role::Input, Role::Target] {
        let found = recognise(&profiles[0], role);
        assert_eq!(found.reason, "`outcome` looks like a category: 2 distinct values in 569 rows");
        assert_eq!((name(&found), found.or), ("category", None));
    }
}

#[test]
fn quantities_are_numbers() {
    let found = look(Role::Input, (0..50).map(|i| f64::from(i * 37 % 50) / 4.0));
    assert_eq!(found.reason, "`c` looks like a number: 50 values from 0 to 12.25");
    assert_eq!((name(&found), found.or), ("number", None));
    assert_eq!(name(&look(Role::Target, (0..50).map(|i| f64::from(i) + 0.5))), "number");
    // Whole numbers that repeat and don't rise: ages, counts.
    let ages = look(Role::Input, (0..200).map(|i| 20 + i * 31 % 60));
    assert_eq!((name(&ages), ages.or), ("number", None));
    // All different and in no order, and not named like an identifier.
    assert_eq!(name(&look(Role::Input, (0..97).map(|i| i * 31 % 97))), "number");
}

#[test]
fn a_person_is_asked_about_whole_numbers_from_1_to_5() {
    let stars = || (0..100).map(|i| 1 + i * 7 % 5);
    let seen = look(Role::Input, stars());
    assert_eq!((name(&seen), seen.or), ("number", Some("category")));
    let wanted = look(Role::Target, stars());
    assert_eq!((name(&wanted), wanted.or), ("category", Some("number")));
    assert_eq!(wanted.reason, "`c` looks like a category: 5 distinct values in 100 rows");
}

#[test]
fn many_whole_numbers_are_predicted_as_a_number() {
    let found = look(Role::Target, (0..300).map(|i| i * 7 % 40));
    assert_eq!((name(&found), found.or), ("number", None));
}

#[test]
fn identifiers_are_set_aside_with_the_reason() {
    let rising = look(Role::Input, 1001..1041);
    assert_eq!(
        rising.reason,
        "`c` looks like an id: whole numbers that rise from row to row, all 40 different"
    );
    let words = look(Role::Input, (0..40).map(|i| format!("A-{}", i * 7919 % 1009)));
    assert_eq!(words.reason, "`c` looks like an id: all 40 values are different");
    let named = lines("patient_id,x", 40, |i| format!("{},1.5", i * 31 % 40));
    let named = recognise(&profile(&csv(&named)).unwrap()[0], Role::Input);
    assert_eq!(named.reason, "`patient_id` looks like an id: its name, and all 40 values are different");
    for found in [&rising, &words, &named] {
        assert_eq!(name(found), "id");
        assert!(!found.kind.unwrap().is_input());
    }
    // What is to be predicted is never an identifier.
    assert_eq!(name(&look(Role::Target, 1001..1041)), "number");
    // Codes with leading zeros are texts; as all differ, they name rows.
    assert_eq!(name(&look(Role::Input, (0..40).map(|i| format!("{i:05}")))), "id");
}

#[test]
fn flags_are_yes_or_no_in_many_spellings() {
    for (yes, no) in [("true", "false"), ("yes", "no"), ("TRUE", "FALSE"), ("Yes", "No"), ("1", "0")] {
        let found = look(Role::Input, (0..30).map(|i| if i % 3 == 0 { yes } else { no }));
        assert_eq!(name(&found), "flag", "{yes}/{no}: {}", found.reason);
        assert_eq!(found.or, None);
    }
    let found = look(Role::Target, (0..30).map(|i| if i % 3 == 0 { "yes" } else { "no" }));
    assert_eq!(found.reason, "`c` looks like a flag: 2 distinct values (false, true) in 30 rows");
    // Two other numbers are two classes.
    assert_eq!(name(&look(Role::Input, (0..30).map(|i| 1 + i % 2))), "category");
}

#[test]
fn dates_are_times() {
    let days = look(Role::Input, (0..30).map(|i| format!("2024-02-{:02}", 1 + i * 5 % 29)));
    assert_eq!(days.reason, "`c` looks like a time: all 30 values are dates or times");
    let moments = look(
        Role::Input,
        (0..30).map(|i| format!("2024-02-{:02} 13:{i:02}:05", 1 + i).replace("-30 ", "-28 ")),
    );
    assert_eq!(name(&moments), "time");
}

#[test]
fn missing_values_are_left_out_of_the_count() {
    let cell = |i: i32| if i % 4 == 0 { "NA".to_owned() } else { format!("k{}", i % 3) };
    let found = look(Role::Input, (0..60).map(cell));
    assert_eq!(found.reason, "`c` looks like a category: 3 distinct values in 45 rows");
    // One missing number does not make the others texts.
    let cell = |i: i32| if i == 7 { "?".to_owned() } else { format!("{}.5", i * 17 % 60) };
    assert_eq!(name(&look(Role::Input, (0..60).map(cell))), "number");
    let found = look(Role::Input, (0..20).map(|_| ""));
    assert_eq!((name(&found), found.reason.as_str()), ("nothing", "`c` is set aside: it has no values"));
}

#[test]
fn sentences_are_text_and_names_and_codes_are_not() {
    let note = |i: i32| format!("patient {i} came in late and said that {} was no better", i * 31 % 17);
    let found = look(Role::Input, (0..40).map(note));
    assert_eq!(name(&found), "text");
    assert_eq!(found.reason, "`c` looks like text: 12 words a row on average, and all rows are different");
    let japanese = look(Role::Input, (0..40).map(|i| format!("この映画は{i}回見ても本当に面白いです")));
    assert_eq!(name(&japanese), "text");
    assert_eq!(name(&look(Role::Target, (0..40).map(note))), "text", "it can be written, too");
    let found = look(Role::Target, (0..40).map(|i| format!("Miller{i}, James")));
    assert!(name(&found) == "nothing" && found.reason.contains("free text"), "{}", found.reason);
    let people = look(Role::Input, (0..40).map(|i| format!("\"Miller{i}, Mr. James\"")));
    assert_eq!(name(&people), "id");
    let recurring = look(Role::Input, (0..60).map(|i| format!("the {} day of the week", i % 7)));
    assert_eq!(name(&recurring), "category");
    let codes = look(Role::Input, (0..40).map(|i| format!("AB-{}-{}", i % 30, i * 7 % 11)));
    assert_ne!(name(&codes), "text");
}

/// Cells that take turns, so often that each is frequent.
fn turns(cells: &[&str]) -> Recognised {
    look(Role::Target, (0..40 * cells.len()).map(|i| format!("\"{}\"", cells[i % cells.len()])))
}

#[test]
fn few_labels_in_varying_number_and_combination_are_tags() {
    let moods = ["joy", "fear", "joy fear", "anger", "fear anger", "joy"];
    let found = turns(&moods);
    assert_eq!(
        found.reason,
        "`c` looks like tags: 3 tags between spaces recur in 5 combinations in 240 rows"
    );
    assert_eq!((name(&found), found.or), ("tags", None));
    for separator in [", ", ",", "; ", ";", "|"] {
        let found = turns(&moods.map(|m| m.replace(' ', separator)).each_ref().map(String::as_str));
        assert_eq!((name(&found), found.or), ("tags", None), "{separator}: {}", found.reason);
    }
    let lists =
        turns(&["[]", "['new wave', 'jazz']", "['jazz']", "['new wave']", "['jazz', 'soul']", "['soul']"]);
    assert_eq!(name(&lists), "tags", "{}", lists.reason);
}

#[test]
fn words_that_belong_together_are_categories_not_tags() {
    for cells in [
        &["New York", "San Francisco", "Boston"][..],
        &["New York", "New Orleans", "York", "Boston", "New Boston"],
        &["light red", "dark red", "light blue", "dark blue"],
        &["red", "dark red", "blue", "dark blue", "green"],
        &["good", "very good", "not good", "bad", "very bad"],
        &["Smith, John", "Smith, Mary", "Jones, John", "Jones, Mary"],
        &["Paris, France", "Lyon, France", "Berlin, Germany", "Rome"],
        &["yes yes", "yes", "no", "yes no"],
        &["rock|pop", "jazz|soul"],
    ] {
        assert_eq!(name(&turns(cells)), "category", "{cells:?}");
    }
    // Series of numbers are no tags, sentences neither, however often their words recur.
    let series = ["1 2 3", "2", "3 1", "1"];
    assert_ne!(name(&turns(&series)), "tags");
    let words = ["the", "dog", "cat", "sees", "a", "and", "likes", "small", "old", "house"];
    let sentence = |i: usize| {
        let word = |k: usize| words[(i * 7 + k * k * 3 + i / 10) % words.len()];
        (0..3 + i % 9).map(word).collect::<Vec<_>>().join(" ")
    };
    assert_ne!(name(&look(Role::Input, (0..400).map(sentence))), "tags");
}

#[test]
fn names_of_pictures_are_pictures_only_if_the_files_are_there() {
    let folder = folder();
    let picture = image_bytes();
    (0..12).for_each(|i| drop(put(&folder, &format!("scans/{i}.png"), &picture)));
    let text = lines("scan,age", 12, |i| format!("scans/{i}.png,{}", 30 + i * 7 % 12));
    let found = recognise(&profile(&open(put(&folder, "table.csv", &text))).unwrap()[0], Role::Input);
    assert_eq!(found.reason, "`scan` looks like an image: 12 values name picture files, 12 of them exist");
    let elsewhere = recognise(&profile(&csv(&text)).unwrap()[0], Role::Input);
    assert_ne!(name(&elsewhere), "image");
}

fn image_bytes() -> Vec<u8> {
    crate::pictures::png(&image::DynamicImage::new_rgb8(3, 2))
}

#[test]
fn a_folder_of_pictures_has_a_picture_and_a_label() {
    let folder = folder();
    for i in 0..12 {
        put(&folder, &format!("{}/{i}.png", if i % 3 == 0 { "cats" } else { "dogs" }), image_bytes());
    }
    let table = open(folder.path());
    let found: Vec<_> = profile(&table)
        .unwrap()
        .iter()
        .map(|p| recognise(p, if p.name == "label" { Role::Target } else { Role::Input }).reason)
        .collect();
    assert!(
        found.contains(
            &"`image` looks like an image: 12 values name picture files, 12 of them exist".to_owned()
        )
    );
    assert!(
        found.contains(&"`label` looks like a category: 2 distinct values in 12 rows".to_owned()),
        "{found:?}"
    );
}

#[test]
fn a_profile_counts_what_is_there() {
    let table = csv("x,t\n3,a\n-1,b\n,a\ninf,a\n2.5,\n");
    let p = &profile(&table).unwrap();
    assert_eq!((p[0].rows, p[0].missing, p[0].present(), p[0].infinite), (5, 1, 4, 1));
    assert_eq!(p[0].range, Some((-1.0, 3.0)), "infinities are no part of the range");
    assert_eq!(p[1].values, [("a".to_owned(), 3), ("b".to_owned(), 1)]);
    assert!(p[1].all_counted && !p[1].all_different);
}

#[test]
fn what_a_file_calls_a_set_of_words_is_tags_whatever_it_looks_like() {
    // Words that always stand together, a comma that belongs to a word, and as many words in each: by their looks these are no tags.
    let genres = ["Film Noir,", "Film Noir,", "Science Fiction"];
    let file = |kind: &str| {
        let row = |i: usize| format!("{i}\t{}\tonce{i} twice{i}", genres[i % 3]);
        lines(&format!("item_id:token\tclass:{kind}\tplot:{kind}"), 30, row)
    };
    let folder = folder();
    let table = open(put(&folder, "films.item", file("token_seq")));
    let found = |table, column: usize| recognise(&profile(table).unwrap()[column], Role::Input);
    let class = found(&table, 1);
    assert_eq!(name(&class), "tags");
    assert_eq!(
        class.reason,
        "`class` looks like tags: its file says that cells are sets of words, of which 4 recur"
    );
    let prepared = fit(&table, "class", "tags", Role::Input, &|_| true).unwrap();
    assert_eq!(prepared.features().len(), 4, "the comma separates nothing: {}", prepared.describe());
    assert_ne!(name(&found(&table, 2)), "tags", "nothing is learned from words that stand in one row each");
    let words = open(put(&folder, "words/films.item", file("token")));
    assert_eq!(name(&found(&words, 1)), "category");
}
