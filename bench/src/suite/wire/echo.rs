//! The limit: a bare echo with the gateway's mio loop, runner, idle strategy, socket options and core.
//!
//! It takes orders of one length and answers each with the same bytes, save the ClOrdID, which is that of
//! the order. It decodes nothing, keeps nothing and checks nothing.

use std::io::{ErrorKind, Read};
use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use castle::gateway::network::{Network, Ready, Stream, TcpNetwork};
use castle::runtime::{Agent, Fault, Now, PollPark, RunnerBuilder};
use clap::ValueEnum;

use super::Idle;
use super::client::Client;
use super::order::CL_ORD_ID_SIZE;

/// Bytes read at once, as in the gateway.
const READ_SIZE: usize = 64 * 1024;

/// What the echo must know of the messages.
pub struct Shape {
    /// Bytes of an order.
    pub order_size: usize,
    /// Where ClOrdID stands in it.
    pub order_id_at: usize,
    /// An answer.
    pub answer: Vec<u8>,
    /// Where ClOrdID stands in it.
    pub answer_id_at: usize,
}

struct Link<S> {
    stream: S,
    inbound: Vec<u8>,
    outbound: Vec<u8>,
    readable: bool,
}

struct Echo<N: Network> {
    network: N,
    shape: Shape,
    links: Vec<Option<Link<N::Stream>>>,
    ready: Vec<Ready>,
    scratch: Vec<u8>,
}

impl<N: Network> Agent for Echo<N> {
    fn name(&self) -> &'static str {
        "echo"
    }

    fn work(&mut self, _now: Now) -> usize {
        let mut ready = std::mem::take(&mut self.ready);
        // A failing poll is seen by every socket's own reads, as in the gateway.
        let _ = self.network.poll(&mut ready);
        for ready in ready.drain(..) {
            if ready.slot == Ready::LISTENER {
                self.accept();
            } else if let Some(Some(link)) = self.links.get_mut(ready.slot) {
                link.readable |= ready.readable;
            }
        }
        self.ready = ready;
        let mut done = 0;
        for slot in &mut self.links {
            let Some(link) = slot else { continue };
            match serve(link, &self.shape, &mut self.scratch) {
                Ok(answered) => done += answered,
                Err(_) => {
                    link.stream.close();
                    *slot = None;
                }
            }
        }
        done
    }
}

impl<N: Network> Echo<N> {
    fn accept(&mut self) {
        while let Ok(Some((mut stream, _))) = self.network.accept() {
            if self.network.register(&mut stream, self.links.len()).is_ok() {
                let (inbound, outbound) = (Vec::with_capacity(READ_SIZE), Vec::new());
                self.links.push(Some(Link { stream, inbound, outbound, readable: true }));
            }
        }
    }
}

/// One read of a link, the answers, and one write of them.
fn serve<S: Stream>(
    link: &mut Link<S>,
    shape: &Shape,
    scratch: &mut [u8],
) -> std::io::Result<usize> {
    let mut done = 0;
    if link.readable {
        match link.stream.read(scratch) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                done += 1;
                link.inbound.extend_from_slice(&scratch[..count]);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => link.readable = false,
            Err(error) => return Err(error),
        }
    }
    let whole = link.inbound.len() / shape.order_size * shape.order_size;
    for order in link.inbound[..whole].chunks_exact(shape.order_size) {
        let at = link.outbound.len() + shape.answer_id_at;
        link.outbound.extend_from_slice(&shape.answer);
        let id = &order[shape.order_id_at..shape.order_id_at + CL_ORD_ID_SIZE];
        link.outbound[at..at + CL_ORD_ID_SIZE].copy_from_slice(id);
    }
    link.inbound.drain(..whole);
    let mut written = 0;
    while written < link.outbound.len() {
        match link.stream.write(&link.outbound[written..]) {
            Ok(count) => written += count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        }
    }
    link.outbound.drain(..written);
    Ok(done + usize::from(written > 0))
}

impl Shape {
    /// What castle answers: an echo answers with the same.
    pub fn of_answer(client: &mut Client) -> Result<Self, String> {
        client.run(1_000, Duration::from_millis(20), None, None)?;
        let answer = client.first_answer().unwrap_or_default().to_vec();
        let id_at = memchr::memmem::find(&answer, b"\x0111=").map(|at| at + 4);
        Ok(Self {
            order_size: client.form().order_size(),
            order_id_at: client.form().cl_ord_id_at(),
            answer_id_at: id_at.ok_or("castle's answer has no ClOrdID")?,
            answer,
        })
    }

    /// As arguments of the echo's process.
    pub fn arguments(&self) -> Vec<String> {
        let answer = self.answer.iter().map(|byte| format!("{byte:02x}")).collect();
        let numbers = [self.order_size, self.order_id_at, self.answer_id_at];
        numbers.iter().map(ToString::to_string).chain([answer]).collect()
    }

    /// From the arguments of the echo's process.
    pub fn parse(arguments: &[String]) -> Option<Self> {
        let [order_size, order_id_at, answer_id_at, answer] = arguments else { return None };
        let answer: Option<Vec<u8>> = (0..answer.len() / 2)
            .map(|index| u8::from_str_radix(answer.get(2 * index..2 * index + 2)?, 16).ok())
            .collect();
        Some(Self {
            order_size: order_size.parse().ok()?,
            order_id_at: order_id_at.parse().ok()?,
            answer_id_at: answer_id_at.parse().ok()?,
            answer: answer?,
        })
    }
}

/// The echo's process: says where it listens and runs until its input ends.
pub fn run(arguments: &[String]) -> Result<bool, String> {
    let wrong =
        || "this is how castle-bench starts its own echo, and nothing for people".to_owned();
    let [core, idle, shape @ ..] = arguments else { return Err(wrong()) };
    let core = usize::from_str(core).map_err(|_| wrong())?;
    let idle = Idle::from_str(idle, false).map_err(|_| wrong())?;
    let shape = Shape::parse(shape).ok_or_else(wrong)?;
    let text = |error: std::io::Error| format!("the echo: {error}");
    let network = TcpNetwork::listen(SocketAddr::from(([127, 0, 0, 1], 0))).map_err(text)?;
    let address = network.local_address().map_err(text)?;
    let (park, unpark) = PollPark::new(&[network.watched()]).map_err(text)?;
    let fault = Fault::new();
    let scratch = vec![0; READ_SIZE];
    let agent = Echo { network, shape, links: Vec::new(), ready: Vec::new(), scratch };
    let runner = RunnerBuilder::with_park("echo", &fault, Box::new(park), unpark)
        .agent(Box::new(agent))
        .idle(idle.of_runner())
        .core(Some(core))
        .spawn()
        .map_err(text)?;
    println!("echo on {address}");
    let mut rest = Vec::new();
    std::io::stdin().read_to_end(&mut rest).map_err(text)?;
    runner.stop();
    runner.join();
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_survives_the_command_line() {
        let shape =
            Shape { order_size: 150, order_id_at: 60, answer: vec![0, 1, 0xfe], answer_id_at: 2 };
        let read = Shape::parse(&shape.arguments()).expect("it is whole");
        assert_eq!(read.arguments(), shape.arguments());
        assert_eq!(read.answer, [0, 1, 0xfe]);
        assert!(Shape::parse(&["150".to_owned()]).is_none());
    }
}
