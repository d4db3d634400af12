use std::fs;
use std::os::unix::net::UnixStream;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use super::*;
use crate::cluster::frame::{Body, Header};
use crate::model::{Epoch, NodeId, Sequence};

fn own() -> ClusterName {
    ClusterName::truncated(b"castle")
}

fn frame(end: u64) -> Frame<'static> {
    let header = Header { cluster: own(), sender: NodeId(1), reign: Epoch(2) };
    Frame { header, body: Body::Progress { end: Sequence(end), released: Sequence(0) } }
}

fn pair() -> (UnixStream, UnixStream) {
    let (one, other) = UnixStream::pair().expect("a pair of sockets");
    one.set_nonblocking(true).expect("it is a socket");
    other.set_nonblocking(true).expect("it is a socket");
    (one, other)
}

/// An authority, and nodes with certificates that it signed.
struct Authority {
    directory: tempfile::TempDir,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("there is a place for it");
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("no names are valid names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).expect("it can be signed");
        fs::write(directory.path().join("authority.pem"), certificate.pem()).expect("a file");
        Self { directory, issuer: Issuer::new(params, key) }
    }

    fn files(&self, name: &str) -> TlsFiles {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec![name.to_owned()]).expect("a valid name");
        let certificate = params.signed_by(&key, &self.issuer).expect("it can be signed");
        let path = |end: &str| self.directory.path().join(format!("{name}{end}"));
        fs::write(path(".pem"), certificate.pem()).expect("a file");
        fs::write(path(".key"), key.serialize_pem()).expect("a file");
        TlsFiles {
            authority: self.directory.path().join("authority.pem"),
            certificate: path(".pem"),
            key: path(".key"),
        }
    }

    fn node(&self, name: &str) -> Credentials {
        Credentials::load(&self.files(name)).expect("the files are good")
    }
}

/// Sends frames from one to the other until so many have come, or somebody gives up.
fn exchange(
    from: &mut Link<UnixStream>,
    to: &mut Link<UnixStream>,
    count: u64,
) -> Result<(), LinkError> {
    let (mut sent, mut come) = (0, 0);
    for _ in 0..100_000 {
        while sent < count && from.send(&frame(sent)) {
            sent += 1;
        }
        from.flush()?;
        while let Some(received) = to.receive(own())? {
            assert_eq!(received, frame(come));
            come += 1;
        }
        to.flush()?;
        assert!(from.receive(own())?.is_none());
        if come == count {
            return Ok(());
        }
    }
    panic!("only {come} of {count} frames came");
}

#[test]
fn frames_come_in_order_and_what_has_no_room_waits() {
    let (one, other) = pair();
    let mut one = Link::dialled(one, None, "").expect("no name is needed");
    let mut other = Link::accepted(other, None).expect("nothing can fail");
    let mut sent = 0;
    while one.send(&frame(sent)) {
        sent += 1;
        one.flush().expect("it is open");
    }
    assert!(!one.has_room() && sent > 1_000, "{sent}");
    for expected in 0..sent {
        one.flush().expect("it is open");
        assert_eq!(other.receive(own()).expect("it is good"), Some(frame(expected)));
    }
    exchange(&mut one, &mut other, 20_000).expect("both are open");
    drop(one);
    assert!(matches!(other.receive(own()), Err(LinkError::Closed)));
}

#[test]
fn a_connection_that_ends_within_a_frame_is_closed() {
    let (mut one, other) = pair();
    let mut other = Link::accepted(other, None).expect("nothing can fail");
    let mut bytes = vec![0; 128];
    let length = frame(1).put(&mut bytes).expect("there is room");
    one.write_all(&bytes[..length]).expect("it is open");
    one.write_all(&bytes[..length - 1]).expect("it is open");
    drop(one);
    assert_eq!(other.receive(own()).expect("it is whole"), Some(frame(1)));
    for _ in 0..2 {
        match other.receive(own()) {
            Ok(None) => {}
            Err(LinkError::Closed) => return,
            other => panic!("{other:?}"),
        }
    }
    panic!("nobody noticed");
}

#[test]
fn what_is_no_frame_ends_the_link() {
    let (mut one, other) = pair();
    let mut other = Link::accepted(other, None).expect("nothing can fail");
    one.write_all(b"GET / HTTP/1.1\r\n").expect("it is open");
    assert!(matches!(other.receive(own()), Err(LinkError::Frame(FrameError::Length { .. }))));
}

#[test]
fn nodes_with_certificates_of_one_authority_speak() {
    let authority = Authority::new();
    let (one, other) = pair();
    let mut one = Link::dialled(one, Some(&authority.node("node-0")), "node-1").expect("a name");
    let mut other = Link::accepted(other, Some(&authority.node("node-1"))).expect("it can be");
    exchange(&mut one, &mut other, 30_000).expect("each believes the other");
    assert!(other.is_named("node-0"));
    assert!(!other.is_named("node-2"), "it says that it is another than its certificate does");
}

#[test]
fn a_node_of_another_name_or_another_authority_is_not_believed() {
    let authority = Authority::new();
    let (one, other) = pair();
    let mut one = Link::dialled(one, Some(&authority.node("node-0")), "node-2").expect("a name");
    let mut other = Link::accepted(other, Some(&authority.node("node-1"))).expect("it can be");
    let error = exchange(&mut one, &mut other, 1).expect_err("it dialled node-2");
    assert!(matches!(error, LinkError::Tls(_)), "{error}");

    let (one, other) = pair();
    let foreign = Authority::new();
    let mut one = Link::dialled(one, Some(&foreign.node("node-0")), "node-1").expect("a name");
    let mut other = Link::accepted(other, Some(&authority.node("node-1"))).expect("it can be");
    assert!(matches!(exchange(&mut one, &mut other, 1), Err(LinkError::Tls(_))));

    // Who speaks in the clear to a node that has certificates.
    let (one, other) = pair();
    let mut one = Link::dialled(one, None, "").expect("no name is needed");
    let mut other = Link::accepted(other, Some(&authority.node("node-1"))).expect("it can be");
    assert!(exchange(&mut one, &mut other, 1).is_err());
}

#[test]
fn files_that_cannot_be_used_are_told_by_path() {
    let authority = Authority::new();
    let good = authority.files("node-0");
    let text = |files: &TlsFiles| Credentials::load(files).err().expect("it is bad").to_string();
    let missing =
        TlsFiles { certificate: authority.directory.path().join("none.pem"), ..good.clone() };
    assert!(text(&missing).contains("none.pem cannot be used"));
    let swapped = TlsFiles { key: good.certificate.clone(), ..good.clone() };
    assert!(text(&swapped).contains("node-0.pem cannot be used"));
    let empty = authority.directory.path().join("empty.pem");
    fs::write(&empty, "").expect("a file");
    let hollow = TlsFiles { authority: empty, ..good };
    assert!(text(&hollow).contains("it holds no certificate"), "{}", text(&hollow));
}

#[test]
fn frames_in_the_clear_are_for_loopback_only() {
    let at = |text: &str| text.parse::<SocketAddr>().expect("an address");
    assert!(check_address(at("127.0.0.1:7001"), None).is_ok());
    assert!(check_address(at("[::1]:7001"), None).is_ok());
    let error = check_address(at("10.0.0.2:7001"), None).expect_err("it is a network");
    assert!(error.to_string().contains("10.0.0.2:7001"), "{error}");
    let tls = Authority::new().node("node-0");
    assert!(check_address(at("10.0.0.2:7001"), Some(&tls)).is_ok());
}
