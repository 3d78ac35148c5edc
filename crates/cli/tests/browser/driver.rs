//! A browser that does what it is told, by the protocol of the W3C (WebDriver), through Chromium's driver.

use crate::http::{free_port, request};
use base64::Engine;
use serde_json::{Value, json};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// By which name the protocol tells elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// How long a page may take for anything.
const PATIENCE: Duration = Duration::from_secs(120);

/// A browser with one window.
pub(crate) struct Browser {
    driver: Child,
    host: String,
    session: String,
}

impl Drop for Browser {
    fn drop(&mut self) {
        drop(request(&self.host, "DELETE", &format!("/session/{}", self.session), &[], b""));
        drop(self.driver.kill());
        drop(self.driver.wait());
    }
}

impl Browser {
    /// With a window of this size, a made-up camera, and a sound file for a microphone.
    pub(crate) fn new([width, height]: [u32; 2], sound: Option<&Path>) -> Browser {
        let port = free_port();
        let mut command = Command::new("chromedriver");
        command
            .arg(format!("--port={port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let driver = command.spawn().expect("chromedriver, of the package chromium-driver");
        let host = format!("127.0.0.1:{port}");
        let since = Instant::now();
        while TcpStream::connect(&host).is_err() {
            assert!(since.elapsed() < PATIENCE, "the driver does not answer");
            std::thread::sleep(Duration::from_millis(50));
        }
        let mut arguments = vec![
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            format!("--window-size={width},{height}"),
            "--use-fake-device-for-media-stream".to_owned(),
            "--use-fake-ui-for-media-stream".to_owned(),
        ];
        arguments.extend(sound.map(|file| format!("--use-file-for-fake-audio-capture={}", file.display())));
        let wanted = json!({"capabilities": {"alwaysMatch": {"goog:chromeOptions": {"args": arguments}, "goog:loggingPrefs": {"browser": "ALL"}}}});
        let mut browser = Browser { driver, host, session: String::new() };
        let opened = browser.send("POST", "/session", &wanted);
        browser.session = opened["sessionId"].as_str().expect("a session").to_owned();
        browser
    }

    fn send(&self, method: &str, path: &str, body: &Value) -> Value {
        self.try_send(method, path, body).unwrap_or_else(|why| panic!("{method} {path} {body}: {why}"))
    }

    fn try_send(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        let body = if method == "POST" { body.to_string() } else { String::new() };
        let json = [("content-type", "application/json")];
        let response = request(&self.host, method, path, &json, body.as_bytes());
        let value = response.json()["value"].clone();
        if response.status == 200 { Ok(value) } else { Err(value.to_string()) }
    }

    fn ask(&self, method: &str, what: &str, body: &Value) -> Value {
        self.send(method, &format!("/session/{}/{what}", self.session), body)
    }

    /// Goes to an address.
    pub(crate) fn go(&self, address: &str) {
        self.ask("POST", "url", &json!({"url": address}));
    }

    /// Where it is.
    pub(crate) fn address(&self) -> String {
        self.ask("GET", "url", &Value::Null).as_str().unwrap().to_owned()
    }

    /// What a script gives.
    pub(crate) fn script(&self, script: &str) -> Value {
        self.ask("POST", "execute/sync", &json!({"script": script, "args": []}))
    }

    /// The first element that a selector finds, as soon as there is one.
    fn find(&self, selector: &str) -> String {
        let since = Instant::now();
        let path = format!("/session/{}/element", self.session);
        loop {
            let found = self.try_send("POST", &path, &json!({"using": "css selector", "value": selector}));
            match found {
                Ok(element) => return element[ELEMENT].as_str().unwrap().to_owned(),
                Err(_) if since.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(50)),
                Err(why) => panic!("`{selector}` is not on the page: {why}\n{}", self.page()),
            }
        }
    }

    /// All words of the page.
    pub(crate) fn page(&self) -> String {
        self.script("return document.body.innerText").as_str().unwrap_or_default().to_owned()
    }

    /// Waits until a selector finds something.
    pub(crate) fn wait(&self, selector: &str) {
        self.find(selector);
    }

    /// Waits until the page says something.
    pub(crate) fn wait_for(&self, words: &str) {
        let since = Instant::now();
        while !self.page().contains(words) {
            assert!(since.elapsed() < PATIENCE, "`{words}` is not said:\n{}", self.page());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Waits until a script gives `true`.
    pub(crate) fn until(&self, script: &str) {
        let since = Instant::now();
        while self.script(script) != true {
            assert!(since.elapsed() < PATIENCE, "never true: {script}\n{}", self.page());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Waits until the address holds something.
    pub(crate) fn wait_at(&self, part: &str) {
        let since = Instant::now();
        while !self.address().contains(part) {
            assert!(since.elapsed() < PATIENCE, "it stays at {}\n{}", self.address(), self.page());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Clicks on an element, as soon as nothing lies over it.
    pub(crate) fn click(&self, selector: &str) {
        let since = Instant::now();
        loop {
            let element = self.show(selector);
            let path = format!("/session/{}/element/{element}/click", self.session);
            match self.try_send("POST", &path, &json!({})) {
                Ok(_) => return,
                Err(_) if since.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(100)),
                Err(why) => panic!("`{selector}` cannot be clicked on: {why}\n{}", self.page()),
            }
        }
    }

    /// An element, in the middle of the window.
    fn show(&self, selector: &str) -> String {
        let element = self.find(selector);
        self.script(&format!(
            "document.querySelector({selector:?})?.scrollIntoView({{block: 'center', behavior: 'instant'}})"
        ));
        element
    }

    /// Types into an element, or gives a field for files the path of one.
    pub(crate) fn write(&self, selector: &str, text: &str) {
        let element = self.find(selector);
        self.ask("POST", &format!("element/{element}/value"), &json!({"text": text}));
    }

    /// Chooses in a list.
    pub(crate) fn choose(&self, selector: &str, value: &str) {
        self.wait(selector);
        let script = format!(
            "const list = document.querySelector({selector:?}); list.value = {value:?}; \
             list.dispatchEvent(new Event('change', {{bubbles: true}})); return list.value"
        );
        assert_eq!(self.script(&script), value, "{selector}");
    }

    /// Opens another window, and goes on in it.
    pub(crate) fn another_window(&self) {
        let window = self.ask("POST", "window/new", &json!({"type": "tab"}));
        self.ask("POST", "window", &json!({"handle": window["handle"]}));
    }

    /// Closes the window, and goes on in the first of the others.
    pub(crate) fn close_window(&self) {
        let left = self.ask("DELETE", "window", &Value::Null);
        self.ask("POST", "window", &json!({"handle": left[0]}));
    }

    /// Holds an element down for a while.
    pub(crate) fn hold(&self, selector: &str, time: Duration) {
        let element = self.show(selector);
        let pointer = json!({"actions": [{"type": "pointer", "id": "mouse", "actions": [
            {"type": "pointerMove", "duration": 0, "origin": {ELEMENT: element}, "x": 0, "y": 0},
            {"type": "pointerDown", "button": 0},
            {"type": "pause", "duration": time.as_millis() as u64},
            {"type": "pointerUp", "button": 0},
        ]}]});
        self.ask("POST", "actions", &pointer);
    }

    /// What the window shows, as PNG.
    pub(crate) fn picture(&self) -> Vec<u8> {
        let picture = self.ask("GET", "screenshot", &Value::Null);
        base64::engine::general_purpose::STANDARD.decode(picture.as_str().unwrap()).unwrap()
    }

    /// Sends so many bytes each second at most from this window.
    pub(crate) fn send_slowly(&self, bytes: u64) {
        let limits =
            json!({"offline": false, "latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes});
        for (command, limits) in [("Network.enable", json!({})), ("Network.emulateNetworkConditions", limits)]
        {
            self.ask("POST", "goog/cdp/execute", &json!({"cmd": command, "params": limits}));
        }
    }

    /// Prefers light or dark pages.
    pub(crate) fn prefer(&self, scheme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        let command = json!({"cmd": "Emulation.setEmulatedMedia", "params": {"features": features}});
        self.ask("POST", "goog/cdp/execute", &command);
    }

    /// What scripts complained about since the last time.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let all = self.ask("POST", "se/log", &json!({"type": "browser"}));
        let severe = all.as_array().into_iter().flatten().filter(|entry| entry["level"] == "SEVERE");
        severe.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }
}
