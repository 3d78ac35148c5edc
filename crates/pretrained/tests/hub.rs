//! Networks are fetched by name from a hub, once; what cannot be had is said. The hub here answers from memory, as the real one does.
#![allow(clippy::unwrap_used)]

use pellucid_pretrained::{Bert, Folder, Hub};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

type Files = BTreeMap<&'static str, Vec<u8>>;

/// A hub with a few networks; it remembers what it was asked.
struct Served {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

fn serve(networks: BTreeMap<&'static str, Files>) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let remembered = asked.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            answer(stream, &networks, &remembered);
        }
    });
    Served { address, asked }
}

fn answer(mut stream: TcpStream, networks: &BTreeMap<&'static str, Files>, asked: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
    let first = lines.next().unwrap_or_default();
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut range = None;
    for line in lines.take_while(|line| !line.is_empty()) {
        if let Some((name, value)) =
            line.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("range"))
        {
            assert_eq!(name.len(), 5);
            range = Some(value.trim_start_matches("bytes=").to_owned());
        }
    }
    asked.lock().unwrap().push(path.clone());
    let found = networks.iter().find_map(|(name, files)| {
        if path.starts_with(&format!("/api/models/{name}/")) {
            let list: Vec<String> = files.keys().map(|f| format!("{{\"rfilename\": \"{f}\"}}")).collect();
            let info = format!("{{\"sha\": \"c0ffee\", \"siblings\": [{}]}}", list.join(", "));
            return Some(info.into_bytes());
        }
        files.get(path.strip_prefix(&format!("/{name}/resolve/"))?.split_once('/')?.1).cloned()
    });
    let (status, bytes) = match found {
        Some(bytes) => ("206 Partial Content", bytes),
        None => ("404 Not Found", Vec::new()),
    };
    let (from, to) = match range.as_deref().and_then(|r| r.split_once('-')) {
        Some((from, "")) => (from.parse().unwrap(), bytes.len()),
        Some((from, to)) => (from.parse().unwrap(), (to.parse::<usize>().unwrap() + 1).min(bytes.len())),
        None => (0, bytes.len()),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Length: {}\r\nContent-Range: bytes {from}-{}/{}\r\nETag: \"{}\"\r\nx-repo-commit: c0ffee\r\n\
         Connection: close\r\n\r\n",
        to - from,
        to.saturating_sub(1),
        bytes.len(),
        path.replace('/', "-")
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&bytes[from..to]).unwrap();
}

fn bert() -> Files {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference/bert");
    let read = |name| (name, std::fs::read(folder.join(name)).unwrap());
    let mut files: Files = ["config.json", "model.safetensors"].map(read).into();
    files.insert("tokenizer.json", b"{}".to_vec());
    files.insert("README.md", b"not needed".to_vec());
    files
}

#[test]
fn a_network_is_fetched_once_and_then_there_without_a_connection() {
    let served = serve([("some/bert", bert())].into());
    let kept = tempfile::tempdir().unwrap();
    let fetch = |endpoint: &str| Hub::at(endpoint, kept.path()).fetch("hub:some/bert");
    let folder: PathBuf = fetch(&served.address).unwrap();
    assert!(Bert::load(&Folder::open(&folder).unwrap(), 0.0).is_ok());
    assert_eq!(Folder::open(&folder).unwrap().tokenizer().unwrap(), b"{}");
    assert!(served.asked.lock().unwrap().iter().all(|path| !path.contains("README")));
    let asked = served.asked.lock().unwrap().len();
    assert_eq!(fetch("http://127.0.0.1:9").unwrap(), folder, "nobody answers there");
    assert_eq!(served.asked.lock().unwrap().len(), asked);
    let other = Hub::at("http://127.0.0.1:9", kept.path()).fetch("hub:some/other").unwrap_err().to_string();
    assert!(other.contains("check the connection"), "{other}");
}

#[test]
fn large_networks_come_in_several_files() {
    let index =
        r#"{"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors", "c": "elsewhere"}}"#;
    let mut files: Files =
        [("config.json", b"{}".to_vec()), ("model.safetensors.index.json", index.into())].into();
    files.extend([("model-1.safetensors", vec![1]), ("model-2.safetensors", vec![2])]);
    let served = serve([("large", files)].into());
    let kept = tempfile::tempdir().unwrap();
    let folder = Hub::at(&served.address, kept.path()).fetch("hub:large@main").unwrap();
    assert_eq!(std::fs::read(folder.join("model-2.safetensors")).unwrap(), [2]);
    assert!(!folder.join("elsewhere").exists());
}

#[test]
fn what_cannot_be_had_is_said() {
    let pickled: Files = [("config.json", b"{}".to_vec()), ("pytorch_model.BIN", vec![1])].into();
    let nothing: Files = [("config.json", b"{}".to_vec())].into();
    let served = serve([("old/network", pickled), ("no/weights", nothing)].into());
    let kept = tempfile::tempdir().unwrap();
    let why = |name: &str| Hub::at(&served.address, kept.path()).fetch(name).unwrap_err().to_string();
    for (name, said) in [
        ("hub:old/network", "safetensors.torch"),
        ("hub:no/weights", "model.safetensors"),
        ("hub:nobody/knows", "knows no such network"),
        ("hub:../../etc", "owner/name"),
        ("hub:a/b/c", "owner/name"),
        ("hub:", "owner/name"),
        ("hub:some/bert@../x", "owner/name"),
    ] {
        assert!(why(name).contains(said), "{name}: {}", why(name));
    }
}
