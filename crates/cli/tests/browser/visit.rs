//! What all visits to a studio have in common.

use crate::driver::Browser;
use crate::http::Open;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// A laptop's window, and a phone's.
pub(crate) const LAPTOP: [u32; 2] = [1280, 900];
pub(crate) const PHONE: [u32; 2] = [390, 844];

/// The checker of accessibility (axe-core), where `cargo xtask test` has put it.
static AXE: LazyLock<Option<String>> = LazyLock::new(|| {
    let found = std::fs::read_to_string(Path::new(env!("CARGO_TARGET_TMPDIR")).join("axe.min.js"));
    if found.is_err() {
        eprintln!(
            "axe-core is not there, so accessibility is not checked; `cargo xtask test` fetches it with npm"
        );
    }
    found.ok()
});

/// A browser that has the key of a studio.
pub(crate) fn visit(studio: &Open, size: [u32; 2]) -> Browser {
    let browser = Browser::new(size, None);
    browser.go(&format!("http://{}/?token={}", studio.host, studio.token));
    browser
}

/// Nothing was fetched from anywhere else, no script complained, and nothing on the page keeps people out.
pub(crate) fn all_is_well(browser: &Browser, studio: &Open) {
    let fetched =
        browser.script("return performance.getEntriesByType('resource').map((entry) => entry.name)");
    for name in fetched.as_array().unwrap() {
        let name = name.as_str().unwrap();
        assert!(name.starts_with(&format!("http://{}/", studio.host)) || name.starts_with("blob:"), "{name}");
    }
    assert_eq!(browser.complaints(), Vec::<String>::new());
    let Some(axe) = &*AXE else { return };
    browser.script(&format!("if (!window.axe) {{ {axe} }}"));
    for scheme in ["dark", "light"] {
        browser.prefer(scheme);
        let found = browser.script(
            // What still turns from light to dark has neither's colours.
            "const turning = document.getAnimations().filter((one) => one instanceof CSSTransition); \
             return Promise.allSettled(turning.map(({finished}) => finished)) \
             .then(() => axe.run(document, {resultTypes: ['violations'], iframes: false})).then(({violations}) => violations \
             .filter(({impact}) => impact === 'serious' || impact === 'critical') \
             .map(({id, help, nodes}) => `${id}: ${help}: ${nodes.map(({html}) => html).join(' ')}`))",
        );
        assert_eq!(found, serde_json::json!([]), "{}, {scheme}", browser.address());
    }
}

/// Samples each second, of 16 bits.
const RATE: u32 = 8_000;

/// Half a second of a tone, now louder and now softer, as a WAV file.
pub(crate) fn tone(pitch: f32, loud: f32) -> Vec<u8> {
    let length = RATE / 2;
    let mut file = b"RIFF".to_vec();
    file.extend((36 + 2 * length).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16u32.to_le_bytes());
    file.extend([1u16, 1].map(u16::to_le_bytes).concat());
    file.extend([RATE, 2 * RATE].map(u32::to_le_bytes).concat());
    file.extend([2u16, 16].map(u16::to_le_bytes).concat());
    file.extend(b"data");
    file.extend((2 * length).to_le_bytes());
    for i in 0..length {
        let t = i as f32 / RATE as f32;
        let level = loud * (1.0 + (9.0 * t).sin()) * (std::f32::consts::TAU * pitch * t).sin();
        file.extend(((8_000.0 * level) as i16).to_le_bytes());
    }
    file
}

/// Goes to the next step of a finished run.
pub(crate) fn step(browser: &Browser, to: &str) {
    browser.click(&format!(".steps a[href$={to}]"));
    browser.wait_at(&format!("/{to}"));
}

/// Chooses on the page of data what is to be answered, until the page says so.
pub(crate) fn answer(browser: &Browser, column: &str, said: &str) {
    browser.choose(&format!("select[name=use][data-column={column}]"), "target");
    browser.wait_for(said);
}

/// From the first page with data that is there to a finished run.
pub(crate) fn train(browser: &Browser, studio: &Open, effort: &str, minutes: &str) {
    browser.wait_for("to learn from");
    browser.wait("#rows tbody tr");
    browser.choose("#effort", effort);
    all_is_well(browser, studio);
    browser.write("#minutes", minutes);
    browser.click("#train");
    browser.wait_at("/runs/");
    browser.wait("#network .flowing svg .face");
    train_is_over(browser);
    all_is_well(browser, studio);
}

/// Waits on the page of a training for its end.
pub(crate) fn train_is_over(browser: &Browser) {
    browser.wait_for("It has learned all it was asked to");
    browser.wait("#curves svg");
}

/// Presses a count of the confusion matrix, and waits for the rows behind it.
pub(crate) fn rows_behind(browser: &Browser, cell: &str) {
    browser.click(&format!("{cell} button"));
    browser.wait(&format!("{cell} button[aria-pressed=true]"));
    browser.until(
        "const cell = document.querySelector('button[aria-pressed=true]'); \
         const said = [...document.querySelectorAll('#shown .example .answer')]; \
         return said.length > 0 && said.every((line) => line.textContent.includes(cell.dataset.answer))",
    );
}

/// Asks why the first of the rows that are shown was answered so.
pub(crate) fn reasons(browser: &Browser, studio: &Open) {
    browser.click("#shown [data-why]");
    is_explained(browser, "#why iframe");
    let named = "const row = document.querySelector('#shown [data-why]').dataset.why; \
         return document.querySelector('#why-title').textContent.includes(row)";
    assert_eq!(browser.script(named), true, "which row is explained");
    assert!(browser.page().contains("pellucid explain runs/"), "{}", browser.page());
    all_is_well(browser, studio);
    browser.click("#why form button");
}

/// On the page of a finished run: a count of the confusion matrix, the rows behind it, and why one of them was answered so. Each card must
/// hold what the selector finds.
pub(crate) fn understand(browser: &Browser, studio: &Open, shown: &str) {
    step(browser, "understand");
    rows_behind(browser, "td.right");
    let bare = format!(
        "return [...document.querySelectorAll('#shown .example')].filter((card) => !card.querySelector({shown:?})).length"
    );
    assert_eq!(browser.script(&bare), 0, "cards without {shown}");
    all_is_well(browser, studio);
    reasons(browser, studio);
}

/// Waits for an answer, which must be this one.
pub(crate) fn is_answered(browser: &Browser, answer: &str) {
    browser.wait("#answer .said b");
    assert_eq!(browser.script("return document.querySelector('#answer .said b').textContent"), answer);
}

/// Waits for an explanation in a frame, which says what it explains and how far it is to be trusted.
pub(crate) fn is_explained(browser: &Browser, frame: &str) {
    browser.wait(frame);
    let text = format!("return document.querySelector({frame:?})?.contentDocument?.body?.innerText ?? ''");
    let since = Instant::now();
    loop {
        let said = browser.script(&text).as_str().unwrap_or_default().to_owned();
        if said.contains("How this was found") {
            return;
        }
        assert!(since.elapsed() < Duration::from_secs(60), "{frame} explains nothing: {said}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Drops a file of the studio's data where files are taken: what a person would take from a folder.
pub(crate) fn drop_file(browser: &Browser, from: &str, name: &str) {
    browser.wait("#drop");
    browser.script(&format!(
        "return fetch({from:?}).then((response) => response.blob()).then((bytes) => {{ \
         const carried = new DataTransfer(); carried.items.add(new File([bytes], {name:?}, {{type: bytes.type}})); \
         document.querySelector('#drop').dispatchEvent(new DragEvent('drop', {{dataTransfer: carried, bubbles: true, cancelable: true}})); }})"
    ));
}

/// Rows of a table in which `a` mostly says what `level` is.
pub(crate) fn table(rows: usize) -> String {
    let line = |i: usize| {
        let a = (i * 7919) % 10_007;
        let level = if (a > 5_000) != i.is_multiple_of(23) { "high" } else { "low" };
        format!("{a},{},{level}\n", ["red", "green", "blue"][i % 3])
    };
    format!("a,colour,level\n{}", (0..rows).map(line).collect::<String>())
}

pub(crate) fn put(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::File::create(&path).unwrap().write_all(content.as_ref()).unwrap();
    path
}
