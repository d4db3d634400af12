//! Makes sentences of the gateway's facts, for the operator's log. Cold.

use std::sync::Arc;

use tracing::{info, warn};

use crate::gateway::facts::{Ended, Fact, Telltale};
use crate::runtime::{Agent, Now};

/// See the module.
pub(super) struct Watch {
    pub telltale: Arc<Telltale>,
}

impl Agent for Watch {
    fn name(&self) -> &'static str {
        "watch"
    }

    fn work(&mut self, _now: Now) -> usize {
        let mut told = 0;
        while let Some(fact) = self.telltale.next() {
            tell(fact);
            told += 1;
        }
        told
    }

    fn close(&mut self, now: Now) {
        self.work(now);
    }
}

fn tell(fact: Fact) {
    match fact {
        Fact::LoggedOn { session, peer } => info!("session {session} logged on from {peer}"),
        Fact::AcceptFailed(kind) => warn!("a connection could not be accepted: {kind}"),
        Fact::ListenFailed(kind) => {
            warn!("this node is primary and cannot listen for FIX, and tries on: {kind}");
        }
        Fact::DoorsOpen => info!("this node is primary: FIX connections are taken"),
        Fact::DoorsShut => warn!("this node is not primary any more: FIX connections are ended"),
        Fact::Ended { session, peer, why } => {
            let who = match session {
                Some(session) => format!("session {session} from {peer}"),
                None => format!("connection from {peer}"),
            };
            let why = reason(why);
            info!("{who}: {why}");
        }
    }
}

fn reason(why: Ended) -> String {
    match why {
        Ended::ByClient => "closed by the client".into(),
        Ended::ByError(kind) => format!("lost: {kind}"),
        Ended::LogonTimeout => "closed: no Logon in time ([fix] logon_timeout_ms)".into(),
        Ended::TooMuchBeforeLogon => {
            "closed: too many bytes before a Logon ([fix] bytes_before_logon_max)".into()
        }
        Ended::NoSuchSession => {
            "closed: its first message was no Logon of a free session of ours".into()
        }
        Ended::MessageTooLong => "closed: message too long ([fix] message_size_max)".into(),
        Ended::SlowClient(waiting) => {
            format!("closed: it does not read, {waiting} bytes wait ([fix] outbound_bytes_max)")
        }
        Ended::BySession(why) => why.to_string(),
        Ended::DiskFull => "refused: the disk is full, and it sends new orders".into(),
        Ended::Stopping => "closed: the venue stops".into(),
        Ended::NotPrimary => "closed: this node is not primary any more".into(),
        Ended::TooManyConnections => "refused: too many connections ([fix] connections_max)".into(),
    }
}
