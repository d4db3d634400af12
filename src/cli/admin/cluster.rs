//! What an operator sees of the cluster, and what he is asked before he overrides it.
//!
//! The first lines are for somebody who was woken: who is primary, what is wrong, what to do. The figures follow.

use std::io::{self, BufRead, Write};

use serde_json::{Value, json};

use super::plain;
use crate::cli::Failure;
use crate::cli::admin_client::AdminClient;
use crate::cli::terminal::table;

const NOT_COMPARED: &str =
    "not compared yet: that is done every so many records ([cluster] compare_states_every)";
/// Columns of what is written for people, and of the words before it.
const WIDTH: usize = 100;
const INDENT: usize = 11;

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

    /// Whether no view can be changed: the arbiter does not answer, or knows less than this node.
    fn arbiter_is_away(&self) -> bool {
        self.0["arbiter_state"] == "silent" || self.arbiter_forgot()
    }

    /// Whether the arbiter knows less than this node.
    fn arbiter_forgot(&self) -> bool {
        self.0["arbiter_state"] == "older" || self.0["arbiter_state"] == "lost"
    }

    /// What is wrong with the arbiter.
    fn arbiter_fails(&self) -> &'static str {
        match self.arbiter_forgot() {
            true => "the arbiter knows less than this node",
            false => "the arbiter does not answer",
        }
    }

    /// What is to be done about the arbiter, and what comes of it.
    fn heal_arbiter(&self, then: &str) -> String {
        match self.arbiter_forgot() {
            true => "see \"The arbiter has lost its data\" in docs/operations.md".to_owned(),
            false => format!("get the arbiter to answer{then}"),
        }
    }

    fn verdict(&self) -> Verdict {
        match self.0["role"].as_str() {
            Some("primary") => self.with_room(self.of_primary()),
            Some("stepping down") => {
                well("another is primary: it stops, and joins again as a standby".to_owned())
            }
            Some("out") => trouble(
                format!("OUT: it takes no further part: {}", self.text("why_out")),
                match (self.is("is_second_primary"), self.is("log_is_doubtful")) {
                    (true, _) => {
                        "start and empty nothing yet: keep both journals, decide which of the two goes on, then empty the \
                         directory of the other and start it"
                    }
                    (_, true) => {
                        "keep its journal for whoever looks into it, empty the directory, start it again"
                    }
                    (_, false) => "look after its disk, then start it again",
                },
            ),
            _ if self.is("disk_full") => trouble(
                "OUT OF ROOM: its disk is full, so it follows nobody and cannot take over"
                    .to_owned(),
                "make room on its disk: it comes back by itself",
            ),
            _ if self.0["view"].is_null() => trouble(
                "NO PRIMARY: this node knows of no view, so no clients are let in".to_owned(),
                match self.arbiter_is_away() {
                    true => self.heal_arbiter(""),
                    false => {
                        "a new cluster: castle admin found, once, on the node that has the data. Any other: start the \
                         other nodes, which know the view"
                            .to_owned()
                    }
                },
            ),
            _ if self.0["follows_reign"].is_null() || self.is("primary_is_silent") => {
                self.of_orphan()
            }
            _ => self.of_follower(),
        }
    }

    /// The verdict on a primary, whose disk may be full besides.
    fn with_room(&self, verdict: Verdict) -> Verdict {
        let room = self.0["disk_room"].as_str().filter(|room| *room != "plenty");
        let Some(room) = room else { return verdict };
        let state = format!("{}; but OUT OF ROOM: it takes {room}", verdict.state);
        match verdict.remedy {
            None => trouble(state, "make room on its disk: it goes on by itself"),
            Some(remedy) => trouble(state, format!("make room on its disk; {remedy}")),
        }
    }

    fn of_primary(&self) -> Verdict {
        if self.is("hands_over") {
            return well("hands over: takes no more orders until the other is primary".to_owned());
        }
        let missing: Vec<&Value> = self.nodes().filter(|node| node["waited_for"] == true).collect();
        if let Some(node) = missing.first() {
            let (name, number) = (self.name(&node["node"]), &node["node"]);
            let state = match self.released() {
                Some(released) => format!(
                    "HELD: clients are told nothing behind record {released}, since {name} has to have it first and is \
                     not there"
                ),
                None => format!("HELD: clients are told nothing, since {name} is not there"),
            };
            return match self.text("decides").as_str() {
                "operator, hold" => trouble(
                    state,
                    format!(
                        "start {name} again; where that takes too long, go on without it: castle admin leave-out \
                         --node {number}"
                    ),
                ),
                _ if self.arbiter_is_away() => {
                    trouble(state, self.heal_arbiter(": then it goes on alone"))
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
                None => {
                    let names: Vec<String> =
                        self.nodes().map(|node| self.name(&node["node"])).collect();
                    let then = match self.has_arbiter() {
                        true => "",
                        false => ", which must not be promoted before it is in sync",
                    };
                    format!("start {} again{then}", names.join(", "))
                }
            };
            return trouble(state.to_owned(), remedy);
        }
        let names: Vec<String> = in_sync.iter().map(|node| self.name(&node["node"])).collect();
        let state = format!("well: {} has every record before clients are told", names.join(", "));
        if self.arbiter_is_away() {
            let why = self.arbiter_fails();
            let state = format!("{state}; but NOBODY CAN TAKE OVER while {why}");
            return trouble(state, self.heal_arbiter("; trading goes on meanwhile"));
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
            let state = format!("in sync, but CANNOT TAKE OVER while {}", self.arbiter_fails());
            return trouble(state, self.heal_arbiter("; trading goes on meanwhile"));
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
        if self.0["view"]["primary"] == self.0["node"] && !self.is("in_sync") {
            return trouble(
                "NO PRIMARY: the view names this node, but in a life of its log that is over: it lost power, or its log"
                    .to_owned(),
                "castle admin cluster on every node; then castle admin promote, which says what it requires, on the one \
                 of the view's nodes whose log reaches furthest",
            );
        }
        let silent = match self.0["primary_heard_ms_ago"].as_u64() {
            Some(ms) => format!("was heard {:.1} s ago", ms as f64 / 1_000.0),
            None => "was not heard since this process began".to_owned(),
        };
        let state = format!("NO PRIMARY SEEN: {primary} {silent}");
        match (self.has_arbiter(), self.is("in_sync")) {
            (true, true) if self.arbiter_is_away() => trouble(
                format!("{state}, and {}", self.arbiter_fails()),
                self.heal_arbiter(": this node takes over then"),
            ),
            (true, true) => {
                trouble(state, "nothing: this node is in sync, and takes over in a moment")
            }
            (true, false) => trouble(
                format!("{state}, and this node is not in sync, so it does not take over"),
                format!(
                    "start {primary}; where that is lost for good, or runs and does not lead either, castle admin promote \
                     says what it requires"
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

    /// How far clients were told; none where nobody has said since the process began.
    fn released(&self) -> Option<u64> {
        self.0["released_record"].as_u64().filter(|to| *to > 0)
    }

    fn role(&self) -> String {
        match (self.0["role"].as_str(), self.0["follows_reign"].is_null()) {
            (Some("primary"), _) => "PRIMARY".to_owned(),
            (Some("standby"), false) if !self.0["view"].is_null() => {
                format!("standby of {}", self.primary())
            }
            (Some("standby"), _) => "standby that follows nobody".to_owned(),
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
                None => NOT_COMPARED.to_owned(),
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
            true => NOT_COMPARED.to_owned(),
            false => compared.join("; "),
        }
    }
}

pub(super) fn for_people(answer: &Value) -> String {
    let told = Told(answer);
    let verdict = told.verdict();
    let mut lines = vec![format!("{}: {}", told.me(), told.role())];
    lines.push(wrapped("state", &verdict.state));
    if let Some(remedy) = verdict.remedy {
        lines.push(wrapped("do", &remedy));
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
        told.released().map_or("-".to_owned(), |to| to.to_string())
    ));
    lines.push(format!("states     {}", told.states_line()));
    let is_told =
        |node: &&Value| node["connected"] != true && !plain(node.get("complaint")).is_empty();
    let complaints = told.nodes().filter(is_told);
    let complaints = complaints
        .map(|node| format!("{}: {}\n", told.name(&node["node"]), plain(node.get("complaint"))));
    format!("{}\n\n{}{}", lines.join("\n"), others(answer), complaints.collect::<String>())
}

/// A text in lines of a width that a terminal has, behind a word.
fn wrapped(word: &str, text: &str) -> String {
    let mut lines = vec![format!("{word:<INDENT$}")];
    for part in text.split(' ') {
        let last = lines.last_mut().expect("it begins with one");
        if last.len() + part.len() > WIDTH && last.len() > INDENT {
            lines.push(format!("{:INDENT$}{part} ", ""));
        } else {
            *last += part;
            last.push(' ');
        }
    }
    let lines: Vec<&str> = lines.iter().map(|line| line.trim_end()).collect();
    lines.join("\n")
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
        _ if was_me => "This node was primary itself.".to_owned(),
        Some(ms) => format!("Last heard {} {:.1} s ago.", told.primary(), ms as f64 / 1_000.0),
        None => format!("Not heard {} since this process began.", told.primary()),
    };
    let was_in_sync = told.is("in_sync");
    let is_lost = match (was_in_sync, answer["decides"].as_str()) {
        (true, Some("arbiter")) => format!(
            "Nothing that clients were told, as far as this node could read the view, which counts it as in sync; unless \
             another log reaches behind record {last}."
        ),
        (true, Some("operator, go-on")) if !was_me => format!(
            "It was in sync when it last heard the primary, but {} goes on alone where it loses its standby: what it \
             told clients behind record {last} since then IS LOST.",
            told.primary()
        ),
        (true, _) => format!(
            "Nothing that clients were told, unless an operator has had a primary go on without this node since \
             (castle admin leave-out), or promoted another: what was told then, behind record {last}, IS LOST."
        ),
        (false, _) => format!(
            "This node was NOT in sync: what clients were told behind record {last} IS LOST. Look at the other logs \
             first."
        ),
    };
    let told_to = match told.released() {
        Some(to) => format!("Clients were told up to record {to}, at least."),
        None => "How far clients were told it does not know.".to_owned(),
    };
    let lines = [
        String::new(),
        format!("Promotion makes {me} primary, alone, whatever the view says."),
        String::new(),
        wrapped("known here", &format!("The log ends with record {last}. {told_to} {heard}")),
        wrapped("lost", &is_lost),
        wrapped(
            "required",
            &format!(
                "1. Castle is stopped on {others}, or the machine is off, or cut off from clients."
            ),
        ),
        wrapped(
            "",
            "2. It stays so until this node is primary. Started later, it finds this one and becomes its standby.",
        ),
        wrapped(
            "",
            "3. A node that the view names comes first, also in a new life. Of those, or of all where none of them is left, \
             no other log reaches further, and no other node was promoted since: castle admin cluster on each node that \
             runs, castle journal verify where none runs. If one does or was, promote that one.",
        ),
        String::new(),
        String::new(),
    ];
    lines.join("\n")
}

/// Says what a promotion takes of the operator, and asks.
pub(super) fn confirms_promotion(client: &mut AdminClient) -> Result<bool, Failure> {
    let answer = client.ask(&json!({"command": "cluster"})).map_err(Failure::new)?;
    print!("{}{}", for_people(&answer), promotion(&answer));
    types(&answer["name"])
}

/// Says what a first view costs where there was one before, and asks; where there was none it does not ask.
pub(super) fn confirms_founding(client: &mut AdminClient) -> Result<bool, Failure> {
    let answer = client.ask(&json!({"command": "cluster"})).map_err(Failure::new)?;
    let told = Told(&answer);
    if !told.arbiter_forgot() {
        return Ok(true);
    }
    println!(
        "{}\n{}",
        for_people(&answer),
        wrapped(
            "required",
            &format!(
                "There was a view, and the arbiter does not know it any more. This makes {} primary, alone. What another \
                 node has behind record {}, and told clients, IS LOST. Found on the one that leads; where none does, look \
                 at castle admin cluster on every node: of those that the view of the highest epoch names as in sync, on \
                 the one whose log reaches furthest.",
                told.me(),
                told.text("last_record")
            )
        )
    );
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

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;

    /// What castle-b tells, a standby in sync of castle-a that clients were told of up to record 12; with changes.
    fn told(changes: &Value) -> Value {
        let view = json!({"epoch": 5, "reign": 2, "primary": 0, "in_sync": [0, 1], "durability": "standby-memory"});
        let mut answer = json!({
            "node": 1, "name": "castle-b", "role": "standby", "in_sync": true, "follows_reign": 2,
            "primary_heard_ms_ago": 7, "primary_is_silent": false, "view": view, "asks_for": null,
            "disk_room": "plenty", "last_record": 12, "synced_record": 12, "released_record": 12, "states_agreed_at": 0,
            "arbiter": "answers", "arbiter_state": "answers", "decides": "arbiter", "waits_for": [],
            "nodes": [{"node": 0, "name": "castle-a", "connected": true, "in_sync": true, "complaint": ""}],
        });
        for (key, value) in changes.as_object().into_iter().flatten() {
            answer[key] = value.clone();
        }
        answer
    }

    fn check(changes: &Value, expected: &Expect) {
        let text = for_people(&told(changes));
        let verdict: Vec<&str> = text.lines().take_while(|line| !line.is_empty()).collect();
        expected.assert_eq(&verdict.join("\n"));
    }

    #[test]
    fn a_standby_says_whether_it_can_take_over() {
        check(
            &json!({}),
            &expect![[r#"
            castle-b (node 1): standby of castle-a (node 0)
            state      well: in sync, takes over by itself if castle-a (node 0) fails"#]],
        );
        check(
            &json!({"arbiter_state": "silent"}),
            &expect![[r#"
                castle-b (node 1): standby of castle-a (node 0)
                state      in sync, but CANNOT TAKE OVER while the arbiter does not answer
                do         get the arbiter to answer; trading goes on meanwhile"#]],
        );
        check(
            &json!({"decides": "operator, hold"}),
            &expect![[r#"
            castle-b (node 1): standby of castle-a (node 0)
            state      well: in sync; if castle-a (node 0) fails, castle admin promote here"#]],
        );
        check(
            &json!({"in_sync": false}),
            &expect![[r#"
            castle-b (node 1): standby of castle-a (node 0)
            state      NOT IN SYNC: it follows castle-a (node 0), and cannot take its place yet
            do         nothing, where its log comes nearer; else ask castle-a (node 0): castle admin cluster
                       there"#]],
        );
        check(
            &json!({"disk_full": true}),
            &expect![[r#"
            castle-b (node 1): standby of castle-a (node 0)
            state      OUT OF ROOM: its disk is full, so it follows nobody and cannot take over
            do         make room on its disk: it comes back by itself"#]],
        );
    }

    #[test]
    fn a_node_that_stops_says_whether_it_comes_back_by_itself() {
        check(
            &json!({"role": "stepping down"}),
            &expect![[r#"
            castle-b (node 1): stepping down
            state      another is primary: it stops, and joins again as a standby"#]],
        );
        let out = |why: &str, is_doubtful: bool| json!({"role": "out", "why_out": why, "log_is_doubtful": is_doubtful});
        check(
            &out("the state after record 9 differs from the primary's", true),
            &expect![[r#"
            castle-b (node 1): out
            state      OUT: it takes no further part: the state after record 9 differs from the primary's
            do         keep its journal for whoever looks into it, empty the directory, start it again"#]],
        );
        check(
            &out("cannot write castle-data/node: no space left on device", false),
            &expect![[r#"
                castle-b (node 1): out
                state      OUT: it takes no further part: cannot write castle-data/node: no space left on device
                do         look after its disk, then start it again"#]],
        );
        let mut second = out("node 0 is primary as well, since epoch 1027", true);
        second["is_second_primary"] = json!(true);
        check(
            &second,
            &expect![[r#"
                castle-b (node 1): out
                state      OUT: it takes no further part: node 0 is primary as well, since epoch 1027
                do         start and empty nothing yet: keep both journals, decide which of the two goes on, then
                           empty the directory of the other and start it"#]],
        );
    }

    #[test]
    fn a_standby_without_a_primary_says_what_to_do() {
        check(
            &json!({"view": null}),
            &expect![[r#"
                castle-b (node 1): standby that follows nobody
                state      NO PRIMARY: this node knows of no view, so no clients are let in
                do         a new cluster: castle admin found, once, on the node that has the data. Any other: start
                           the other nodes, which know the view"#]],
        );
        let silent = json!({"follows_reign": null, "primary_heard_ms_ago": 1250});
        let with = |key: &str, value: Value| {
            let mut changes = silent.clone();
            changes[key] = value;
            changes
        };
        check(
            &silent,
            &expect![[r#"
            castle-b (node 1): standby that follows nobody
            state      NO PRIMARY SEEN: castle-a (node 0) was heard 1.2 s ago
            do         nothing: this node is in sync, and takes over in a moment"#]],
        );
        check(
            &with("arbiter_state", json!("silent")),
            &expect![[r#"
                castle-b (node 1): standby that follows nobody
                state      NO PRIMARY SEEN: castle-a (node 0) was heard 1.2 s ago, and the arbiter does not answer
                do         get the arbiter to answer: this node takes over then"#]],
        );
        check(
            &with("in_sync", json!(false)),
            &expect![[r#"
            castle-b (node 1): standby that follows nobody
            state      NO PRIMARY SEEN: castle-a (node 0) was heard 1.2 s ago, and this node is not in sync, so
                       it does not take over
            do         start castle-a (node 0); where that is lost for good, or runs and does not lead either,
                       castle admin promote says what it requires"#]],
        );
        let mut own = with("in_sync", json!(false));
        own["view"] = told(&json!({}))["view"].clone();
        own["view"]["primary"] = json!(1);
        check(
            &own,
            &expect![[r#"
            castle-b (node 1): standby that follows nobody
            state      NO PRIMARY: the view names this node, but in a life of its log that is over: it lost
                       power, or its log
            do         castle admin cluster on every node; then castle admin promote, which says what it
                       requires, on the one of the view's nodes whose log reaches furthest"#]],
        );
        check(
            &with("arbiter_state", json!("lost")),
            &expect![[r#"
                castle-b (node 1): standby that follows nobody
                state      NO PRIMARY SEEN: castle-a (node 0) was heard 1.2 s ago, and the arbiter knows less than
                           this node
                do         see "The arbiter has lost its data" in docs/operations.md"#]],
        );
        check(
            &with("decides", json!("operator, hold")),
            &expect![[r#"
            castle-b (node 1): standby that follows nobody
            state      NO PRIMARY SEEN: castle-a (node 0) was heard 1.2 s ago; without an arbiter nobody takes
                       over by himself
            do         start castle-a (node 0) again; or, where that cannot be, castle admin promote here says
                       what it requires"#]],
        );
        check(
            &with("waits_for", json!([0])),
            &expect![[r#"
            castle-b (node 1): standby that follows nobody
            state      NO PRIMARY: this node was, and leads again once castle-a (node 0) says that it was not
                       promoted meanwhile
            do         start castle-a (node 0); where that cannot be, castle admin promote here says what it
                       requires"#]],
        );
    }

    #[test]
    fn a_primary_says_what_is_durable_and_for_whom_it_waits() {
        let primary = |node: Value, changes: Value| {
            let mut other = json!({"node": 0, "name": "castle-a", "connected": true, "in_sync": true, "complaint": ""});
            for (key, value) in node.as_object().into_iter().flatten() {
                other[key] = value.clone();
            }
            let mut all = json!({"role": "primary", "follows_reign": null, "nodes": [other]});
            for (key, value) in changes.as_object().into_iter().flatten() {
                all[key] = value.clone();
            }
            all
        };
        check(
            &primary(json!({}), json!({})),
            &expect![[r#"
            castle-b (node 1): PRIMARY
            state      well: castle-a (node 0) has every record before clients are told"#]],
        );
        check(
            &primary(json!({}), json!({"arbiter_state": "silent"})),
            &expect![[r#"
                castle-b (node 1): PRIMARY
                state      well: castle-a (node 0) has every record before clients are told; but NOBODY CAN TAKE
                           OVER while the arbiter does not answer
                do         get the arbiter to answer; trading goes on meanwhile"#]],
        );
        check(
            &primary(
                json!({}),
                json!({"disk_room": "cancels only, since the disk is nearly full"}),
            ),
            &expect![[r#"
                castle-b (node 1): PRIMARY
                state      well: castle-a (node 0) has every record before clients are told; but OUT OF ROOM: it
                           takes cancels only, since the disk is nearly full
                do         make room on its disk: it goes on by itself"#]],
        );
        let alone = json!({"in_sync": false, "connected": false});
        check(
            &primary(alone.clone(), json!({})),
            &expect![[r#"
                castle-b (node 1): PRIMARY
                state      ALONE: what clients are told is on this machine's disk, and nowhere else
                do         start castle-a (node 0) again"#]],
        );
        check(
            &primary(alone.clone(), json!({"disk_room": "nothing, since the disk is full"})),
            &expect![[r#"
                castle-b (node 1): PRIMARY
                state      ALONE: what clients are told is on this machine's disk, and nowhere else; but OUT OF
                           ROOM: it takes nothing, since the disk is full
                do         make room on its disk; start castle-a (node 0) again"#]],
        );
        check(
            &primary(alone, json!({"decides": "operator, hold"})),
            &expect![[r#"
                castle-b (node 1): PRIMARY
                state      ALONE: what clients are told is on this machine's disk, and nowhere else
                do         start castle-a (node 0) again, which must not be promoted before it is in sync"#]],
        );
        check(
            &primary(json!({"in_sync": false, "behind_records": 8123}), json!({})),
            &expect![[r#"
                castle-b (node 1): PRIMARY
                state      ALONE: what clients are told is on this machine's disk, and nowhere else
                do         nothing: castle-a (node 0) is here, 8123 records behind, and comes in sync by itself"#]],
        );
        let lost = json!({"connected": false, "waited_for": true});
        check(
            &primary(lost.clone(), json!({})),
            &expect![[r#"
            castle-b (node 1): PRIMARY
            state      HELD: clients are told nothing behind record 12, since castle-a (node 0) has to have it
                       first and is not there
            do         nothing: it goes on alone in a moment"#]],
        );
        check(
            &primary(lost.clone(), json!({"released_record": 0})),
            &expect![[r#"
            castle-b (node 1): PRIMARY
            state      HELD: clients are told nothing, since castle-a (node 0) is not there
            do         nothing: it goes on alone in a moment"#]],
        );
        check(
            &primary(lost, json!({"decides": "operator, hold"})),
            &expect![[r#"
            castle-b (node 1): PRIMARY
            state      HELD: clients are told nothing behind record 12, since castle-a (node 0) has to have it
                       first and is not there
            do         start castle-a (node 0) again; where that takes too long, go on without it: castle admin
                       leave-out --node 0"#]],
        );
    }

    #[test]
    fn a_promotion_says_what_is_known_what_may_be_lost_and_what_is_required() {
        let gone = json!({"decides": "operator, hold", "follows_reign": null, "primary_heard_ms_ago": 12345});
        expect![[r#"

            Promotion makes castle-b (node 1) primary, alone, whatever the view says.

            known here The log ends with record 12. Clients were told up to record 12, at least. Last heard
                       castle-a (node 0) 12.3 s ago.
            lost       Nothing that clients were told, unless an operator has had a primary go on without this
                       node since (castle admin leave-out), or promoted another: what was told then, behind
                       record 12, IS LOST.
            required   1. Castle is stopped on castle-a (node 0), or the machine is off, or cut off from
                       clients.
                       2. It stays so until this node is primary. Started later, it finds this one and becomes
                       its standby.
                       3. A node that the view names comes first, also in a new life. Of those, or of all where
                       none of them is left, no other log reaches further, and no other node was promoted since:
                       castle admin cluster on each node that runs, castle journal verify where none runs. If
                       one does or was, promote that one.

        "#]].assert_eq(&promotion(&told(&gone)));
        expect![[r#"

            Promotion makes castle-b (node 1) primary, alone, whatever the view says.

            known here The log ends with record 12. How far clients were told it does not know. Last heard
                       castle-a (node 0) 0.0 s ago.
            lost       It was in sync when it last heard the primary, but castle-a (node 0) goes on alone where
                       it loses its standby: what it told clients behind record 12 since then IS LOST.
            required   1. Castle is stopped on castle-a (node 0), or the machine is off, or cut off from
                       clients.
                       2. It stays so until this node is primary. Started later, it finds this one and becomes
                       its standby.
                       3. A node that the view names comes first, also in a new life. Of those, or of all where
                       none of them is left, no other log reaches further, and no other node was promoted since:
                       castle admin cluster on each node that runs, castle journal verify where none runs. If
                       one does or was, promote that one.

        "#]].assert_eq(&promotion(&told(
            &json!({"decides": "operator, go-on", "released_record": 0}),
        )));
        expect![[r#"

            Promotion makes castle-b (node 1) primary, alone, whatever the view says.

            known here The log ends with record 12. Clients were told up to record 12, at least. Last heard
                       castle-a (node 0) 0.0 s ago.
            lost       This node was NOT in sync: what clients were told behind record 12 IS LOST. Look at the
                       other logs first.
            required   1. Castle is stopped on castle-a (node 0), or the machine is off, or cut off from
                       clients.
                       2. It stays so until this node is primary. Started later, it finds this one and becomes
                       its standby.
                       3. A node that the view names comes first, also in a new life. Of those, or of all where
                       none of them is left, no other log reaches further, and no other node was promoted since:
                       castle admin cluster on each node that runs, castle journal verify where none runs. If
                       one does or was, promote that one.

        "#]].assert_eq(&promotion(&told(&json!({"in_sync": false}))));
    }

    #[test]
    fn the_figures_follow_the_verdict() {
        let node = json!({"node": 0, "name": "castle-a", "connected": true, "in_sync": true, "received": 12, "synced": 11,
            "behind_records": 0, "behind_bytes": 0, "behind_us": 0, "silent_ms": 3, "states_agreed_at": 8,
            "state_hash_agreed": "00000000000000aa", "complaint": ""});
        let text = for_people(&told(&json!({"role": "primary", "nodes": [node]})));
        expect![[r#"
            castle-b (node 1): PRIMARY
            state      well: castle-a (node 0) has every record before clients are told

            view       epoch 5, primary castle-a (node 0) since epoch 2, in sync castle-a (node 0), castle-b (node 1), standby-memory
            arbiter    answers
            log        to record 12, on this disk to 12, clients were told to 12
            states     the same at record 8 with castle-a (node 0), hash 00000000000000aa

            node      name  in_sync  connected  received  synced  behind_records  behind_bytes  behind_us  silent_ms
            0     castle-a      yes        yes        12      11               0             0          0          3
        "#]].assert_eq(&text);
    }
}
