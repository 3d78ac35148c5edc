//! Texts as parts of addresses and of headers.

/// A text whose bytes are all plain in an address (RFC 3986), whatever it holds.
pub(crate) fn encoded(text: &str) -> String {
    escaped(text, |b| b.is_ascii_alphanumeric() || b"-_.~".contains(&b))
}

/// A text as a header can hold it; `decodeURIComponent` gives it back.
pub(crate) fn in_header(text: &str) -> String {
    escaped(text, |b| (b' '..=b'~').contains(&b) && b != b'%')
}

/// A text in which a per cent sign and two digits stand for each byte that is not plain.
fn escaped(text: &str, plain: impl Fn(u8) -> bool) -> String {
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn commands_are_told_in_headers_whatever_they_hold() {
        assert_eq!(in_header("a 'b' 100%"), "a 'b' 100%25");
        assert_eq!(in_header("ü\n"), "%C3%BC%0A");
        assert!(HeaderValue::from_str(&in_header("日本 \u{7}")).is_ok());
    }

    #[test]
    fn whatever_a_text_holds_it_can_stand_in_an_address() {
        assert_eq!(encoded("a b&c=ü"), "a%20b%26c%3D%C3%BC");
        assert_eq!(encoded("photos-1_2.~"), "photos-1_2.~");
    }
}
