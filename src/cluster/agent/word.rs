//! Without an arbiter: nodes tell each other the view.
//!
//! 1. A standby says its view before its hello, and is answered with the other's before anything else.
//! 2. A primary says its view to a standby that follows it, each time that it has changed.
//! 3. A primary dials whoever does not follow it, says its view, hears the other's, and hangs up. So a node that
//!    was promoted meanwhile is found, and one that was primary before learns that it is no more.

use std::io::{self, ErrorKind, Read, Write};

use super::standby::{State, WELCOME_NS};
use super::{ClusterAgent, PeerAddress};
use crate::cluster::follower::Refused;
use crate::cluster::frame::{Body, Frame, FrameError, Header};
use crate::cluster::link::{Link, LinkError};
use crate::cluster::standing::StateHash;
use crate::cluster::view::View;
use crate::cluster::wires::Wires;
use crate::model::{Epoch, NodeId};

/// From one look at the others to the next.
const LOOK_NS: u64 = 250_000_000;

/// Says a view on a link; gives its epoch where there was room.
pub(super) fn say<S: Read + Write>(
    link: &mut Link<S>,
    header: Header,
    view: Option<&View>,
) -> Option<Epoch> {
    let view = view?;
    link.send(&Frame { header, body: Body::View(&view.to_text()) }).then(|| view.epoch())
}

/// The view that a node says.
pub(super) fn read(text: &str) -> Result<View, LinkError> {
    View::from_text(text).map_err(|_| LinkError::Frame(FrameError::Body { what: "view" }))
}

/// What a node says that was looked at.
enum Heard {
    /// Its view, and whether it leads.
    View(bool, View),
    Refusal(Refused),
}

impl<W: Wires> ClusterAgent<W> {
    /// For a primary: looks whether another one is there.
    pub(super) fn look_around(&mut self) {
        match &self.upstream.state {
            State::Idle if self.now_ns >= self.upstream.dial_at_ns => {}
            State::Idle => return,
            State::Dialling { .. } => return self.look_at_look(),
            State::Up { since_ns, .. } => {
                if self.now_ns.saturating_sub(*since_ns) > WELCOME_NS {
                    self.upstream.state = State::Idle;
                }
                return;
            }
        }
        self.upstream.dial_at_ns = self.now_ns + LOOK_NS;
        self.upstream.misses += 1;
        let Some(peer) = self.whom_to_look_at() else { return };
        let (node, address, since_ns) = (peer.node, peer.address, self.now_ns);
        match self.outside.wires.dial(address) {
            Ok(stream) => {
                self.upstream.state = State::Dialling { node, stream, since_ns };
                self.look_at_look();
            }
            Err(error) => self.not_seen(node, &error),
        }
    }

    /// Each in turn of those that do not follow.
    fn whom_to_look_at(&self) -> Option<&PeerAddress> {
        let follows = |peer: &&PeerAddress| {
            self.downstreams.iter().any(|down| down.node() == Some(peer.node))
        };
        let absent: Vec<&PeerAddress> =
            self.options.peers.iter().filter(|peer| !follows(peer)).collect();
        absent.get(self.upstream.misses % absent.len().max(1)).copied()
    }

    fn look_at_look(&mut self) {
        let State::Dialling { node, stream, since_ns } = &mut self.upstream.state else { return };
        let (node, since_ns) = (*node, *since_ns);
        match self.outside.wires.is_connected(stream) {
            Ok(true) => {}
            Ok(false) => {
                if self.now_ns.saturating_sub(since_ns) > WELCOME_NS {
                    self.not_seen(node, &ErrorKind::TimedOut.into());
                }
                return;
            }
            Err(error) => return self.not_seen(node, &error),
        }
        let state = std::mem::replace(&mut self.upstream.state, State::Idle);
        let State::Dialling { stream, .. } = state else { return };
        let name = self.peer(node).map(|peer| peer.name.clone()).unwrap_or_default();
        match Link::dialled(stream, self.options.credentials.as_ref(), &name) {
            Ok(mut link) => {
                let header = self.header(self.steward.leads().unwrap_or_default());
                say(&mut link, header, self.steward.view());
                self.is_unread = true;
                let (is_welcomed, said, said_at_ns) = (false, None, 0);
                let agreed = StateHash::default();
                self.upstream.state =
                    State::Up { node, link, since_ns, is_welcomed, said, said_at_ns, agreed };
            }
            Err(error) => self.complain(Some(node), error.to_string()),
        }
    }

    fn not_seen(&mut self, node: NodeId, error: &io::Error) {
        self.upstream.state = State::Idle;
        if error.kind() == ErrorKind::ConnectionRefused {
            self.steward.refused(node);
        }
        self.complain(Some(node), format!("it cannot be reached: {error}"));
    }

    /// Hears what the node says that was looked at. Nothing is followed here, so nothing is closed.
    pub(super) fn hear_look(&mut self) -> usize {
        let cluster = self.options.settings.cluster;
        let State::Up { node, link, .. } = &mut self.upstream.state else { return 0 };
        let node = *node;
        let heard = link.flush().and_then(|_| match link.receive(cluster)? {
            None => link.flush().map(|_| None),
            Some(Frame { header, body: Body::View(text) }) if header.sender == node => {
                read(text).map(|view| Some(Heard::View(header.reign != Epoch(0), view)))
            }
            Some(Frame { body: Body::Refused { about, why }, .. }) => {
                Ok(Some(Heard::Refusal(Refused::by_primary(about, why))))
            }
            Some(_) => Err(LinkError::Closed),
        });
        match heard {
            Ok(None) => {
                self.is_unread = true;
                return 0;
            }
            Ok(Some(Heard::View(leads, view))) => {
                self.steward.heard_view(node, leads, &view);
                self.complain(Some(node), String::new());
            }
            Ok(Some(Heard::Refusal(why))) => self.refused_by(node, &why),
            // One that has no view yet just hangs up.
            Err(LinkError::Closed) => {}
            Err(why) => self.complain(Some(node), why.to_string()),
        }
        self.upstream.state = State::Idle;
        1
    }
}
