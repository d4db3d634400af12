//! The arbiter of the model: it does what it was asked for late, in any order, and answers or not.

use super::{Node, Question, World};
use crate::cluster::Version;
use crate::cluster::arbiter::Held;
use crate::cluster::steward::{Answer, Request};
use crate::cluster::view::View;

impl World {
    pub(super) fn ask(&mut self, node: usize, request: Request) {
        let id = self.number();
        self.nodes[node].question = Some(id);
        if self.goes_on_alone.is_some() || !self.is_cut(node, self.nodes.len()) {
            self.questions.push(Question { node, id, request });
        }
    }

    /// The arbiter does one of the things that it was asked for, whichever came first.
    pub(super) fn arbitrate(&mut self) {
        if self.questions.is_empty() {
            return;
        }
        let at = self.chance.below(self.questions.len());
        let Question { node, id, request } = self.questions.swap_remove(at);
        let answer = match request {
            Request::Read => Answer::View(self.held.clone()),
            Request::Adopt(_) => unreachable!("views are adopted only without an arbiter"),
            Request::Swap { expected, view } => {
                if self.held.as_ref().is_some_and(|held| held.version == expected) {
                    self.hold(view);
                }
                Answer::Asked
            }
            Request::Found(view) => {
                if self.held.is_none() {
                    self.hold(view);
                }
                Answer::Asked
            }
        };
        if !self.is_cut(self.nodes.len(), node) && !self.chance.one_in(12) {
            self.answers.push((node, id, answer));
        }
    }

    pub(super) fn hold(&mut self, view: View) {
        let version = Version(u64::from(view.epoch().0));
        self.note(|world| {
            let own = |node: &Node| format!("{:?}", node.own());
            let own: Vec<String> = world.nodes.iter().map(own).collect();
            format!("view {} told {} {own:?}", view.to_text(), world.told())
        });
        self.held = Some(Held { view, version });
    }

    /// An answer arrives, or somebody gives up waiting for one.
    pub(super) fn answer(&mut self) {
        let now_ns = self.now_ns;
        if self.goes_on_alone.is_none() && self.chance.one_in(8) {
            let node = self.chance.below(self.nodes.len());
            let node = &mut self.nodes[node];
            if let Some(steward) = &mut node.steward
                && !node.is_frozen
                && node.question.take().is_some()
            {
                steward.tick(now_ns);
                steward.answer(Answer::Failed);
            }
            return;
        }
        if self.answers.is_empty() {
            return;
        }
        let at = self.chance.below(self.answers.len());
        if self.nodes[self.answers[at].0].is_frozen {
            return;
        }
        let (node, id, answer) = self.answers.swap_remove(at);
        let node = &mut self.nodes[node];
        let own = node.own();
        if let Some(steward) = &mut node.steward
            && node.question == Some(id)
        {
            node.question = None;
            steward.tick(now_ns);
            steward.own(own);
            steward.answer(answer);
        }
    }
}
