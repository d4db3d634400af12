//! What an operator asks of the cluster.

use serde_json::{Value, json};

use super::Fields;
use crate::cluster::control::{self, Ending, Rise, Stopped, Wish};
use crate::cluster::steward::{ArbiterMemory, PeerReport, Report, Rule, Why};
use crate::cluster::view::View;
use crate::model::NodeId;
use crate::venue::status::{Status, level_name};

const ALONE: &str = "this node is alone: its configuration has no [[cluster.member]]";
const SILENT: &str =
    "the cluster's agent does not answer: the node may be stuck, or is just starting";

pub(super) fn wish(status: &Status, wish: Wish) -> Result<Fields, String> {
    let control = status.control.as_ref().ok_or(ALONE)?;
    control.wish(wish).map(|()| Fields::new())
}

pub(super) fn fields(status: &Status) -> Result<Fields, String> {
    let control = status.control.as_ref().ok_or(ALONE)?;
    let told = control.status().ok_or(SILENT)?;
    let (arbiter_state, arbiter) = arbiter(&told);
    let report = &told.report;
    let stopped = match control.ending() {
        Some(Ending::Stopped(why)) => Some(why),
        _ => None,
    };
    let role = match (&stopped, report.is_out, report.leads) {
        (Some(_), ..) => "out",
        (None, true, _) => "stepping down",
        (None, false, Some(_)) => "primary",
        (None, false, None) => "standby",
    };
    let is_counted = report.view.as_ref().is_none_or(|view| view.has(report.me));
    let numbers = |nodes: &[NodeId]| nodes.iter().map(|node| node.0).collect::<Vec<_>>();
    let nodes: Vec<Value> = told.links.iter().map(|link| node(link, report)).collect();
    Ok(Fields::from_iter([
        ("node".to_owned(), json!(report.me.node.0)),
        ("name".to_owned(), json!(status.name)),
        ("incarnation".to_owned(), json!(report.me.incarnation.to_string())),
        ("role".to_owned(), json!(role)),
        ("why_out".to_owned(), json!(stopped.as_ref().map(Stopped::to_string))),
        ("log_is_doubtful".to_owned(), json!(matches!(stopped, Some(Stopped::Barred(_))))),
        (
            "is_second_primary".to_owned(),
            json!(matches!(stopped, Some(Stopped::Barred(Why::TwoPrimaries { .. })))),
        ),
        ("disk_full".to_owned(), json!(report.lacks_room)),
        ("disk_room".to_owned(), json!(status.disk_room())),
        ("hands_over".to_owned(), json!(report.hands_over)),
        ("in_sync".to_owned(), json!(is_counted)),
        ("follows_reign".to_owned(), json!(report.follows.map(|reign| reign.0))),
        (
            "primary_heard_ms_ago".to_owned(),
            json!(report.primary_silent_ns.map(|ns| ns / 1_000_000)),
        ),
        ("primary_is_silent".to_owned(), json!(report.primary_is_silent)),
        ("view".to_owned(), report.view.as_ref().map_or(Value::Null, view)),
        ("asks_for".to_owned(), report.asks_for.as_ref().map_or(Value::Null, view)),
        ("last_record".to_owned(), json!(report.own.end.0)),
        ("synced_record".to_owned(), json!(report.own.synced.0)),
        ("released_record".to_owned(), json!(report.released.max(report.told).0)),
        ("states_agreed_at".to_owned(), json!(report.hash_agreed.sequence.0)),
        ("state_hash_agreed".to_owned(), json!(format!("{:016x}", report.hash_agreed.hash))),
        ("arbiter_state".to_owned(), json!(arbiter_state)),
        ("arbiter".to_owned(), json!(arbiter)),
        ("decides".to_owned(), json!(decides(report.rule))),
        ("waits_for".to_owned(), json!(numbers(&report.waits_for))),
        ("became_primary".to_owned(), rise(&told.rise)),
        ("connections_refused".to_owned(), json!(told.refused_connections)),
        ("nodes".to_owned(), json!(nodes)),
    ]))
}

/// Who says who is primary, and what happens to a primary that has lost its standby.
fn decides(rule: Rule) -> &'static str {
    match rule {
        Rule::Arbiter => "arbiter",
        Rule::Operator { goes_on_alone: false, .. } => "operator, hold",
        Rule::Operator { goes_on_alone: true, .. } => "operator, go-on",
    }
}

/// How the arbiter stands, for programs and for people.
fn arbiter(told: &control::Status) -> (&'static str, String) {
    let report = &told.report;
    let silent_ms = report.arbiter_silent_ns / 1_000_000;
    match (told.arbiter_complaint.as_str(), report.arbiter_memory, report.rule) {
        (_, ArbiterMemory::Older, _) => (
            "older",
            "shows a lower epoch than this node has seen: was it restored from a backup?"
                .to_owned(),
        ),
        (_, ArbiterMemory::Lost, _) => (
            "lost",
            "has no view, though this node has seen one: is its data lost, or is it another?"
                .to_owned(),
        ),
        ("", ArbiterMemory::Whole, Rule::Operator { .. }) => {
            ("none", "none: operators say who is primary".to_owned())
        }
        ("", ArbiterMemory::Whole, Rule::Arbiter) if report.arbiter_is_silent => {
            ("silent", format!("has not answered for {silent_ms} ms"))
        }
        ("", ArbiterMemory::Whole, Rule::Arbiter) => ("answers", "answers".to_owned()),
        (why, ..) => ("silent", format!("has not answered for {silent_ms} ms: {why}")),
    }
}

/// When this process became primary, if it did: nanoseconds since 1970.
fn rise(rise: &Rise) -> Value {
    let Rise { asked_ns, began_ns, opened_ns } = *rise;
    match began_ns {
        0 => Value::Null,
        _ => json!({"asked_ns": asked_ns, "began_ns": began_ns, "opened_ns": opened_ns}),
    }
}

fn view(view: &View) -> Value {
    let in_sync: Vec<u16> = view.in_sync().iter().map(|member| member.node.0).collect();
    json!({
        "epoch": view.epoch().0,
        "reign": view.reign().0,
        "primary": view.primary().node.0,
        "in_sync": in_sync,
        "durability": level_name(view.durability()),
    })
}

/// Another node: what a primary knows of its standby; of others, whether there is a connection.
fn node(link: &control::LinkStatus, report: &Report) -> Value {
    let peer: Option<&PeerReport> = report
        .peers
        .iter()
        .find(|peer| peer.member.node == link.node)
        .filter(|_| report.leads.is_some());
    let in_view = report
        .view
        .as_ref()
        .is_some_and(|view| view.in_sync().iter().any(|member| member.node == link.node));
    json!({
        "node": link.node.0,
        "name": link.name,
        "connected": link.is_connected,
        "in_sync": in_view,
        "waited_for": peer.is_some_and(|peer| peer.is_waited_for),
        "catching_up": link.is_catching_up,
        "snapshot": link.snapshot.map(|(done, bytes)| format!("{done} of {bytes} bytes")),
        "received": peer.map(|peer| peer.held.end.0),
        "synced": peer.map(|peer| peer.held.synced.0),
        "states_agreed_at": peer.map(|peer| peer.agreed.sequence.0),
        "state_hash_agreed": peer.map(|peer| format!("{:016x}", peer.agreed.hash)),
        "behind_records": peer.map(|peer| peer.behind),
        "behind_bytes": link.behind_bytes,
        "behind_us": link.behind_us,
        "silent_ms": peer.map(|peer| peer.silent_ns / 1_000_000),
        "complaint": link.complaint,
    })
}
