//! The messages of the wire suite: orders of one length, written over a form, and their answers.

use std::cell::Cell;

use memchr::memmem::Finder;

const SOH: u8 = 0x01;
/// `8=FIX.4.4<SOH>9=`.
const HEAD: &[u8] = b"8=FIX.4.4\x019=";
/// `10=nnn<SOH>`.
const TRAILER_SIZE: usize = 7;
/// Of ClOrdID: four letters and a number of 16 hexadecimal digits.
pub const CL_ORD_ID_SIZE: usize = 20;
const CL_ORD_ID_LETTERS: &[u8; 4] = b"ORD-";
/// MsgSeqNum is written with zeros before it, so that every order has the same length.
const MSG_SEQ_NUM_SIZE: usize = 9;
/// The instrument, and where it trades.
pub const SYMBOL: &str = "BTCUSDT";
/// The price at which orders meet.
pub const TOUCH: u32 = 60_000;
/// Levels of each side away from it.
const LEVELS: u64 = 50;

/// What an order does, by its number: of ten, eight rest, and the other two meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// Side (54).
    pub side: u8,
    /// Price (44), five digits.
    pub price: u32,
}

impl Order {
    /// The order of this number.
    #[inline]
    pub fn of(number: u64) -> Self {
        let away = 100 + (number / 10 % LEVELS) as u32;
        match number % 10 {
            8 => Self { side: b'2', price: TOUCH },
            9 => Self { side: b'1', price: TOUCH },
            even if even % 2 == 0 => Self { side: b'1', price: TOUCH - away },
            _ => Self { side: b'2', price: TOUCH + away },
        }
    }
}

/// Writes messages of one session.
pub struct Form {
    sender: String,
    target: String,
    order: Vec<u8>,
    /// Where in `order` what changes stands.
    number_at: usize,
    time_at: [usize; 2],
    id_at: usize,
    side_at: usize,
    price_at: usize,
    next_number: u64,
}

impl Form {
    /// The form of a session that begins at 1.
    pub fn new(sender: &str, target: &str) -> Self {
        let body = format!(
            "35=D|49={sender}|56={target}|34={:0MSG_SEQ_NUM_SIZE$}|52=20260101-00:00:00.000|\
             11={:0CL_ORD_ID_SIZE$}|55={SYMBOL}|54=1|60=20260101-00:00:00|38=1|40=2|44={TOUCH}|",
            0, 0
        );
        let order = framed(&body.replace('|', "\x01"));
        let at = |tag: &str| {
            let tag = format!("\x01{tag}=");
            memchr::memmem::find(&order, tag.as_bytes()).map_or(0, |at| at + tag.len())
        };
        Self {
            number_at: at("34"),
            time_at: [at("52"), at("60")],
            id_at: at("11"),
            side_at: at("54"),
            price_at: at("44"),
            sender: sender.to_owned(),
            target: target.to_owned(),
            order,
            next_number: 1,
        }
    }

    /// Bytes of an order.
    pub fn order_size(&self) -> usize {
        self.order.len()
    }

    /// Where ClOrdID stands in an order.
    pub fn cl_ord_id_at(&self) -> usize {
        self.id_at
    }

    /// SendingTime and TransactTime of the orders that follow: `YYYYMMDD-HH:MM:SS`.
    pub fn set_time(&mut self, time: &str) {
        for at in self.time_at {
            self.order[at..at + time.len()].copy_from_slice(time.as_bytes());
        }
    }

    /// Appends an order whose ClOrdID carries this number.
    #[inline]
    pub fn put_order(&mut self, id: u64, order: Order, out: &mut Vec<u8>) {
        let number_at = self.number_at..self.number_at + MSG_SEQ_NUM_SIZE;
        put_decimal(self.next_number, &mut self.order[number_at]);
        put_cl_ord_id(id, &mut self.order[self.id_at..self.id_at + CL_ORD_ID_SIZE]);
        self.order[self.side_at] = order.side;
        put_decimal(u64::from(order.price), &mut self.order[self.price_at..self.price_at + 5]);
        self.next_number += 1;
        let end = self.order.len() - TRAILER_SIZE;
        let sum = sum(&self.order[..end]);
        put_decimal(u64::from(sum), &mut self.order[end + 3..end + 6]);
        out.extend_from_slice(&self.order);
    }

    /// Appends another message: its MsgType, and its fields separated by `|`.
    pub fn put_other(&mut self, msg_type: &str, time: &str, fields: &str, out: &mut Vec<u8>) {
        let (sender, target, number) = (&self.sender, &self.target, self.next_number);
        let body =
            format!("35={msg_type}|49={sender}|56={target}|34={number}|52={time}.000|{fields}");
        self.next_number += 1;
        out.extend_from_slice(&framed(&body.replace('|', "\x01")));
    }

    /// Appends a SequenceReset that stands for all messages from this number on, up to the next.
    pub fn put_gap_fill(&mut self, from: u64, time: &str, out: &mut Vec<u8>) {
        let (sender, target, next) = (&self.sender, &self.target, self.next_number);
        let body = format!(
            "35=4|49={sender}|56={target}|34={from}|43=Y|52={time}.000|122={time}.000|123=Y|36={next}|"
        );
        out.extend_from_slice(&framed(&body.replace('|', "\x01")));
    }
}

/// A message of this body.
fn framed(body: &str) -> Vec<u8> {
    let mut bytes = format!("8=FIX.4.4\x019={}\x01{body}", body.len()).into_bytes();
    let sum = sum(&bytes);
    bytes.extend_from_slice(format!("10={sum:03}\x01").as_bytes());
    bytes
}

#[inline]
fn sum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| sum.wrapping_add(*byte))
}

#[inline]
fn put_decimal(value: u64, out: &mut [u8]) {
    let mut value = value;
    for digit in out.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

#[inline]
fn put_cl_ord_id(id: u64, out: &mut [u8]) {
    out[..4].copy_from_slice(CL_ORD_ID_LETTERS);
    for (index, digit) in out[4..].iter_mut().enumerate() {
        *digit = b"0123456789abcdef"[(id >> (60 - 4 * index) & 15) as usize];
    }
}

#[inline]
fn cl_ord_id(text: &[u8]) -> Option<u64> {
    let digits = text.strip_prefix(CL_ORD_ID_LETTERS)?.get(..16)?;
    digits.iter().try_fold(0_u64, |id, digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(id << 4 | u64::from(value))
    })
}

/// What an answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// An order was accepted.
    Accepted(u64),
    /// An order traded.
    Traded,
    /// An order was canceled.
    Canceled,
    /// A Logon came.
    LoggedOn,
    /// A TestRequest came.
    TestRequest,
    /// Nothing that the client counts.
    Other,
    /// Something was refused.
    Refused,
}

/// Reads answers.
pub struct Reader {
    cl_ord_id: Field,
    exec_type: Field,
}

/// A field that mostly stands where it stood in the message before.
struct Field {
    tag: &'static [u8],
    finder: Finder<'static>,
    usual: Cell<usize>,
}

impl Field {
    fn new(tag: &'static [u8]) -> Self {
        Self { tag, finder: Finder::new(tag), usual: Cell::new(0) }
    }

    /// Where its value begins.
    #[inline]
    fn value_at(&self, message: &[u8]) -> Option<usize> {
        let usual = self.usual.get();
        if message.get(usual..usual + self.tag.len()) != Some(self.tag) {
            self.usual.set(self.finder.find(message)?);
        }
        Some(self.usual.get() + self.tag.len())
    }
}

impl Default for Reader {
    fn default() -> Self {
        Self { cl_ord_id: Field::new(b"\x0111="), exec_type: Field::new(b"\x01150=") }
    }
}

impl Reader {
    /// The message that the bytes begin with, and its length; none where it is not whole.
    ///
    /// # Errors
    /// Where the bytes are no FIX message.
    #[inline]
    pub fn next(&self, bytes: &[u8]) -> Result<Option<(Answer, usize)>, &'static str> {
        let Some(size) = message_size(bytes)? else { return Ok(None) };
        let message = &bytes[..size];
        let body = HEAD.len() + 3;
        // BodyLength has two to four digits, and MsgType stands behind it.
        let at = memchr::memchr(SOH, &message[HEAD.len()..]).map_or(body, |at| HEAD.len() + at + 1);
        let answer = match message.get(at + 3) {
            Some(b'8') => self.report(message),
            Some(b'A') => Answer::LoggedOn,
            Some(b'1') => Answer::TestRequest,
            Some(b'3' | b'9' | b'j' | b'5') => Answer::Refused,
            _ => Answer::Other,
        };
        Ok(Some((answer, size)))
    }

    /// An ExecutionReport.
    #[inline]
    fn report(&self, message: &[u8]) -> Answer {
        let exec_type = self.exec_type.value_at(message).and_then(|at| message.get(at));
        match exec_type {
            Some(b'0') => {
                let id = self.cl_ord_id.value_at(message).and_then(|at| cl_ord_id(&message[at..]));
                id.map_or(Answer::Other, Answer::Accepted)
            }
            Some(b'F') => Answer::Traded,
            Some(b'4') => Answer::Canceled,
            Some(b'8') => Answer::Refused,
            _ => Answer::Other,
        }
    }
}

/// The size of the message that the bytes begin with, if it is whole.
#[inline]
fn message_size(bytes: &[u8]) -> Result<Option<usize>, &'static str> {
    if bytes.len() < HEAD.len() + 5 {
        return Ok(None);
    }
    if !bytes.starts_with(HEAD) {
        return Err("what came is no FIX 4.4 message");
    }
    let mut length = 0;
    for (index, byte) in bytes[HEAD.len()..].iter().take(6).enumerate() {
        match byte {
            b'0'..=b'9' => length = length * 10 + usize::from(byte - b'0'),
            _ => {
                let size = HEAD.len() + index + 1 + length + TRAILER_SIZE;
                return Ok((bytes.len() >= size).then_some(size));
            }
        }
    }
    Err("what came has no BodyLength")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_about_150_bytes_and_all_alike() {
        let mut form = Form::new("T01", "CASTLE");
        let mut out = Vec::new();
        for number in 0..1_000 {
            let before = out.len();
            form.put_order(number, Order::of(number), &mut out);
            let order = &out[before..];
            assert_eq!(order.len(), form.order_size());
            assert_eq!(message_size(order), Ok(Some(order.len())));
            let end = order.len() - TRAILER_SIZE;
            let trailer = format!("10={:03}\x01", sum(&order[..end]));
            assert_eq!(&order[end..], trailer.as_bytes());
            assert_eq!(cl_ord_id(&order[form.cl_ord_id_at()..]), Some(number));
        }
        assert!((140..=165).contains(&form.order_size()), "{}", form.order_size());
    }

    #[test]
    fn a_fifth_of_the_orders_trades() {
        let orders: Vec<Order> = (0..1_000).map(Order::of).collect();
        let at_touch =
            |side| orders.iter().filter(|order| order.price == TOUCH && order.side == side).count();
        assert_eq!((at_touch(b'1'), at_touch(b'2')), (100, 100));
        let crossing = orders.iter().filter(|order| {
            (order.side == b'1' && order.price > TOUCH)
                || (order.side == b'2' && order.price < TOUCH)
        });
        assert_eq!(crossing.count(), 0);
    }

    #[test]
    fn answers_are_read_when_they_are_whole() {
        let text = framed("35=8|11=ORD-00000000000000ff|150=0|39=0|".replace('|', "\x01").as_str());
        let reader = Reader::default();
        for end in 0..text.len() {
            assert_eq!(reader.next(&text[..end]), Ok(None), "{end} bytes");
        }
        assert_eq!(reader.next(&text), Ok(Some((Answer::Accepted(255), text.len()))));
        assert!(reader.next(b"HTTP/1.1 400 Bad Request").is_err());
    }
}
