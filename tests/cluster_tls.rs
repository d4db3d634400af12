//! Two nodes that prove to each other by certificates who they are, and one whose certificate is another's.

mod support;

use std::fs;
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use serde_json::json;
use support::pair::{Pair, cluster, leads_both, wait_for};

const SESSIONS: usize = 1;

/// Signs certificates of nodes.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: String,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("no names are valid names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).expect("it can be signed").pem();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    /// Writes what a node needs, and gives the part of its configuration that names it.
    fn certify(&self, name: &str, directory: &Path) -> String {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec![name.to_owned()]).expect("a valid name");
        let certificate = params.signed_by(&key, &self.issuer).expect("it can be signed");
        let write = |end: &str, text: String| {
            let path = directory.join(format!("{name}{end}"));
            fs::write(&path, text).expect("it can be written");
            path.display().to_string()
        };
        format!(
            "[cluster.tls]\nauthority = \"{}\"\ncertificate = \"{}\"\nkey = \"{}\"\n",
            write(".authority", self.certificate.clone()),
            write(".pem", certificate.pem()),
            write(".key", key.serialize_pem())
        )
    }
}

#[test]
fn nodes_that_prove_who_they_are_come_in_sync() {
    let (authority, directory) = (Authority::new(), tempfile::tempdir().expect("a directory"));
    let names = ["castle-a", "castle-b"];
    let pair =
        Pair::new(SESSIONS, |node, text| text + &authority.certify(names[node], directory.path()));
    let [first, second] = &pair.houses;
    let (a, b) = (first.start(), second.start());
    a.admin(&json!({"command": "found"}));
    wait_for("both in sync", &[&a, &b], || leads_both(&a));
}

#[test]
fn a_node_whose_certificate_bears_another_name_is_refused_and_said() {
    let (authority, directory) = (Authority::new(), tempfile::tempdir().expect("a directory"));
    let names = ["castle-a", "castle-c"];
    let pair =
        Pair::new(SESSIONS, |node, text| text + &authority.certify(names[node], directory.path()));
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
    let directories = [(); 2].map(|()| tempfile::tempdir().expect("a directory"));
    let authorities = [(); 2].map(|()| Authority::new());
    let names = ["castle-a", "castle-b"];
    let pair = Pair::new(SESSIONS, |node, text| {
        text + &authorities[node].certify(names[node], directories[node].path())
    });
    let [first, second] = &pair.houses;
    let (a, b) = (first.start(), second.start());
    a.admin(&json!({"command": "found"}));
    let refused = |node| cluster(node)["connections_refused"].as_u64().expect("a number");
    wait_for("it is refused", &[&a, &b], || refused(&b) > 0);
    wait_for("it stays alone", &[&a, &b], || cluster(&a)["view"]["in_sync"] == json!([0]));
}
