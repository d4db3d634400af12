//! Sockets, connections, admission, throttles, release of durable events.
