//! Texts as parts of addresses.

/// A text whose bytes are all plain in an address (RFC 3986), whatever it holds.
pub(crate) fn encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_text_holds_it_can_stand_in_an_address() {
        assert_eq!(encoded("a b&c=ü"), "a%20b%26c%3D%C3%BC");
        assert_eq!(encoded("photos-1_2.~"), "photos-1_2.~");
    }
}
