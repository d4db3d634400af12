//! A way between two nodes that can be held and cut.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

const PAUSE: Duration = Duration::from_millis(1);

/// See the module. Its threads end with the connections.
#[derive(Clone)]
pub struct Proxy {
    pub address: SocketAddr,
    state: Arc<State>,
}

struct State {
    /// No connection carries more bytes back to who dialled.
    bytes_max: AtomicU64,
    /// Connections that have carried so many are closed, and not only held.
    cuts: AtomicBool,
    /// Connections that have carried so many.
    held: AtomicUsize,
}

impl Proxy {
    /// A way to a node.
    pub fn to(node: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let state = Arc::new(State {
            bytes_max: AtomicU64::new(u64::MAX),
            cuts: AtomicBool::new(false),
            held: AtomicUsize::new(0),
        });
        let its = Arc::clone(&state);
        thread::spawn(move || {
            for dialled in listener.incoming().flatten() {
                // Nobody listens there: who dialled hears so.
                let Ok(node) = TcpStream::connect(node) else { continue };
                its.carry(dialled, node);
            }
        });
        Self { address, state }
    }

    /// Holds every connection that has carried so many bytes back to who dialled.
    pub fn hold_behind(&self, bytes: u64) {
        self.state.bytes_max.store(bytes, Ordering::Release);
    }

    /// How many connections were held.
    pub fn held(&self) -> usize {
        self.state.held.load(Ordering::Acquire)
    }

    /// Closes those that are held, and that will be.
    pub fn cut(&self) {
        self.state.cuts.store(true, Ordering::Release);
    }

    /// Lets everything through.
    pub fn open(&self) {
        self.hold_behind(u64::MAX);
    }
}

impl State {
    fn carry(self: &Arc<Self>, dialled: TcpStream, node: TcpStream) {
        let clone = |stream: &TcpStream| stream.try_clone().expect("a socket can be cloned");
        let (from, to) = (clone(&dialled), clone(&node));
        thread::spawn(move || copy(from, to, |_| true));
        let its = Arc::clone(self);
        thread::spawn(move || {
            let mut is_held = false;
            copy(node, dialled, |carried| {
                while carried > its.bytes_max.load(Ordering::Acquire) {
                    if !std::mem::replace(&mut is_held, true) {
                        its.held.fetch_add(1, Ordering::AcqRel);
                    }
                    if its.cuts.load(Ordering::Acquire) {
                        return false;
                    }
                    thread::sleep(PAUSE);
                }
                true
            });
        });
    }
}

/// Copies until one side ends, or `may` says no to so many bytes; then closes both.
fn copy(mut from: TcpStream, mut to: TcpStream, mut may: impl FnMut(u64) -> bool) {
    let (mut buffer, mut carried) = (vec![0; 16 * 1024], 0);
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        carried += read as u64;
        if !may(carried) || to.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    for stream in [from, to] {
        // It may be closed already.
        let _ = stream.shutdown(Shutdown::Both);
    }
}
