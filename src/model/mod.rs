//! The nouns of the exchange: numbers, ids, definitions, commands, records and events.
//!
//! Everything here is a plain fixed-size value without a heap. Money is integers. The byte layout of
//! what lies in a journal or in a store is written by [`wire`], field by field, little-endian, so that
//! it depends neither on the compiler nor on the machine.

pub mod command;
pub mod definition;
pub mod event;
pub mod id;
pub mod limit;
pub mod number;
pub mod record;
pub mod reject;
#[cfg(test)]
mod tests;
pub mod text;
pub mod wire;

pub use command::*;
pub use definition::*;
pub use event::*;
pub use id::*;
pub use number::*;
pub use record::*;
pub use reject::*;
pub use text::*;
