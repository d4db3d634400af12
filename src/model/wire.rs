//! How a value is laid out in bytes: field after field, little-endian, no padding, no pointers.
//!
//! Reading never panics and never trusts: a byte that names no variant, a length beyond its field or
//! a number out of range gives [`Malformed`].

use thiserror::Error;

/// Bytes that are no value of the type that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{value} is no valid {what}")]
pub struct Malformed {
    /// The type, as its declaration spells it.
    pub what: &'static str,
    /// What was found in its place.
    pub value: u64,
}

/// A value with a fixed layout in bytes.
pub trait Wire: Sized {
    /// Length of the layout in bytes.
    const SIZE: usize;
    /// Writes the value to `out`, which is exactly `SIZE` bytes long.
    fn put(&self, out: &mut [u8]);
    /// Reads a value from `bytes`, which is exactly `SIZE` bytes long.
    fn get(bytes: &[u8]) -> Result<Self, Malformed>;
}

macro_rules! wire_integers {
    ($($integer:ty)*) => {$(
        impl Wire for $integer {
            const SIZE: usize = size_of::<$integer>();
            #[inline(always)]
            fn put(&self, out: &mut [u8]) {
                out[..Self::SIZE].copy_from_slice(&self.to_le_bytes());
            }
            #[inline(always)]
            fn get(bytes: &[u8]) -> Result<Self, Malformed> {
                let mut value = [0; Self::SIZE];
                value.copy_from_slice(&bytes[..Self::SIZE]);
                Ok(<$integer>::from_le_bytes(value))
            }
        }
    )*};
}
wire_integers!(u8 u16 u32 u64 u128 i32 i64 i128);

impl Wire for bool {
    const SIZE: usize = 1;
    #[inline(always)]
    fn put(&self, out: &mut [u8]) {
        out[0] = u8::from(*self);
    }
    #[inline(always)]
    fn get(bytes: &[u8]) -> Result<Self, Malformed> {
        match bytes[0] {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(Malformed { what: "bool", value: u64::from(other) }),
        }
    }
}

/// Declares a struct whose layout in bytes is its fields in order.
macro_rules! wire_struct {
    ($(#[$meta:meta])* $vis:vis struct $name:ident {
        $($(#[$field_meta:meta])* $field_vis:vis $field:ident: $type:ty,)*
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        $vis struct $name { $($(#[$field_meta])* $field_vis $field: $type,)* }

        impl $crate::model::wire::Wire for $name {
            const SIZE: usize = 0 $(+ <$type as $crate::model::wire::Wire>::SIZE)*;
            #[inline(always)]
            #[allow(unused_assignments, unused_variables, unused_mut)]
            fn put(&self, out: &mut [u8]) {
                let mut at = 0;
                $(
                    let size = <$type as $crate::model::wire::Wire>::SIZE;
                    $crate::model::wire::Wire::put(&self.$field, &mut out[at..at + size]);
                    at += size;
                )*
            }
            #[inline(always)]
            #[allow(unused_assignments, unused_variables, unused_mut)]
            fn get(bytes: &[u8]) -> Result<Self, $crate::model::wire::Malformed> {
                let mut at = 0;
                $(
                    let size = <$type as $crate::model::wire::Wire>::SIZE;
                    let $field = <$type as $crate::model::wire::Wire>::get(&bytes[at..at + size])?;
                    at += size;
                )*
                Ok(Self { $($field,)* })
            }
        }
    };
}

/// Declares a one-byte enum; a byte that names no variant is malformed.
macro_rules! wire_enum {
    ($(#[$meta:meta])* $vis:vis enum $name:ident {
        $($(#[$variant_meta:meta])* $variant:ident = $value:literal,)*
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        $vis enum $name { $($(#[$variant_meta])* $variant = $value,)* }

        impl $name {
            /// Every variant, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];
        }

        impl $crate::model::wire::Wire for $name {
            const SIZE: usize = 1;
            #[inline(always)]
            fn put(&self, out: &mut [u8]) {
                out[0] = *self as u8;
            }
            #[inline(always)]
            fn get(bytes: &[u8]) -> Result<Self, $crate::model::wire::Malformed> {
                match bytes[0] {
                    $($value => Ok(Self::$variant),)*
                    other => Err($crate::model::wire::Malformed {
                        what: stringify!($name),
                        value: u64::from(other),
                    }),
                }
            }
        }
    };
}

/// Declares an enum of structs: a kind byte chooses the layout of what follows it.
macro_rules! wire_union {
    ($(#[$meta:meta])* $vis:vis enum $name:ident {
        $($(#[$variant_meta:meta])* $variant:ident($type:ty) = $kind:literal,)*
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        $vis enum $name { $($(#[$variant_meta])* $variant($type),)* }

        impl $name {
            /// The longest layout of any variant in bytes, the kind not counted.
            pub const SIZE_MAX: usize = {
                let mut longest = 0;
                $(
                    let size = <$type as $crate::model::wire::Wire>::SIZE;
                    if size > longest { longest = size; }
                )*
                longest
            };

            /// The byte that names the variant.
            #[inline]
            pub fn kind(&self) -> u8 {
                match self { $(Self::$variant(_) => $kind,)* }
            }

            /// The variant's name.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$variant(_) => stringify!($variant),)* }
            }

            /// Writes the value and returns its length in bytes; `out` holds at least `SIZE_MAX`.
            #[inline]
            pub fn put(&self, out: &mut [u8]) -> usize {
                match self {
                    $(Self::$variant(value) => {
                        let size = <$type as $crate::model::wire::Wire>::SIZE;
                        $crate::model::wire::Wire::put(value, &mut out[..size]);
                        size
                    })*
                }
            }

            /// Reads the variant that `kind` names from exactly its bytes.
            pub fn get(kind: u8, bytes: &[u8]) -> Result<Self, $crate::model::wire::Malformed> {
                use $crate::model::wire::{Malformed, Wire};
                match kind {
                    $($kind => {
                        if bytes.len() != <$type as Wire>::SIZE {
                            return Err(Malformed {
                                what: concat!("length of ", stringify!($variant)),
                                value: bytes.len() as u64,
                            });
                        }
                        <$type as Wire>::get(bytes).map(Self::$variant)
                    })*
                    other => Err(Malformed {
                        what: concat!("kind of ", stringify!($name)),
                        value: u64::from(other),
                    }),
                }
            }
        }
    };
}

pub(crate) use {wire_enum, wire_struct, wire_union};
