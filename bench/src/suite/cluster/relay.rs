//! The limit of replication: a bare relay with castle's sockets, its runner and its idling. An order goes from the client to A
//! and from A to B; B acknowledges, and then A answers.
//!
//! What A sends to B and what B answers have the lengths that frames of castle have: a header for all orders that were
//! read together, a record for each, and one acknowledgement for all that came together. Nothing is decoded, kept
//! or checked.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use castle::cluster::frame::{Body, Frame, HEADER_BYTES, Header, RECORDS_AT};
use castle::cluster::steward::Ack;
use castle::cluster::wires::{TcpWires, Wires};
use castle::gateway::network::{Network, Ready, Stream, TcpNetwork};
use castle::model::{ClusterName, Epoch, NodeId, Sequence};
use castle::runtime::{Agent, Fault, Now, PollPark, RunnerBuilder};
use clap::ValueEnum;

use crate::suite::wire::echo::Shape;
use crate::suite::wire::order::CL_ORD_ID_SIZE;
use crate::suite::wire::{Idle, RECORD_SIZE};

/// The first argument of this process.
pub const COMMAND: &str = "internal-relay";
/// Bytes read at once, as in the gateway and in a link of castle.
const READ_SIZE: usize = 128 * 1024;
/// How long what one of the two has sent may take to arrive at the other.
const PATIENCE: Duration = Duration::from_secs(10);
/// Where a frame says how many orders it has, and an acknowledgement how many it means.
const COUNT_AT: usize = HEADER_BYTES;

/// Bytes on their way in and out of a socket.
struct Line<S> {
    stream: S,
    inbound: Vec<u8>,
    outbound: Vec<u8>,
    readable: bool,
}

impl<S: Read + Write> Line<S> {
    fn new(stream: S) -> Self {
        Self {
            stream,
            inbound: Vec::with_capacity(READ_SIZE),
            outbound: Vec::new(),
            readable: true,
        }
    }

    /// One read, where there may be something.
    fn read(&mut self, scratch: &mut [u8]) -> std::io::Result<usize> {
        if !self.readable {
            return Ok(0);
        }
        match self.stream.read(scratch) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(count) => self.inbound.extend_from_slice(&scratch[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.readable = false;
                return Ok(0);
            }
            Err(error) => return Err(error),
        }
        Ok(1)
    }

    /// Writes what waits.
    fn write(&mut self) -> std::io::Result<usize> {
        let mut written = 0;
        while written < self.outbound.len() {
            match self.stream.write(&self.outbound[written..]) {
                Ok(count) => written += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error),
            }
        }
        self.outbound.drain(..written);
        Ok(usize::from(written > 0))
    }

    /// Takes whole frames, each of which begins with its length, and gives the sum of their counts.
    fn frames(&mut self) -> u32 {
        let (mut at, mut sum) = (0, 0);
        while let Some(length) = word(&self.inbound, at)
            && at + length as usize <= self.inbound.len()
        {
            sum += word(&self.inbound, at + COUNT_AT).unwrap_or(0);
            at += (length as usize).max(HEADER_BYTES);
        }
        self.inbound.drain(..at);
        sum
    }

    /// Puts a frame of this length.
    fn put(&mut self, length: usize, count: u32) {
        let at = self.outbound.len();
        self.outbound.resize(at + length, 0x5a);
        self.outbound[at..at + 4].copy_from_slice(&(length as u32).to_le_bytes());
        self.outbound[at + COUNT_AT..at + COUNT_AT + 4].copy_from_slice(&count.to_le_bytes());
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..)?.first_chunk().copied()?))
}

/// Bytes of an acknowledgement of castle.
fn ack_size() -> usize {
    let header =
        Header { cluster: ClusterName::truncated(b"castle"), sender: NodeId(1), reign: Epoch(1) };
    let (received, synced) = (Sequence(1), Sequence(1));
    let ack = Ack { reign: Epoch(1), received, synced, is_unsure: false };
    let mut out = [0; 1_024];
    Frame { header, body: Body::Ack(ack) }.put(&mut out).unwrap_or(HEADER_BYTES)
}

/// Takes orders, sends them on, and answers them once they are acknowledged.
struct First<N: Network, W: Wires> {
    network: N,
    wires: W,
    shape: Shape,
    clients: Vec<Option<Line<N::Stream>>>,
    second: Option<Line<W::Stream>>,
    /// Orders that were sent on: whose, and with which ClOrdID.
    waiting: VecDeque<(usize, [u8; CL_ORD_ID_SIZE])>,
    ready: Vec<Ready>,
    scratch: Vec<u8>,
}

impl<N: Network, W: Wires> Agent for First<N, W> {
    fn name(&self) -> &'static str {
        "relay"
    }

    fn work(&mut self, _now: Now) -> usize {
        let mut done = self.hear_clients();
        done += self.hear_second();
        for slot in &mut self.clients {
            let Some(line) = slot else { continue };
            match line.write() {
                Ok(written) => done += written,
                Err(_) => *slot = None,
            }
        }
        if let Some(Ok(written)) = self.second.as_mut().map(Line::write) {
            done += written;
        }
        done
    }
}

impl<N: Network, W: Wires> First<N, W> {
    fn hear_clients(&mut self) -> usize {
        let mut ready = std::mem::take(&mut self.ready);
        // A failing poll is seen by every socket's own reads, as in the gateway.
        let _ = self.network.poll(&mut ready);
        for ready in ready.drain(..) {
            if ready.slot == Ready::LISTENER {
                self.accept();
            } else if let Some(Some(line)) = self.clients.get_mut(ready.slot) {
                line.readable |= ready.readable;
            }
        }
        self.ready = ready;
        let (mut done, mut orders) = (0, 0);
        for (index, slot) in self.clients.iter_mut().enumerate() {
            let Some(line) = slot else { continue };
            match line.read(&mut self.scratch) {
                Ok(read) => done += read,
                Err(_) => {
                    line.stream.close();
                    *slot = None;
                    continue;
                }
            }
            let size = self.shape.order_size;
            let whole = line.inbound.len() / size * size;
            for order in line.inbound[..whole].chunks_exact(size) {
                let id = order[self.shape.order_id_at..].first_chunk().copied();
                self.waiting.push_back((index, id.unwrap_or_default()));
                orders += 1;
            }
            line.inbound.drain(..whole);
        }
        if let Some(second) = &mut self.second
            && orders > 0
        {
            second.put(RECORDS_AT + orders as usize * RECORD_SIZE as usize, orders);
        }
        done
    }

    fn accept(&mut self) {
        while let Ok(Some((mut stream, _))) = self.network.accept() {
            if self.network.register(&mut stream, self.clients.len()).is_ok() {
                self.clients.push(Some(Line::new(stream)));
            }
        }
    }

    fn hear_second(&mut self) -> usize {
        let is_ready = self.wires.poll().unwrap_or(true);
        if is_ready && let Ok(Some(stream)) = self.wires.accept() {
            self.second = Some(Line::new(stream));
        }
        let Some(line) = &mut self.second else { return 0 };
        line.readable |= is_ready;
        let Ok(done) = line.read(&mut self.scratch) else { return 0 };
        for _ in 0..line.frames() {
            let Some((client, id)) = self.waiting.pop_front() else { break };
            if let Some(Some(client)) = self.clients.get_mut(client) {
                let at = client.outbound.len() + self.shape.answer_id_at;
                client.outbound.extend_from_slice(&self.shape.answer);
                client.outbound[at..at + CL_ORD_ID_SIZE].copy_from_slice(&id);
            }
        }
        done
    }
}

/// Acknowledges what the first sends.
struct Second<W: Wires> {
    wires: W,
    first: Line<W::Stream>,
    ack_size: usize,
    scratch: Vec<u8>,
}

impl<W: Wires> Agent for Second<W> {
    fn name(&self) -> &'static str {
        "far relay"
    }

    fn work(&mut self, _now: Now) -> usize {
        self.first.readable |= self.wires.poll().unwrap_or(true);
        let Ok(done) = self.first.read(&mut self.scratch) else { return 0 };
        let orders = self.first.frames();
        if orders > 0 {
            self.first.put(self.ack_size, orders);
        }
        done + self.first.write().unwrap_or(0)
    }
}

/// Says where it listens and runs until its input ends.
pub fn run(arguments: &[String]) -> Result<bool, String> {
    let wrong =
        || "this is how castle-bench starts its own relay, and nothing for people".to_owned();
    let [core, idle, shape @ ..] = arguments else { return Err(wrong()) };
    let core = usize::from_str(core).map_err(|_| wrong())?;
    let idle = Idle::from_str(idle, false).map_err(|_| wrong())?;
    let shape = Shape::parse(shape).ok_or_else(wrong)?;
    let text = |error: std::io::Error| format!("the relay: {error}");
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let network = TcpNetwork::listen(any).map_err(text)?;
    let address = network.local_address().map_err(text)?;
    let listen = || TcpWires::listen(any, PATIENCE).map_err(text);
    let wires = [listen()?, listen()?];
    let watched = [network.watched(), wires[0].watched(), wires[1].watched()];
    let (park, unpark) = PollPark::new(&watched).map_err(text)?;
    let [near, mut far] = wires;
    let stream = far.dial(near.address().map_err(text)?).map_err(text)?;
    let scratch = || vec![0; READ_SIZE];
    let second =
        Second { wires: far, first: Line::new(stream), ack_size: ack_size(), scratch: scratch() };
    let first = First {
        network,
        wires: near,
        shape,
        clients: Vec::new(),
        second: None,
        waiting: VecDeque::new(),
        ready: Vec::new(),
        scratch: scratch(),
    };
    let fault = Fault::new();
    let runner = RunnerBuilder::with_park("relay", &fault, Box::new(park), unpark)
        .agent(Box::new(first))
        .agent(Box::new(second))
        .idle(idle.of_runner())
        .core(Some(core))
        .spawn()
        .map_err(text)?;
    println!("relay on {address}");
    let mut rest = Vec::new();
    std::io::stdin().read_to_end(&mut rest).map_err(text)?;
    runner.stop();
    runner.join();
    Ok(true)
}
