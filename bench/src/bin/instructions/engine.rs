//! Commands of each kind, on a warm engine whose book is full.

use castle::model::*;

use crate::Counter;
use crate::venue::{INSTRUMENT, Known, QUANTITY, Venue};

/// Commands of one kind that are counted.
const COUNT: i64 = 200;
/// Makers that a sweep takes.
const SWEPT: i64 = 10;
/// Makers and takers that meet are different traders.
const OTHERS: i64 = 32;

/// Makes a limit order another one.
type Change = fn(&mut NewOrder);

pub struct Operations {
    venue: Venue,
}

impl Operations {
    pub fn new() -> Self {
        Self { venue: Venue::new() }
    }

    pub fn run(&mut self, counter: &Counter) {
        self.resting(counter);
        self.trading(counter);
        self.mass_cancel(counter);
    }

    fn count(&mut self, counter: &Counter, name: &str, records: &[Record]) {
        let venue = &mut self.venue;
        counter.count(name, records.len(), 0, || venue.apply_all(records));
    }

    /// Orders that come, are changed and go without a trade.
    fn resting(&mut self, counter: &Counter) {
        let venue = &mut self.venue;
        let (orders, mut known): (Vec<_>, Vec<_>) = (0..COUNT)
            .map(|number| {
                let side = if number % 2 == 0 { Side::Buy } else { Side::Sell };
                venue.limit(number, side, 2 + number % 50, QUANTITY)
            })
            .unzip();
        self.count(counter, "engine, new order that rests", &orders);

        let statuses: Vec<_> = known.iter().map(|order| self.order_status(order)).collect();
        self.count(counter, "engine, order status", &statuses);

        let moves: Vec<_> =
            known.iter_mut().map(|order| self.replace(order, -1, QUANTITY)).collect();
        self.count(counter, "engine, replace that moves", &moves);

        let reductions: Vec<_> =
            known.iter_mut().map(|order| self.replace(order, 0, QUANTITY / 2)).collect();
        self.count(counter, "engine, replace that reduces", &reductions);
        assert_eq!(std::mem::take(&mut self.venue.told.replaced), 2 * COUNT as u64);

        let (by_name, by_id) = known.split_at(known.len() / 2);
        let cancels: Vec<_> = by_name.iter().map(|order| self.cancel(order, false)).collect();
        self.count(counter, "engine, cancel by OrigClOrdID", &cancels);
        let cancels: Vec<_> = by_id.iter().map(|order| self.cancel(order, true)).collect();
        self.count(counter, "engine, cancel by OrderID", &cancels);
        assert_eq!(std::mem::take(&mut self.venue.told.canceled), COUNT as u64);

        let none: Vec<_> = by_id.iter().map(|order| self.cancel(order, true)).collect();
        self.count(counter, "engine, cancel of an order that is closed", &none);
        let dear: Vec<_> =
            (0..COUNT).map(|number| self.venue.limit(number, Side::Sell, 2, 0).0).collect();
        self.count(counter, "engine, new order that is refused", &dear);
        assert_eq!(std::mem::take(&mut self.venue.told.refused), COUNT as u64 * 3 / 2);
    }

    /// Orders that meet others.
    fn trading(&mut self, counter: &Counter) {
        let kinds: [(&str, i64, Change); 4] = [
            ("engine, new order that trades with one", 1, |_| {}),
            ("engine, new order that trades with ten", SWEPT, |_| {}),
            ("engine, market order that trades with one", 1, |order| {
                order.ord_type = OrdType::Market;
                order.price = Price::ZERO;
                order.time_in_force = TimeInForce::Day;
            }),
            ("engine, fill-or-kill that trades with one", 1, |order| {
                order.time_in_force = TimeInForce::FillOrKill;
            }),
        ];
        for (name, makers, change) in kinds {
            let takers = COUNT / makers;
            self.venue.resting(COUNT, Side::Sell, 1);
            let orders: Vec<_> = (0..takers)
                .map(|number| self.taker(OTHERS + makers * number, makers * QUANTITY, change))
                .collect();
            self.count(counter, name, &orders);
            assert_eq!(std::mem::take(&mut self.venue.told.trades), 2 * COUNT as u64, "{name}");
        }
        let orders: Vec<_> = (0..COUNT)
            .map(|number| {
                self.taker(number, QUANTITY, |order| {
                    order.time_in_force = TimeInForce::ImmediateOrCancel;
                })
            })
            .collect();
        self.count(counter, "engine, immediate order that finds nobody", &orders);
        assert_eq!(std::mem::take(&mut self.venue.told.canceled), COUNT as u64);
    }

    /// A request that cancels all orders of one trader.
    fn mass_cancel(&mut self, counter: &Counter) {
        let venue = &mut self.venue;
        let trader = Venue::trader(0);
        for number in 0..COUNT {
            let (record, _) = venue.limit(64 * number, Side::Sell, 2 + number % 50, QUANTITY);
            venue.apply_all(&[record]);
        }
        let (origin, cl_ord_id, _) = venue.names(trader);
        let mut records = vec![venue.record(Command::MassCancel(MassCancel {
            origin,
            account: AccountId(trader + 1),
            scope: MassCancelScope::Instrument,
            instrument: INSTRUMENT,
            side: SideFilter::Sell,
            cl_ord_id,
            refusal: Refusal::NONE,
        }))];
        // A record causes at most so many events; the last ones find nothing left to do.
        for _ in 0..COUNT / 32 {
            records.push(venue.record(Command::Continue(Continue {})));
        }
        let before = venue.told.canceled;
        let name = "engine, mass cancel, for each order";
        counter.count(name, COUNT as usize, 0, || venue.apply_all(&records));
        assert!(!venue.engine.has_continuation());
        assert!(venue.told.canceled - before >= COUNT as u64);
        venue.told.canceled = 0;
    }

    /// A buy at the price of the best seller.
    fn taker(&mut self, number: i64, quantity: i64, change: Change) -> Record {
        let (mut record, known) = self.venue.limit(number, Side::Buy, -1, quantity);
        assert!(known.side == Side::Buy);
        if let Command::NewOrder(order) = &mut record.command {
            change(order);
        }
        record
    }

    fn order_status(&mut self, order: &Known) -> Record {
        let (origin, _, _) = self.venue.names(order.trader);
        self.venue.record(Command::OrderStatus(OrderStatus {
            origin,
            account: AccountId(order.trader + 1),
            instrument: INSTRUMENT,
            side: order.side,
            order: OrderId::NONE,
            cl_ord_id: order.cl_ord_id,
            cl_ord_id_hash: order.hash,
            request_id: RequestId::EMPTY,
        }))
    }

    /// A replace of the price by so many ticks towards the middle.
    fn replace(&mut self, order: &mut Known, ticks: i64, quantity: i64) -> Record {
        let (origin, cl_ord_id, cl_ord_id_hash) = self.venue.names(order.trader);
        order.price += if order.side == Side::Buy { ticks } else { -ticks };
        let record = self.venue.record(Command::ReplaceOrder(ReplaceOrder {
            origin,
            account: AccountId(order.trader + 1),
            instrument: INSTRUMENT,
            side: order.side,
            order: OrderId::NONE,
            cl_ord_id,
            cl_ord_id_hash,
            orig_cl_ord_id: order.cl_ord_id,
            orig_cl_ord_id_hash: order.hash,
            ord_type: OrdType::Limit,
            time_in_force: ReplaceTimeInForce::Unchanged,
            price: Price(order.price),
            quantity: Quantity(quantity),
            display_quantity: Quantity::ZERO,
            post_only: false,
            self_trade_prevention: ReplaceSelfTradePrevention::Unchanged,
            poss_resend: false,
            refusal: Refusal::NONE,
        }));
        (order.cl_ord_id, order.hash) = (cl_ord_id, cl_ord_id_hash);
        record
    }

    fn cancel(&mut self, order: &Known, by_id: bool) -> Record {
        let (origin, cl_ord_id, cl_ord_id_hash) = self.venue.names(order.trader);
        let (orig_cl_ord_id, orig_cl_ord_id_hash, id) = match by_id {
            true => (ClOrdId::EMPTY, 0, order.id),
            false => (order.cl_ord_id, order.hash, OrderId::NONE),
        };
        self.venue.record(Command::CancelOrder(CancelOrder {
            origin,
            account: AccountId(order.trader + 1),
            instrument: INSTRUMENT,
            side: order.side,
            order: id,
            cl_ord_id,
            cl_ord_id_hash,
            orig_cl_ord_id,
            orig_cl_ord_id_hash,
            poss_resend: false,
            refusal: Refusal::NONE,
        }))
    }
}
