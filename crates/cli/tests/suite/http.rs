//! A client of the studio and of served networks: what was sent and what came back, byte for byte.

use crate::support::pellucid;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// All pages of a studio with the data `levels` and the finished run `levels-1`.
pub(crate) const PAGES: [&str; 8] = [
    "/",
    "/record",
    "/playground",
    "/data/levels",
    "/runs",
    "/runs/levels-1",
    "/runs/levels-1/understand",
    "/runs/levels-1/use",
];

/// A studio or a server in a folder of its own.
pub(crate) struct Open {
    pub(crate) folder: Arc<TempDir>,
    child: Child,
    /// `127.0.0.1:4747`
    pub(crate) host: String,
    /// Empty where everyone may ask.
    pub(crate) token: String,
}

impl Drop for Open {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.body
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.text()))
    }

    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Response {
        assert_eq!(self.status, status, "{}", self.text());
        self
    }
}

/// A studio in a new folder.
pub(crate) fn studio() -> Open {
    studio_in(Arc::new(tempfile::tempdir().unwrap()))
}

/// A studio in a folder.
pub(crate) fn studio_in(folder: Arc<TempDir>) -> Open {
    open(folder, &["studio", "--no-open", "--workspace", "."])
}

/// The program with one of the verbs that open a port, on any free one.
pub(crate) fn open(folder: Arc<TempDir>, words: &[&str]) -> Open {
    let port = free_port().to_string();
    let words = [words, &["--port", &port]].concat();
    let mut child = pellucid(folder.path(), &words).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    let mut lines = BufReader::new(child.stderr.take().unwrap());
    lines.read_line(&mut said).unwrap();
    let address = said.split_whitespace().find(|word| word.starts_with("http://")).expect(&said);
    let (host, rest) = address["http://".len()..].split_once('/').unwrap();
    let token = rest.strip_prefix("?token=").unwrap_or_default().to_owned();
    // What it says later goes nowhere, but it must not fail for it.
    std::thread::spawn(move || drop(std::io::copy(&mut lines, &mut std::io::sink())));
    Open { folder, child, host: host.to_owned(), token }
}

pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Open {
    /// Sends a request without a token, unless the headers hold it.
    pub(crate) fn with(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
        request(&self.host, method, path, headers, body)
    }

    /// A request of someone who knows the token.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &[u8]) -> Response {
        self.with(method, path, &[("authorization", &format!("Bearer {}", self.token))], body)
    }

    pub(crate) fn json(&self, path: &str, body: &Value) -> Response {
        let token = format!("Bearer {}", self.token);
        let headers = [("authorization", token.as_str()), ("content-type", "application/json")];
        self.with("POST", path, &headers, body.to_string().as_bytes())
    }

    pub(crate) fn piece(&self, path: &str, offset: usize, length: usize, body: &[u8]) -> Response {
        let (token, offset, length) =
            (format!("Bearer {}", self.token), offset.to_string(), length.to_string());
        let headers =
            [("authorization", token.as_str()), ("upload-offset", &offset), ("upload-length", &length)];
        self.with("PUT", path, &headers, body)
    }

    /// Waits until a run is no longer being trained; gives its state.
    pub(crate) fn ended(&self, run: &str) -> String {
        let since = Instant::now();
        loop {
            let about = self.ask("GET", &format!("/api/runs/{run}"), b"").is(200).json();
            match about["state"].as_str().unwrap() {
                "training" if since.elapsed() < Duration::from_secs(300) => {
                    std::thread::sleep(Duration::from_millis(100));
                }
                state => return state.to_owned(),
            }
        }
    }
}

/// A description of an API (OpenAPI 3.1) is whole: all that it refers to is in it, and elements of lists have one schema.
pub(crate) fn is_whole(document: &Value) {
    let mut open = vec![document];
    while let Some(next) = open.pop() {
        if let Some(place) = next.get("$ref").and_then(Value::as_str) {
            assert!(document.pointer(place.trim_start_matches('#')).is_some(), "`{place}` is not described");
        }
        assert!(!next["items"].is_array(), "several schemas for the elements of a list: {next}");
        open.extend(next.as_array().into_iter().flatten());
        open.extend(next.as_object().into_iter().flat_map(|object| object.values()));
    }
}

/// Asks a server, which names itself unless a header does.
pub(crate) fn request(
    host: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Response {
    let mut head =
        format!("{method} {path} HTTP/1.1\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    if !headers.iter().any(|(name, _)| *name == "host") {
        head += &format!("host: {host}\r\n");
    }
    headers.iter().for_each(|(name, value)| head += &format!("{name}: {value}\r\n"));
    let mut stream = TcpStream::connect(host).unwrap();
    // A server that refuses a large body may close before it has all.
    drop(stream.write_all(&[head.as_bytes(), b"\r\n", body].concat()));
    let all = whole_response(&mut stream);
    let split = all.windows(4).position(|w| w == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8_lossy(&all[..split]).into_owned();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let pair = |line: &str| line.split_once(':').map(|(a, b)| (a.to_owned(), b.trim().to_owned()));
    let headers = lines.filter_map(pair).collect();
    let mut response = Response { status, headers, body: all[split + 4..].to_vec() };
    if response.header("transfer-encoding") == Some("chunked") {
        response.body = whole(&response.body);
    }
    response
}

/// All of a response, whether its server closes the connection or not.
fn whole_response(stream: &mut TcpStream) -> Vec<u8> {
    let (mut all, mut some) = (Vec::new(), vec![0; 1 << 16]);
    loop {
        let read = stream.read(&mut some).unwrap_or(0);
        all.extend(&some[..read]);
        let head = all.windows(4).position(|w| w == b"\r\n\r\n").map(|end| &all[..end]);
        let length = head.and_then(|head| {
            let head = String::from_utf8_lossy(head).to_lowercase();
            head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok())
        });
        let whole = head.zip(length).is_some_and(|(head, length)| all.len() >= head.len() + 4 + length);
        if read == 0 || whole {
            return all;
        }
    }
}

/// A body without the lengths of its chunks.
fn whole(mut chunks: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = chunks.windows(2).position(|w| w == b"\r\n") {
        let length = usize::from_str_radix(std::str::from_utf8(&chunks[..end]).unwrap(), 16).unwrap();
        body.extend(&chunks[end + 2..end + 2 + length]);
        chunks = &chunks[end + 4 + length..];
    }
    body
}
