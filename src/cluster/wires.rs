//! The sockets between nodes, as an agent sees them, so that simulated ones can stand in their place.

use std::io::{self, Read, Write};
use std::net::SocketAddr;

/// Dials and accepts. Nothing here waits.
pub trait Wires: Send {
    /// A stream that does not block.
    type Stream: Read + Write + Send;

    /// Whether anything may have come, been accepted or become writable since the last call. Who is told so reads
    /// every stream until it would block.
    fn poll(&mut self) -> io::Result<bool>;

    /// The next node that has dialled this one, if one has.
    fn accept(&mut self) -> io::Result<Option<Self::Stream>>;

    /// Begins to dial.
    fn dial(&mut self, to: SocketAddr) -> io::Result<Self::Stream>;

    /// Whether a stream that was dialled is connected by now.
    ///
    /// # Errors
    /// [`io::ErrorKind::ConnectionRefused`] where nobody listens there; others where nothing is known of the node.
    fn is_connected(&mut self, stream: &mut Self::Stream) -> io::Result<bool>;
}
