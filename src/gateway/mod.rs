//! Sockets, connections, admission, throttles, release of durable events.
//!
//! One gateway is one agent on one thread. A turn of it does, in this order:
//!
//! 1. takes the events that the engine published, encodes each into the outbound buffer of its
//!    session's connection, and marks the bytes with the record that caused them;
//! 2. writes to every socket what has become durable, and only that ([`release`], [`outbound`]);
//! 3. lets timers run, before messages can fill the command ring;
//! 4. accepts and reads, and turns each message into commands, as long as the command ring has room:
//!    where it has none the sockets are not read, and nothing is dropped.
//!
//! The gateway keeps no message: what was sent lies in the [`store`], which an agent on a runner of
//! its own writes, and from which a resend is answered a chunk at a time.

pub mod admission;
mod connection;
pub mod doors;
pub mod facts;
pub mod fix;
pub mod network;
mod outbound;
pub mod release;
pub mod simulated;
pub mod store;

pub use admission::Limits;
pub use doors::Doors;
pub use fix::FixGateway;
pub use release::Durable;
