//! The arbiter as an agent sees it: a question goes out, and some turns later there is an answer.
//!
//! An [`Arbiter`]'s calls block, for as long as a network may take, and no agent may. So a thread of its own,
//! `castle-view`, makes them. One question is open at a time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, Thread};

use crossbeam::queue::ArrayQueue;

use crate::cluster::arbiter::{Arbiter, ArbiterError, Held};
use crate::cluster::steward::{Answer, Request};
use crate::cluster::view::ViewError;
use crate::model::ClusterName;

/// Asks an arbiter without waiting for it.
pub trait Port: Send {
    /// Asks. False, and nothing done, while another question is open.
    fn ask(&mut self, request: Request) -> bool;

    /// What came of the question, once.
    fn poll(&mut self) -> Option<Answer>;

    /// Why the arbiter gave no answer, the last time that it gave none; empty once it answers again.
    fn complaint(&self) -> String;
}

/// A port to a real arbiter.
pub struct ThreadPort {
    shared: Arc<Shared>,
    thread: Thread,
    is_open: bool,
}

struct Shared {
    cluster: ClusterName,
    questions: ArrayQueue<Request>,
    answers: ArrayQueue<Answer>,
    complaint: Mutex<String>,
    is_over: AtomicBool,
}

impl ThreadPort {
    /// A port to the arbiter of `cluster`, on a thread of its own. `ring` is called after each answer, for whoever
    /// parks.
    pub fn new(
        mut arbiter: Box<dyn Arbiter>,
        cluster: ClusterName,
        ring: impl Fn() + Send + 'static,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            cluster,
            questions: ArrayQueue::new(1),
            answers: ArrayQueue::new(1),
            complaint: Mutex::new(String::new()),
            is_over: AtomicBool::new(false),
        });
        let its = Arc::clone(&shared);
        let handle = thread::Builder::new().name("castle-view".to_owned()).spawn(move || {
            while !its.is_over.load(Ordering::Acquire) {
                match its.questions.pop() {
                    Some(request) => {
                        // There is room: the next question is asked when this answer was taken.
                        let _ = its.answers.push(its.answer(&mut *arbiter, &request));
                        ring();
                    }
                    // A question that comes now makes the next park return at once.
                    None => thread::park(),
                }
            }
        })?;
        Ok(Self { shared, thread: handle.thread().clone(), is_open: false })
    }
}

impl Shared {
    fn answer(&self, arbiter: &mut dyn Arbiter, request: &Request) -> Answer {
        let result = match request {
            Request::Read => self.read(arbiter).map(Answer::View),
            Request::Swap { expected, view } => {
                arbiter.swap(*expected, view).map(|()| Answer::Asked)
            }
            Request::Found(view) => arbiter.found(view).map(|()| Answer::Asked),
            Request::Adopt(view) => arbiter.adopt(view).map(|()| Answer::Asked),
        };
        self.note(result.as_ref().err());
        result.unwrap_or(Answer::Failed)
    }

    /// The view, unless it is another cluster's: two that share a place by mistake take nothing from each other.
    fn read(&self, arbiter: &mut dyn Arbiter) -> Result<Option<Held>, ArbiterError> {
        match arbiter.read()? {
            Some(held) if held.view.cluster() != self.cluster => Err(ArbiterError::View {
                place: arbiter.name(),
                why: ViewError::Cluster { found: held.view.cluster(), own: self.cluster },
            }),
            held => Ok(held),
        }
    }

    /// Notes why there was no answer. The agent says it: here nothing may wait for whoever reads that.
    fn note(&self, error: Option<&ArbiterError>) {
        let text = error.map(ArbiterError::to_string).unwrap_or_default();
        *self.complaint.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }
}

impl Port for ThreadPort {
    fn ask(&mut self, request: Request) -> bool {
        if self.is_open {
            return false;
        }
        self.is_open = self.shared.questions.push(request).is_ok();
        self.thread.unpark();
        self.is_open
    }

    fn poll(&mut self) -> Option<Answer> {
        let answer = self.shared.answers.pop()?;
        self.is_open = false;
        Some(answer)
    }

    fn complaint(&self) -> String {
        self.shared.complaint.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for ThreadPort {
    /// The thread ends by itself after the call that it may be in: nobody waits for a network here.
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Release);
        self.thread.unpark();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;
    use crate::cluster::arbiter::{FileArbiter, Version};
    use crate::cluster::view::{Change, Incarnation, Member, View};
    use crate::model::{Durability, Epoch, NodeId};

    fn member(node: u16) -> Member {
        Member { node: NodeId(node), incarnation: Incarnation(7) }
    }

    fn name() -> ClusterName {
        ClusterName::truncated(b"castle")
    }

    fn founding() -> View {
        View::founding(name(), member(0), Epoch(0), Durability::LocalDisk, 1).expect("it is valid")
    }

    /// A port, and what rings when there is an answer.
    fn port(arbiter: Box<dyn Arbiter>) -> (ThreadPort, mpsc::Receiver<()>) {
        let (ring, rung) = mpsc::channel();
        let port = ThreadPort::new(arbiter, name(), move || {
            // Nobody listens any more when a test has ended.
            let _ = ring.send(());
        });
        (port.expect("a thread can be made"), rung)
    }

    fn asked(port: &mut ThreadPort, rung: &mpsc::Receiver<()>, request: Request) -> Answer {
        assert!(port.ask(request));
        rung.recv_timeout(Duration::from_secs(60)).expect("it answers");
        port.poll().expect("it rang")
    }

    #[test]
    fn a_view_is_founded_read_and_swapped() {
        let directory = tempfile::tempdir().expect("there is a place for it");
        let arbiter = FileArbiter::open(directory.path()).expect("it can be made");
        let (mut port, rung) = port(Box::new(arbiter));
        assert_eq!(asked(&mut port, &rung, Request::Read), Answer::View(None));
        assert_eq!(asked(&mut port, &rung, Request::Found(founding())), Answer::Asked);
        let Answer::View(Some(held)) = asked(&mut port, &rung, Request::Read) else {
            panic!("it was founded");
        };
        let change = Change::TakeOver { primary: member(1), in_sync: vec![member(1)] };
        let view = held.view.next(&change, Durability::LocalDisk, 5).expect("it is valid");
        let swap = Request::Swap { expected: held.version, view: view.clone() };
        assert_eq!(asked(&mut port, &rung, swap), Answer::Asked);
        let Answer::View(Some(held)) = asked(&mut port, &rung, Request::Read) else {
            panic!("it was swapped");
        };
        assert_eq!(held.view, view);
        assert_eq!(port.complaint(), "");
    }

    #[test]
    fn a_view_of_another_cluster_is_not_taken_for_ones_own() {
        let directory = tempfile::tempdir().expect("there is a place for it");
        let mut arbiter = FileArbiter::open(directory.path()).expect("it can be made");
        let foreign = ClusterName::truncated(b"palace");
        let foreign = View::founding(foreign, member(0), Epoch(0), Durability::LocalDisk, 1);
        arbiter.found(&foreign.expect("it is valid")).expect("it is writable");
        let (mut port, rung) = port(Box::new(arbiter));
        assert_eq!(asked(&mut port, &rung, Request::Read), Answer::Failed);
        let complaint = port.complaint();
        assert!(
            complaint.contains("it is of cluster palace, and this node of castle"),
            "{complaint}"
        );
    }

    /// Answers when it is let, with an error.
    struct Slow(mpsc::Receiver<()>);

    impl Slow {
        fn fail<T>(&self) -> Result<T, ArbiterError> {
            let _ = self.0.recv();
            Err(ArbiterError::Unreachable { arbiter: self.name(), why: "it is slow".to_owned() })
        }
    }

    impl Arbiter for Slow {
        fn name(&self) -> String {
            "the slow one".to_owned()
        }
        fn read(&mut self) -> Result<Option<Held>, ArbiterError> {
            self.fail()
        }
        fn swap(&mut self, _: Version, _: &View) -> Result<(), ArbiterError> {
            self.fail()
        }
        fn found(&mut self, _: &View) -> Result<(), ArbiterError> {
            self.fail()
        }
        fn watch(&mut self, _: Version, _: Duration) -> Result<Option<Held>, ArbiterError> {
            self.fail()
        }
    }

    #[test]
    fn nobody_waits_for_an_arbiter_that_does_not_answer() {
        let (let_it, may) = mpsc::channel();
        let (mut port, rung) = port(Box::new(Slow(may)));
        assert!(port.ask(Request::Read));
        assert!(!port.ask(Request::Read), "one question is open");
        assert_eq!(port.poll(), None);
        let_it.send(()).expect("it waits");
        rung.recv_timeout(Duration::from_secs(60)).expect("it answers");
        assert_eq!(port.poll(), Some(Answer::Failed));
        assert_eq!(port.complaint(), "the slow one cannot be reached: it is slow");
        assert!(port.ask(Request::Read), "the next may be asked");
    }
}
