//! A client's own book of its orders, made of nothing but the reports that it got.

use std::collections::{HashMap, HashSet};

use super::fix::{Incoming, SCALE};

/// What was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    New,
    Cancel,
    Replace,
}

/// A request that was sent: its ClOrdID is its place in the list.
#[derive(Debug, Clone, Copy)]
pub struct Request {
    pub kind: Kind,
    /// The order, as the place of its first request.
    pub order: u32,
    /// The MsgSeqNum it was sent under.
    pub number: u64,
    pub answered: bool,
}

/// An order as the reports tell of it. Prices in hundredths, quantities whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    pub symbol: usize,
    pub side: u8,
    pub price: i64,
    pub quantity: i64,
    pub leaves: i64,
    pub cum: i64,
    /// Tag 39.
    pub status: u8,
    /// Tag 37; empty until it is accepted.
    pub id: String,
    /// The last accepted request of its chain.
    pub last: u32,
    /// A cancel or a replace is on its way.
    pub pending: bool,
}

impl Order {
    pub fn is_open(&self) -> bool {
        matches!(self.status, b'0' | b'1') && !self.id.is_empty()
    }
}

/// See the module.
#[derive(Default)]
pub struct Book {
    /// What every ClOrdID begins with.
    prefix: String,
    pub requests: Vec<Request>,
    pub orders: HashMap<u32, Order>,
    pub open: Vec<u32>,
    exec_ids: HashSet<Box<[u8]>>,
    next_unanswered: usize,
    /// The MsgSeqNum of the last request that was answered.
    pub acknowledged: u64,
    pub fills: u64,
    pub rejects: u64,
    /// Rejects that said that the disk is full.
    pub full: u64,
    pub reports: u64,
    /// Answers to the status request under way: ClOrdID, and the figures.
    pub statuses: Vec<Status>,
    pub statuses_done: bool,
    /// The first thing that was wrong.
    pub wrong: Option<String>,
}

/// An order as the venue tells of it when it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    pub request: u32,
    pub id: String,
    pub status: u8,
    pub price: i64,
    pub quantity: i64,
    pub leaves: i64,
    pub cum: i64,
}

impl Book {
    pub fn new(prefix: &str) -> Self {
        Self { prefix: prefix.into(), ..Self::default() }
    }

    /// The ClOrdID of a request.
    pub fn cl_ord_id(&self, request: u32) -> String {
        format!("{}-{request}", self.prefix)
    }

    /// Notes a request that is sent; gives its place.
    pub fn ask(&mut self, kind: Kind, order: Option<u32>, number: u64) -> u32 {
        let place = self.requests.len() as u32;
        let order = order.unwrap_or(place);
        self.requests.push(Request { kind, order, number, answered: false });
        place
    }

    pub fn unanswered(&self) -> usize {
        self.requests.len() - self.next_unanswered
    }

    /// Takes a report; what is wrong is kept for the end of the turn.
    pub fn take(&mut self, message: &Incoming<'_>) {
        self.reports += 1;
        let taken = match message.msg_type() {
            "8" if message.get(150) == Some(b"I") => self.take_status(message),
            "8" => self.take_execution(message),
            "9" => self.take_cancel_reject(message),
            other => Err(format!("unexpected message {other}")),
        };
        if let Err(what) = taken {
            let shown = String::from_utf8_lossy(message.bytes).replace('\x01', "|");
            self.wrong.get_or_insert(format!("{}: {what}: {shown}", self.prefix));
        }
    }

    fn request(&self, text: &str) -> Result<u32, String> {
        let number = text.strip_prefix(&self.prefix).and_then(|rest| rest.strip_prefix('-'));
        let place = number.and_then(|number| number.parse().ok());
        let place: u32 = place.ok_or_else(|| format!("ClOrdID {text} is not ours"))?;
        if place as usize >= self.requests.len() {
            return Err(format!("ClOrdID {text} was never sent"));
        }
        Ok(place)
    }

    /// The request is answered, and so were all before it.
    fn answer(&mut self, place: u32) -> Result<(), String> {
        let request = &mut self.requests[place as usize];
        if request.answered {
            return Err("answered twice".into());
        }
        if place as usize != self.next_unanswered {
            return Err(format!("request {} was passed over", self.next_unanswered));
        }
        request.answered = true;
        self.acknowledged = request.number;
        self.next_unanswered += 1;
        Ok(())
    }

    fn take_cancel_reject(&mut self, message: &Incoming<'_>) -> Result<(), String> {
        let place = self.request(message.text(11))?;
        self.answer(place)?;
        self.note_reject(message);
        let order = self.requests[place as usize].order;
        if let Some(order) = self.orders.get_mut(&order) {
            order.pending = false;
        }
        Ok(())
    }

    fn note_reject(&mut self, message: &Incoming<'_>) {
        self.rejects += 1;
        self.full += u64::from(message.text(58).contains("disk is full"));
    }

    fn take_execution(&mut self, message: &Incoming<'_>) -> Result<(), String> {
        let exec_id = message.get(17).ok_or("no ExecID")?;
        if !self.exec_ids.insert(exec_id.into()) {
            return Err("ExecID doubled".into());
        }
        let place = self.request(message.text(11))?;
        let exec_type = message.get(150).map_or(0, |value| value[0]);
        let status = message.get(39).map_or(0, |value| value[0]);
        let request = self.requests[place as usize];
        match (exec_type, request.kind) {
            (b'8', _) => {
                self.note_reject(message);
                return self.answer(place);
            }
            (b'0', Kind::New) => {
                self.answer(place)?;
                let order = Order {
                    symbol: usize::from(message.get(55) == Some(b"BBBUSD")),
                    side: message.get(54).map_or(0, |value| value[0]),
                    price: price(message, 44),
                    quantity: quantity(message, 38),
                    leaves: quantity(message, 38),
                    cum: 0,
                    status: b'0',
                    id: message.text(37).into(),
                    last: place,
                    pending: false,
                };
                self.orders.insert(place, order);
                self.open.push(place);
            }
            (b'5', Kind::Replace) => {
                self.answer(place)?;
                let order = self.orders.get_mut(&request.order).ok_or("no such order")?;
                order.price = price(message, 44);
                order.quantity = quantity(message, 38);
                order.leaves = order.quantity - order.cum;
                order.last = place;
                order.pending = false;
            }
            (b'4', Kind::Cancel) => {
                self.answer(place)?;
                let order = self.orders.get_mut(&request.order).ok_or("no such order")?;
                order.last = place;
                order.leaves = 0;
            }
            (b'4', _) => {
                let order = self.orders.get_mut(&request.order).ok_or("no such order")?;
                order.leaves = 0;
            }
            (b'F', _) => {
                self.fills += 1;
                let order = self.orders.get_mut(&request.order).ok_or("no such order")?;
                let traded = quantity(message, 32);
                order.cum += traded;
                order.leaves -= traded;
            }
            _ => return Err("unexpected ExecType".into()),
        }
        let order = self.orders.get_mut(&request.order).ok_or("no such order")?;
        order.status = status;
        let told = (message.text(37), quantity(message, 151), quantity(message, 14));
        if told != (order.id.as_str(), order.leaves, order.cum) || order.leaves < 0 {
            return Err(format!("the reports before it make it {order:?}"));
        }
        let expected = match (exec_type, order.leaves, order.cum) {
            (b'4', ..) => b'4',
            (_, 0, _) => b'2',
            (_, _, 0) => b'0',
            _ => b'1',
        };
        if status != expected || order.last != place {
            return Err(format!("status or ClOrdID: {order:?}"));
        }
        if !order.is_open() {
            let closed = request.order;
            self.open.retain(|known| *known != closed);
        }
        Ok(())
    }

    fn take_status(&mut self, message: &Incoming<'_>) -> Result<(), String> {
        self.statuses_done = message.get(912) == Some(b"Y") || message.get(584).is_none();
        if message.text(911) == "0" && message.get(584).is_some() {
            self.statuses_done = true;
            return Ok(());
        }
        self.statuses.push(Status {
            request: self.request(message.text(11))?,
            id: message.text(37).into(),
            status: message.get(39).map_or(0, |value| value[0]),
            price: price(message, 44),
            quantity: quantity(message, 38),
            leaves: quantity(message, 151),
            cum: quantity(message, 14),
        });
        Ok(())
    }

    /// What the venue should tell of an order.
    pub fn expected(&self, order: u32) -> Status {
        let order = &self.orders[&order];
        Status {
            request: order.last,
            id: order.id.clone(),
            status: order.status,
            price: order.price,
            quantity: order.quantity,
            leaves: order.leaves,
            cum: order.cum,
        }
    }
}

fn price(message: &Incoming<'_>, tag: u32) -> i64 {
    (message.scaled(tag) * 100 / SCALE) as i64
}

fn quantity(message: &Incoming<'_>, tag: u32) -> i64 {
    (message.scaled(tag) / SCALE) as i64
}
