//! Which of the venue's orders stand for which recorded order.
//!
//! At first each stands for itself. The venue fills by price and time; the recording now and then
//! executes an order that is not the first at its price. Then the venue's first order has lost what the
//! recorded one should have, so the two change shares: the order that was filled by mistake is from
//! then on (partly) represented by the one that should have been. At each price the sums stay equal,
//! and later rows find a quantity to take from.

use std::collections::HashMap;

/// An order's id in the recording; also names the venue's order that was entered for it.
pub type OrderKey = u64;

/// The shares.
#[derive(Default)]
pub struct Shares {
    /// Recorded order → the venue's orders and the quantity of each that stand for it.
    of: HashMap<OrderKey, Vec<(OrderKey, u64)>>,
    /// Venue's order → recorded orders that it may stand for.
    owners: HashMap<OrderKey, Vec<OrderKey>>,
}

impl Shares {
    /// A recorded order is entered: it stands for itself.
    pub fn enter(&mut self, order: OrderKey, quantity: u64) {
        self.of.insert(order, vec![(order, quantity)]);
        self.owners.insert(order, vec![order]);
    }

    /// What stands for a recorded order: its quantity altogether.
    pub fn quantity(&self, recorded: OrderKey) -> u64 {
        self.of.get(&recorded).map_or(0, |shares| shares.iter().map(|share| share.1).sum())
    }

    /// Takes up to `quantity` from what stands for a recorded order: the venue's orders to be reduced,
    /// and by how much. Its own order comes last, so that it stays the longest.
    pub fn take(&mut self, recorded: OrderKey, quantity: u64) -> Vec<(OrderKey, u64)> {
        let mut taken = Vec::new();
        let mut rest = quantity;
        let Some(shares) = self.of.get_mut(&recorded) else { return taken };
        shares.sort_by_key(|share| share.0 == recorded);
        for share in shares.iter_mut() {
            let part = share.1.min(rest);
            if part > 0 {
                share.1 -= part;
                rest -= part;
                taken.push((share.0, part));
            }
        }
        shares.retain(|share| share.1 > 0);
        taken
    }

    /// The recording executes `recorded`; the venue has filled `filled` by `quantity`.
    pub fn fill(&mut self, recorded: OrderKey, filled: OrderKey, quantity: u64) {
        let mut rest = quantity - self.lose(recorded, filled, quantity);
        // What is left was taken from orders of others: they get shares of the executed order instead.
        for owner in self.owners.get(&filled).cloned().unwrap_or_default() {
            if owner == recorded {
                continue;
            }
            let lost = self.lose(owner, filled, rest);
            rest -= lost;
            for (order, part) in self.take(recorded, lost) {
                self.gain(owner, order, part);
            }
        }
    }

    /// Takes up to `quantity` of a venue's order from a recorded order's shares.
    fn lose(&mut self, recorded: OrderKey, order: OrderKey, quantity: u64) -> u64 {
        let Some(shares) = self.of.get_mut(&recorded) else { return 0 };
        let Some(share) = shares.iter_mut().find(|share| share.0 == order) else { return 0 };
        let part = share.1.min(quantity);
        share.1 -= part;
        shares.retain(|share| share.1 > 0);
        part
    }

    fn gain(&mut self, recorded: OrderKey, order: OrderKey, quantity: u64) {
        let shares = self.of.entry(recorded).or_default();
        match shares.iter_mut().find(|share| share.0 == order) {
            Some(share) => share.1 += quantity,
            None => shares.push((order, quantity)),
        }
        let owners = self.owners.entry(order).or_default();
        if !owners.contains(&recorded) {
            owners.push(recorded);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_that_is_filled_as_recorded_loses_its_own_share() {
        let mut shares = Shares::default();
        shares.enter(1, 10);
        shares.fill(1, 1, 4);
        assert_eq!(shares.quantity(1), 6);
        assert_eq!(shares.take(1, 100), [(1, 6)]);
        assert_eq!(shares.quantity(1), 0);
    }

    #[test]
    fn an_order_that_is_filled_in_place_of_another_gets_its_share() {
        let mut shares = Shares::default();
        shares.enter(1, 10);
        shares.enter(2, 6);
        // The recording executes 2; the venue fills 1, which is first in time.
        shares.fill(2, 1, 6);
        assert_eq!(shares.quantity(1), 10);
        assert_eq!(shares.quantity(2), 0);
        assert_eq!(shares.take(1, 10), [(2, 6), (1, 4)]);
    }

    #[test]
    fn a_fill_over_several_orders_leaves_the_sum_right() {
        let mut shares = Shares::default();
        for order in 1..=3 {
            shares.enter(order, 5);
        }
        shares.fill(3, 1, 5);
        assert_eq!([1, 2, 3].map(|order| shares.quantity(order)), [5, 5, 0]);
        // Recorded 1 is now the venue's 3; the recording executes 1, the venue fills 2.
        shares.fill(1, 2, 5);
        assert_eq!([1, 2, 3].map(|order| shares.quantity(order)), [0, 5, 0]);
        assert_eq!(shares.take(2, 5), [(3, 5)]);
    }

    #[test]
    fn an_unknown_order_has_nothing() {
        assert!(Shares::default().take(9, 1).is_empty());
    }
}
