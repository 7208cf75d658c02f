//! Forms with files (`multipart/form-data`, RFC 7578), read whole from a bounded body.

/// Parts of one form.
const PARTS_MAX: usize = 32;
/// Head of one part, in bytes.
const HEAD_BYTES_MAX: usize = 2_048;

/// One field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Part<'a> {
    pub name: String,
    /// It is a file.
    pub file: bool,
    pub bytes: &'a [u8],
}

/// The boundary that a content type names.
pub(crate) fn boundary(content_type: &str) -> Option<String> {
    let (kind, rest) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let value = rest.split(';').find_map(|field| {
        let (name, value) = field.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("boundary")
            .then(|| value.trim().trim_matches('"').to_owned())
    })?;
    (1..=70).contains(&value.len()).then_some(value)
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

/// The value of a parameter of a `Content-Disposition`.
fn parameter(head: &str, name: &str) -> Option<String> {
    let mark = format!("{name}=\"");
    let mut from = 0;
    while let Some(at) = head.get(from..)?.find(&mark) {
        let at = from + at;
        let before = head[..at].chars().next_back();
        if matches!(before, Some(' ' | ';' | '\t')) {
            let rest = &head[at + mark.len()..];
            return rest.split('"').next().map(str::to_owned);
        }
        from = at + mark.len();
    }
    None
}

/// The fields of a form; `None` when it is not whole.
pub(crate) fn parse<'a>(body: &'a [u8], boundary: &str) -> Option<Vec<Part<'a>>> {
    let delimiter = format!("\r\n--{boundary}").into_bytes();
    // The first delimiter may stand at the very beginning.
    let mut rest = body.strip_prefix(&delimiter[2..]).or_else(|| {
        let at = find(body, &delimiter)?;
        body.get(at + delimiter.len()..)
    })?;
    let mut parts = Vec::new();
    loop {
        if rest.starts_with(b"--") {
            return Some(parts);
        }
        rest = rest.strip_prefix(b"\r\n")?;
        let head_end = find(&rest[..rest.len().min(HEAD_BYTES_MAX)], b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&rest[..head_end]);
        let body = &rest[head_end + 4..];
        let end = find(body, &delimiter)?;
        let disposition = head.lines().find(|line| {
            line.get(..20)
                .is_some_and(|name| name.eq_ignore_ascii_case("content-disposition:"))
        })?;
        parts.push(Part {
            name: parameter(disposition, "name")?,
            file: parameter(disposition, "filename").is_some(),
            bytes: &body[..end],
        });
        if parts.len() > PARTS_MAX {
            return None;
        }
        rest = &body[end + delimiter.len()..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_files_are_read_as_browsers_write_them() {
        let kind = "multipart/form-data; boundary=----WebKitX7";
        let boundary = boundary(kind).expect("a boundary");
        assert_eq!(boundary, "----WebKitX7");
        let body = b"------WebKitX7\r\nContent-Disposition: form-data; name=\"kind\"\r\n\r\ndamaged\r\n------WebKitX7\r\nContent-Disposition: form-data; name=\"photos\"; filename=\"a name=\\\"x.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8\r\n--\x00\r\n------WebKitX7--\r\n";
        let parts = parse(body, &boundary).expect("a whole form");
        assert_eq!(parts.len(), 2);
        assert_eq!(
            (parts[0].name.as_str(), parts[0].bytes),
            ("kind", &b"damaged"[..])
        );
        assert!(parts[1].file && parts[1].name == "photos");
        assert_eq!(parts[1].bytes, b"\xff\xd8\r\n--\x00");
    }

    #[test]
    fn a_form_that_is_cut_or_strange_is_none() {
        let whole = b"--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b--\r\n";
        assert!(parse(whole, "b").is_some());
        for cut in 1..whole.len() - 4 {
            assert!(parse(&whole[..cut], "b").is_none(), "{cut}");
        }
        assert!(parse(b"", "b").is_none());
        assert_eq!(boundary("application/json"), None);
        assert_eq!(boundary("multipart/form-data; boundary="), None);
    }
}
