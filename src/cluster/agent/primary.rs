//! The primary's side: takes standbys in, sends them the log, and looks whether one that hung up is still there.
//!
//! Every node listens, also one that is no primary: who dials it hears so at once, and who looks for it sees that it
//! lives.

use std::io::{ErrorKind, Read, Write};

use super::snapshot::Sending;
use super::standby::WELCOME_NS;
use super::{ClusterAgent, FRAMES_PER_TURN, Options, Probe, REDIAL_NS, word};
use crate::cluster::frame::{
    Body, Frame, FrameError, Header, HelloBody, HelloError, Own, REASON_BYTES_MAX,
};
use crate::cluster::history::Piece;
use crate::cluster::link::{Link, LinkError};
use crate::cluster::replicator::{Flow, Outflow};
use crate::cluster::standing::StateHash;
use crate::cluster::steward::{Greeting, Hello};
use crate::cluster::view::View;
use crate::cluster::wires::Wires;
use crate::model::{Epoch, NodeId, Sequence};

/// Pieces of the journal that are sent in a turn: the engine has the same thread, and clients wait.
const PIECES_PER_TURN: usize = 2;
/// How long a connection may be there without a hello.
const HELLO_NS: u64 = 1_000_000_000;
/// Connections that are taken in a turn: clients wait meanwhile, and anybody may dial.
const ACCEPTS_PER_TURN: usize = 4;
/// Connections beside one of each peer: who dials again before the old one is gone, and strangers.
const SPARE_CONNECTIONS: usize = 8;

/// A connection that another node dialled.
pub(super) struct Downstream<S> {
    pub link: Link<S>,
    since_ns: u64,
    pub stage: Stage,
    /// Without an arbiter: the epoch that it was told last.
    told_epoch: Option<Epoch>,
}

pub(super) enum Stage {
    /// Who is it?
    Silent,
    /// The journal is read for the running hash after the last record that both have.
    Awaited { node: NodeId, shared: Sequence },
    /// It gets records.
    Following { node: NodeId, outflow: Outflow, old: Old },
    /// What it lacks was pruned: it gets a snapshot.
    Sending { node: NodeId, sending: Sending },
    /// It was told off: what waits is still sent.
    Leaving,
    /// To be removed.
    Over,
}

/// Records from the journal that are being sent.
#[derive(Default)]
pub(super) struct Old {
    is_read: bool,
    piece: Vec<u8>,
    /// The bytes of the piece that were sent.
    sent: usize,
}

/// Why a node is not spoken with.
struct Refusal {
    /// The hash of the definition's name that it is about; 0 where it is about none.
    about: u32,
    why: String,
}

impl From<HelloError> for Refusal {
    fn from(error: HelloError) -> Self {
        Self { about: error.about(), why: error.to_string() }
    }
}

/// Whether a hello is of a node that may be a standby of this one, which is configured so.
fn check(
    options: &Options,
    sender: NodeId,
    hello: Option<&HelloBody<'_>>,
) -> Result<(), HelloError> {
    let others: Vec<NodeId> = options.peers.iter().map(|peer| peer.node).collect();
    let own = Own {
        node: options.settings.node,
        others: &others,
        journal_format: options.journal_format,
        definitions: &options.definitions,
    };
    match hello {
        Some(hello) => hello.check(sender, &own),
        None => own.check_sender(sender),
    }
}

/// Why a node that dialled is not spoken with, given what its frame says. Whoever cannot prove his name learns nothing of
/// the configuration.
fn refusal<S: Read + Write>(
    options: &Options,
    link: &Link<S>,
    sender: NodeId,
    checked: Result<(), HelloError>,
) -> Option<Refusal> {
    let name = options.peers.iter().find(|peer| peer.node == sender).map(|peer| &peer.name);
    match name.filter(|name| !link.is_named(name)) {
        Some(name) => {
            let why =
                format!("it says that it is node {name}, which its certificate does not bear");
            Some(Refusal { about: 0, why })
        }
        None => checked.err().map(Refusal::from),
    }
}

/// As much of a reason as fits into a frame.
fn reason(why: &str) -> &str {
    let end = (0..=REASON_BYTES_MAX.min(why.len())).rev().find(|at| why.is_char_boundary(*at));
    &why[..end.unwrap_or(0)]
}

impl<S> Downstream<S> {
    pub fn node(&self) -> Option<NodeId> {
        match &self.stage {
            Stage::Awaited { node, .. }
            | Stage::Following { node, .. }
            | Stage::Sending { node, .. } => Some(*node),
            _ => None,
        }
    }

    pub fn sending(&self) -> Option<&Sending> {
        match &self.stage {
            Stage::Sending { sending, .. } => Some(sending),
            _ => None,
        }
    }

    pub fn outflow(&self) -> Option<&Outflow> {
        match &self.stage {
            Stage::Following { outflow, .. } => Some(outflow),
            _ => None,
        }
    }
}

impl<W: Wires> ClusterAgent<W> {
    /// Takes in what has come over all connections.
    pub(super) fn hear_nodes(&mut self) -> usize {
        match self.outside.wires.poll() {
            Ok(ready) if !(ready || self.is_unread) => return 0,
            Ok(_) => self.is_unread = false,
            // The same next time; what comes meanwhile is not lost.
            Err(_) => self.is_unread = true,
        }
        let done = self.accept() + self.hear_primary() + self.hear_standbys();
        self.look_at_probes();
        done
    }

    fn accept(&mut self) -> usize {
        let mut done = 0;
        while done < ACCEPTS_PER_TURN
            && self.strangers.may_come(self.now_ns)
            && let Ok(Some(stream)) = self.outside.wires.accept()
        {
            done += 1;
            self.strangers.came();
            let connections_max = self.options.peers.len() + SPARE_CONNECTIONS;
            if self.downstreams.len() >= connections_max {
                self.refused_connections += 1;
                continue;
            }
            let tls = self.options.credentials.as_ref();
            match Link::accepted(stream, tls) {
                Ok(link) => {
                    let (since_ns, stage) = (self.now_ns, Stage::Silent);
                    let told_epoch = None;
                    self.downstreams.push(Downstream { link, since_ns, stage, told_epoch });
                }
                Err(error) => self.complain(None, error.to_string()),
            }
        }
        // Perhaps more wait, now or when more may come.
        self.is_unread |= done == ACCEPTS_PER_TURN || !self.strangers.may_come(self.now_ns);
        done
    }

    fn hear_standbys(&mut self) -> usize {
        let mut done = 0;
        for at in 0..self.downstreams.len() {
            let mut left = FRAMES_PER_TURN;
            while left > 0 {
                left -= 1;
                match self.hear_standby(at) {
                    Ok(true) => done += 1,
                    Ok(false) => break,
                    Err(why) => {
                        self.let_go(at, Some(&why));
                        done += 1;
                        break;
                    }
                }
            }
            self.is_unread |= left == 0;
        }
        done
    }

    /// Takes the next frame of a standby; false where there is none.
    fn hear_standby(&mut self, at: usize) -> Result<bool, LinkError> {
        let cluster = self.options.settings.cluster;
        let Downstream { link, stage, .. } = &mut self.downstreams[at];
        match stage {
            Stage::Silent => {
                // TLS has something to say first.
                link.flush()?;
                if !self.steward.is_informed() {
                    self.is_unread = true;
                    return Ok(false);
                }
                let Some(frame) = link.receive(cluster)? else {
                    link.flush()?;
                    return Ok(false);
                };
                if let Body::View(text) = frame.body {
                    let (view, header) = (word::read(text)?, frame.header);
                    return self.hear_view(at, &header, &view).map(|()| true);
                }
                let Body::Hello(body) = &frame.body else {
                    let what = "a hello comes first";
                    return Err(LinkError::Frame(FrameError::Unexpected { what }));
                };
                let sender = frame.header.sender;
                let checked = check(&self.options, sender, Some(body));
                let hello = Hello { member: body.member(sender), chain: body.chain()? };
                let refusal = refusal(&self.options, link, sender, checked);
                self.greet(at, &hello, refusal).map(|()| true)
            }
            // It reads what it was told and hangs up.
            Stage::Leaving => Ok(link.flush()? && link.receive(cluster)?.is_some()),
            Stage::Over => Ok(false),
            Stage::Awaited { node, .. }
            | Stage::Following { node, .. }
            | Stage::Sending { node, .. } => {
                let node = *node;
                let Some(frame) = link.receive(cluster)? else { return Ok(false) };
                let is_meant = match (&frame.body, frame.header.sender == node) {
                    (Body::Ack(ack), true) => self.steward.acknowledged(node, ack),
                    (Body::StateHash(agreed), true) => {
                        self.steward.standby_agreed(node, *agreed);
                        true
                    }
                    _ => false,
                };
                let what = "a standby's acknowledgement can be no other's, and of nothing that was not sent";
                is_meant.then_some(true).ok_or(LinkError::Frame(FrameError::Unexpected { what }))
            }
        }
    }

    /// Takes what a node that dialled says of the view, and answers with this node's. A primary only looks whether
    /// there is another, and hangs up.
    fn hear_view(&mut self, at: usize, header: &Header, view: &View) -> Result<(), LinkError> {
        let link = &self.downstreams[at].link;
        let checked = check(&self.options, header.sender, None);
        if let Some(refusal) = refusal(&self.options, link, header.sender, checked) {
            return self.refuse(at, header.sender, refusal);
        }
        if !self.steward.is_without_arbiter() {
            // Its hello, which follows, says how the configurations differ.
            return Ok(());
        }
        let leads = header.reign != Epoch(0);
        self.steward.heard_view(header.sender, leads, view);
        self.say_view_to(at);
        let Downstream { link, stage, since_ns, .. } = &mut self.downstreams[at];
        if leads {
            (*stage, *since_ns) = (Stage::Leaving, self.now_ns);
        }
        link.flush().map(|_| ())
    }

    /// Tells who is connected the view, without an arbiter, unless it was told already.
    fn say_view_to(&mut self, at: usize) {
        let view = self.steward.view().filter(|_| self.steward.is_without_arbiter());
        let header = self.header(self.steward.leads().unwrap_or_default());
        let Downstream { link, told_epoch, .. } = &mut self.downstreams[at];
        let is_told = view.map(View::epoch) == *told_epoch;
        if !is_told && let Some(epoch) = word::say(link, header, view) {
            *told_epoch = Some(epoch);
        }
    }

    /// Tells all who follow a view in which they follow no more.
    pub(super) fn say_last_view(&mut self) {
        for at in 0..self.downstreams.len() {
            self.say_view_to(at);
            // A link that is broken is of no use any more, as are all.
            let _ = self.downstreams[at].link.flush();
        }
    }

    /// Says why a node is not spoken with, here and to it.
    fn refuse(
        &mut self,
        at: usize,
        node: NodeId,
        Refusal { about, why }: Refusal,
    ) -> Result<(), LinkError> {
        self.refused_connections += 1;
        self.complain(Some(node), why.clone());
        self.tell_off(at, Body::Refused { about, why: reason(&why) })
    }

    /// Answers a hello, which is refused where there is a reason.
    fn greet(
        &mut self,
        at: usize,
        hello: &Hello,
        refusal: Option<Refusal>,
    ) -> Result<(), LinkError> {
        let from = hello.member.node;
        if let Some(refusal) = refusal {
            return self.refuse(at, from, refusal);
        }
        self.say_view_to(at);
        match self.steward.hello(hello, self.window.chain()) {
            Greeting::NotPrimary => self.tell_off(at, Body::NotPrimary),
            Greeting::Parted(parted) => {
                let why = parted.to_string();
                self.complain(Some(from), why.clone());
                self.tell_off(at, Body::Refused { about: 0, why: reason(&why) })
            }
            Greeting::Welcome { shared, .. } => {
                // An older connection of the same node is of an older life, or was given up.
                for other in 0..self.downstreams.len() {
                    if other != at && self.downstreams[other].node() == Some(from) {
                        self.downstreams[other].stage = Stage::Over;
                    }
                }
                self.probes.retain(|probe| probe.node != from);
                self.complain(Some(from), String::new());
                self.downstreams[at].stage = Stage::Awaited { node: from, shared };
                match self.window.hash_after(shared) {
                    Some(hash) => self.welcome(at, hash),
                    None => {
                        self.outside.history.begin(from, shared);
                        Ok(())
                    }
                }
            }
        }
    }

    fn tell_off(&mut self, at: usize, body: Body<'_>) -> Result<(), LinkError> {
        let header = self.header(self.steward.leads().unwrap_or_default());
        let Downstream { link, stage, since_ns, .. } = &mut self.downstreams[at];
        (*stage, *since_ns) = (Stage::Leaving, self.now_ns);
        link.send(&Frame { header, body });
        link.flush().map(|_| ())
    }

    fn welcome(&mut self, at: usize, hash: u64) -> Result<(), LinkError> {
        let Some(reign) = self.steward.leads() else { return Err(LinkError::Closed) };
        let header = self.header(reign);
        let Downstream { link, stage, .. } = &mut self.downstreams[at];
        let Stage::Awaited { node, shared } = *stage else { return Ok(()) };
        link.send(&Frame { header, body: Body::Welcome { shared, hash } });
        let outflow = Outflow::new(header, shared);
        // What was read for the hash is what is sent next, where the window has it no more.
        let is_read = shared.next() < self.window.first();
        if !is_read {
            self.outside.history.end(node);
        }
        *stage = Stage::Following { node, outflow, old: Old { is_read, ..Old::default() } };
        link.flush().map(|_| ())
    }

    /// A connection is over.
    fn let_go(&mut self, at: usize, why: Option<&LinkError>) {
        let node = self.downstreams[at].node();
        self.downstreams[at].stage = Stage::Over;
        if let Some(node) = node {
            self.outside.history.end(node);
            self.steward.closed(node);
            if self.steward.leads().is_some() && !self.probes.iter().any(|it| it.node == node) {
                self.probes.push(Probe { node, stream: None, at_ns: self.now_ns });
            }
        }
        match why {
            Some(LinkError::Closed) if node.is_none() => {}
            Some(why) => {
                self.refused_connections +=
                    u64::from(matches!(why, LinkError::Frame(_) | LinkError::Tls(_)));
                self.complain(node, why.to_string());
            }
            None => {}
        }
    }

    /// Looks whether somebody listens where a standby has hung up, until it is back or out of the view.
    fn look_at_probes(&mut self) {
        for at in 0..self.probes.len() {
            let Probe { node, stream, at_ns } = &mut self.probes[at];
            let (node, is_due) = (*node, self.now_ns >= *at_ns);
            let found = match stream {
                None if is_due => {
                    let address = self.options.peers.iter().find(|peer| peer.node == node);
                    let Some(address) = address.map(|peer| peer.address) else { continue };
                    let dialled = self.outside.wires.dial(address);
                    dialled.map(|dialled| *stream = Some(dialled)).map(|()| false)
                }
                None => Ok(false),
                Some(stream) => self.outside.wires.is_connected(stream),
            };
            match found {
                Ok(false) => continue,
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                    self.steward.refused(node);
                }
                // Somebody listens, or nothing is known: silence decides.
                Ok(true) | Err(_) => {}
            }
            let probe = &mut self.probes[at];
            (probe.stream, probe.at_ns) = (None, self.now_ns + REDIAL_NS);
        }
        let view = self.steward.view();
        let is_in = |node| view.is_some_and(|view| view.in_sync().iter().any(|it| it.node == node));
        self.probes.retain(|probe| is_in(probe.node));
    }

    /// Sends every standby what it lacks, and shows from time to time that this node lives.
    pub(super) fn send_records(&mut self) -> usize {
        let is_sign_due = self.now_ns >= self.progress_at_ns;
        if is_sign_due {
            self.progress_at_ns = self.now_ns + self.sign_ns();
            self.is_unread |= !self.probes.is_empty() || !self.downstreams.is_empty();
            self.end_the_silent();
        }
        let speaks = self.steward.leads().is_some() && self.steward.speaks();
        let mut done = 0;
        for at in 0..self.downstreams.len() {
            let sent = if speaks { self.send_to(at, is_sign_due) } else { Ok(0) };
            match sent {
                Ok(sent) => done += sent,
                Err(why) => self.let_go(at, Some(&why)),
            }
        }
        self.downstreams.retain(|down| !matches!(down.stage, Stage::Over));
        done
    }

    fn end_the_silent(&mut self) {
        for at in 0..self.downstreams.len() {
            let Downstream { stage, since_ns, .. } = &self.downstreams[at];
            let is_old = self.now_ns.saturating_sub(*since_ns) > HELLO_NS;
            if is_old && matches!(stage, Stage::Silent | Stage::Leaving) {
                self.let_go(at, None);
            }
        }
    }

    fn send_to(&mut self, at: usize, is_sign_due: bool) -> Result<usize, LinkError> {
        let released = self.steward.released();
        let end = Sequence(self.window.next().0 - 1);
        let reign = self.steward.leads().unwrap_or_default();
        let header = self.header(reign);
        let mut done = 0;
        if let Stage::Awaited { node, .. } = self.downstreams[at].stage {
            match self.outside.history.next(node) {
                Some(Piece::Begins { hash }) => self.welcome(at, hash)?,
                Some(Piece::Snapshot(parcel)) => self.begin_sending(at, parcel),
                Some(Piece::Records(_) | Piece::Part(_)) | None => {
                    // The journal may be long: that it is still read is a sign of life.
                    let Downstream { link, since_ns, .. } = &mut self.downstreams[at];
                    let is_long = self.now_ns.saturating_sub(*since_ns) > WELCOME_NS / 4;
                    if is_sign_due && is_long {
                        link.send(&Frame { header, body: Body::Progress { end, released } });
                        link.flush()?;
                    }
                    return Ok(0);
                }
                Some(Piece::Gone(why)) => {
                    self.complain(Some(node), why.clone());
                    self.steward.closed(node);
                    self.tell_off(at, Body::Refused { about: 0, why: reason(&why) })?;
                    return Ok(1);
                }
            }
            done += 1;
        }
        done += self.send_snapshot(at, is_sign_due)?;
        if matches!(self.downstreams[at].stage, Stage::Following { .. }) {
            self.say_view_to(at);
        }
        let Downstream { link, stage, .. } = &mut self.downstreams[at];
        let Stage::Following { node, outflow, old } = stage else { return Ok(done) };
        if is_sign_due {
            link.send(&Frame { header, body: Body::Progress { end, released } });
        }
        match outflow.flow(&self.window) {
            Flow::Live => {
                if old.is_read {
                    self.outside.history.end(*node);
                    *old = Old::default();
                }
                done += outflow.send_live(&self.window, released, link)?;
            }
            Flow::CatchingUp(next) => {
                if !old.is_read {
                    self.outside.history.begin(*node, Sequence(next.0 - 1));
                    *old = Old { is_read: true, ..Old::default() };
                }
                for _ in 0..PIECES_PER_TURN {
                    if !link.has_room() {
                        break;
                    }
                    if old.sent == old.piece.len() {
                        match self.outside.history.next(*node) {
                            Some(Piece::Records(piece)) => (old.piece, old.sent) = (piece, 0),
                            Some(Piece::Begins { .. }) => continue,
                            // It was too slow. When it says hello again it gets that.
                            Some(Piece::Snapshot(_) | Piece::Part(_)) => {
                                return Err(LinkError::Closed);
                            }
                            Some(Piece::Gone(why)) => {
                                let node = *node;
                                self.complain(Some(node), why);
                                return Err(LinkError::Closed);
                            }
                            None => break,
                        }
                    }
                    let sent = outflow.old_records(&old.piece[old.sent..], released, link)?;
                    if sent == 0 {
                        break;
                    }
                    old.sent += sent;
                    done += 1;
                }
                link.flush()?;
            }
        }
        Ok(done)
    }

    /// Tells the standbys a hash of the state, where this node numbers the records.
    pub(super) fn tell_hash(&mut self, hash: StateHash) {
        let Some(reign) = self.steward.leads() else { return };
        let header = self.header(reign);
        for down in &mut self.downstreams {
            if matches!(down.stage, Stage::Following { .. }) {
                // Where there is no room it is left out: the next one will do.
                down.link.send(&Frame { header, body: Body::StateHash(hash) });
            }
        }
    }

    /// Tells a standby that it may take over.
    pub(super) fn offer(&mut self, to: NodeId, end: Sequence) {
        let header = self.header(self.steward.leads().unwrap_or_default());
        for down in &mut self.downstreams {
            if down.node() == Some(to) {
                down.link.send(&Frame { header, body: Body::Offer { end } });
                // A link that is broken is found where it is read.
                let _ = down.link.flush();
            }
        }
    }
}
