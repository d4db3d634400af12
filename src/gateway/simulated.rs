//! A network in memory, whose delays its owner draws and whose time its owner moves, so that the same
//! seed gives the same run.
//!
//! 1. Bytes that are written go on their way in chunks, each with a delay of its own; those of one
//!    direction of one connection never overtake each other, those of different connections do.
//! 2. [`SimulatedWorld::advance`] moves the time and delivers what is due. Nothing else does.
//! 3. A way from one host to another can be cut, in that direction only. What is under way there is
//!    sent again once the way is healed, as TCP does; who connects meanwhile hears nothing.
//! 4. A connection that is closed delivers what was sent before its end; one that is broken, or whose host
//!    has died, does not. To a host that has died nothing comes back but refusals, once it is up again.
//! 5. Nothing listens at an address until a listener is opened there: who connects is refused.
//! 6. Readiness is told once, by the next poll, as an edge: who does not read to the end hears nothing more of it.

use std::collections::{BTreeMap, VecDeque};
use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::network::{Network, Ready, Stream};

/// Bytes on their way in one direction of a connection at most; then a write would block.
const IN_FLIGHT_BYTES_MAX: usize = 64 * 1024;
/// The first port that is given to who connects.
const FIRST_PORT: u16 = 10_000;

/// A way through the network. Clones are the same network.
#[derive(Clone)]
pub struct SimulatedWorld {
    state: Arc<Mutex<State>>,
}

/// Draws how many nanoseconds the next chunk takes.
pub type Delay = Box<dyn FnMut() -> u64 + Send>;

struct State {
    now_ns: u64,
    delay: Delay,
    /// By id, which is even for who connects and one more for who accepts.
    ends: BTreeMap<u64, End>,
    next: u64,
    next_port: u16,
    /// By who listens.
    listeners: BTreeMap<SocketAddr, Backlog>,
    /// Directions in which nothing arrives.
    cuts: Vec<(IpAddr, IpAddr)>,
}

/// Connections that wait to be accepted.
#[derive(Default)]
struct Backlog {
    waiting: VecDeque<u64>,
    /// One has come that the next poll tells of.
    has_new: bool,
}

/// One end of a connection.
struct End {
    at: SocketAddr,
    peer: SocketAddr,
    phase: Phase,
    /// On the way to this end, with the time of arrival.
    coming: VecDeque<(u64, Parcel)>,
    /// Has arrived and was not read.
    arrived: VecDeque<u8>,
    /// The peer's end was heard of.
    ended: Option<Ending>,
    /// Told by the next poll.
    edge: Option<Ready>,
    slot: Option<usize>,
    /// A write found no room: that there is some again is to be told.
    wants_room: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Waits for the peer's answer.
    Connecting,
    Open,
    /// Closed from this side.
    Closed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// All that was sent has arrived.
    Orderly,
    Refused,
    Reset,
}

enum Parcel {
    Connect,
    Accepted,
    Bytes(Vec<u8>),
    End(Ending),
}

impl SimulatedWorld {
    /// A network at time 0.
    pub fn new(delay: Delay) -> Self {
        let state = State {
            now_ns: 0,
            delay,
            ends: BTreeMap::new(),
            next: 0,
            next_port: FIRST_PORT,
            listeners: BTreeMap::new(),
            cuts: Vec::new(),
        };
        Self { state: Arc::new(Mutex::new(state)) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// A gateway's window; it does not listen yet.
    pub fn network(&self, address: SocketAddr) -> SimulatedNetwork {
        SimulatedNetwork { state: self.state.clone(), address, streams: Vec::new() }
    }

    /// Begins to connect. Whether that comes about is seen by reading and writing, which would block
    /// until then.
    pub fn connect(&self, from: IpAddr, to: SocketAddr) -> SimulatedStream {
        let mut state = self.state();
        let (id, port) = (state.next, state.next_port);
        state.next += 2;
        state.next_port = port.checked_add(1).unwrap_or(FIRST_PORT);
        let at = SocketAddr::new(from, port);
        state.ends.insert(id, End::new(at, to, Phase::Connecting));
        state.ends.insert(id + 1, End::new(to, at, Phase::Connecting));
        state.send(id, Parcel::Connect);
        SimulatedStream { state: self.state.clone(), id }
    }

    /// Moves the time and delivers what is due.
    pub fn advance(&self, by_ns: u64) {
        let mut state = self.state();
        state.now_ns += by_ns;
        let now_ns = state.now_ns;
        let is_due = |end: &End| end.coming.front().is_some_and(|(due_ns, _)| *due_ns <= now_ns);
        let due: Vec<u64> =
            state.ends.iter().filter(|(_, end)| is_due(end)).map(|(id, _)| *id).collect();
        for id in due {
            state.deliver(id);
        }
        // An end that is closed on both sides has nothing left to tell.
        let is_over = |end: Option<&End>| {
            end.is_none_or(|end| end.phase == Phase::Closed && end.coming.is_empty())
        };
        let over = state.ends.iter().filter(|(id, end)| {
            *id % 2 == 0 && is_over(Some(*end)) && is_over(state.ends.get(&(*id + 1)))
        });
        let over: Vec<u64> = over.map(|(id, _)| *id).collect();
        for id in over {
            state.ends.remove(&id);
            state.ends.remove(&(id + 1));
        }
    }

    /// Nothing arrives any more at `to` that `from` sends.
    pub fn cut(&self, from: IpAddr, to: IpAddr) {
        self.state().cuts.push((from, to));
    }

    /// What was cut from `from` to `to` arrives again, what waited meanwhile included.
    pub fn heal(&self, from: IpAddr, to: IpAddr) {
        let mut state = self.state();
        state.cuts.retain(|cut| *cut != (from, to));
        let now_ns = state.now_ns;
        let State { ends, delay, .. } = &mut *state;
        for end in ends.values_mut().filter(|end| end.peer.ip() == from && end.at.ip() == to) {
            let mut arrival_ns = now_ns;
            for (due_ns, _) in &mut end.coming {
                arrival_ns = arrival_ns.max(*due_ns).max(now_ns + delay());
                *due_ns = arrival_ns;
            }
        }
    }

    /// Breaks every connection between two hosts: both sides see a reset, at once.
    pub fn break_between(&self, one: IpAddr, other: IpAddr) {
        let mut state = self.state();
        for end in state.ends.values_mut() {
            let hosts = (end.at.ip(), end.peer.ip());
            if hosts == (one, other) || hosts == (other, one) {
                end.coming.clear();
                end.finish(Ending::Reset);
            }
        }
    }

    /// A process dies: its listeners are gone, and its system tells its peers that connections are reset.
    pub fn kill(&self, host: IpAddr) {
        let mut state = self.state();
        state.listeners.retain(|address, _| address.ip() != host);
        let ids: Vec<u64> = state.ends.keys().copied().collect();
        for id in ids {
            if state.ends[&id].at.ip() == host && state.ends[&id].phase != Phase::Closed {
                state.close(id, Ending::Reset);
            }
        }
    }
}

impl State {
    fn send(&mut self, from: u64, parcel: Parcel) {
        let due_ns = self.now_ns + (self.delay)();
        let Some(end) = self.ends.get_mut(&(from ^ 1)) else { return };
        let due_ns = due_ns.max(end.coming.back().map_or(0, |(due_ns, _)| *due_ns));
        end.coming.push_back((due_ns, parcel));
    }

    fn deliver(&mut self, id: u64) {
        let end = &self.ends[&id];
        if self.cuts.contains(&(end.peer.ip(), end.at.ip())) {
            return;
        }
        while let Some(end) = self.ends.get_mut(&id)
            && end.coming.front().is_some_and(|(due_ns, _)| *due_ns <= self.now_ns)
            && let Some((_, parcel)) = end.coming.pop_front()
        {
            match parcel {
                Parcel::Connect => match self.listeners.get_mut(&end.at) {
                    Some(backlog) => {
                        end.phase = Phase::Open;
                        backlog.waiting.push_back(id);
                        backlog.has_new = true;
                        self.send(id, Parcel::Accepted);
                    }
                    None => {
                        end.phase = Phase::Closed;
                        self.send(id, Parcel::End(Ending::Refused));
                    }
                },
                Parcel::Accepted => {
                    end.phase = Phase::Open;
                    end.tell(false, true);
                }
                Parcel::Bytes(bytes) => {
                    end.arrived.extend(bytes);
                    end.tell(true, false);
                }
                Parcel::End(ending) => end.finish(ending),
            }
        }
    }

    fn close(&mut self, id: u64, ending: Ending) {
        if let Some(end) = self.ends.get_mut(&id)
            && end.phase != Phase::Closed
        {
            end.phase = Phase::Closed;
            end.arrived.clear();
            self.send(id, Parcel::End(ending));
        }
    }

    fn end(&mut self, id: u64) -> io::Result<&mut End> {
        self.ends.get_mut(&id).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl End {
    fn new(at: SocketAddr, peer: SocketAddr, phase: Phase) -> Self {
        Self {
            at,
            peer,
            phase,
            coming: VecDeque::new(),
            arrived: VecDeque::new(),
            ended: None,
            edge: None,
            slot: None,
            wants_room: false,
        }
    }

    fn tell(&mut self, readable: bool, writable: bool) {
        let Some(slot) = self.slot else { return };
        let edge = self.edge.get_or_insert(Ready { slot, readable: false, writable: false });
        edge.readable |= readable;
        edge.writable |= writable;
    }

    fn finish(&mut self, ending: Ending) {
        self.ended.get_or_insert(ending);
        if ending != Ending::Orderly {
            self.arrived.clear();
        }
        self.tell(true, true);
    }

    /// What stands against going on, if anything does.
    fn check(&self) -> io::Result<()> {
        match (self.phase, self.ended) {
            (_, Some(Ending::Refused)) => Err(io::ErrorKind::ConnectionRefused.into()),
            (_, Some(Ending::Reset)) => Err(io::ErrorKind::ConnectionReset.into()),
            (Phase::Closed, _) => Err(io::ErrorKind::NotConnected.into()),
            (Phase::Connecting, _) => Err(io::ErrorKind::WouldBlock.into()),
            (Phase::Open, _) => Ok(()),
        }
    }
}

/// A gateway's window on a [`SimulatedWorld`].
pub struct SimulatedNetwork {
    state: Arc<Mutex<State>>,
    address: SocketAddr,
    /// The ends that it tells of.
    streams: Vec<u64>,
}

impl Network for SimulatedNetwork {
    type Stream = SimulatedStream;

    fn poll(&mut self, ready: &mut Vec<Ready>) -> io::Result<()> {
        let mut state = lock(&self.state);
        self.streams.retain(|id| state.ends.contains_key(id));
        for id in &self.streams {
            ready.extend(state.ends.get_mut(id).and_then(|end| end.edge.take()));
        }
        let backlog = state.listeners.get_mut(&self.address);
        if backlog.is_some_and(|backlog| std::mem::take(&mut backlog.has_new)) {
            ready.push(Ready { slot: Ready::LISTENER, readable: true, writable: false });
        }
        Ok(())
    }

    fn accept(&mut self) -> io::Result<Option<(SimulatedStream, SocketAddr)>> {
        let mut state = lock(&self.state);
        loop {
            let backlog = state.listeners.get_mut(&self.address);
            let id = backlog.and_then(|backlog| backlog.waiting.pop_front());
            let Some(id) = id else { return Ok(None) };
            let Some(end) = state.ends.get(&id) else { continue };
            let peer = end.peer;
            return Ok(Some((SimulatedStream { state: self.state.clone(), id }, peer)));
        }
    }

    fn register(&mut self, stream: &mut SimulatedStream, slot: usize) -> io::Result<()> {
        let mut state = lock(&self.state);
        let end = state.end(stream.id)?;
        end.slot = Some(slot);
        end.tell(true, true);
        self.streams.push(stream.id);
        Ok(())
    }

    fn open_listener(&mut self) -> io::Result<()> {
        lock(&self.state).listeners.entry(self.address).or_default();
        Ok(())
    }

    fn close_listener(&mut self) {
        let mut state = lock(&self.state);
        // Nobody will accept those that wait.
        for id in state.listeners.remove(&self.address).unwrap_or_default().waiting {
            state.close(id, Ending::Reset);
        }
    }
}

/// One end of a connection; closed where it is dropped.
pub struct SimulatedStream {
    state: Arc<Mutex<State>>,
    id: u64,
}

impl Read for SimulatedStream {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut state = lock(&self.state);
        let end = state.end(self.id)?;
        end.check()?;
        let length = out.len().min(end.arrived.len());
        let (front, back) = end.arrived.as_slices();
        let split = length.min(front.len());
        out[..split].copy_from_slice(&front[..split]);
        out[split..length].copy_from_slice(&back[..length - split]);
        end.arrived.drain(..length);
        if length == 0 && end.ended.is_none() && !out.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        if length > 0
            && let Ok(peer) = state.end(self.id ^ 1)
            && std::mem::take(&mut peer.wants_room)
        {
            peer.tell(false, true);
        }
        Ok(length)
    }
}

impl Write for SimulatedStream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = lock(&self.state);
        state.end(self.id)?.check()?;
        let peer = state.end(self.id ^ 1)?;
        if peer.phase == Phase::Closed {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let under_way = peer.coming.iter().map(|(_, parcel)| match parcel {
            Parcel::Bytes(bytes) => bytes.len(),
            _ => 0,
        });
        // What the peer has not read counts too: a client that does not read fills its window.
        let under_way = under_way.sum::<usize>() + peer.arrived.len();
        let length = bytes.len().min(IN_FLIGHT_BYTES_MAX.saturating_sub(under_way));
        if length == 0 && !bytes.is_empty() {
            state.end(self.id)?.wants_room = true;
            return Err(io::ErrorKind::WouldBlock.into());
        }
        state.send(self.id, Parcel::Bytes(bytes[..length].to_vec()));
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Stream for SimulatedStream {
    fn close(&mut self) {
        lock(&self.state).close(self.id, Ending::Orderly);
    }
}

impl Drop for SimulatedStream {
    fn drop(&mut self) {
        self.close();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn host(number: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, number])
    }

    fn world() -> (SimulatedWorld, SimulatedNetwork, SocketAddr) {
        let mut turn = 0;
        let delay = move || {
            turn = (turn + 7) % 10;
            turn * MS / 10
        };
        let world = SimulatedWorld::new(Box::new(delay));
        let address = SocketAddr::new(host(1), 9);
        let network = world.network(address);
        (world, network, address)
    }

    /// Two ends of a connection that is made.
    fn pair() -> (SimulatedWorld, SimulatedStream, SimulatedStream) {
        let (world, mut network, address) = world();
        network.open_listener().expect("it can always be opened");
        let client = world.connect(host(2), address);
        world.advance(MS);
        world.advance(MS);
        let (server, _) = network.accept().expect("no error").expect("it has arrived");
        (world, client, server)
    }

    fn text(stream: &mut SimulatedStream) -> Result<String, io::ErrorKind> {
        let mut bytes = [0; 1_000];
        let length = stream.read(&mut bytes).map_err(|error| error.kind())?;
        Ok(String::from_utf8_lossy(&bytes[..length]).into_owned())
    }

    #[test]
    fn who_connects_where_nothing_listens_is_refused() {
        let (world, mut network, address) = world();
        let mut early = world.connect(host(2), address);
        assert_eq!(text(&mut early), Err(io::ErrorKind::WouldBlock));
        world.advance(MS);
        world.advance(MS);
        assert_eq!(text(&mut early), Err(io::ErrorKind::ConnectionRefused));
        network.open_listener().expect("it can always be opened");
        network.close_listener();
        let mut late = world.connect(host(2), address);
        world.advance(MS);
        world.advance(MS);
        assert_eq!(text(&mut late), Err(io::ErrorKind::ConnectionRefused));
    }

    #[test]
    fn bytes_arrive_in_order_and_before_the_end() {
        let (world, mut client, mut server) = pair();
        for word in ["one ", "two ", "three"] {
            client.write_all(word.as_bytes()).expect("there is room");
        }
        client.close();
        assert_eq!(text(&mut server), Err(io::ErrorKind::WouldBlock));
        world.advance(MS);
        assert_eq!(text(&mut server), Ok("one two three".to_owned()));
        assert_eq!(text(&mut server), Ok(String::new()));
    }

    #[test]
    fn a_cut_way_delivers_when_it_is_healed_and_the_other_direction_meanwhile() {
        let (world, mut client, mut server) = pair();
        world.cut(host(2), host(1));
        client.write_all(b"question").expect("there is room");
        server.write_all(b"word").expect("there is room");
        world.advance(100 * MS);
        assert_eq!(text(&mut server), Err(io::ErrorKind::WouldBlock));
        assert_eq!(text(&mut client), Ok("word".to_owned()));
        world.heal(host(2), host(1));
        world.advance(MS);
        assert_eq!(text(&mut server), Ok("question".to_owned()));
    }

    #[test]
    fn a_killed_process_resets_its_connections_and_listens_no_more() {
        let (world, mut client, mut server) = pair();
        server.write_all(b"half").expect("there is room");
        world.kill(host(1));
        world.advance(MS);
        assert_eq!(text(&mut client), Err(io::ErrorKind::ConnectionReset));
        let mut again = world.connect(host(2), SocketAddr::new(host(1), 9));
        world.advance(MS);
        world.advance(MS);
        assert_eq!(text(&mut again), Err(io::ErrorKind::ConnectionRefused));
    }

    #[test]
    fn who_does_not_read_is_written_to_within_a_limit_and_room_is_told() {
        let (world, mut network, address) = world();
        network.open_listener().expect("it can always be opened");
        let mut client = world.connect(host(2), address);
        world.advance(MS);
        world.advance(MS);
        let (mut server, _) = network.accept().expect("no error").expect("it has arrived");
        network.register(&mut server, 5).expect("it is open");
        let mut told = Vec::new();
        network.poll(&mut told).expect("no error");
        let bytes = vec![7; 2 * IN_FLIGHT_BYTES_MAX];
        assert_eq!(server.write(&bytes).expect("there is room"), IN_FLIGHT_BYTES_MAX);
        let full = server.write(&bytes).expect_err("there is none");
        assert_eq!(full.kind(), io::ErrorKind::WouldBlock);
        world.advance(MS);
        let mut read = vec![0; IN_FLIGHT_BYTES_MAX];
        client.read_exact(&mut read).expect("all has arrived");
        told.clear();
        world.advance(MS);
        network.poll(&mut told).expect("no error");
        assert_eq!(told, [Ready { slot: 5, readable: false, writable: true }]);
        assert_eq!(server.write(&bytes).expect("there is room"), IN_FLIGHT_BYTES_MAX);
    }
}
