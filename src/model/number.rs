//! Prices, quantities and amounts: integers, scaled per instrument or asset.
//!
//! A product is taken in `i128` and checked before it becomes an amount; nothing here rounds without
//! saying so.

use crate::model::wire::{Malformed, Wire};

macro_rules! number {
    ($($(#[$meta:meta])* $name:ident;)*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        #[repr(transparent)]
        pub struct $name(pub i64);

        impl $name {
            /// Nothing.
            pub const ZERO: Self = Self(0);
            /// The number in the width in which products are taken.
            #[inline(always)]
            pub fn wide(self) -> i128 {
                i128::from(self.0)
            }
        }

        impl Wire for $name {
            const SIZE: usize = 8;
            #[inline(always)]
            fn put(&self, out: &mut [u8]) {
                self.0.put(out);
            }
            #[inline(always)]
            fn get(bytes: &[u8]) -> Result<Self, Malformed> {
                i64::get(bytes).map(Self)
            }
        }
    )*};
}

number! {
    /// Quote units for one base unit, × 10^`price_scale` of the instrument.
    Price;
    /// Base units, × 10^`quantity_scale` of the instrument.
    Quantity;
    /// Units of an asset, × 10^`scale` of the asset. At most [`crate::model::limit::AMOUNT_MAX`].
    Amount;
}

/// 10 to the power of `exponent`, which is at most 38.
pub const fn power_of_ten(exponent: u32) -> i128 {
    10_i128.pow(exponent)
}
