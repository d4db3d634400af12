//! The books of others, each by its own documents.

use std::collections::HashMap;

use castle::model::Side;
use castle_bench::flow::{Kind, Step};
use orderbook_rs::OrderBook;
use pricelevel::{Id, OrderUpdate};

use super::{Book, Levels, add};

/// matchcore: an order's id is the number of the command that submitted it, and commands count from 0.
pub struct Matchcore {
    book: matchcore::OrderBook,
    sequence: u64,
    ids: HashMap<u64, u64>,
    commands: Vec<matchcore::Command>,
}

impl Default for Matchcore {
    fn default() -> Self {
        Self {
            book: matchcore::OrderBook::new("I0"),
            sequence: 0,
            ids: HashMap::new(),
            commands: Vec::new(),
        }
    }
}

impl Matchcore {
    fn command(&mut self, step: &Step) -> matchcore::CommandKind {
        use matchcore::*;
        let standard = QuantityPolicy::Standard { quantity: Quantity(step.leaves.into()) };
        let price = Price(step.price.into());
        let submit = |time_in_force| {
            let side = match step.side {
                castle::model::Side::Buy => Side::Buy,
                castle::model::Side::Sell => Side::Sell,
            };
            let flags = OrderFlags::new(side, false, time_in_force);
            let order = NewOrder::Limit(LimitOrder::new(price, standard, flags));
            CommandKind::Submit(SubmitCmd { order })
        };
        let order_id = OrderId(self.ids.get(&step.order).copied().unwrap_or(u64::MAX));
        let amend =
            |patch| CommandKind::Amend(AmendCmd { order_id, patch: AmendPatch::Limit(patch) });
        match step.kind {
            Kind::New => {
                self.ids.insert(step.order, self.sequence);
                submit(TimeInForce::Gtc)
            }
            Kind::Immediate => submit(TimeInForce::Ioc),
            Kind::Cancel => {
                CommandKind::Cancel(CancelCmd { order_id, order_kind: OrderKind::Limit })
            }
            Kind::Reduction => amend(LimitOrderPatch::new().with_quantity_policy(standard)),
            Kind::Move | Kind::Continue => amend(LimitOrderPatch::new().with_price(price)),
        }
    }
}

impl Book for Matchcore {
    fn name(&self) -> &'static str {
        "matchcore, book only"
    }

    fn prepare(&mut self, steps: &[Step]) {
        self.commands.clear();
        for step in steps {
            let meta = matchcore::CommandMeta {
                sequence_number: matchcore::SequenceNumber(self.sequence),
                timestamp: matchcore::Timestamp(self.sequence),
            };
            let kind = self.command(step);
            self.commands.push(matchcore::Command { meta, kind });
            self.sequence += 1;
        }
    }

    fn apply(&mut self) {
        for command in &self.commands {
            std::hint::black_box(self.book.execute(command));
        }
    }

    fn levels(&self) -> Levels {
        let mut levels = Levels::new();
        for order in self.book.limit().orders().values() {
            let order = order.inner();
            let is_bid = order.flags().side() == matchcore::Side::Buy;
            add(&mut levels, is_bid, order.price().0 as u32, order.total_quantity().0);
        }
        levels
    }
}

/// What orderbook-rs is asked.
enum Ask {
    Add(Id, u128, u64, pricelevel::Side, pricelevel::TimeInForce),
    Cancel(Id),
    Update(OrderUpdate),
}

/// orderbook-rs.
pub struct OrderbookRs {
    book: OrderBook<()>,
    asks: Vec<Ask>,
}

impl Default for OrderbookRs {
    fn default() -> Self {
        Self { book: OrderBook::new("I0"), asks: Vec::new() }
    }
}

impl Book for OrderbookRs {
    fn name(&self) -> &'static str {
        "orderbook-rs, book only"
    }

    fn prepare(&mut self, steps: &[Step]) {
        let ask = |step: &Step| {
            let order_id = Id::Sequential(step.order);
            let price = u128::from(step.price);
            let side = match step.side {
                Side::Buy => pricelevel::Side::Buy,
                Side::Sell => pricelevel::Side::Sell,
            };
            let add = |time| Ask::Add(order_id, price, step.quantity.into(), side, time);
            match step.kind {
                Kind::New => add(pricelevel::TimeInForce::Gtc),
                Kind::Immediate => add(pricelevel::TimeInForce::Ioc),
                Kind::Cancel => Ask::Cancel(order_id),
                Kind::Reduction => Ask::Update(OrderUpdate::UpdateQuantity {
                    order_id,
                    new_quantity: pricelevel::Quantity::new(step.leaves.into()),
                }),
                Kind::Move | Kind::Continue => Ask::Update(OrderUpdate::UpdatePrice {
                    order_id,
                    new_price: pricelevel::Price::new(price),
                }),
            }
        };
        self.asks = steps.iter().map(ask).collect();
    }

    fn apply(&mut self) {
        for ask in &self.asks {
            // An immediate order that finds nothing is an error here; the books are compared at the end.
            match ask {
                Ask::Add(id, price, quantity, side, time) => {
                    let added =
                        self.book.add_limit_order(*id, *price, *quantity, *side, *time, None);
                    let _ = std::hint::black_box(added);
                }
                Ask::Cancel(id) => {
                    let _ = std::hint::black_box(self.book.cancel_order(*id));
                }
                Ask::Update(update) => {
                    let _ = std::hint::black_box(self.book.update_order(*update));
                }
            }
        }
    }

    fn levels(&self) -> Levels {
        let mut levels = Levels::new();
        for order in self.book.get_all_orders() {
            let is_bid = order.side() == pricelevel::Side::Buy;
            let price = order.price().as_u128() as u32;
            add(&mut levels, is_bid, price, order.visible_quantity().as_u64());
        }
        levels
    }
}
