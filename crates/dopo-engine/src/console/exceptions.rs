//! The board of parcels in trouble, those first that cost most. What is wrong, what is at risk and how urgent it is:
//! [`dopo_core::parcel::trouble`].
//!
//! How urgent a parcel is changes with the hour, so that no index holds the board as it is sorted. It is read in blocks of
//! orders by what is at risk with them; within a block parcels stand as they are asked for, and the next block follows.

use crate::Engine;
use crate::ports::StoreError;
use dopo_core::customer::Customer;
use dopo_core::id::{OrderId, ShopId};
use dopo_core::money::Money;
use dopo_core::order::Order;
use dopo_core::parcel::Parcel;
use dopo_core::parcel::trouble::{Trouble, Troubled, troubled};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// Orders in one block: those with most at risk of the ones that are left.
pub const BOARD_ORDERS_MAX: usize = 1_000;
/// Orders in trouble that are counted; more are said as this many.
pub const BOARD_COUNTED_MAX: u64 = 10_000;
/// Blocks read for one page, where most of what is in them is not asked for.
const BLOCKS_PER_PAGE_MAX: usize = 5;

/// A parcel in trouble.
#[derive(Clone, Debug)]
pub struct Exception {
    /// Of this order.
    pub order: Order,
    /// Whose.
    pub customer: Customer,
    /// Which of its parcels, and what is wrong with it.
    pub told: Troubled,
}

impl Exception {
    /// The parcel.
    pub fn parcel(&self) -> Option<&Parcel> {
        self.order.tracked.get(usize::from(self.told.seq))
    }

    /// What it is sorted by within a block; no two parcels have the same.
    fn key(&self, by_deadline: bool) -> [i64; 4] {
        let deadline = self.told.deadline.unwrap_or(Timestamp::MAX);
        let (deadline, weight) = (deadline.as_microsecond(), -self.told.weight());
        let (order, seq) = (self.order.id.0, i64::from(self.told.seq));
        if by_deadline {
            [deadline, weight, order, seq]
        } else {
            [weight, deadline, order, seq]
        }
    }
}

/// The parcels in trouble of an order.
fn of_order(order: &Order, customer: &Customer, now: Timestamp) -> Vec<Exception> {
    let all = troubled(order, now).into_iter().map(|told| Exception {
        told,
        order: order.clone(),
        customer: customer.clone(),
    });
    all.collect()
}

/// Where a page of the board ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct BoardPlace {
    /// The last order of the blocks that are read to their end: its cents at risk and its id.
    pub block: Option<(i64, OrderId)>,
    /// What the last parcel of the block after them is sorted by; none when nothing of it was shown yet.
    pub shown: Option<[i64; 4]>,
}

impl fmt::Display for BoardPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((cents, order)) = self.block {
            write!(f, "{cents},{order}")?;
        }
        f.write_str(";")?;
        if let Some([a, b, c, d]) = self.shown {
            write!(f, "{a},{b},{c},{d}")?;
        }
        Ok(())
    }
}

impl FromStr for BoardPlace {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        fn numbers<const N: usize>(text: &str) -> Result<Option<[i64; N]>, ()> {
            if text.is_empty() {
                return Ok(None);
            }
            let all: Result<Vec<i64>, _> = text.split(',').map(str::parse).collect();
            let all = all.map_err(|_| ())?;
            all.try_into().map(Some).map_err(|_| ())
        }
        let (block, shown) = text.split_once(';').ok_or(())?;
        Ok(BoardPlace {
            block: numbers::<2>(block)?.map(|[cents, order]| (cents, OrderId(order))),
            shown: numbers(shown)?,
        })
    }
}

/// Which parcels of the board, and where to go on.
#[derive(Clone, Copy, Debug)]
pub struct BoardQuery {
    /// Only with this trouble.
    pub trouble: Option<Trouble>,
    /// What expires next stands first within a block, else what costs most.
    pub by_deadline: bool,
    /// Where the page before ended.
    pub from: BoardPlace,
    /// Parcels of this page.
    pub rows: usize,
    /// Orders of one block, at most [`BOARD_ORDERS_MAX`].
    pub block_orders: usize,
}

impl Default for BoardQuery {
    fn default() -> Self {
        BoardQuery {
            trouble: None,
            by_deadline: false,
            from: BoardPlace::default(),
            rows: BOARD_ORDERS_MAX,
            block_orders: BOARD_ORDERS_MAX,
        }
    }
}

/// A page of the board.
#[derive(Clone, Debug, Default)]
pub struct Board {
    /// Parcels in trouble.
    pub exceptions: Vec<Exception>,
    /// Where the next page goes on; none after the last.
    pub next: Option<BoardPlace>,
    /// Parcels of each trouble, in the first block that was read for this page.
    pub counts: BTreeMap<Trouble, usize>,
    /// At risk with them, one sum a currency.
    pub at_risk: Vec<Money>,
    /// Orders of that block.
    pub orders: usize,
    /// Orders with a parcel in trouble, up to [`BOARD_COUNTED_MAX`].
    pub orders_all: u64,
}

impl Board {
    /// Counts what is in a block.
    fn tally(&mut self, block: &[Exception]) {
        for one in block {
            *self.counts.entry(one.told.trouble).or_default() += 1;
            let risk = one.told.at_risk;
            let mut sums = self.at_risk.iter_mut();
            match sums.find(|sum| sum.currency == risk.currency) {
                Some(sum) => sum.cents = sum.cents.saturating_add(risk.cents),
                None => self.at_risk.push(risk),
            }
        }
    }
}

impl Engine {
    /// A page of the parcels in trouble, those first that cost most or expire next within a block of orders by what is at
    /// risk with them. A page may be shorter than asked for while there are more.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn exceptions(&self, shop: ShopId, query: &BoardQuery) -> Result<Board, StoreError> {
        let now = self.now();
        let size = query.block_orders.clamp(1, BOARD_ORDERS_MAX);
        let rows = query.rows.max(1);
        let mut board = Board::default();
        let mut place = query.from;
        for read in 0..BLOCKS_PER_PAGE_MAX {
            if board.exceptions.len() >= rows {
                break;
            }
            let (found, orders_all) = self.store.orders_at_risk(shop, place.block, size).await?;
            let last = found.last().map(|one| (one.cents, one.order.id));
            let more = found.len() == size;
            let mut block: Vec<Exception> = found
                .iter()
                .flat_map(|one| of_order(&one.order, &one.customer, now))
                .collect();
            if read == 0 {
                board.orders = found.len();
                board.orders_all = orders_all;
                board.tally(&block);
            }
            let asked = |one: &Exception| query.trouble.is_none_or(|t| one.told.trouble == t);
            let key = |one: &Exception| one.key(query.by_deadline);
            block.retain(|one| asked(one) && place.shown.is_none_or(|shown| key(one) > shown));
            block.sort_by_key(key);
            let room = rows - board.exceptions.len();
            if block.len() > room {
                block.truncate(room);
                board.exceptions.append(&mut block);
                place.shown = board.exceptions.last().map(key);
                board.next = Some(place);
                return Ok(board);
            }
            board.exceptions.append(&mut block);
            place = BoardPlace {
                block: last,
                shown: None,
            };
            if !more {
                return Ok(board);
            }
        }
        board.next = Some(place);
        Ok(board)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_on_the_board_is_read_as_it_was_written() {
        let places = [
            BoardPlace::default(),
            BoardPlace {
                block: Some((12_900, OrderId(7))),
                shown: None,
            },
            BoardPlace {
                block: Some((0, OrderId(i64::MIN))),
                shown: Some([-51_600, i64::MAX, 7, 0]),
            },
        ];
        for place in places {
            assert_eq!(place.to_string().parse(), Ok(place));
        }
        for bad in ["", "1;", "1,2,3;", ";1,2,3", "a,b;", "1,2"] {
            assert_eq!(bad.parse::<BoardPlace>(), Err(()), "{bad}");
        }
    }
}
