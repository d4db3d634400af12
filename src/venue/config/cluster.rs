//! `[cluster]`: which cluster the node belongs to, who else does, and where the view lies.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use ureq::http::Uri;

use super::read::{ConfigError, Section};
use super::{milliseconds, short_name};
use crate::cluster::agent::PeerAddress;
use crate::cluster::arbiter::{EtcdOptions, EtcdTls};
use crate::cluster::link::TlsFiles;
use crate::model::limit::NODES_MAX;
use crate::model::{ClusterName, NodeId};

/// The most nodes of a cluster.
const MEMBERS_MAX: usize = 16;
/// What a standby may be silent by default, as a part of what a primary may.
const STANDBY_PART: u32 = 2;

/// Which cluster the node belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterConfig {
    /// Its name.
    pub name: ClusterName,
    /// This node.
    pub node: NodeId,
    /// `[[cluster.member]]`: all its nodes, this one among them; none where it is alone.
    pub members: Vec<PeerAddress>,
    /// Where the view lies; none where the node is alone, or operators say who is primary.
    pub arbiter: Option<ArbiterConfig>,
    /// What a primary does that has lost its standby, and has no arbiter.
    pub when_alone: WhenAlone,
    /// By what nodes prove who they are to each other.
    pub tls: Option<TlsFiles>,
    /// How long a primary may be silent before a standby tries to take over.
    pub primary_timeout: Duration,
    /// How long a standby may be silent before the primary goes on without it.
    pub standby_timeout: Duration,
    /// How long a sync may take before the node counts itself as silent.
    pub journal_timeout: Duration,
    /// From one comparison of the nodes' states to the next, in records.
    pub compare_every: u64,
}

/// What a primary does that has lost its standby, and has no arbiter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhenAlone {
    /// It tells clients nothing more until the standby is back, or an operator leaves it out.
    Hold,
    /// It goes on, at `local-disk`. Who promotes the standby then loses what it told meanwhile.
    GoOn,
}

/// Where the view lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ArbiterConfig {
    /// In a directory of this machine: for nodes that share it.
    File(PathBuf),
    /// In etcd.
    Etcd(EtcdOptions),
}

impl ClusterConfig {
    /// Whether operators say who is primary.
    pub fn is_without_arbiter(&self) -> bool {
        self.has_others() && self.arbiter.is_none()
    }

    /// Whether there are other nodes.
    pub fn has_others(&self) -> bool {
        !self.members.is_empty()
    }

    /// This node.
    pub fn me(&self) -> Option<&PeerAddress> {
        self.members.iter().find(|member| member.node == self.node)
    }

    /// The others.
    pub fn others(&self) -> Vec<PeerAddress> {
        self.members.iter().filter(|member| member.node != self.node).cloned().collect()
    }
}

pub(super) fn cluster(mut section: Section<'_>) -> Result<ClusterConfig, ConfigError> {
    let allowed = "1 to 32 letters, digits, '.', '-', '_' or '/'";
    let name = section.text("name", allowed, ClusterName::new(b"castle"), short_name)?;
    let node = NodeId(section.integer("node", 0..=NODES_MAX - 1, Some(0))?);
    let primary_timeout = milliseconds(&mut section, "primary_timeout_ms", 20..=60_000, 200)?;
    let most = primary_timeout.as_millis() as u64 - 1;
    let default = (primary_timeout / STANDBY_PART).as_millis() as u64;
    // Sooner than the other way round, so that a broken link costs the standby and not the doors.
    let standby_timeout = milliseconds(&mut section, "standby_timeout_ms", 10..=most, default)?;
    let journal_timeout = milliseconds(&mut section, "journal_timeout_ms", 10..=600_000, 5_000)?;
    let compare_every = section.integer("compare_states_every", 1..=1 << 30, Some(4_096))?;
    let tls = tls(section.section("tls")?)?;
    let arbiter = arbiter(section.section("arbiter")?)?;
    let mut members: Vec<PeerAddress> = Vec::new();
    for member in section.list("member")? {
        let read = self::member(member, &members, tls.is_none())?;
        members.push(read);
    }
    let has_me = members.iter().any(|member| member.node == node);
    if members.len() == 1 || (!members.is_empty() && !has_me) {
        let allowed = "every node of the cluster, this one among them: at least two, or none";
        return Err(section.error("member", allowed));
    }
    if members.len() > MEMBERS_MAX {
        return Err(section.error("member", &format!("at most {MEMBERS_MAX} nodes")));
    }
    let is_far = |member: &PeerAddress| !member.address.ip().is_loopback();
    if matches!(arbiter, Some(ArbiterConfig::File(_))) && members.iter().any(is_far) {
        let allowed = "etcd, where nodes are on several machines: each would have a view of its own in its file";
        return Err(section.error("arbiter", allowed));
    }
    let when_alone = when_alone(&mut section, arbiter.is_some())?;
    section.finish()?;
    Ok(ClusterConfig {
        name,
        node,
        members,
        arbiter,
        when_alone,
        tls,
        primary_timeout,
        standby_timeout,
        journal_timeout,
        compare_every,
    })
}

fn when_alone(section: &mut Section<'_>, has_arbiter: bool) -> Result<WhenAlone, ConfigError> {
    let found = section.text_if_given("when_alone")?;
    let allowed = match (found.as_deref(), has_arbiter) {
        (None, _) | (Some("hold"), false) => return Ok(WhenAlone::Hold),
        (Some("go-on"), false) => return Ok(WhenAlone::GoOn),
        (Some(_), true) => {
            "nothing where there is [cluster.arbiter]: it takes a lost standby out of the view"
        }
        (Some(_), false) => "\"hold\" (until an operator leaves the standby out) or \"go-on\"",
    };
    Err(section.error("when_alone", allowed))
}

fn member(
    mut section: Section<'_>,
    before: &[PeerAddress],
    is_plain: bool,
) -> Result<PeerAddress, ConfigError> {
    let node = NodeId(section.integer("node", 0..=NODES_MAX - 1, None)?);
    if before.iter().any(|member| member.node == node) {
        return Err(section.error("node", "a number that no other node has"));
    }
    let allowed = "the name that its certificate bears, such as castle-a.example.net";
    let name = section.text("name", allowed, None, |text| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
        (!text.is_empty() && text.len() <= 253 && text.bytes().all(allowed))
            .then(|| text.to_owned())
    })?;
    if before.iter().any(|member| member.name == name) {
        return Err(section.error("name", "a name that no other node has"));
    }
    let allowed = "an address and a port such as 10.0.0.1:9880";
    let address: SocketAddr = section.text("address", allowed, None, |text| text.parse().ok())?;
    if is_plain && !address.ip().is_loopback() {
        let allowed = "a loopback address such as 127.0.0.1:9880, because without [cluster.tls] what \
                       nodes say to each other is neither secret nor proven";
        return Err(section.error("address", allowed));
    }
    if address.port() == 0 || before.iter().any(|member| member.address == address) {
        return Err(section.error("address", "an address and a port that no other node has"));
    }
    section.finish()?;
    Ok(PeerAddress { node, name, address })
}

fn tls(mut section: Section<'_>) -> Result<Option<TlsFiles>, ConfigError> {
    let mut path = |key| section.text_if_given(key).map(|path| path.map(PathBuf::from));
    let files = (path("authority")?, path("certificate")?, path("key")?);
    let read = match files {
        (None, None, None) => None,
        (Some(authority), Some(certificate), Some(key)) => {
            Some(TlsFiles { authority, certificate, key })
        }
        (authority, certificate, _) => {
            let missing = match (authority, certificate) {
                (None, _) => "authority",
                (_, None) => "certificate",
                _ => "key",
            };
            let allowed = "a PEM file: authority, certificate and key are given together";
            return Err(section.error(missing, allowed));
        }
    };
    section.finish()?;
    Ok(read)
}

/// What an address of etcd is, the worst last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Endpoint {
    /// `http` on this machine.
    Plain,
    /// `https`.
    Tls,
    /// `http` to another machine.
    PlainElsewhere,
    /// No address.
    None,
}

fn endpoint_kind(text: &str) -> Endpoint {
    let Ok(uri) = text.parse::<Uri>() else { return Endpoint::None };
    let (Some(authority), Some(host)) = (uri.authority(), uri.host()) else {
        return Endpoint::None;
    };
    let is_bare = !authority.as_str().contains('@') && uri.path() == "/" && uri.query().is_none();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    let is_here = host == "localhost" || address.is_ok_and(|address| address.is_loopback());
    match uri.scheme_str() {
        Some("http") if is_bare && is_here => Endpoint::Plain,
        Some("http") if is_bare => Endpoint::PlainElsewhere,
        Some("https") if is_bare => Endpoint::Tls,
        _ => Endpoint::None,
    }
}

fn arbiter(mut section: Section<'_>) -> Result<Option<ArbiterConfig>, ConfigError> {
    let file = section.text_if_given("file")?;
    let endpoints = section.text_if_given("etcd")?;
    let timeout = milliseconds(&mut section, "timeout_ms", 10..=60_000, 1_000)?;
    let tls = tls(section.section("tls")?)?;
    let arbiter = match (file, endpoints) {
        (Some(_), Some(_)) => {
            return Err(
                section.error("file", "nothing where etcd is given: the view lies in one place")
            );
        }
        (Some(directory), None) if directory.is_empty() => {
            return Err(section.error("file", "a directory"));
        }
        (Some(directory), None) => Some(ArbiterConfig::File(directory.into())),
        (None, Some(text)) => {
            let endpoints: Vec<String> =
                text.split(',').map(|endpoint| endpoint.trim().to_owned()).collect();
            let allowed = match endpoints.iter().map(|endpoint| endpoint_kind(endpoint)).max() {
                Some(Endpoint::Plain) => "",
                Some(Endpoint::Tls) if tls.is_some() => "",
                Some(Endpoint::Tls) => {
                    "https:// with [cluster.arbiter.tls]: who may ask it decides who is primary"
                }
                Some(Endpoint::PlainElsewhere) => {
                    "https:// for members on other machines: the view decides who is primary"
                }
                Some(Endpoint::None) | None => {
                    "the members' addresses with commas between them, such as \
                     \"https://10.0.0.1:2379, https://10.0.0.2:2379\""
                }
            };
            if !allowed.is_empty() {
                return Err(section.error("etcd", allowed));
            }
            let tls = tls.map(|TlsFiles { authority, certificate, key }| EtcdTls {
                authority,
                certificate,
                key,
            });
            Some(ArbiterConfig::Etcd(EtcdOptions { endpoints, timeout, tls }))
        }
        (None, None) => None,
    };
    section.finish()?;
    Ok(arbiter)
}
