//! A strict reader of the page: every tag closed, every attribute quoted, every coordinate finite.

/// One tag as it stands in the page.
#[derive(Debug)]
pub struct Tag<'a> {
    pub name: &'a str,
    pub attributes: Vec<(&'a str, &'a str)>,
    /// The names of the elements around it, outermost first.
    pub inside: Vec<&'a str>,
}

const VOID: [&str; 4] = ["meta", "br", "img", "!DOCTYPE"];

/// All opening tags of a page; panics with the place when the page is not well-formed.
pub fn tags(page: &str) -> Vec<Tag<'_>> {
    let (mut found, mut open): (Vec<Tag>, Vec<&str>) = (Vec::new(), Vec::new());
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        let here = rest[start..].chars().take(80).collect::<String>();
        rest = &rest[start + 1..];
        if let Some(after) = rest.strip_prefix('/') {
            let (name, tail) = after.split_once('>').unwrap_or_else(|| panic!("unended: {here}"));
            assert_eq!(open.pop(), Some(name), "closed in the wrong order: {here}");
            rest = tail;
            continue;
        }
        let end = rest.find([' ', '>']).unwrap_or_else(|| panic!("unended: {here}"));
        let name = &rest[..end];
        rest = &rest[end..];
        let mut attributes = Vec::new();
        while let Some(after) = rest.strip_prefix(' ') {
            let end = after.find(['=', ' ', '>']).unwrap_or_else(|| panic!("unended: {here}"));
            let key = &after[..end];
            rest = &after[end..];
            let value = if let Some(quoted) = rest.strip_prefix("=\"") {
                let (value, tail) = quoted.split_once('"').unwrap_or_else(|| panic!("unquoted: {here}"));
                rest = tail;
                value
            } else {
                assert!(!rest.starts_with('='), "unquoted: {here}");
                ""
            };
            assert!(!value.contains('<'), "unescaped: {here}");
            attributes.push((key, value));
        }
        rest = rest.strip_prefix('>').unwrap_or_else(|| panic!("unended: {here}"));
        found.push(Tag { name, attributes, inside: open.clone() });
        if !VOID.contains(&name) {
            open.push(name);
        }
        if name == "style" {
            rest = &rest[rest.find("</style>").unwrap()..];
        }
    }
    assert!(open.is_empty(), "never closed: {open:?}");
    found
}

/// Checks every drawing: finite coordinates inside its view box. Gives the number of drawings.
pub fn check_drawings(page: &str) -> usize {
    let (mut drawings, mut view) = (0, (0.0, 0.0));
    for tag in tags(page) {
        if tag.name == "svg" {
            drawings += 1;
            let view_box = tag.attributes.iter().find(|(key, _)| *key == "viewBox").unwrap().1;
            let size: Vec<f64> = view_box.split(' ').map(|n| n.parse().unwrap()).collect();
            assert!(size.len() == 4 && size[2] > 0.0 && size[3] > 0.0, "{view_box}");
            assert!(tag.attributes.iter().any(|(key, value)| *key == "aria-label" && !value.is_empty()));
            view = (size[2], size[3]);
        }
        if !tag.inside.contains(&"svg") {
            continue;
        }
        for (key, value) in &tag.attributes {
            let numbers: Vec<f64> = match *key {
                "x" | "y" | "x1" | "x2" | "y1" | "y2" | "cx" | "cy" | "r" | "rx" | "width" | "height"
                | "stroke-width" => vec![number(value)],
                "d" => value
                    .split(['M', 'L', 'C', 'Z', 'h', ' '])
                    .filter(|n| !n.is_empty())
                    .map(number)
                    .collect(),
                _ => continue,
            };
            let widest = view.0.max(view.1);
            assert!(numbers.iter().all(|n| (0.0..=widest).contains(n)), "{key}={value} outside of {view:?}");
        }
    }
    drawings
}

fn number(text: &str) -> f64 {
    let number: f64 = text.parse().unwrap_or_else(|_| panic!("no number: {text}"));
    assert!(number.is_finite(), "not finite: {text}");
    number
}
