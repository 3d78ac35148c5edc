//! A network that is served: what it answers, how it holds out, and who may ask.

use crate::http::{Open, is_whole, open};
use crate::support::run;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A served network that says from `a` and a colour what the level is.
fn served(more: &[&str]) -> Open {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let mut table = "a,colour,level\n".to_owned();
    for i in 0..400usize {
        let a = (i * 7919) % 10_007;
        let level = if (a > 5_000) != i.is_multiple_of(29) { "high" } else { "low" };
        writeln!(table, "{a},{},{level}", ["red", "green"][i % 2]).unwrap();
    }
    std::fs::write(folder.path().join("levels.csv"), table).unwrap();
    let words = ["train", "levels.csv", "--predict", "level", "--steps", "150", "--yes", "--name", "levels"];
    run(folder.path(), &words).ok();
    open(folder, &[&["serve", "runs/levels"], more].concat())
}

fn rows(server: &Open, rows: &Value) -> Value {
    server.json("/api/predict", rows).is(200).json()["rows"].clone()
}

#[test]
fn rows_are_answered_as_the_program_answers_them() {
    let server = served(&[]);
    assert_eq!(server.token, "");
    let answered =
        rows(&server, &json!([{"a": 100, "colour": "red"}, {"a": "9000", "colour": "blue"}, {"a": null}]));
    assert_eq!((&answered[0]["level"], &answered[1]["level"]), (&json!("low"), &json!("high")));
    std::fs::write(server.folder.path().join("new.csv"), "a,colour\n100,red\n9000,blue\n,\n").unwrap();
    let words = ["predict", "runs/levels", "new.csv", "--out", "new.json"];
    run(server.folder.path(), &words).ok();
    let said: Value =
        serde_json::from_slice(&std::fs::read(server.folder.path().join("new.json")).unwrap()).unwrap();
    for (i, row) in answered.as_array().unwrap().iter().enumerate() {
        for (name, value) in row.as_object().unwrap() {
            match value.as_f64() {
                Some(p) => assert!((p - said[i][name].as_f64().unwrap()).abs() < 1e-6, "{name}: {said}"),
                None => assert_eq!(*value, said[i][name], "{name}"),
            }
        }
    }
    let alone = &rows(&server, &json!({"rows": [{"a": 100, "colour": "red"}]}))[0];
    // Together with others, sums are made in another order.
    let apart = alone["level_p"].as_f64().unwrap() - answered[0]["level_p"].as_f64().unwrap();
    assert!(alone["level"] == answered[0]["level"] && apart.abs() < 1e-6, "{alone}");
    let page = server.ask("GET", "/", b"").is(200).text();
    assert!(page.contains("colour") && page.contains("use.js"), "{page}");
    assert_eq!(server.ask("GET", "/health", b"").is(200).text(), "ok");
    assert!(server.ask("GET", "/metrics", b"").is(200).text().contains("pellucid_rows_total 4"));
    let document = server.ask("GET", "/api/openapi.json", b"").is(200).json();
    assert!(document["paths"]["/api/predict"]["post"].is_object(), "{document}");
    is_whole(&document);
}

#[test]
fn questions_that_make_no_sense_are_refused_with_a_reason() {
    let server = served(&[]);
    for (body, says) in [
        (json!([{"color": "red"}]), "did you mean `colour`"),
        (json!([{"a": [1]}]), "row 1, `a`"),
        (json!([]), "1 to"),
        (json!({"a": 1}), "rows as JSON"),
        (json!("text"), "rows as JSON"),
    ] {
        let refused = server.json("/api/predict", &body).is(422).json();
        assert!(refused["detail"].as_str().unwrap().contains(says), "{refused}");
    }
    let large = vec![b' '; 33 << 20];
    server.ask("POST", "/api/predict", &large).is(413);
    server.ask("GET", "/api/predict", b"").is(405);
    server.ask("GET", "/elsewhere", b"").is(404);
    server.with("POST", "/api/predict", &[("origin", "http://evil.example")], b"[]").is(403);
    server.with("POST", "/api/predict", &[("host", "evil.example")], b"[]").is(421);
}

#[test]
fn another_address_needs_the_token() {
    let server = served(&["--address", "0.0.0.0"]);
    assert_eq!(server.token.len(), 48);
    server.with("GET", "/health", &[], b"").is(401);
    server.with("POST", "/api/predict", &[], b"[{\"a\": 1}]").is(401);
    server.ask("POST", "/api/predict", b"[{\"a\": 1}]").is(200);
}

/// Ten thousand questions of all sorts at once: each gets its own answer, and none is lost.
#[test]
fn many_questions_at_once_all_have_their_answers() {
    let server = served(&[]);
    const ASKERS: usize = 16;
    const EACH: usize = 625;
    std::thread::scope(|scope| {
        for asker in 0..ASKERS {
            let server = &server;
            scope.spawn(move || {
                let mut stream = TcpStream::connect(&server.host).unwrap();
                for i in 0..EACH {
                    let (body, status, says) = match (asker + i) % 5 {
                        0 => ("[{\"a\": 10, \"colour\": \"red\"}]", "200", "\"level\":\"low\""),
                        1 => ("[{\"a\": 9900, \"colour\": \"green\"}]", "200", "\"level\":\"high\""),
                        2 => ("{\"rows\": [{\"a\": 10}, {\"a\": 9900}]}", "200", "\"level\":\"high\""),
                        3 => ("[{\"color\": 1}]", "422", "colour"),
                        _ => ("no rows", "422", "JSON"),
                    };
                    let head = format!(
                        "POST /api/predict HTTP/1.1\r\nhost: {}\r\ncontent-length: {}\r\n\r\n{body}",
                        server.host,
                        body.len()
                    );
                    stream.write_all(head.as_bytes()).unwrap();
                    let answer = one(&mut stream);
                    assert!(
                        answer.starts_with(&format!("HTTP/1.1 {status}")) && answer.contains(says),
                        "{body}: {answer}"
                    );
                }
            });
        }
    });
    let counts = server.ask("GET", "/metrics", b"").is(200).text();
    let answered = ASKERS * EACH * 3 / 5;
    assert!(
        counts.contains(&format!("pellucid_requests_total{{outcome=\"answered\"}} {answered}\n")),
        "{counts}"
    );
}

/// One response of a connection that goes on.
fn one(stream: &mut TcpStream) -> String {
    let (mut all, mut byte) = (Vec::new(), [0; 4096]);
    loop {
        let read = stream.read(&mut byte).unwrap();
        assert!(read > 0, "the connection ended: {}", String::from_utf8_lossy(&all));
        all.extend(&byte[..read]);
        let text = String::from_utf8_lossy(&all);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if length.is_some_and(|length| body.len() >= length.parse().unwrap()) {
            return text.into_owned();
        }
    }
}

/// Those who say nothing, and those who say it letter by letter, keep nobody from an answer.
#[test]
fn silent_and_dribbling_connections_hinder_nobody() {
    let server = served(&[]);
    let silent: Vec<TcpStream> = (0..500).map(|_| TcpStream::connect(&server.host).unwrap()).collect();
    let mut dribbling: Vec<TcpStream> = (0..500).map(|_| TcpStream::connect(&server.host).unwrap()).collect();
    for letter in b"POST /api/pre" {
        dribbling.iter_mut().for_each(|stream| drop(stream.write(&[*letter])));
    }
    let since = Instant::now();
    server.json("/api/predict", &json!([{"a": 10, "colour": "red"}])).is(200);
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
    drop((silent, dribbling));
    let since = Instant::now();
    let mut half = TcpStream::connect(&server.host).unwrap();
    half.write_all(b"GET /health HTT").unwrap();
    let mut rest = Vec::new();
    drop(half.read_to_end(&mut rest));
    assert!(since.elapsed() < Duration::from_secs(60), "a head that never ends is not waited for");
}
