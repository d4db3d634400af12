//! An arbiter in etcd, by etcd's own JSON gateway.
//!
//! Three requests are all that is needed: a range of one key, and a transaction that compares the revision
//! of its last change and puts it. The crate etcd-client would bring a whole asynchronous runtime and need a
//! protocol compiler to be built; this needs an HTTP client that blocks, on a thread that may.
//!
//! Reads are linearizable, which is etcd's default: a member that cannot reach a majority does not answer.
//!
//! Members are asked in turn, beginning with the one that answered last: at first each for a short time, since one whose
//! machine is gone says nothing, and a failover waits for the answer of the next; then each for the whole time. To ask
//! twice does no harm: a swap names what it replaces.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::tls::{Certificate, ClientCert, PemItem, PrivateKey, RootCerts, TlsConfig, parse_pem};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};

use super::{Arbiter, ArbiterError, Held, Version, watch_by_reading};
use crate::cluster::view::View;
use crate::model::ClusterName;

/// The most that is read of an answer: a view is a few hundred bytes.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;
/// Addresses of one name that are tried; the library has room for as many.
const ADDRESSES: usize = 16;
/// The part of the time that a member may take for which it is waited for while others were not asked yet.
const FIRST_PASS: u32 = 10;
/// And at least so long.
const FIRST_MIN: Duration = Duration::from_millis(50);

/// Where etcd is and how it is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EtcdOptions {
    /// The members, each as `https://host:port`. Asked in turn until one answers.
    pub endpoints: Vec<String>,
    /// How long one member may take to answer, where no other does within a tenth of that.
    pub timeout: Duration,
    /// Certificates; needed for `https`.
    pub tls: Option<EtcdTls>,
}

/// PEM files for mutual TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EtcdTls {
    /// Who signed the members' certificates.
    pub authority: PathBuf,
    /// This node's certificate, and those between it and the authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// See the module.
pub struct EtcdArbiter {
    /// One that waits for a member a little, and one that waits for the whole time.
    agents: [ureq::Agent; 2],
    /// Where no member answered the first in time: only the second is asked, until one would have.
    is_slow: bool,
    first_timeout: Duration,
    endpoints: Vec<String>,
    /// The member that answered last.
    current: usize,
    key: String,
    place: String,
}

impl EtcdArbiter {
    /// The arbiter of a cluster: the view lies under `/castle/NAME/view`.
    pub fn new(options: &EtcdOptions, cluster: &ClusterName) -> Result<Self, ArbiterError> {
        if options.endpoints.is_empty() {
            return Err(ArbiterError::Setup {
                what: "etcd".to_owned(),
                why: "no endpoint is named".to_owned(),
            });
        }
        let place = format!("/castle/{cluster}/view");
        let tls = options.tls.as_ref().map(tls_config).transpose()?;
        let agent = |timeout| {
            let mut config = ureq::Agent::config_builder()
                .timeout_global(Some(timeout))
                .http_status_as_error(false)
                .max_redirects(0)
                .proxy(None);
            if let Some(tls) = &tls {
                config = config.tls_config(tls.clone());
            }
            ureq::Agent::with_parts(config.build(), DefaultConnector::new(), Names)
        };
        let first_timeout = (options.timeout / FIRST_PASS).max(FIRST_MIN).min(options.timeout);
        let endpoints = options.endpoints.iter();
        Ok(Self {
            agents: [agent(first_timeout), agent(options.timeout)],
            is_slow: false,
            first_timeout,
            endpoints: endpoints.map(|one| one.trim_end_matches('/').to_owned()).collect(),
            current: 0,
            key: BASE64.encode(&place),
            place,
        })
    }

    /// Asks the members in turn, until one gives an answer of etcd's.
    fn ask<T: DeserializeOwned>(
        &mut self,
        path: &str,
        body: &serde_json::Value,
    ) -> Result<T, ArbiterError> {
        let body = body.to_string();
        let mut failures = Vec::new();
        for pass in usize::from(self.is_slow)..self.agents.len() {
            failures.clear();
            for _ in 0..self.endpoints.len() {
                let endpoint = &self.endpoints[self.current];
                let asked = Instant::now();
                let answer = ask_one(&self.agents[pass], endpoint, path, &body);
                let answer = answer.and_then(|answer| {
                    serde_json::from_str(&answer)
                        .map_err(|error| format!("its answer is not understood: {error}"))
                });
                match answer {
                    Ok(answer) => {
                        self.is_slow = asked.elapsed() >= self.first_timeout;
                        return Ok(answer);
                    }
                    Err(why) => failures.push(format!("{endpoint}: {why}")),
                }
                self.current = (self.current + 1) % self.endpoints.len();
            }
        }
        Err(ArbiterError::Unreachable { arbiter: self.name(), why: failures.join("; ") })
    }

    fn put_if(&mut self, compare: &serde_json::Value, view: &View) -> Result<(), ArbiterError> {
        let value = BASE64.encode(view.to_text());
        let put = json!({"requestPut": {"key": self.key, "value": value}});
        // Whether it succeeded is left for a read to show.
        let _: Done = self.ask("/v3/kv/txn", &json!({"compare": [compare], "success": [put]}))?;
        Ok(())
    }

    fn unclear(&self, why: impl ToString) -> ArbiterError {
        ArbiterError::Answer { arbiter: self.name(), why: why.to_string() }
    }
}

fn ask_one(agent: &ureq::Agent, endpoint: &str, path: &str, body: &str) -> Result<String, String> {
    let request = agent.post(format!("{endpoint}{path}"));
    let mut response = request.send(body).map_err(|error| error.to_string())?;
    let status = response.status();
    let text = response
        .body_mut()
        .with_config()
        .limit(ANSWER_BYTES_MAX)
        .read_to_string()
        .map_err(|error| error.to_string())?;
    if !status.is_success() {
        let said: String = text.chars().take(200).collect();
        return Err(format!("HTTP {status}: {said}"));
    }
    Ok(text)
}

/// What `/v3/kv/range` answers. etcd leaves out what is empty, and writes 64-bit numbers as text.
#[derive(Deserialize)]
struct Found {
    #[serde(rename = "header")]
    _header: Header,
    #[serde(default)]
    kvs: Vec<KeyValue>,
}

/// What `/v3/kv/txn` answers, as far as it matters.
#[derive(Deserialize)]
struct Done {
    #[serde(rename = "header")]
    _header: Header,
}

/// Every answer of etcd's has one: what has none is of another server, and says nothing about the key.
#[derive(Deserialize)]
struct Header {
    #[serde(rename = "cluster_id")]
    _cluster: String,
}

#[derive(Deserialize)]
struct KeyValue {
    #[serde(default)]
    value: String,
    mod_revision: String,
}

/// Finds the address of a name. ureq's own begins a thread for each request, also for one to an address, and panics where
/// none can be begun.
#[derive(Debug)]
struct Names;

impl Resolver for Names {
    fn resolve(
        &self,
        uri: &Uri,
        _: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let place = uri
            .scheme()
            .zip(uri.authority())
            .and_then(|(scheme, authority)| DefaultResolver::host_and_port(scheme, authority))
            .ok_or(ureq::Error::HostNotFound)?;
        let found = match place.parse::<SocketAddr>() {
            Ok(address) => vec![address],
            Err(_) => look_up(place, timeout)?,
        };
        let mut addresses = self.empty();
        found.into_iter().take(ADDRESSES).for_each(|address| addresses.push(address));
        match addresses.is_empty() {
            true => Err(ureq::Error::HostNotFound),
            false => Ok(addresses),
        }
    }
}

/// Asks the system, which may take its time, on a thread that nobody waits for longer than that.
fn look_up(place: String, timeout: NextTimeout) -> Result<Vec<SocketAddr>, ureq::Error> {
    let (found, finds) = mpsc::sync_channel(1);
    std::thread::Builder::new().name("castle-names".to_owned()).spawn(move || {
        // Nobody waits any more where it took too long.
        let _ = found.send(place.to_socket_addrs().map(Vec::from_iter));
    })?;
    match finds.recv_timeout(*timeout.after) {
        Ok(found) => Ok(found?),
        Err(_) => Err(ureq::Error::Timeout(timeout.reason)),
    }
}

impl Arbiter for EtcdArbiter {
    fn name(&self) -> String {
        "etcd".to_owned()
    }

    fn read(&mut self) -> Result<Option<Held>, ArbiterError> {
        let answer: Found = self.ask("/v3/kv/range", &json!({ "key": self.key }))?;
        let Some(found) = answer.kvs.first() else { return Ok(None) };
        let version = found.mod_revision.parse().map_err(|error| self.unclear(error))?;
        let text = BASE64.decode(&found.value).map_err(|error| self.unclear(error))?;
        let text = String::from_utf8(text).map_err(|error| self.unclear(error))?;
        let place = format!("etcd, key {}", self.place);
        let view = View::from_text(&text).map_err(|why| ArbiterError::View { place, why })?;
        Ok(Some(Held { view, version: Version(version) }))
    }

    fn swap(&mut self, expected: Version, view: &View) -> Result<(), ArbiterError> {
        let revision = expected.0.to_string();
        let compare = json!({
            "key": self.key, "target": "MOD", "result": "EQUAL", "mod_revision": revision,
        });
        self.put_if(&compare, view)
    }

    fn found(&mut self, view: &View) -> Result<(), ArbiterError> {
        let compare = json!({
            "key": self.key, "target": "CREATE", "result": "EQUAL", "create_revision": "0",
        });
        self.put_if(&compare, view)
    }

    fn watch(&mut self, known: Version, patience: Duration) -> Result<Option<Held>, ArbiterError> {
        watch_by_reading(self, known, patience)
    }
}

fn tls_config(tls: &EtcdTls) -> Result<TlsConfig, ArbiterError> {
    let authority = certificates(&tls.authority)?;
    let chain = certificates(&tls.certificate)?;
    let key =
        PrivateKey::from_pem(&file(&tls.key)?).map_err(|error| unreadable(&tls.key, error))?;
    Ok(TlsConfig::builder()
        .root_certs(RootCerts::new_with_certs(&authority))
        .client_cert(Some(ClientCert::new_with_certs(&chain, key)))
        .build())
}

fn certificates(path: &Path) -> Result<Vec<Certificate<'static>>, ArbiterError> {
    let mut found = Vec::new();
    for item in parse_pem(&file(path)?) {
        if let PemItem::Certificate(one) = item.map_err(|error| unreadable(path, error))? {
            found.push(one);
        }
    }
    if found.is_empty() {
        return Err(unreadable(path, "it holds no certificate"));
    }
    Ok(found)
}

fn file(path: &Path) -> Result<Vec<u8>, ArbiterError> {
    std::fs::read(path).map_err(|error| unreadable(path, error))
}

fn unreadable(path: &Path, why: impl ToString) -> ArbiterError {
    ArbiterError::Setup { what: format!("{} cannot be used", path.display()), why: why.to_string() }
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::{SocketAddr, TcpListener};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    /// Answers every request with these bytes; with none it never answers. Ends when nobody asks any more.
    struct Member {
        address: SocketAddr,
        asked: Arc<AtomicUsize>,
    }

    impl Member {
        /// One that never answers.
        fn silent() -> Self {
            Self::late(String::new(), Duration::ZERO)
        }

        fn new(body: &str) -> Self {
            Self::late(ok(body), Duration::ZERO)
        }

        /// It thinks before each answer.
        fn late(answer: String, delay: Duration) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
            let address = listener.local_addr().expect("it listens");
            let asked = Arc::<AtomicUsize>::default();
            let counted = asked.clone();
            std::thread::spawn(move || {
                let mut silent = Vec::new();
                while let Ok((mut stream, _)) = listener.accept() {
                    counted.fetch_add(1, Ordering::AcqRel);
                    let mut request = [0; 4_096];
                    let _ = stream.read(&mut request);
                    std::thread::sleep(delay);
                    match answer.is_empty() {
                        true => silent.push(stream),
                        false => drop(stream.write_all(answer.as_bytes())),
                    }
                }
            });
            Self { address, asked }
        }

        fn asked(&self) -> usize {
            self.asked.load(Ordering::Acquire)
        }
    }

    /// An answer with this body.
    fn ok(body: &str) -> String {
        let head = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length:";
        format!("{head} {}\r\n\r\n{body}", body.len())
    }

    fn arbiter(members: &[&Member], timeout: Duration) -> EtcdArbiter {
        let options = EtcdOptions {
            endpoints: members.iter().map(|member| format!("http://{}", member.address)).collect(),
            timeout,
            tls: None,
        };
        EtcdArbiter::new(&options, &ClusterName::truncated(b"castle")).expect("it is set up")
    }

    /// Even a tenth of it is enough for a busy machine.
    const PATIENT: Duration = Duration::from_secs(10);
    /// For who never gets an answer.
    const SHORT: Duration = Duration::from_millis(200);
    /// etcd's answer where there is no such key.
    const NOTHING: &str = r#"{"header":{"cluster_id":"14841"}}"#;
    /// That of a server which is not etcd.
    const FOREIGN: &str = "{}";

    #[test]
    fn a_member_that_never_answers_one_without_a_leader_and_a_server_that_is_not_etcd_are_passed_over()
     {
        let foreign = Member::new(FOREIGN);
        let silent = Member::silent();
        let leaderless = Member::late(
            "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 22\r\nConnection: close\r\n\r\n\
             {\"error\":\"no leader\"}\r\n"
                .to_owned(),
            Duration::ZERO,
        );
        let good = Member::new(NOTHING);
        let members = [&silent, &leaderless, &foreign, &good];
        let mut arbiter = self::arbiter(&members, PATIENT);
        assert_eq!(arbiter.read().expect("one answers"), None);
        assert_eq!(arbiter.read().expect("it is asked first now"), None);
        assert_eq!(members.map(Member::asked), [1, 1, 1, 2]);
    }

    #[test]
    fn a_member_is_waited_for_the_whole_time_only_where_no_other_answers_sooner() {
        let timeout = Duration::from_secs(2);
        let (silent, late) = (Member::silent(), Member::late(ok(NOTHING), timeout / 4));
        let mut arbiter = self::arbiter(&[&silent, &late], timeout);
        assert_eq!(arbiter.read().expect("it answers in time"), None);
        assert_eq!([&silent, &late].map(Member::asked), [2, 2]);
        assert_eq!(arbiter.read().expect("it answers in time"), None);
        assert_eq!([&silent, &late].map(Member::asked), [2, 3], "it is known to be slow now");
    }

    #[test]
    fn a_member_is_found_by_its_name() {
        let good = Member::new(NOTHING);
        let options = EtcdOptions {
            endpoints: vec![format!("http://localhost:{}", good.address.port())],
            timeout: PATIENT,
            tls: None,
        };
        let cluster = ClusterName::truncated(b"castle");
        let mut arbiter = EtcdArbiter::new(&options, &cluster).expect("it is set up");
        assert_eq!(arbiter.read().expect("it answers"), None);
    }

    #[test]
    fn where_no_member_answers_each_is_named_with_what_it_said() {
        let silent = Member::silent();
        let broken = Member::late(
            "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 9\r\nConnection: close\r\n\r\nits words"
                .to_owned(),
            Duration::ZERO,
        );
        let error =
            arbiter(&[&silent, &broken], SHORT).read().expect_err("nobody answers").to_string();
        for words in [silent.address.to_string(), broken.address.to_string(), "its words".into()] {
            assert!(error.contains(&words), "{words}: {error}");
        }
    }

    #[test]
    fn an_answer_that_is_none_of_etcds_is_no_view_and_no_panic() {
        let bad = [
            "<html></html>",
            r#"{"header":{"cluster_id":"1"},"kvs":[{}]}"#,
            r#"{"header":{"cluster_id":"1"},"kvs":[{"mod_revision":"seven","value":"bm90aGluZw=="}]}"#,
            r#"{"header":{"cluster_id":"1"},"kvs":[{"mod_revision":"7","value":"bm90aGluZw"}]}"#,
            r#"{"header":{"cluster_id":"1"},"kvs":[{"mod_revision":"7","value":"bm90aGluZw=="}]}"#,
        ]
        .map(ok);
        let bad = bad.into_iter().chain(["SSH-2.0-OpenSSH\r\n".to_owned()]);
        for answer in bad {
            let member = Member::late(answer.clone(), Duration::ZERO);
            assert!(arbiter(&[&member], SHORT).read().is_err(), "{answer}");
        }
    }
}
