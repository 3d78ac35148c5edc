//! The studio as programs see it: from data that arrives to answers, and what it refuses.

use crate::http::{Open, PAGES, is_whole, studio, studio_in};
use crate::support::{files, run};
use serde_json::{Value, json};
use std::io::Cursor;
use std::path::Path;
use std::time::{Duration, Instant};

/// A table in which `a` mostly says what `level` is.
fn table(rows: usize) -> String {
    let line = |i: usize| {
        let a = (i * 7919) % 10_007;
        let high = (a > 5_000) != i.is_multiple_of(23);
        format!("{a},{},{}", (i * 104_729) % 1_299_709, if high { "high" } else { "low" })
    };
    format!("a,noise,level\n{}\n", (0..rows).map(line).collect::<Vec<_>>().join("\n"))
}

/// A short training on a table.
fn short(target: &str) -> Value {
    json!({"data": "levels", "name": "levels-1", "asked": {"predict": [target], "effort": "quick", "minutes": 0.1}})
}

#[test]
fn from_rows_to_answers() {
    let studio = studio();
    studio.json("/api/data/levels/rows", &json!({"file": "rows.csv", "text": table(600)})).is(201);
    let sets = studio.ask("GET", "/api/data", b"").is(200).json();
    assert_eq!((sets[0]["name"].as_str(), sets[0]["files"].as_u64()), (Some("levels"), Some(1)));
    let rows = studio.ask("GET", "/api/data/levels/rows?from=590&count=50", b"").is(200).json();
    assert_eq!((rows["total"].as_u64(), rows["rows"].as_array().unwrap().len()), (Some(600), 10));
    assert_eq!(rows["columns"], json!(["a", "noise", "level"]));

    let checked = studio.json("/api/data/levels/check", &json!({"predict": ["level"]})).is(200).json();
    let columns = checked["columns"].as_array().unwrap();
    assert!(columns.iter().any(|c| c["name"] == "level" && c["use"] == "to predict"), "{checked}");
    let refused = studio.json("/api/data/levels/check", &json!({"predict": ["lefel"]})).is(422).json();
    assert!(refused["detail"].as_str().unwrap().contains("did you mean `level`"), "{refused}");

    let refused = studio.ask("POST", "/api/runs", b"no type").is(415);
    assert!(
        refused.header("content-type") == Some("application/problem+json")
            && refused.json()["detail"].is_string()
    );
    let run = studio.json("/api/runs", &short("level")).is(201).json();
    assert_eq!(run["name"], "levels-1");
    studio.json("/api/runs", &short("level")).is(409);
    studio.ask("DELETE", "/api/runs/levels-1", b"").is(409);
    studio.ask("GET", "/api/runs/levels-1/model", b"").is(409);
    assert_eq!(studio.ended("levels-1"), "finished");
    let about = studio.ask("GET", "/api/runs/levels-1", b"").is(200).json();
    let accuracy = about["evaluation"]["targets"]["level"]["accuracy"]["value"].as_f64().unwrap();
    assert!(accuracy > 0.85, "{about}");
    let events = studio.ask("GET", "/api/runs/levels-1/events", b"").is(200).text();
    for told in [
        "\"event\":\"plan\"",
        "\"event\":\"validation\"",
        "\"event\":\"done\"",
        "event: state",
        "data: finished",
    ] {
        assert!(events.contains(told), "`{told}` is not told: {events}");
    }
    let last = events.lines().filter_map(|line| line.strip_prefix("id: ")).next_back().unwrap().to_owned();
    let token = format!("Bearer {}", studio.token);
    let later = [("authorization", token.as_str()), ("last-event-id", last.as_str())];
    let rest = studio.with("GET", "/api/runs/levels-1/events", &later, b"").is(200).text();
    assert!(!rest.contains("plan") && rest.contains("data: finished"), "{rest}");
    assert!(studio.ask("GET", "/api/runs/levels-1/report", b"").is(200).text().contains("<html"));
    assert!(studio.ask("GET", "/api/runs/levels-1/curves", b"").is(200).text().contains("<svg"));
    let network = studio.ask("GET", "/api/runs/levels-1/network", b"").is(200).text();
    for told in ["<svg", "a, noise", "high or low", "Dense layer", "layers that learn"] {
        assert!(network.contains(told), "`{told}` is not shown: {network}");
    }
    studio.ask("GET", "/api/runs/levels-2/network", b"").is(404);

    let input = b"a,noise\n200,4000\n9500,4000\n";
    let answered = studio.ask("POST", "/api/runs/levels-1/predict?file=new.csv", input).is(200).json();
    assert_eq!(
        (answered["rows"][0]["level"].as_str(), answered["rows"][1]["level"].as_str()),
        (Some("low"), Some("high"))
    );
    assert_eq!(answered["command"], "pellucid predict runs/levels-1 new.csv");
    let why = studio.ask("POST", "/api/runs/levels-1/explain?file=new.csv", input).is(200);
    assert!(why.text().contains("<html") && why.header("pellucid-command").unwrap().contains("explain"));
    let refused = studio.ask("POST", "/api/runs/levels-1/predict?file=new.csv", b"noise\n1\n").is(422).json();
    assert!(refused["detail"].as_str().unwrap().contains("`a`"), "{refused}");
    studio.json("/api/runs/levels-1/translate", &json!({"texts": ["--help"]})).is(422);
    let refused = studio.json("/api/runs/levels-1/audit", &json!({"groups": ["noise\0"]})).is(422).text();
    assert!(refused.contains("zero byte"), "{refused}");

    let card = studio.ask("GET", "/api/runs/levels-1/card", b"").is(200);
    assert!(card.text().contains("levels-1") && card.header("content-type").unwrap().contains("markdown"));
    is_the_same_elsewhere(&studio, input, &answered);

    for page in PAGES {
        let shown = studio.ask("GET", page, b"").is(200);
        assert!(shown.text().contains("<main") && shown.text().len() < 200_000, "{page}");
    }
    studio.ask("DELETE", "/api/runs/levels-1", b"").is(204);
    studio.ask("GET", "/api/runs/levels-1", b"").is(404);
    studio.ask("GET", "/api/runs/levels-1/model", b"").is(404);
    studio.ask("DELETE", "/api/data/levels", b"").is(204);
    studio.ask("GET", "/data/levels", b"").is(404);
}

/// The model of `levels-1` is taken along and unpacked in another place, where it answers as it did here.
fn is_the_same_elsewhere(studio: &Open, input: &[u8], answered: &Value) {
    let zip = studio.ask("GET", "/api/runs/levels-1/model", b"").is(200);
    assert_eq!(zip.header("content-type"), Some("application/zip"));
    assert_eq!(zip.header("content-disposition"), Some("attachment; filename*=UTF-8''levels-1.zip"));
    let elsewhere = tempfile::tempdir().unwrap();
    zip::ZipArchive::new(Cursor::new(zip.bytes())).unwrap().extract(elsewhere.path()).unwrap();
    let names = files(elsewhere.path());
    let with = |end: &str| names.iter().any(|name| name == &Path::new("levels-1").join(end));
    assert!(with("README.md") && with("model.safetensors") && with("config.json"), "{names:?}");
    std::fs::write(elsewhere.path().join("new.csv"), input).unwrap();
    run(elsewhere.path(), &["predict", "levels-1", "new.csv", "--out", "answers.json"]).ok();
    let there = std::fs::read(elsewhere.path().join("answers.json")).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&there).unwrap(), answered["rows"]);
}

#[test]
fn a_run_is_understood_and_its_labels_are_mended() {
    let studio = studio();
    // One row of nine has the wrong label.
    let line = |i: usize| {
        let a = (i * 7919) % 10_007;
        let high = (a > 5_000) != i.is_multiple_of(9);
        format!("{a},{},{}\n", ["east", "west"][i % 2], if high { "high" } else { "low" })
    };
    let text = "a,side,level\n".to_owned() + &(0..900).map(line).collect::<String>();
    studio.json("/api/data/levels/rows", &json!({"file": "rows.csv", "text": text})).is(201);
    studio.json("/api/runs", &short("level")).is(201);
    assert_eq!(studio.ended("levels-1"), "finished");
    let get = |what: &str| studio.ask("GET", &format!("/api/runs/levels-1/{what}"), b"");
    let total = |of: &str| get(&format!("tested?{of}")).is(200).json()["total"].as_u64().unwrap();

    // The cells of the confusion matrix hold all rows, each once; what was wrong is what lies off its diagonal.
    let cells: Vec<u64> = ["low", "high"]
        .iter()
        .flat_map(|truth| ["low", "high"].map(|answer| total(&format!("truth={truth}&answer={answer}"))))
        .collect();
    assert_eq!((cells.iter().sum::<u64>(), cells[1] + cells[2]), (total(""), total("right=false")));
    let found = get("tested?right=false&count=1").is(200).json();
    let row = &found["rows"][0];
    assert!(row["truth"] != row["answer"] && row["fields"][0][0] == "a" && row["bare"].is_null(), "{found}");
    let name = row["row"].as_str().unwrap().replace(' ', "%20");
    let explained = studio.ask("POST", &format!("/api/runs/levels-1/rows/explain?row={name}"), b"").is(200);
    assert_eq!(explained.header("pellucid-command"), Some("pellucid explain runs/levels-1 row.json"));
    studio.ask("POST", "/api/runs/levels-1/rows/explain?row=row%209999", b"").is(422);
    get(&format!("rows/media?row={name}&column=a")).is(422);
    get("tested?order=worse").is(400);
    assert!(get("tested?truth=hihg").is(422).text().contains("did you mean `high`"));

    let cuts = get("thresholds?class=high").is(200).json();
    let [of_it, at] = [&cuts["of_it"], &cuts["at"]];
    assert_eq!((at.as_array().unwrap().len(), &at[0][0], cuts["usual"].as_f64()), (101, of_it, Some(0.5)));
    assert_eq!(at[50][0], cells[3], "at one half it finds what it answers");
    assert_eq!(get("thresholds").is(200).json()["at"][0], json!([total(""), total("right=true")]));

    let audited = studio.json("/api/runs/levels-1/audit", &json!({"groups": ["side"]})).is(200);
    assert!(audited.header("pellucid-command").unwrap().ends_with("audit runs/levels-1 --group side"));
    assert!(audited.text().contains("west"));
    assert!(
        studio
            .json("/api/runs/levels-1/audit", &json!({"groups": ["sid"]}))
            .is(422)
            .text()
            .contains("`side`")
    );

    // Decisions are checked, kept beside the data, counted, and taken back.
    let doubts = get("doubts?count=100").is(200).json();
    let rows = doubts["rows"].as_array().unwrap();
    assert!(rows.len() > 30, "{doubts}");
    let decide = |row: &Value, value: &Value| {
        studio.json("/api/runs/levels-1/corrections", &json!({"row": row, "column": "level", "value": value}))
    };
    assert!(decide(&json!("row 901"), &json!("high")).is(422).text().contains("row 901"));
    assert!(decide(&rows[0]["row"], &json!("hihg")).is(422).text().contains("did you mean `high`"));
    decide(&rows[0]["row"], &rows[0]["label"]).is(200);
    for row in &rows[1..] {
        decide(&row["row"], &row["likely"]).is(200);
    }
    let decided = decide(&rows[1]["row"], &Value::Null).is(200).json();
    let mended = rows.len() as u64 - 2;
    assert_eq!((decided["mended"].as_u64(), decided["kept"].as_u64()), (Some(mended), Some(1)));
    let again = get("doubts?count=2").is(200).json();
    assert_eq!((&again["rows"][0]["value"], &again["rows"][1]["value"]), (&rows[0]["label"], &Value::Null));
    let kept = std::fs::read_to_string(studio.folder.path().join("corrections/levels.csv")).unwrap();
    assert_eq!(kept.lines().count() as u64, 1 + 1 + mended, "{kept}");

    let second = studio.ask("POST", "/api/runs/levels-1/again", b"").is(201).json();
    assert_eq!(second["name"], "levels-2");
    assert_eq!(studio.ended("levels-2"), "finished");
    assert_eq!(
        std::fs::read_to_string(studio.folder.path().join("runs/levels-2/corrections.csv")).unwrap(),
        kept
    );
    let left = studio.ask("GET", "/api/runs/levels-2/doubts", b"").is(200).json();
    assert!(left["total"].as_u64().unwrap() < rows.len() as u64, "{left}");
    assert_eq!(left["decided"]["mended"].as_u64(), Some(0), "what it has learned with is no news: {left}");
    let data = studio.folder.path().join("data/levels/rows.csv");
    assert_eq!(std::fs::read_to_string(data).unwrap(), text);

    // Whether more data would help is found out beside, and can be given up.
    get("forecast").is(404);
    studio.ask("POST", "/api/runs/levels-1/forecast/stop", b"").is(409);
    studio.ask("POST", "/api/runs/levels-1/forecast", b"").is(202);
    let told = get("forecast/events").is(200).text();
    assert!(told.contains("Learning from parts") && told.contains("data: finished"), "{told}");
    assert!(get("forecast").is(200).text().contains("Would more data help"));
    studio.ask("POST", "/api/runs/levels-1/forecast", b"").is(409);

    for part in ["", "/examples?right=false", "/doubts"] {
        let page = studio.ask("GET", &format!("/runs/levels-1/understand{part}"), b"").is(200).text();
        assert!(page.contains("data-truth") || page.contains("class=\"example"), "{part}: {page}");
    }
}

#[test]
fn the_description_of_the_interface_is_whole() {
    let document = studio().ask("GET", "/api/openapi.json", b"").is(200).json();
    assert!(document["paths"]["/runs/{run}/model"]["get"]["responses"]["409"].is_object(), "{document}");
    is_whole(&document);
}

#[test]
fn decisions_on_data_from_elsewhere_are_not_kept() {
    let studio = studio();
    let folder = studio.folder.path();
    std::fs::write(folder.join("levels.csv"), table(400)).unwrap();
    let words = ["train", "levels.csv", "--predict", "level", "--steps", "40", "--yes", "--name", "mine"];
    crate::support::run(folder, &words).ok();
    let decision = json!({"row": "row 1", "column": "level", "value": "high"});
    let refused = studio.json("/api/runs/mine/corrections", &decision).is(409).text();
    assert!(refused.contains("--corrections"), "{refused}");
    studio.ask("GET", "/api/runs/mine/doubts", b"").is(200);
    studio.ask("POST", "/api/runs/mine/again", b"").is(409);
}

#[test]
fn a_file_that_broke_off_goes_on_where_it_was() {
    let studio = studio();
    let (content, path) = (table(200), "/api/data/levels/files/in%20here/rows.csv");
    let bytes = content.as_bytes();
    assert_eq!(studio.ask("HEAD", path, b"").is(204).header("upload-offset"), Some("0"));
    let first = studio.piece(path, 0, bytes.len(), &bytes[..1000]).is(204);
    assert_eq!(first.header("upload-offset"), Some("1000"));
    studio.ask("GET", "/data/levels", b"").is(404);
    assert_eq!(studio.ask("HEAD", path, b"").is(204).header("upload-offset"), Some("1000"));
    studio.piece(path, 500, bytes.len(), &bytes[500..]).is(409);
    studio.piece(path, 1000, 1200, &bytes[1000..]).is(413);
    let there: usize = studio.ask("HEAD", path, b"").header("upload-offset").unwrap().parse().unwrap();
    studio.piece(path, there, bytes.len(), &bytes[there..]).is(201);
    let arrived = std::fs::read(studio.folder.path().join("data/levels/in here/rows.csv")).unwrap();
    assert_eq!(arrived, bytes);
    assert_eq!(studio.ask("HEAD", path, b"").header("upload-offset"), Some(bytes.len().to_string().as_str()));
    studio.ask("PUT", path, b"no length").is(422);
    studio.piece(path, 0, 1 << 62, b"x").is(422);
}

#[test]
fn strangers_and_paths_that_lead_out_are_refused() {
    let studio = studio();
    let token = format!("Bearer {}", studio.token);
    studio.with("GET", "/", &[], b"").is(401);
    studio.with("GET", "/api/data", &[("authorization", "Bearer no")], b"").is(401);
    studio.with("GET", "/api/data", &[("host", "evil.example"), ("authorization", &token)], b"").is(421);
    for origin in ["http://evil.example", "null", "http://127.0.0.1:1"] {
        studio.with("GET", "/api/data", &[("origin", origin), ("authorization", &token)], b"").is(403);
    }
    let own = format!("http://{}", studio.host);
    studio.with("GET", "/api/data", &[("origin", &own), ("authorization", &token)], b"").is(200);
    let welcome = studio.with("GET", &format!("/?token={}", studio.token), &[], b"").is(303);
    let cookie = welcome.header("set-cookie").unwrap().to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let page = studio.with("GET", "/", &[("cookie", cookie.split(';').next().unwrap())], b"").is(200);
    let policy = page.header("content-security-policy").unwrap();
    assert!(
        policy.contains("script-src 'self'") && !policy.contains("script-src 'self' 'unsafe"),
        "{policy}"
    );

    let secret = studio.folder.path().join("secret.txt");
    std::fs::write(&secret, "secret").unwrap();
    for path in [
        "..",
        "../secret.txt",
        "..%2fsecret.txt",
        "%2e%2e/secret.txt",
        "a/../../secret.txt",
        "%2fetc%2fpasswd",
        "..%5csecret.txt",
        "%00",
    ] {
        for address in [
            format!("/api/data/{path}/rows"),
            format!("/data/{path}"),
            format!("/api/runs/{path}/report"),
            format!("/assets/{path}"),
        ] {
            let response = studio.ask("GET", &address, b"");
            assert!(
                (400..500).contains(&response.status) && !response.text().contains("secret\n"),
                "{address}: {response:?}"
            );
        }
        let kept = studio.piece(&format!("/api/data/x/files/{path}"), 0, 3, b"bad");
        assert!((400..500).contains(&kept.status), "{path}: {kept:?}");
    }
    assert_eq!(std::fs::read(&secret).unwrap(), b"secret");
    let stray = |path: &Path| path.exists();
    assert!(!stray(&studio.folder.path().join("data/x")));
}

#[test]
fn a_training_can_be_stopped_killed_with_the_studio_and_resumed() {
    let studio = studio();
    studio.json("/api/data/levels/rows", &json!({"file": "rows.csv", "text": table(3000)})).is(201);
    let order = json!({"data": "levels", "name": "long", "asked": {"predict": ["level"], "effort": "best", "minutes": 20}});
    studio.json("/api/runs", &order).is(201);
    let told = |studio: &Open, what: &str| {
        let file = studio.folder.path().join(".studio/jobs/long/events.jsonl");
        let since = Instant::now();
        while !std::fs::read_to_string(&file).unwrap_or_default().contains(what) {
            assert!(since.elapsed() < Duration::from_secs(120), "`{what}` is not told");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    told(&studio, "\"event\":\"validation\"");
    studio.ask("POST", "/api/runs/long/stop", b"").is(202);
    assert_eq!(studio.ended("long"), "stopped");
    studio.ask("POST", "/api/runs/long/stop", b"").is(409);
    studio.ask("POST", "/api/runs/long/resume", b"").is(202);
    told(&studio, "\"event\":\"resumed\"");
    studio.ask("POST", "/api/runs/long/resume", b"").is(409);

    // The studio dies; its training goes on, and the next studio knows it.
    let folder = studio.folder.clone();
    drop(studio);
    let second = studio_in(folder);
    let about = second.ask("GET", "/api/runs/long", b"").is(200).json();
    assert_eq!(about["state"], "training", "{about}");
    second.ask("POST", "/api/runs/long/stop", b"").is(202);
    assert_eq!(second.ended("long"), "stopped");
}
