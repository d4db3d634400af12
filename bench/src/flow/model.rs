//! The generator's own books: what must rest after each command, by rules of its own.
//!
//! Price-time priority over maps of price levels, nothing clever: an order that comes trades with the
//! best level of the other side, oldest first; a maker of the same trader is canceled; what is left of
//! an order that may rest goes to the back of its level. A replace that only lowers the quantity keeps
//! its place, any other loses it. It knows nothing of the engine and hears nothing from it.

use std::collections::{BTreeMap, HashMap, VecDeque};

use castle::model::Side;

use super::{Kind, Step};

/// An order that rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// The number of the NewOrderSingle that made it; 0 where the slot is free.
    pub order: u64,
    /// The number of its last ClOrdID.
    pub id: u64,
    /// Whose it is.
    pub trader: u32,
    /// Where it rests.
    pub instrument: u32,
    /// On which side.
    pub side: Side,
    /// In ticks.
    pub price: u32,
    /// All of it.
    pub quantity: u32,
    /// What has not traded.
    pub leaves: u32,
}

/// Levels of one side, the best first: by price for asks, by its negative for bids.
type Levels = BTreeMap<i64, VecDeque<u32>>;

#[derive(Debug, Default)]
struct Book {
    bids: Levels,
    asks: Levels,
}

impl Book {
    fn side(&self, side: Side) -> &Levels {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }

    fn side_mut(&mut self, side: Side) -> &mut Levels {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }
}

fn rank(side: Side, price: u32) -> i64 {
    match side {
        Side::Buy => -i64::from(price),
        Side::Sell => i64::from(price),
    }
}

/// A price level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// Its price.
    pub price: u32,
    /// How many orders.
    pub orders: u32,
    /// What they have left together.
    pub total: u64,
}

/// All books.
#[derive(Debug, Default)]
pub struct Model {
    books: Vec<Book>,
    orders: Vec<Order>,
    free: Vec<u32>,
    at: HashMap<u64, u32>,
    last_trade: Vec<Option<u32>>,
    trades: u64,
}

impl Model {
    /// Empty books.
    pub fn new(instruments: u32) -> Self {
        let mut model = Self::default();
        model.books.resize_with(instruments as usize, Book::default);
        model.last_trade.resize(instruments as usize, None);
        model
    }

    /// Does what a command asks.
    pub fn apply(&mut self, step: &Step) {
        match step.kind {
            Kind::New | Kind::Immediate => {
                let mut order = Order {
                    order: step.order,
                    id: step.id,
                    trader: step.trader,
                    instrument: step.instrument,
                    side: step.side,
                    price: step.price,
                    quantity: step.quantity,
                    leaves: step.quantity,
                };
                self.cross(&mut order);
                if order.leaves > 0 && step.kind == Kind::New {
                    self.rest(order);
                }
            }
            Kind::Cancel => {
                if let Some(slot) = self.take_out(step.order) {
                    self.forget(slot);
                }
            }
            Kind::Reduction | Kind::Move => self.replace(step),
            Kind::Continue => {}
        }
    }

    fn replace(&mut self, step: &Step) {
        let Some(slot) = self.at.get(&step.order).copied() else { return };
        let before = self.orders[slot as usize];
        let leaves = step.quantity - (before.quantity - before.leaves);
        let mut order =
            Order { id: step.id, price: step.price, quantity: step.quantity, leaves, ..before };
        if step.price == before.price && step.quantity < before.quantity {
            self.orders[slot as usize] = order;
            return;
        }
        self.take_out(step.order);
        self.forget(slot);
        self.cross(&mut order);
        if order.leaves > 0 {
            self.rest(order);
        }
    }

    /// Trades until the order or the other side ends it.
    fn cross(&mut self, taker: &mut Order) {
        let limit = rank(taker.side.opposite(), taker.price);
        let book = &mut self.books[taker.instrument as usize];
        let levels = book.side_mut(taker.side.opposite());
        while taker.leaves > 0
            && let Some(mut level) = levels.first_entry()
            && *level.key() <= limit
        {
            let queue = level.get_mut();
            while taker.leaves > 0
                && let Some(slot) = queue.front().copied()
            {
                let maker = &mut self.orders[slot as usize];
                if maker.trader != taker.trader {
                    let quantity = taker.leaves.min(maker.leaves);
                    taker.leaves -= quantity;
                    maker.leaves -= quantity;
                    self.trades += 1;
                    self.last_trade[taker.instrument as usize] = Some(maker.price);
                    if maker.leaves > 0 {
                        break;
                    }
                }
                queue.pop_front();
                self.at.remove(&maker.order);
                maker.order = 0;
                self.free.push(slot);
            }
            if queue.is_empty() {
                level.remove();
            }
        }
    }

    fn rest(&mut self, order: Order) {
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                self.orders.push(order);
                self.orders.len() as u32 - 1
            }
        };
        self.orders[slot as usize] = order;
        self.at.insert(order.order, slot);
        let levels = self.books[order.instrument as usize].side_mut(order.side);
        levels.entry(rank(order.side, order.price)).or_default().push_back(slot);
    }

    /// Takes an order out of its level, if it rests.
    fn take_out(&mut self, order: u64) -> Option<u32> {
        let slot = self.at.get(&order).copied()?;
        let Order { instrument, side, price, .. } = self.orders[slot as usize];
        let levels = self.books[instrument as usize].side_mut(side);
        let rank = rank(side, price);
        let queue = levels.get_mut(&rank)?;
        let place = queue.iter().position(|other| *other == slot)?;
        queue.remove(place);
        if queue.is_empty() {
            levels.remove(&rank);
        }
        Some(slot)
    }

    fn forget(&mut self, slot: u32) {
        let order = &mut self.orders[slot as usize];
        self.at.remove(&order.order);
        order.order = 0;
        self.free.push(slot);
    }

    /// How many orders rest.
    pub fn resting(&self) -> usize {
        self.at.len()
    }

    /// Trades so far.
    pub fn trades(&self) -> u64 {
        self.trades
    }

    /// The price of the last trade, if there was one.
    pub fn last_trade(&self, instrument: u32) -> Option<u32> {
        self.last_trade[instrument as usize]
    }

    /// An order that rests, chosen by a number; only where one rests.
    pub fn pick(&self, mut dice: impl FnMut(u64) -> u64) -> Order {
        loop {
            // Most slots are in use: a freed one is used next.
            let order = self.orders[dice(self.orders.len() as u64) as usize];
            if order.order != 0 {
                return order;
            }
        }
    }

    /// The orders of a side, in the order in which they would trade.
    pub fn orders(&self, instrument: u32, side: Side) -> impl Iterator<Item = &Order> {
        let levels = self.books[instrument as usize].side(side);
        levels.values().flatten().map(|slot| &self.orders[*slot as usize])
    }

    /// The levels of a side, the best first.
    pub fn levels(&self, instrument: u32, side: Side) -> impl Iterator<Item = Level> {
        self.books[instrument as usize].side(side).iter().map(|(rank, queue)| Level {
            price: rank.unsigned_abs() as u32,
            orders: queue.len() as u32,
            total: queue.iter().map(|slot| u64::from(self.orders[*slot as usize].leaves)).sum(),
        })
    }

    /// The worst price of a side.
    pub fn worst(&self, instrument: u32, side: Side) -> Option<u32> {
        let levels = self.books[instrument as usize].side(side);
        levels.last_key_value().map(|(rank, _)| rank.unsigned_abs() as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(kind: Kind, order: u64, trader: u32, side: Side, price: u32, quantity: u32) -> Step {
        Step { kind, order, id: order, trader, side, price, quantity, ..Step::default() }
    }

    fn leaves(model: &Model, side: Side) -> Vec<(u64, u32)> {
        model.orders(0, side).map(|order| (order.order, order.leaves)).collect()
    }

    #[test]
    fn the_oldest_of_the_best_level_trades_first() {
        let mut model = Model::new(1);
        model.apply(&step(Kind::New, 1, 1, Side::Sell, 101, 10));
        model.apply(&step(Kind::New, 2, 1, Side::Sell, 100, 10));
        model.apply(&step(Kind::New, 3, 2, Side::Sell, 100, 10));
        model.apply(&step(Kind::Immediate, 4, 3, Side::Buy, 100, 15));
        assert_eq!(leaves(&model, Side::Sell), [(3, 5), (1, 10)]);
        assert_eq!((model.trades(), model.last_trade(0)), (2, Some(100)));
    }

    #[test]
    fn an_own_order_in_the_way_is_canceled() {
        let mut model = Model::new(1);
        model.apply(&step(Kind::New, 1, 7, Side::Buy, 100, 10));
        model.apply(&step(Kind::New, 2, 8, Side::Buy, 100, 10));
        model.apply(&step(Kind::New, 3, 7, Side::Sell, 99, 4));
        assert_eq!(leaves(&model, Side::Buy), [(2, 6)]);
        assert_eq!(model.resting(), 1);
    }

    #[test]
    fn only_a_reduction_keeps_its_place() {
        let mut model = Model::new(1);
        for order in 1..=3 {
            model.apply(&step(Kind::New, order, 1, Side::Buy, 100, 10));
        }
        model.apply(&step(Kind::Reduction, 1, 1, Side::Buy, 100, 4));
        assert_eq!(leaves(&model, Side::Buy), [(1, 4), (2, 10), (3, 10)]);
        model.apply(&step(Kind::Move, 1, 1, Side::Buy, 101, 4));
        model.apply(&step(Kind::Move, 1, 1, Side::Buy, 100, 4));
        assert_eq!(leaves(&model, Side::Buy), [(2, 10), (3, 10), (1, 4)]);
        model.apply(&step(Kind::Cancel, 2, 1, Side::Buy, 0, 0));
        let level = Level { price: 100, orders: 2, total: 14 };
        assert_eq!(model.levels(0, Side::Buy).collect::<Vec<_>>(), [level]);
        assert_eq!(model.worst(0, Side::Buy), Some(100));
    }
}
