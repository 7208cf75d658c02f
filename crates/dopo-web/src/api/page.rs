//! Lists in pages: a cursor that only we can read, never an offset.

use crate::api::problem::Problem;
use crate::limits::{API_ROWS_DEFAULT, API_ROWS_MAX};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use std::fmt::Display;
use std::str::FromStr;
use utoipa::ToSchema;

/// One page of a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(crate) struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Ask on with `?cursor=` and this; null on the last page.
    pub next: Option<String>,
}

/// What `?cursor=` and `?limit=` ask for: where the last page of `list` ended, and how many rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paging<K> {
    list: &'static str,
    /// The last row of the page before.
    pub before: Option<K>,
    /// Rows of this page.
    pub rows: usize,
}

impl<K: FromStr + Display> Paging<K> {
    /// Reads cursor and limit. A limit above [`API_ROWS_MAX`] is that.
    ///
    /// # Errors
    /// 422 `cursor_unreadable` for anything that is no cursor of this list.
    pub(crate) fn read(
        list: &'static str,
        cursor: Option<&str>,
        limit: Option<usize>,
    ) -> Result<Self, Problem> {
        let before = match cursor {
            Some(cursor) => Some(read_cursor(list, cursor)?),
            None => None,
        };
        Ok(Paging {
            list,
            before,
            rows: limit.unwrap_or(API_ROWS_DEFAULT).clamp(1, API_ROWS_MAX),
        })
    }

    /// How many rows to read, so that one sees whether there are more.
    pub(crate) fn look(&self) -> usize {
        (self.rows + 1).min(API_ROWS_MAX)
    }

    /// Makes the page of rows read with [`Paging::look`].
    pub(crate) fn page<R, T>(
        &self,
        mut rows: Vec<R>,
        key: impl Fn(&R) -> K,
        show: impl FnMut(R) -> T,
    ) -> Page<T> {
        let more = rows.len() > self.rows || (self.rows == API_ROWS_MAX && rows.len() == self.rows);
        rows.truncate(self.rows);
        let next = more
            .then(|| rows.last().map(|row| write_cursor(self.list, &key(row))))
            .flatten();
        Page {
            items: rows.into_iter().map(show).collect(),
            next,
        }
    }
}

/// The key in a cursor of `list`.
///
/// # Errors
/// 422 `cursor_unreadable`.
pub(crate) fn read_cursor<K: FromStr>(list: &str, cursor: &str) -> Result<K, Problem> {
    let read = || {
        let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let text = String::from_utf8(bytes).ok()?;
        let (of, key) = text.split_once(':')?;
        (of == list).then(|| key.parse().ok()).flatten()
    };
    read().ok_or_else(|| {
        Problem::invalid(
            "cursor_unreadable",
            "This is no cursor of this list. Send `next` of the page before as it is, with the same filters.",
        )
    })
}

/// The cursor of `list` that ends at `key`.
pub(crate) fn write_cursor(list: &str, key: &impl Display) -> String {
    URL_SAFE_NO_PAD.encode(format!("{list}:{key}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_whether_there_are_more_and_where_to_go_on() {
        let paging = Paging::<i64>::read("n", None, Some(2)).unwrap();
        assert_eq!(paging.look(), 3);
        let page = paging.page(vec![9, 8, 7], |n| *n, |n| n);
        assert_eq!(page.items, [9, 8]);
        let next = page.next.unwrap();
        let paging = Paging::<i64>::read("n", Some(&next), Some(2)).unwrap();
        assert_eq!(paging.before, Some(8));
        assert_eq!(paging.page(vec![7], |n| *n, |n| n).next, None);
    }

    #[test]
    fn the_cursor_of_another_list_is_refused() {
        let cursor = write_cursor("orders", &7);
        for bad in [cursor.as_str(), "", "7", "!!!", "cGVvcGxlOng"] {
            let refused = read_cursor::<i64>("people", bad).unwrap_err();
            assert_eq!((refused.status, refused.code), (422, "cursor_unreadable"));
        }
    }
}
