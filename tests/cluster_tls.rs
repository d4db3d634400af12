//! Two nodes that prove to each other by certificates who they are, and one whose certificate is another's.

#[path = "support/authority.rs"]
mod authority;
mod support;

use authority::Authority;
use serde_json::json;
use support::pair::{Pair, cluster, leads_both, wait_for};
use support::scratch;

const SESSIONS: usize = 1;

#[test]
fn nodes_that_prove_who_they_are_come_in_sync() {
    let (authority, directory) = (Authority::new(), scratch::directory());
    let names = ["castle-a", "castle-b"];
    let pair = Pair::new(SESSIONS, |node, text| {
        text + &authority.certify(names[node], directory.path()).table("cluster.tls")
    });
    let [first, second] = &pair.houses;
    let (a, b) = (first.start(), second.start());
    a.admin(&json!({"command": "found"}));
    wait_for("both in sync", &[&a, &b], || leads_both(&a));
}

#[test]
fn a_node_whose_certificate_bears_another_name_is_refused_and_said() {
    let (authority, directory) = (Authority::new(), scratch::directory());
    let names = ["castle-a", "castle-c"];
    let pair = Pair::new(SESSIONS, |node, text| {
        text + &authority.certify(names[node], directory.path()).table("cluster.tls")
    });
    let [first, second] = &pair.houses;
    let (a, b) = (first.start(), second.start());
    a.admin(&json!({"command": "found"}));
    let complaint = |node| cluster(node)["nodes"][0]["complaint"].as_str().map(str::to_owned);
    wait_for("it is refused by name", &[&a, &b], || {
        complaint(&a).is_some_and(|why| why.contains("its certificate does not bear"))
    });
    assert!(cluster(&a)["connections_refused"].as_u64().is_some_and(|count| count > 0));
    wait_for("it stays alone", &[&a, &b], || cluster(&a)["view"]["in_sync"] == json!([0]));
}

#[test]
fn a_node_that_another_authority_certified_is_refused() {
    let directories = [(); 2].map(|()| scratch::directory());
    let authorities = [(); 2].map(|()| Authority::new());
    let names = ["castle-a", "castle-b"];
    let pair = Pair::new(SESSIONS, |node, text| {
        text + &authorities[node]
            .certify(names[node], directories[node].path())
            .table("cluster.tls")
    });
    let [first, second] = &pair.houses;
    let (a, b) = (first.start(), second.start());
    a.admin(&json!({"command": "found"}));
    let refused = |node| cluster(node)["connections_refused"].as_u64().expect("a number");
    wait_for("it is refused", &[&a, &b], || refused(&b) > 0);
    wait_for("it stays alone", &[&a, &b], || cluster(&a)["view"]["in_sync"] == json!([0]));
}
