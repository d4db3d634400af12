//! Connections of the model: who dials whom, what arrives, what is heard.

use std::collections::VecDeque;

use super::{Connection, Message, Taking, World};
use crate::cluster::steward::mutant::Mutant;
use crate::cluster::steward::{Greeting, Hello, Steward, Welcomed};
use crate::model::NodeId;

impl World {
    pub(super) fn dial(&mut self, from: usize, to: usize) {
        if self.is_cut(from, to) || self.is_cut(to, from) {
            return;
        }
        let count = self.nodes.len();
        // There is one connection to whoever may be primary: a hello says where the log ends.
        for other in (0..count).filter(|other| *other != to) {
            let Connection { is_open, to_dialler, .. } = &self.connections[count * from + other];
            if *is_open || !to_dialler.is_empty() {
                self.hang_up(count * from + other, from);
            }
        }
        if self.nodes[to].steward.is_none() {
            if let Some(steward) = &mut self.nodes[from].steward {
                steward.refused(NodeId(to as u16));
            }
            return;
        }
        let node = &self.nodes[from];
        let Some(steward) = &node.steward else { return };
        let hello = Hello { member: steward.me(), chain: node.chain.clone() };
        let leads = steward.leads().is_some();
        let own_view = steward.view().filter(|_| self.goes_on_alone.is_some()).cloned();
        let mut to_acceptor: VecDeque<Message> =
            own_view.map(|view| Message::View { leads, view }).into_iter().collect();
        if !leads {
            to_acceptor.push_back(Message::Hello(hello));
        }
        self.connections[count * from + to] =
            Connection { is_open: true, to_acceptor, is_look: leads, ..Connection::default() };
    }

    /// A message arrives.
    pub(super) fn deliver(&mut self) {
        let count = self.nodes.len();
        // A few tries to find one that waits.
        let (mut at, mut is_up) = (0, false);
        for _ in 0..6 {
            (at, is_up) = (self.chance.below(self.connections.len()), self.chance.one_in(2));
            let Connection { to_acceptor, to_dialler, .. } = &self.connections[at];
            if !(if is_up { to_acceptor } else { to_dialler }).is_empty() {
                break;
            }
        }
        let (dialler, acceptor) = (at / count, at % count);
        let (from, to) = if is_up { (dialler, acceptor) } else { (acceptor, dialler) };
        let is_informed = self.nodes[to].steward.as_ref().is_some_and(Steward::is_informed);
        if self.is_cut(from, to) || self.nodes[to].is_frozen || !is_informed {
            return;
        }
        let connection = &mut self.connections[at];
        let queue = if is_up { &mut connection.to_acceptor } else { &mut connection.to_dialler };
        let Some(message) = queue.pop_front() else { return };
        let stays = if is_up {
            self.hear_standby(acceptor, dialler, message)
        } else {
            self.hear_primary(dialler, acceptor, message)
        };
        if !stays {
            self.hang_up(at, to);
        }
    }

    /// A node closes a connection; what lies in it for the other still arrives.
    pub(super) fn hang_up(&mut self, at: usize, who: usize) {
        let count = self.nodes.len();
        let (dialler, acceptor) = (at / count, at % count);
        let connection = &mut self.connections[at];
        if who == dialler {
            connection.to_dialler.clear();
            close(&mut connection.is_open, &mut connection.to_acceptor, false);
        } else {
            connection.to_acceptor.clear();
            close(&mut connection.is_open, &mut connection.to_dialler, false);
        }
        if connection.is_look {
            return;
        }
        let other = NodeId(if who == dialler { acceptor } else { dialler } as u16);
        if let Some(steward) = &mut self.nodes[who].steward {
            steward.closed(other);
        }
    }

    pub(super) fn hear_standby(&mut self, me: usize, from: usize, message: Message) -> bool {
        let is_look = self.connections[self.nodes.len() * from + me].is_look;
        let now_ns = self.now_ns;
        let node = &mut self.nodes[me];
        let own = node.own();
        let Some(steward) = &mut node.steward else { return false };
        steward.tick(now_ns);
        steward.own(own);
        match message {
            Message::View { leads, view } => {
                steward.heard_view(NodeId(from as u16), leads, &view);
                self.say_view(me, from);
                !leads
            }
            Message::Hello(hello) => {
                self.say_view(me, from);
                let node = &mut self.nodes[me];
                let Some(steward) = &mut node.steward else { return false };
                let greeting = steward.hello(&hello, &node.chain);
                self.note(|_| format!("node {me} greets {}: {greeting:?}", hello.member));
                let connection = &mut self.connections[self.nodes.len() * from + me];
                if let Greeting::Welcome { reign, shared } = greeting
                    && (shared.0 as usize) < self.nodes[me].pruned
                {
                    self.send_snapshot(me, from, reign, shared);
                    return true;
                }
                if connection.is_open {
                    connection.to_dialler.push_back(Message::Greeting(greeting));
                }
                let Greeting::Welcome { shared, .. } = greeting else { return false };
                connection.next = Some(shared.0 + 1);
                true
            }
            Message::Ack(ack) => steward.acknowledged(NodeId(from as u16), &ack),
            Message::Closed => {
                if !is_look {
                    steward.closed(NodeId(from as u16));
                }
                true
            }
            _ => false,
        }
    }

    pub(super) fn hear_primary(&mut self, me: usize, from: usize, message: Message) -> bool {
        let is_look = self.connections[self.nodes.len() * me + from].is_look;
        let now_ns = self.now_ns;
        let node = &mut self.nodes[me];
        let own = node.own();
        let Some(steward) = &mut node.steward else { return false };
        steward.tick(now_ns);
        steward.own(own);
        let id = NodeId(from as u16);
        match message {
            Message::View { leads, view } => {
                steward.heard_view(id, leads, &view);
                !is_look
            }
            Message::Greeting(Greeting::NotPrimary) => {
                steward.heard_quiet(id);
                false
            }
            Message::Greeting(Greeting::Welcome { reign, shared }) => {
                steward.welcome(id, reign, shared) == Welcomed::Following
            }
            Message::Records { reign, first, entries, released } => {
                // Orders before records: the log is cut, and the promise kept, first.
                if self.obey(me).is_err() {
                    return false;
                }
                let node = &mut self.nodes[me];
                let Some(steward) = &mut node.steward else { return false };
                if !steward.accepts(id, reign) {
                    return false;
                }
                if first != node.log.len() as u64 + 1 && self.mutant != Some(Mutant::SkipCut) {
                    return false;
                }
                steward.primary_heard(id, reign, released);
                for entry in entries {
                    node.append(entry.reign, entry.value);
                }
                true
            }
            Message::Snapshot { reign, shared, image, chain } => {
                let is_taken = steward.may_take_in(reign, shared) == Welcomed::Following;
                if is_taken {
                    node.taking = Some(Taking { from, reign, shared, image, chain });
                }
                is_taken
            }
            Message::Offer { reign, end } => {
                steward.offered(id, reign, end);
                true
            }
            Message::Closed => {
                if !is_look {
                    steward.closed(id);
                    node.taking.take_if(|taking| taking.from == from);
                }
                true
            }
            _ => false,
        }
    }
}

/// Closes a connection towards one side, which hears of it behind what was sent before.
pub(super) fn close(is_open: &mut bool, queue: &mut VecDeque<Message>, is_lost: bool) {
    if is_lost {
        queue.clear();
    }
    if std::mem::take(is_open) {
        queue.push_back(Message::Closed);
    }
}
