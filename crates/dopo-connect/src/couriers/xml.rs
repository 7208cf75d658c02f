//! Couriers' XML: bodies in old character sets, and trees whose siblings stand in any order.

use quick_xml::Reader;
use quick_xml::events::Event;
use serde::de::DeserializeOwned;
use std::borrow::Cow;

/// Deepest nesting that is read.
pub const DEPTH_MAX: usize = 32;
/// Most elements that are read.
pub const ELEMENTS_MAX: usize = 50_000;

/// Text of a body: UTF-8, or ISO-8859-1 / Windows-1252 where its declaration says so or it is not UTF-8.
pub fn text(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).to_ascii_lowercase();
    let latin = head
        .split_once("?>")
        .map(|(declaration, _)| declaration)
        .filter(|declaration| declaration.trim_start().starts_with("<?xml"))
        .is_some_and(|d| d.contains("8859-1\"") || d.contains("8859-1'") || d.contains("1252"));
    match std::str::from_utf8(bytes) {
        Ok(text) if !latin => Cow::Borrowed(text),
        _ => Cow::Owned(bytes.iter().map(|b| from_windows(*b)).collect()),
    }
}

/// Windows-1252, which contains the printable part of ISO-8859-1.
fn from_windows(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž',
        '\u{8f}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}',
        'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => HIGH[usize::from(byte - 0x80)],
        byte => char::from(byte),
    }
}

/// Reads a body into a shape.
///
/// # Errors
/// In words, without what stands in the body.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    quick_xml::de::from_str(&text(bytes))
        .map_err(|_| "the XML does not have the shape that the courier documents".to_owned())
}

/// An element: its name without prefix, its text, its children in their order.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Node {
    /// Name without prefix.
    pub name: String,
    /// Attributes, names without prefix.
    pub attributes: Vec<(String, String)>,
    /// Text directly in it, its white space tidied.
    pub text: String,
    /// Children in their order.
    pub children: Vec<Node>,
}

impl Node {
    /// The first child of this name.
    pub fn child(&self, name: &str) -> Option<&Node> {
        self.children.iter().find(|child| child.name == name)
    }

    /// All children of this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Node> + 'a {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// Text at the end of a path of children (`ServiceEvent/EventCode`); nothing where it is empty.
    pub fn at(&self, path: &str) -> Option<&str> {
        let node = path
            .split('/')
            .try_fold(self, |node, name| node.child(name))?;
        (!node.text.is_empty()).then_some(node.text.as_str())
    }

    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(n, _)| n == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The first element of this name, itself or below it.
    pub fn find(&self, name: &str) -> Option<&Node> {
        if self.name == name {
            return Some(self);
        }
        self.children.iter().find_map(|child| child.find(name))
    }
}

/// Reads a body into a tree.
///
/// # Errors
/// In words, without what stands in the body: it is no XML, breaks off, or is too deep or too large.
pub fn tree(bytes: &[u8]) -> Result<Node, String> {
    let text = text(bytes);
    let mut reader = Reader::from_str(&text);
    let broken = || "the answer is not XML that can be read".to_owned();
    let mut open: Vec<Node> = Vec::new();
    let mut elements = 0_usize;
    loop {
        let event = reader.read_event().map_err(|_| broken())?;
        match event {
            Event::Start(ref start) | Event::Empty(ref start) => {
                elements += 1;
                if elements > ELEMENTS_MAX || open.len() >= DEPTH_MAX {
                    return Err("the XML is larger than what is read".to_owned());
                }
                let name = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                let attributes = start.attributes().flatten().map(|attribute| {
                    let key = name(attribute.key.local_name().as_ref());
                    (key, name(&attribute.value))
                });
                let node = Node {
                    name: name(start.local_name().as_ref()),
                    attributes: attributes.collect(),
                    ..Node::default()
                };
                if matches!(event, Event::Start(_)) {
                    open.push(node);
                } else if let Some(parent) = open.last_mut() {
                    parent.children.push(node);
                } else {
                    return Ok(node);
                }
            }
            Event::End(_) => {
                let mut node = open.pop().ok_or_else(broken)?;
                node.text = node.text.split_whitespace().collect::<Vec<_>>().join(" ");
                match open.last_mut() {
                    Some(parent) => parent.children.push(node),
                    None => return Ok(node),
                }
            }
            Event::Text(text) => {
                if let Some(node) = open.last_mut() {
                    node.text.push_str(&text.decode().map_err(|_| broken())?);
                }
            }
            Event::CData(data) => {
                if let Some(node) = open.last_mut() {
                    node.text.push_str(&data.decode().map_err(|_| broken())?);
                }
            }
            Event::GeneralRef(reference) => {
                if let Some(node) = open.last_mut() {
                    if let Some(c) = reference.resolve_char_ref().map_err(|_| broken())? {
                        node.text.push(c);
                        continue;
                    }
                    let name = reference.decode().map_err(|_| broken())?;
                    let known = quick_xml::escape::resolve_predefined_entity(&name);
                    node.text.push_str(known.ok_or_else(broken)?);
                }
            }
            Event::Eof => return Err(broken()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_character_set_is_read_as_it_says() {
        let body = b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><Luogo>CANT\xd9 &amp; FORL\xcc&#39;</Luogo>";
        assert_eq!(tree(body).expect("a tree").text, "CANTÙ & FORLÌ'");
        assert_eq!(tree("<a>è</a>".as_bytes()).expect("a tree").text, "è");
        assert_eq!(tree(b"<a>\xe8</a>").expect("a tree").text, "è");
    }

    #[test]
    fn a_tree_keeps_flat_siblings_in_order_and_drops_prefixes() {
        let body = b"<?xml version='1.0'?><r:Root xmlns:r='x'><Data>1</Data><Ora/><Data> 2\n 3 </Data><S a='b'><![CDATA[<4>]]></S></r:Root><!-- end -->";
        let root = tree(body).expect("a tree");
        assert_eq!(root.name, "Root");
        let names: Vec<_> = root.children.iter().map(|c| c.name.as_str()).collect();
        assert_eq!(names, ["Data", "Ora", "Data", "S"]);
        let data: Vec<_> = root.all("Data").map(|c| c.text.as_str()).collect();
        assert_eq!(data, ["1", "2 3"]);
        assert_eq!((root.at("Ora"), root.at("S")), (None, Some("<4>")));
        assert_eq!(root.child("S").and_then(|s| s.attribute("a")), Some("b"));
    }

    #[test]
    fn what_is_no_xml_is_refused_in_words_that_do_not_repeat_it() {
        let deep = "<a>".repeat(DEPTH_MAX + 1);
        for body in [
            "",
            "Mario Rossi",
            "<a>Mario",
            "<a></b>",
            "{\"a\":1}",
            &deep,
            "<a>&segreto;</a>",
        ] {
            let error = tree(body.as_bytes()).expect_err(body);
            assert!(
                !error.contains("Mario") && !error.contains("segreto"),
                "{error}"
            );
        }
    }
}
