//! Ports of loopback that are a test's own until it ends.

use std::net::{Ipv4Addr, SocketAddr};

use socket2::{Domain, Socket, Type};

/// A port that is held by a socket which is bound and never listens: the system gives it to nobody else, neither to
/// another test nor to a connection that goes out. Who asks for it by its number, as a process does at each of its
/// starts, may listen there.
pub struct Port {
    pub address: SocketAddr,
    _socket: Socket,
}

impl Port {
    pub fn hold() -> Self {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        socket.set_reuse_address(true).expect("it is not bound yet");
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        socket.bind(&any.into()).expect("loopback has a free port");
        let address = socket.local_addr().expect("it is bound").as_socket();
        Self { address: address.expect("it is one of IP"), _socket: socket }
    }
}
