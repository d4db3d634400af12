//! FIX 4.4: dictionary, decode, encode, session, order entry ⇄ model.

pub mod decode;
pub mod dictionary;
pub mod directory;
pub mod encode;
pub mod frame;
pub mod number;
pub mod order_entry;
pub mod session;
pub mod tables;
pub mod time;
