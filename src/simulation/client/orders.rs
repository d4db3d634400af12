//! What a trader asks for.

use crate::journal::simulated::Random;

/// Orders of which a trader knows that they may be open, at most.
const OPEN_MAX: usize = 64;

/// A request.
pub struct Request {
    /// MsgType.
    pub kind: &'static str,
    /// Its fields, but for the header.
    pub fields: String,
}

/// The orders that may be open, each with its side.
#[derive(Default)]
pub struct Orders {
    open: Vec<(String, u64)>,
}

impl Orders {
    /// Draws the next request, under this id. Rarely one that is answered by many reports.
    pub fn next(&mut self, id: &str, time: &str, random: &mut Random) -> Request {
        let fields = |more: String| format!("11={id}|55=AAAUSD|60={time}|{more}");
        match random.below(64) {
            0 => Request { kind: "AF", fields: format!("584={id}|585=7|") },
            1 => Request { kind: "q", fields: format!("11={id}|530=7|60={time}|") },
            2..=17 => match self.take(random) {
                Some((original, side)) => {
                    Request { kind: "F", fields: fields(format!("41={original}|54={side}|")) }
                }
                None => self.order(id, fields, random),
            },
            18..=25 => match self.take(random) {
                Some((original, side)) => {
                    let (price, quantity) = draw(random);
                    self.keep(id, side);
                    let more = format!("41={original}|54={side}|38={quantity}|40=2|44={price}|");
                    Request { kind: "G", fields: fields(more) }
                }
                None => self.order(id, fields, random),
            },
            _ => self.order(id, fields, random),
        }
    }

    /// A limit order that stays, or one that does not, or a market order.
    fn order(
        &mut self,
        id: &str,
        fields: impl FnOnce(String) -> String,
        random: &mut Random,
    ) -> Request {
        let side = 1 + random.below(2);
        let (price, quantity) = draw(random);
        let more = match random.below(16) {
            0 => format!("54={side}|38={quantity}|40=1|59=3|"),
            1 | 2 => format!("54={side}|38={quantity}|40=2|44={price}|59=3|"),
            _ => {
                self.keep(id, side);
                format!("54={side}|38={quantity}|40=2|44={price}|59=1|")
            }
        };
        Request { kind: "D", fields: fields(more) }
    }

    fn keep(&mut self, id: &str, side: u64) {
        self.open.push((id.to_owned(), side));
        if self.open.len() > OPEN_MAX {
            self.open.swap_remove(0);
        }
    }

    fn take(&mut self, random: &mut Random) -> Option<(String, u64)> {
        if self.open.is_empty() {
            return None;
        }
        let at = random.below(self.open.len() as u64) as usize;
        Some(self.open.swap_remove(at))
    }
}

/// A price near 100, and a quantity.
fn draw(random: &mut Random) -> (String, u64) {
    let price = 9_950 + random.below(100);
    (format!("{}.{:02}", price / 100, price % 100), 1 + random.below(9))
}
