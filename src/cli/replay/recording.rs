//! A LOBSTER message file: its rows, and what its book is when they are taken as they stand.
//!
//! Columns: seconds after midnight, type, order id, size, price × 10⁴, direction (1 buy, −1 sell).

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// Buy or sell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Of the buyer's session.
    Buy = 0,
    /// Of the seller's session.
    Sell = 1,
}

impl Side {
    /// The other one.
    pub fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// FIX's tag 54.
    pub fn fix(self) -> char {
        match self {
            Self::Buy => '1',
            Self::Sell => '2',
        }
    }
}

/// What a row records; the number is LOBSTER's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A new limit order.
    New = 1,
    /// A part of an order is canceled.
    Reduce = 2,
    /// An order is deleted.
    Delete = 3,
    /// A visible order is executed.
    Execute = 4,
    /// A hidden order is executed: nobody saw it come, so it cannot be replayed.
    Hidden = 5,
}

impl Kind {
    /// All kinds in LOBSTER's order.
    pub const ALL: [Self; 5] = [Self::New, Self::Reduce, Self::Delete, Self::Execute, Self::Hidden];

    /// Its place in [`Kind::ALL`].
    pub fn index(self) -> usize {
        self as usize - 1
    }
}

/// A row of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// What happened.
    pub kind: Kind,
    /// To which order.
    pub order: u64,
    /// How much.
    pub size: u64,
    /// In ten-thousandths of a dollar.
    pub price: u64,
    /// The order's side.
    pub side: Side,
}

/// Quantity by side and price.
pub type Depth = BTreeMap<(Side, u64), u64>;

/// Reads all rows of a file; an error names the line.
pub fn read(file: &Path) -> Result<Vec<Row>, String> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| format!("{}: cannot be read: {error}", file.display()))?;
    let rows = text.trim_start_matches('\u{feff}').lines().enumerate();
    rows.filter(|(_, line)| !line.trim().is_empty())
        .map(|(index, line)| {
            row(line).ok_or_else(|| {
                format!(
                    "{}, line {}: {line:?} is no row of a LOBSTER message file \
                     (time,type 1-5,order,size,price,1|-1)",
                    file.display(),
                    index + 1
                )
            })
        })
        .collect()
}

fn row(line: &str) -> Option<Row> {
    let columns: Vec<&str> = line.trim().split(',').collect();
    let [_time, kind, order, size, price, direction] = columns.as_slice() else { return None };
    Some(Row {
        kind: *Kind::ALL.get(kind.parse::<usize>().ok()?.checked_sub(1)?)?,
        order: order.parse().ok()?,
        size: size.parse().ok()?,
        price: price.parse().ok()?,
        side: match *direction {
            "1" => Side::Buy,
            "-1" => Side::Sell,
            _ => return None,
        },
    })
}

/// The book of a recording, by the plainest means: an order has the size it came with, less what
/// later rows take from it. Nothing is matched.
#[derive(Default)]
pub struct RecordedBook {
    orders: HashMap<u64, (Side, u64, u64)>,
}

impl RecordedBook {
    /// Takes a row. False where it names an order that is not known.
    pub fn apply(&mut self, row: &Row) -> bool {
        match row.kind {
            Kind::New => {
                self.orders.insert(row.order, (row.side, row.price, row.size));
                true
            }
            Kind::Reduce | Kind::Execute => match self.orders.get_mut(&row.order) {
                None => false,
                Some(order) => {
                    order.2 = order.2.saturating_sub(row.size);
                    if order.2 == 0 {
                        self.orders.remove(&row.order);
                    }
                    true
                }
            },
            Kind::Delete => self.orders.remove(&row.order).is_some(),
            Kind::Hidden => true,
        }
    }

    /// The quantity at each price.
    pub fn depth(&self) -> Depth {
        let mut depth = Depth::new();
        for (side, price, size) in self.orders.values() {
            *depth.entry((*side, *price)).or_default() += size;
        }
        depth
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_read_with_all_its_columns() {
        let expected =
            Row { kind: Kind::New, order: 16113575, size: 18, price: 5853300, side: Side::Buy };
        assert_eq!(row("34200.00424,1,16113575,18,5853300,1"), Some(expected));
        assert_eq!(row("34200.1,4,1,2,3,-1").map(|row| row.side), Some(Side::Sell));
    }

    #[test]
    fn what_is_no_row_is_refused() {
        for line in ["", "1,2,3", "1,0,1,1,1,1", "1,6,1,1,1,1", "1,1,x,1,1,1", "1,1,1,1,1,0"] {
            assert_eq!(row(line), None, "{line}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_passed_over() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "\u{feff}34200.0,1,1,10,100,1\n").unwrap();
        assert_eq!(read(file.path()).map(|rows| rows.len()), Ok(1));
        std::fs::write(file.path(), "34200.0,1,1,10,100,1\nnonsense\n").unwrap();
        assert!(read(file.path()).unwrap_err().contains("line 2"));
    }

    #[test]
    fn the_recorded_book_is_what_is_left_of_its_orders() {
        let row = |kind, order, size| Row { kind, order, size, price: 100, side: Side::Buy };
        let mut book = RecordedBook::default();
        assert!(book.apply(&row(Kind::New, 1, 10)));
        assert!(book.apply(&row(Kind::New, 2, 5)));
        assert!(book.apply(&row(Kind::Reduce, 1, 3)));
        assert!(book.apply(&row(Kind::Execute, 1, 2)));
        assert!(book.apply(&row(Kind::Delete, 2, 5)));
        assert!(!book.apply(&row(Kind::Delete, 2, 5)));
        assert_eq!(book.depth(), Depth::from([((Side::Buy, 100), 5)]));
    }
}
