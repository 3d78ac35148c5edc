//! Bytes as digits.

/// Two lower-case hexadecimal digits for each byte, as checksums are written.
///
/// ```
/// assert_eq!(pellucid_base::hex(&[0, 10, 255]), "000aff");
/// ```
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
