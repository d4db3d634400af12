//! The gateway's window on the network, so that a simulated one can stand in its place.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};

pub use crate::runtime::send_at_once;

/// A non-blocking byte stream.
pub trait Stream: Read + Write + Send {
    /// Ends both directions.
    fn close(&mut self);
}

/// What a socket is ready for. Edges: told once, until the socket would block again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ready {
    /// The slot that the stream was registered under, or [`Ready::LISTENER`].
    pub slot: usize,
    /// There is something to read, or the end of it.
    pub readable: bool,
    /// It takes bytes again.
    pub writable: bool,
}

impl Ready {
    /// The listener has connections to accept.
    pub const LISTENER: usize = usize::MAX - 1;
}

/// A listener and the streams that came from it.
pub trait Network: Send {
    /// Its streams.
    type Stream: Stream;
    /// Adds what has become ready to `ready`, without waiting.
    fn poll(&mut self, ready: &mut Vec<Ready>) -> io::Result<()>;
    /// The next connection, or none.
    fn accept(&mut self) -> io::Result<Option<(Self::Stream, SocketAddr)>>;
    /// Tells of the stream's readiness under `slot` from now on.
    fn register(&mut self, stream: &mut Self::Stream, slot: usize) -> io::Result<()>;
    /// Takes connections from now on; does nothing where it does already.
    fn open_listener(&mut self) -> io::Result<()>;
    /// Takes no connections any more: who tries is refused.
    fn close_listener(&mut self);
}

/// Events taken from the kernel at a time.
const EVENTS: usize = 1_024;
const LISTENER: Token = Token(Ready::LISTENER);

/// TCP over mio.
pub struct TcpNetwork {
    poll: Poll,
    events: Events,
    listener: Option<TcpListener>,
    /// Where it listens, or will; names the port that was chosen for port 0.
    address: SocketAddr,
}

impl TcpNetwork {
    /// Listens on `address`.
    pub fn listen(address: SocketAddr) -> io::Result<Self> {
        let events = Events::with_capacity(EVENTS);
        let mut network = Self { poll: Poll::new()?, events, listener: None, address };
        network.open_listener()?;
        Ok(network)
    }

    /// Will listen on `address` when it is told to. That the address can be had is seen now.
    pub fn not_listening(address: SocketAddr) -> io::Result<Self> {
        let mut network = Self::listen(address)?;
        network.close_listener();
        Ok(network)
    }

    /// Where it listens, or will; names the port that was chosen for port 0.
    pub fn local_address(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }

    /// What becomes readable when one of its sockets is ready: for whoever parks.
    pub fn watched(&self) -> RawFd {
        self.poll.as_raw_fd()
    }
}

impl Stream for TcpStream {
    fn close(&mut self) {
        // The peer may be gone already: then there is nothing left to end.
        let _ = self.shutdown(Shutdown::Both);
    }
}

impl Network for TcpNetwork {
    type Stream = TcpStream;

    fn poll(&mut self, ready: &mut Vec<Ready>) -> io::Result<()> {
        match self.poll.poll(&mut self.events, Some(Duration::ZERO)) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            other => other?,
        }
        ready.extend(self.events.iter().map(|event| Ready {
            slot: event.token().0,
            readable: event.is_readable() || event.is_read_closed() || event.is_error(),
            writable: event.is_writable(),
        }));
        Ok(())
    }

    fn accept(&mut self) -> io::Result<Option<(TcpStream, SocketAddr)>> {
        let Some(listener) = &self.listener else { return Ok(None) };
        match listener.accept() {
            Ok((stream, peer)) => {
                send_at_once(&stream)?;
                Ok(Some((stream, peer)))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn register(&mut self, stream: &mut TcpStream, slot: usize) -> io::Result<()> {
        let interest = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(stream, Token(slot), interest)
    }

    fn open_listener(&mut self) -> io::Result<()> {
        if self.listener.is_none() {
            let mut listener = TcpListener::bind(self.address)?;
            self.poll.registry().register(&mut listener, LISTENER, Interest::READABLE)?;
            self.address = listener.local_addr()?;
            self.listener = Some(listener);
        }
        Ok(())
    }

    fn close_listener(&mut self) {
        self.listener = None;
    }
}
