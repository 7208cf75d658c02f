//! Any YAML or JSON value with the places of its parts, and the fields of its maps.

use super::values::{hints, show, wrong_type};
use super::{At, Place};
use crate::journey::check::{Diagnostics, nearest};
use serde::Deserialize;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde_saphyr::Spanned;
use std::fmt;

/// Any value, with places. Maps keep their order and their keys' places.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Tree {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<At<Tree>>),
    Map(Vec<(At<String>, At<Tree>)>),
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Tree;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_unit<E>(self) -> Result<Tree, E> {
                Ok(Tree::Null)
            }
            fn visit_none<E>(self) -> Result<Tree, E> {
                Ok(Tree::Null)
            }
            fn visit_some<D: serde::Deserializer<'de>>(self, d: D) -> Result<Tree, D::Error> {
                Tree::deserialize(d)
            }
            fn visit_bool<E>(self, v: bool) -> Result<Tree, E> {
                Ok(Tree::Bool(v))
            }
            fn visit_i64<E>(self, v: i64) -> Result<Tree, E> {
                Ok(Tree::Int(v))
            }
            fn visit_u64<E>(self, v: u64) -> Result<Tree, E> {
                Ok(i64::try_from(v).map_or(Tree::Float(v as f64), Tree::Int))
            }
            fn visit_f64<E>(self, v: f64) -> Result<Tree, E> {
                Ok(Tree::Float(v))
            }
            fn visit_str<E>(self, v: &str) -> Result<Tree, E> {
                Ok(Tree::Text(v.to_owned()))
            }
            fn visit_string<E>(self, v: String) -> Result<Tree, E> {
                Ok(Tree::Text(v))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Tree, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = seq.next_element::<Spanned<Tree>>()? {
                    list.push(at(item));
                }
                Ok(Tree::List(list))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
                let mut entries = Vec::new();
                while let Some(key) = map.next_key::<Spanned<String>>()? {
                    entries.push((at(key), at(map.next_value::<Spanned<Tree>>()?)));
                }
                Ok(Tree::Map(entries))
            }
        }
        d.deserialize_any(Any)
    }
}

pub(super) fn at<T>(spanned: Spanned<T>) -> At<T> {
    At {
        place: place(spanned.referenced),
        value: spanned.value,
    }
}

pub(super) fn place(location: serde_saphyr::Location) -> Place {
    let narrow = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    Place {
        line: narrow(location.line()),
        column: narrow(location.column()),
    }
}

/// The entries of a map, taken one by one; what is left at the end is unknown.
pub(super) struct Fields<'a> {
    place: Place,
    what: &'static str,
    known: Vec<&'static str>,
    entries: Vec<&'a (At<String>, At<Tree>)>,
}

impl<'a> Fields<'a> {
    pub(super) fn of(
        tree: &'a At<Tree>,
        what: &'static str,
        out: &mut Diagnostics,
    ) -> Option<Self> {
        match &tree.value {
            Tree::Map(entries) => Some(Fields {
                place: tree.place,
                what,
                known: Vec::new(),
                entries: entries.iter().collect(),
            }),
            _ => {
                wrong_type(tree, what, "un elenco di campi", "a map of fields", out);
                None
            }
        }
    }

    pub(super) fn take(&mut self, key: &'static str) -> Option<&'a At<Tree>> {
        self.known.push(key);
        let found = self.entries.iter().position(|(k, _)| k.value == key)?;
        Some(&self.entries.remove(found).1)
    }

    pub(super) fn need(
        &mut self,
        key: &'static str,
        out: &mut Diagnostics,
    ) -> Option<&'a At<Tree>> {
        let found = self.take(key);
        if found.is_none() {
            out.error(
                self.place,
                "missing_key",
                format!("Manca `{key}` in `{}`.", self.what),
                format!("`{key}` is missing in `{}`.", self.what),
            );
        }
        found
    }

    pub(super) fn end(self, out: &mut Diagnostics) {
        for (key, _) in self.entries {
            let near = nearest(&key.value, self.known.iter().copied());
            let (hint_it, hint_en) = hints(near, &self.known);
            out.error(
                key.place,
                "unknown_key",
                format!(
                    "`{}` non esiste in `{}`. {hint_it}",
                    show(&key.value),
                    self.what
                ),
                format!(
                    "`{}` does not exist in `{}`. {hint_en}",
                    show(&key.value),
                    self.what
                ),
            );
        }
    }
}

pub(super) fn json(tree: &Tree) -> serde_json::Value {
    use serde_json::Value;
    match tree {
        Tree::Null => Value::Null,
        Tree::Bool(value) => Value::Bool(*value),
        Tree::Int(value) => Value::from(*value),
        Tree::Float(value) => Value::from(*value),
        Tree::Text(value) => Value::String(value.clone()),
        Tree::List(list) => list.iter().map(|item| json(&item.value)).collect(),
        Tree::Map(entries) => entries
            .iter()
            .map(|(key, value)| (key.value.clone(), json(&value.value)))
            .collect(),
    }
}
