//! Ids: small integers that index arrays, and the positions of the log.

use crate::model::wire::{Malformed, Wire};

macro_rules! id {
    ($($(#[$meta:meta])* $name:ident($integer:ty);)*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        #[repr(transparent)]
        pub struct $name(pub $integer);

        impl $name {
            /// The id as an index of an array.
            #[inline(always)]
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl Wire for $name {
            const SIZE: usize = <$integer as Wire>::SIZE;
            #[inline(always)]
            fn put(&self, out: &mut [u8]) {
                self.0.put(out);
            }
            #[inline(always)]
            fn get(bytes: &[u8]) -> Result<Self, Malformed> {
                <$integer as Wire>::get(bytes).map(Self)
            }
        }
    )*};
}

id! {
    /// An asset that accounts hold: a currency, a coin, a share.
    AssetId(u16);
    /// What is traded: a base asset against a quote asset.
    InstrumentId(u32);
    /// Who holds balances and owns orders.
    AccountId(u32);
    /// A FIX session: a pair of CompIDs with numbers of its own, bound to one account.
    SessionId(u32);
    /// Counts the accepted logons of a session; a command of an older one is dropped.
    Generation(u32);
    /// An order, constant over its replaces; the sequence of the record that created it. 0 is none.
    OrderId(u64);
    /// The position of a record in the log, from 1; 0 is before the first.
    Sequence(u64);
    /// The reign of one primary.
    Epoch(u32);
    /// An engine and the part of the instruments that it owns.
    ShardId(u16);
    /// A machine of the cluster.
    NodeId(u16);
    /// A process that owns sockets; the number of its event ring.
    GatewayId(u8);
    /// A connection at its gateway, never used again by the same process.
    ConnectionId(u32);
    /// Nanoseconds since 1970-01-01 00:00:00 UTC.
    Timestamp(u64);
}

impl AccountId {
    /// The world outside: deposits come from it and withdrawals go to it. The only account that may
    /// be negative.
    pub const OUTSIDE: Self = Self(0);
    /// The venue's own account, which receives the fees.
    pub const VENUE: Self = Self(1);
    /// The first id that a participant may have.
    pub const FIRST: Self = Self(2);
}

impl SessionId {
    /// No session: the operator's own commands and their outcomes.
    pub const NONE: Self = Self(0);
}

impl OrderId {
    /// No order.
    pub const NONE: Self = Self(0);
}

impl Sequence {
    /// The sequence that follows.
    #[inline(always)]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}
