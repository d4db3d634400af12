//! The sockets between nodes, as an agent sees them, so that simulated ones can stand in their place.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

use crate::runtime::{end_after, send_at_once};

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

/// Readiness taken from the kernel at a time.
const EVENTS: usize = 64;
/// Of the listener.
const LISTENER: Token = Token(0);
/// Of every stream: all are looked at where one is ready.
const STREAM: Token = Token(1);

/// TCP over mio.
pub struct TcpWires {
    poll: Poll,
    events: Events,
    listener: TcpListener,
    /// How long what was sent may take to arrive.
    patience: Duration,
    /// Nodes may wait to be accepted. To ask in vain is not cheap: the kernel makes a socket first.
    may_accept: bool,
}

impl TcpWires {
    /// Listens for other nodes. A connection ends where what was sent has not arrived after `patience`.
    pub fn listen(address: SocketAddr, patience: Duration) -> io::Result<Self> {
        let poll = Poll::new()?;
        let mut listener = TcpListener::bind(address)?;
        poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
        let events = Events::with_capacity(EVENTS);
        Ok(Self { poll, events, listener, patience, may_accept: true })
    }

    /// Where it listens.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// What becomes readable when there may be something to do: for whoever parks.
    pub fn watched(&self) -> RawFd {
        self.poll.as_raw_fd()
    }

    fn register(&self, mut stream: TcpStream) -> io::Result<TcpStream> {
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut stream, STREAM, interest)?;
        send_at_once(&stream)?;
        end_after(&stream, self.patience)?;
        Ok(stream)
    }
}

impl Wires for TcpWires {
    type Stream = TcpStream;

    fn poll(&mut self) -> io::Result<bool> {
        match self.poll.poll(&mut self.events, Some(Duration::ZERO)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(true),
            polled => polled?,
        }
        self.may_accept |= self.events.iter().any(|event| event.token() == LISTENER);
        Ok(!self.events.is_empty())
    }

    fn accept(&mut self) -> io::Result<Option<TcpStream>> {
        if !self.may_accept {
            return Ok(None);
        }
        match self.listener.accept() {
            Ok((stream, _)) => self.register(stream).map(Some),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.may_accept = false;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn dial(&mut self, to: SocketAddr) -> io::Result<TcpStream> {
        self.register(TcpStream::connect(to)?)
    }

    fn is_connected(&mut self, stream: &mut TcpStream) -> io::Result<bool> {
        if let Some(error) = stream.take_error()? {
            return Err(error);
        }
        match stream.peer_addr() {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(false),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn all_that_dial_are_accepted_however_many_come_between_two_looks() {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let mut wires = TcpWires::listen(any, Duration::from_secs(1)).unwrap();
        let address = wires.address().unwrap();
        let accepted = |wires: &mut TcpWires| wires.accept().unwrap().is_some();
        assert!(!accepted(&mut wires), "nobody has dialled");
        for _ in 0..3 {
            let dialled = [(); 2].map(|()| std::net::TcpStream::connect(address).unwrap());
            assert!(!accepted(&mut wires), "the kernel is asked only after it has told");
            let mut both = 0;
            while both < dialled.len() {
                wires.poll().unwrap();
                both += usize::from(accepted(&mut wires));
            }
            assert!(!accepted(&mut wires));
            drop(dialled);
        }
    }
}
