//! What an operator sees of the cluster, and what he is asked before he overrides it.
//!
//! The first lines are for somebody who was woken: who is primary, what is wrong, what to do. The figures follow.

use std::io::{self, BufRead, Write};

use serde_json::{Value, json};

use super::plain;
use crate::cli::Failure;
use crate::cli::admin_client::AdminClient;
use crate::cli::terminal::table;

/// What a node says of the cluster.
struct Told<'a>(&'a Value);

/// How it stands, and what is to be done about it.
struct Verdict {
    state: String,
    remedy: Option<String>,
}

fn well(state: String) -> Verdict {
    Verdict { state, remedy: None }
}

fn trouble(state: String, remedy: impl Into<String>) -> Verdict {
    Verdict { state, remedy: Some(remedy.into()) }
}

impl<'a> Told<'a> {
    fn text(&self, key: &str) -> String {
        plain(self.0.get(key))
    }

    fn is(&self, key: &str) -> bool {
        self.0[key] == true
    }

    fn nodes(&self) -> impl Iterator<Item = &'a Value> {
        self.0["nodes"].as_array().into_iter().flatten()
    }

    /// What people call a node.
    fn name(&self, node: &Value) -> String {
        let is_it = |other: &&Value| other["node"] == *node;
        let named = if self.0["node"] == *node { Some(self.0) } else { self.nodes().find(is_it) };
        match named.and_then(|named| named["name"].as_str()) {
            Some(name) => format!("{name} (node {node})"),
            None => format!("node {node}"),
        }
    }

    fn names(&self, list: &Value) -> String {
        let names: Vec<String> =
            list.as_array().into_iter().flatten().map(|node| self.name(node)).collect();
        names.join(", ")
    }

    fn me(&self) -> String {
        self.name(&self.0["node"])
    }

    fn primary(&self) -> String {
        self.name(&self.0["view"]["primary"])
    }

    fn has_arbiter(&self) -> bool {
        self.0["decides"] == "arbiter"
    }

    fn arbiter_is_away(&self) -> bool {
        let says = self.text("arbiter");
        says.starts_with("has not") || says.starts_with("shows")
    }

    fn verdict(&self) -> Verdict {
        match self.0["role"].as_str() {
            Some("primary") => self.of_primary(),
            Some("out") => trouble(
                "OUT: it takes no further part; its log says why".to_owned(),
                "keep its journal for whoever looks into it, empty the directory, start it again",
            ),
            _ if self.0["view"].is_null() => trouble(
                "NO PRIMARY: this node knows of no view, so no clients are let in".to_owned(),
                match self.arbiter_is_away() {
                    true => "get the arbiter to answer",
                    false => {
                        "a new cluster: castle admin found, once, on the node that has the data. Any other: start the \
                         other nodes, which know the view"
                    }
                },
            ),
            _ if !self.0["follows_reign"].is_null() => self.of_follower(),
            _ => self.of_orphan(),
        }
    }

    fn of_primary(&self) -> Verdict {
        if self.is("hands_over") {
            return well("hands over: takes no more orders until the other is primary".to_owned());
        }
        let missing: Vec<&Value> = self.nodes().filter(|node| node["waited_for"] == true).collect();
        if let Some(node) = missing.first() {
            let (name, number) = (self.name(&node["node"]), &node["node"]);
            let released = self.text("released_record");
            let state = format!(
                "HELD: clients are told nothing behind record {released}, since {name} has to have it first and is \
                 not there"
            );
            return match self.text("decides").as_str() {
                "operator, hold" => trouble(
                    state,
                    format!(
                        "start {name} again; where that takes too long, go on without it: castle admin leave-out \
                         --node {number}"
                    ),
                ),
                _ if self.arbiter_is_away() => {
                    trouble(state, "get the arbiter to answer: then it goes on alone")
                }
                _ => trouble(state, "nothing: it goes on alone in a moment"),
            };
        }
        let in_sync: Vec<&Value> = self.nodes().filter(|node| node["in_sync"] == true).collect();
        if in_sync.is_empty() {
            let state = "ALONE: what clients are told is on this machine's disk, and nowhere else";
            let joins = |node: &&Value| node["connected"] == true;
            let remedy = match self.nodes().find(joins) {
                Some(node) => format!(
                    "nothing: {} is here, {} records behind, and comes in sync by itself",
                    self.name(&node["node"]),
                    plain(node.get("behind_records"))
                ),
                None => format!(
                    "bring back {}",
                    self.nodes()
                        .map(|node| self.name(&node["node"]))
                        .collect::<Vec<_>>()
                        .join(", ")
                ),
            };
            return trouble(state.to_owned(), remedy);
        }
        let names: Vec<String> = in_sync.iter().map(|node| self.name(&node["node"])).collect();
        let state = format!("well: {} has every record before clients are told", names.join(", "));
        if self.arbiter_is_away() {
            let state =
                format!("{state}; but NOBODY CAN TAKE OVER: the arbiter {}", self.text("arbiter"));
            return trouble(state, "get the arbiter to answer; trading goes on meanwhile");
        }
        well(state)
    }

    fn of_follower(&self) -> Verdict {
        let primary = self.primary();
        if !self.is("in_sync") {
            return trouble(
                format!("NOT IN SYNC: it follows {primary}, and cannot take its place yet"),
                format!(
                    "nothing, where its log comes nearer; else ask {primary}: castle admin cluster there"
                ),
            );
        }
        if self.arbiter_is_away() {
            let state =
                format!("in sync, but CANNOT TAKE OVER: the arbiter {}", self.text("arbiter"));
            return trouble(state, "get the arbiter to answer; trading goes on meanwhile");
        }
        match self.has_arbiter() {
            true => well(format!("well: in sync, takes over by itself if {primary} fails")),
            false => well(format!("well: in sync; if {primary} fails, castle admin promote here")),
        }
    }

    /// A standby that follows nobody.
    fn of_orphan(&self) -> Verdict {
        let primary = self.primary();
        let waits_for = &self.0["waits_for"];
        if waits_for.as_array().is_some_and(|nodes| !nodes.is_empty()) {
            let names = self.names(waits_for);
            return trouble(
                format!(
                    "NO PRIMARY: this node was, and leads again once {names} says that it was not promoted meanwhile"
                ),
                format!(
                    "start {names}; where that cannot be, castle admin promote here says what it requires"
                ),
            );
        }
        let silent = match self.0["primary_heard_ms_ago"].as_u64() {
            Some(ms) => format!("was heard {:.1} s ago", ms as f64 / 1_000.0),
            None => "was not heard since this process began".to_owned(),
        };
        let state = format!("NO PRIMARY SEEN: {primary} {silent}");
        match (self.has_arbiter(), self.is("in_sync")) {
            (true, true) if self.arbiter_is_away() => trouble(
                format!("{state}, and the arbiter {}", self.text("arbiter")),
                "get the arbiter to answer: this node takes over then",
            ),
            (true, true) => {
                trouble(state, "nothing: this node is in sync, and takes over in a moment")
            }
            (true, false) => trouble(
                format!("{state}, and this node is not in sync, so it does not take over"),
                format!(
                    "start {primary}; where it is lost for good, castle admin promote here says what it requires"
                ),
            ),
            (false, is_in_sync) => trouble(
                match is_in_sync {
                    true => format!("{state}; without an arbiter nobody takes over by himself"),
                    false => format!("{state}, and this node is not in sync"),
                },
                format!(
                    "start {primary} again; or, where that cannot be, castle admin promote here says what it requires"
                ),
            ),
        }
    }

    fn role(&self) -> String {
        match (self.0["role"].as_str(), self.0["follows_reign"].is_null()) {
            (Some("primary"), _) => "PRIMARY".to_owned(),
            (Some("standby"), false) => format!("standby of {}", self.primary()),
            (Some("standby"), true) => "standby that follows nobody".to_owned(),
            _ => self.text("role"),
        }
    }

    fn view_line(&self, view: &Value) -> String {
        let text = |key: &str| plain(view.get(key));
        format!(
            "epoch {}, primary {} since epoch {}, in sync {}, {}",
            text("epoch"),
            self.name(&view["primary"]),
            text("reign"),
            self.names(&view["in_sync"]),
            text("durability")
        )
    }

    fn states_line(&self) -> String {
        let agreed = |what: &Value| what["states_agreed_at"].as_u64().filter(|at| *at > 0);
        let of = |what: &Value| plain(what.get("state_hash_agreed"));
        if self.0["role"] != "primary" {
            return match agreed(self.0) {
                None => "not compared with a primary's yet".to_owned(),
                Some(at) => format!("the primary's at record {at}, hash {}", of(self.0)),
            };
        }
        let with = |node: &Value| {
            let at = agreed(node)?;
            Some(format!(
                "the same at record {at} with {}, hash {}",
                self.name(&node["node"]),
                of(node)
            ))
        };
        let compared: Vec<String> = self.nodes().filter_map(with).collect();
        match compared.is_empty() {
            true => "no standby has compared its own with this node's yet".to_owned(),
            false => compared.join("; "),
        }
    }
}

pub(super) fn for_people(answer: &Value) -> String {
    let told = Told(answer);
    let verdict = told.verdict();
    let mut lines = vec![format!("{}: {}", told.me(), told.role())];
    lines.push(format!("state      {}", verdict.state));
    if let Some(remedy) = verdict.remedy {
        lines.push(format!("do         {remedy}"));
    }
    lines.push(String::new());
    if !answer["view"].is_null() {
        lines.push(format!("view       {}", told.view_line(&answer["view"])));
    }
    if !answer["asks_for"].is_null() {
        lines.push(format!("asks for   {}", told.view_line(&answer["asks_for"])));
    }
    lines.push(format!("arbiter    {}", told.text("arbiter")));
    lines.push(format!(
        "log        to record {}, on this disk to {}, clients were told to {}",
        told.text("last_record"),
        told.text("synced_record"),
        told.text("released_record")
    ));
    lines.push(format!("states     {}", told.states_line()));
    let complaints = told.nodes().filter(|node| !plain(node.get("complaint")).is_empty());
    let complaints = complaints
        .map(|node| format!("{}: {}\n", told.name(&node["node"]), plain(node.get("complaint"))));
    format!("{}\n\n{}{}", lines.join("\n"), others(answer), complaints.collect::<String>())
}

/// The other nodes; figures only where this node is primary, since no other knows them.
fn others(answer: &Value) -> String {
    const FIGURES: [&str; 6] =
        ["received", "synced", "behind_records", "behind_bytes", "behind_us", "silent_ms"];
    let is_primary = answer["role"] == "primary";
    let mut head = vec!["node", "name", "in_sync", "connected"];
    head.extend(FIGURES.iter().filter(|_| is_primary));
    let yes = |node: &Value, key: &str| if node[key] == true { "yes" } else { "no" }.to_owned();
    let row = |node: &Value| {
        let mut cells = vec![plain(node.get("node")), plain(node.get("name"))];
        cells.push(yes(node, "in_sync"));
        cells.push(match (node["snapshot"].as_str(), node["catching_up"] == true) {
            (Some(sent), _) => format!("snapshot, {sent}"),
            (None, true) => "catches up".to_owned(),
            (None, false) => yes(node, "connected"),
        });
        cells.extend(FIGURES.iter().filter(|_| is_primary).map(|key| plain(node.get(*key))));
        cells
    };
    let cells: Vec<Vec<String>> =
        answer["nodes"].as_array().into_iter().flatten().map(row).collect();
    table(&head, &cells)
}

/// What a promotion requires of the operator, and what it may cost.
fn promotion(answer: &Value) -> String {
    let told = Told(answer);
    let (me, last) = (told.me(), told.text("last_record"));
    let others: Vec<String> = told.nodes().map(|node| told.name(&node["node"])).collect();
    let others = others.join(", ");
    let was_me = answer["view"]["primary"] == answer["node"];
    let heard = match answer["primary_heard_ms_ago"].as_u64() {
        _ if was_me => "It was primary itself.".to_owned(),
        Some(ms) => format!("It last heard {} {:.1} s ago.", told.primary(), ms as f64 / 1_000.0),
        None => format!("It has not heard {} since its process began.", told.primary()),
    };
    let was_in_sync = told.is("in_sync");
    let is_lost = match (was_in_sync, answer["decides"].as_str()) {
        (true, Some("arbiter")) => format!(
            "the arbiter's view counts it as in sync, as far as it could read it: then nothing that clients were told \
             is missing, unless another node's log reaches behind record {last}"
        ),
        (true, Some("operator, go-on")) if !was_me => format!(
            "it was in sync when it last heard the primary, but {} goes on alone where it loses its standby: what it \
             told clients behind record {last} since then IS LOST",
            told.primary()
        ),
        (true, _) => format!(
            "it was in sync when it last knew. Nothing that clients were told is missing, unless an operator has had a \
             primary go on without it since (castle admin leave-out), or promoted another: what was told then, behind \
             record {last}, IS LOST"
        ),
        (false, _) => format!(
            "it was NOT in sync: what clients were told behind record {last} IS LOST. Look at the other logs first"
        ),
    };
    format!(
        "\nPromotion makes {me} primary, alone, whatever the view says.\n\
         \n\
         what this node knows\n  \
           Its log ends with record {last}; clients were told up to record {} at least.\n  \
           {heard}\n\
         what may be lost\n  \
           {}{}\n\
         what it requires of you\n  \
           1. {others}: castle is stopped there, or the machine is off or cut off from clients.\n  \
           2. It stays so until this node is primary. Started later, it finds this one and becomes its standby.\n  \
           3. No other log reaches further: castle admin cluster on each node that runs, castle journal verify\n     \
              where none runs. If one does, promote that one.\n",
        told.text("released_record"),
        is_lost[..1].to_uppercase(),
        &is_lost[1..],
    )
}

/// Says what a promotion takes of the operator, and asks.
pub(super) fn confirms_promotion(client: &mut AdminClient) -> Result<bool, Failure> {
    let answer = client.ask(&json!({"command": "cluster"})).map_err(Failure::new)?;
    print!("{}{}", for_people(&answer), promotion(&answer));
    types(&answer["name"])
}

/// Says what follows where a primary goes on without a standby, and asks.
pub(super) fn confirms_leaving_out(client: &mut AdminClient, node: u16) -> Result<bool, Failure> {
    let answer = client.ask(&json!({"command": "cluster"})).map_err(Failure::new)?;
    let told = Told(&answer);
    let name = told.name(&json!(node));
    println!(
        "{}\n{} goes on without {name}: clients are told what is on its own disk, and nowhere else.\n\
         From then on {name} must not be promoted until castle admin cluster shows it in sync again: what clients\n\
         are told meanwhile it does not have, and it cannot know that it was left out.\n",
        for_people(&answer),
        told.me()
    );
    types(&answer["name"])
}

/// Whether the operator types the node's name.
fn types(name: &Value) -> Result<bool, Failure> {
    let name = plain(Some(name));
    print!("Type \"{name}\" to go on: ");
    io::stdout().flush().map_err(Failure::new)?;
    let mut typed = String::new();
    io::stdin().lock().read_line(&mut typed).map_err(Failure::new)?;
    Ok(typed.trim() == name)
}
