//! A connection between two nodes: frames over TCP, in the clear on loopback, and by mutual TLS elsewhere.
//!
//! A link neither waits nor parks: [`Link::receive`] and [`Link::flush`] do what can be done now. What it keeps
//! is bounded on both sides. The dialler checks that the certificate bears the name of the node that it dialled;
//! the acceptor checks, once the hello has said who is there, that the certificate bears that node's name
//! ([`Link::is_named`]).

use std::io::{self, ErrorKind, Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::verify_server_name;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{
    ClientConfig, ClientConnection, Connection, RootCertStore, ServerConfig, ServerConnection,
};
use thiserror::Error;

use crate::cluster::frame::{FRAME_BYTES_MAX, Frame, FrameError};
use crate::model::ClusterName;

/// What is kept of what has come: a frame, and the beginning of the next.
const INBOX_BYTES: usize = 2 * FRAME_BYTES_MAX;
/// What waits to be sent at most. A sender that finds no room sends later: nothing grows.
const OUTBOX_BYTES: usize = 8 * FRAME_BYTES_MAX;
/// What TLS itself keeps of what is to be sent.
const TLS_BUFFER_BYTES: usize = 4 * FRAME_BYTES_MAX;

/// Why a link cannot be, or is no more.
#[derive(Debug, Error)]
pub enum LinkError {
    /// Frames in the clear would cross a network.
    #[error(
        "nodes at {address} cannot be reached without certificates: frames in the clear are for loopback only. \
         Name authority, certificate and key"
    )]
    InTheClear {
        /// The address.
        address: SocketAddr,
    },
    /// A PEM file cannot be used.
    #[error("{path} cannot be used: {why}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// A name that no certificate can bear.
    #[error(
        "{name:?} is no name that a certificate can bear: name the node as its certificate does"
    )]
    Name {
        /// The name.
        name: String,
    },
    /// The other side is not who it should be, or does not speak TLS.
    #[error("the other side cannot be trusted: {0}")]
    Tls(#[from] rustls::Error),
    /// What came is no frame of this cluster.
    #[error("the other side sent {0}")]
    Frame(#[from] FrameError),
    /// The connection is closed.
    #[error("the connection was closed")]
    Closed,
    /// The system says so.
    #[error("the connection failed: {0}")]
    Io(#[from] io::Error),
}

/// PEM files for mutual TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// Who signed the nodes' certificates.
    pub authority: PathBuf,
    /// This node's certificate, and those between it and the authority.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// What a node proves itself by, and whom it believes.
#[derive(Clone)]
pub struct Credentials {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
}

impl Credentials {
    /// Reads the files.
    pub fn load(files: &TlsFiles) -> Result<Self, LinkError> {
        let mut roots = RootCertStore::empty();
        for certificate in certificates(&files.authority)? {
            roots.add(certificate).map_err(|error| file_error(&files.authority, error))?;
        }
        let roots = Arc::new(roots);
        let chain = certificates(&files.certificate)?;
        let key = PrivateKeyDer::from_pem_file(&files.key)
            .map_err(|error| file_error(&files.key, error))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions = &[&rustls::version::TLS13];
        let client = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(versions)?
            .with_root_certificates(Arc::clone(&roots))
            .with_client_auth_cert(chain.clone(), key.clone_key())
            .map_err(|error| file_error(&files.certificate, error))?;
        let verifier = WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(&provider))
            .build()
            .map_err(|error| file_error(&files.authority, error))?;
        let server = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)?
            .with_client_cert_verifier(verifier)
            .with_single_cert(chain, key)
            .map_err(|error| file_error(&files.certificate, error))?;
        Ok(Self { client: Arc::new(client), server: Arc::new(server) })
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, LinkError> {
    let found: Result<Vec<_>, _> =
        CertificateDer::pem_file_iter(path).map_err(|error| file_error(path, error))?.collect();
    let found = found.map_err(|error| file_error(path, error))?;
    if found.is_empty() {
        return Err(file_error(path, "it holds no certificate"));
    }
    Ok(found)
}

fn file_error(path: &Path, why: impl ToString) -> LinkError {
    LinkError::File { path: path.to_owned(), why: why.to_string() }
}

/// Whether a node at this address may be spoken to with these credentials, or without any.
pub fn check_address(address: SocketAddr, tls: Option<&Credentials>) -> Result<(), LinkError> {
    if tls.is_none() && !address.ip().is_loopback() {
        return Err(LinkError::InTheClear { address });
    }
    Ok(())
}

/// See the module. `S` is a stream that does not block.
pub struct Link<S> {
    stream: S,
    tls: Option<Box<Connection>>,
    inbox: Vec<u8>,
    /// The bytes of the inbox that are neither used nor still to come.
    arrived: std::ops::Range<usize>,
    outbox: Vec<u8>,
    /// The bytes of the outbox that wait.
    waiting: std::ops::Range<usize>,
}

impl<S: Read + Write> Link<S> {
    /// A link that this node dialled. `name` is what the other's certificate must bear.
    pub fn dialled(stream: S, tls: Option<&Credentials>, name: &str) -> Result<Self, LinkError> {
        let tls = match tls {
            None => None,
            Some(tls) => {
                let client = ClientConnection::new(Arc::clone(&tls.client), server_name(name)?)?;
                Some(Connection::Client(client))
            }
        };
        Ok(Self::new(stream, tls))
    }

    /// A link that another node dialled.
    pub fn accepted(stream: S, tls: Option<&Credentials>) -> Result<Self, LinkError> {
        let server = tls.map(|tls| ServerConnection::new(Arc::clone(&tls.server))).transpose()?;
        Ok(Self::new(stream, server.map(Connection::Server)))
    }

    fn new(stream: S, mut tls: Option<Connection>) -> Self {
        if let Some(tls) = &mut tls {
            tls.set_buffer_limit(Some(TLS_BUFFER_BYTES));
        }
        Self {
            stream,
            tls: tls.map(Box::new),
            inbox: vec![0; INBOX_BYTES],
            arrived: 0..0,
            outbox: vec![0; OUTBOX_BYTES],
            waiting: 0..0,
        }
    }

    /// The stream, for its registration and its end.
    pub fn stream(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Whether the other side's certificate bears this name. On loopback, without certificates, whoever runs on
    /// this machine may say any.
    pub fn is_named(&self, name: &str) -> bool {
        let Some(tls) = &self.tls else { return true };
        let certificate = tls.peer_certificates().and_then(|chain| chain.first());
        let parsed = certificate.and_then(|it| ParsedCertificate::try_from(it).ok());
        match (parsed, server_name(name)) {
            (Some(parsed), Ok(name)) => verify_server_name(&parsed, &name).is_ok(),
            _ => false,
        }
    }

    /// Puts a frame behind what waits to be sent. False, and nothing done, where there is no room.
    pub fn send(&mut self, frame: &Frame<'_>) -> bool {
        if OUTBOX_BYTES - self.waiting.end < FRAME_BYTES_MAX && self.waiting.start > 0 {
            self.outbox.copy_within(self.waiting.clone(), 0);
            self.waiting = 0..self.waiting.len();
        }
        let Some(length) = frame.put(&mut self.outbox[self.waiting.end..]) else { return false };
        self.waiting.end += length;
        true
    }

    /// Whether a frame of any length could be sent.
    pub fn has_room(&self) -> bool {
        OUTBOX_BYTES - self.waiting.len() >= FRAME_BYTES_MAX
    }

    /// Writes what the stream takes. True once nothing waits.
    pub fn flush(&mut self) -> Result<bool, LinkError> {
        loop {
            let bytes = &self.outbox[self.waiting.clone()];
            let (done, taken) = match &mut self.tls {
                None if bytes.is_empty() => return Ok(true),
                None => match self.stream.write(bytes) {
                    Ok(0) => return Err(LinkError::Closed),
                    Ok(taken) => (false, taken),
                    Err(error) if is_later(&error) => return Ok(false),
                    Err(error) => return Err(error.into()),
                },
                Some(tls) => {
                    let taken = if tls.is_handshaking() { 0 } else { tls.writer().write(bytes)? };
                    while tls.wants_write() {
                        match tls.write_tls(&mut self.stream) {
                            Ok(0) => return Err(LinkError::Closed),
                            Ok(_) => {}
                            Err(error) if is_later(&error) => {
                                self.sent(taken);
                                return Ok(false);
                            }
                            Err(error) => return Err(error.into()),
                        }
                    }
                    (taken == 0, taken)
                }
            };
            self.sent(taken);
            if done || self.waiting.is_empty() {
                return Ok(self.waiting.is_empty());
            }
        }
    }

    fn sent(&mut self, bytes: usize) {
        self.waiting.start += bytes;
        if self.waiting.is_empty() {
            self.waiting = 0..0;
        }
    }

    /// The next frame that has come, if a whole one has. Call until there is none.
    pub fn receive(&mut self, cluster: ClusterName) -> Result<Option<Frame<'_>>, LinkError> {
        if Frame::whole(&self.inbox[self.arrived.clone()])?.is_none() {
            self.fill()?;
        }
        match Frame::get(&self.inbox[self.arrived.clone()], cluster)? {
            Some((frame, length)) => {
                self.arrived.start += length;
                Ok(Some(frame))
            }
            None => Ok(None),
        }
    }

    /// Reads what the stream has, as far as there is room. Room there is: what has arrived is no whole frame.
    fn fill(&mut self) -> Result<(), LinkError> {
        self.inbox.copy_within(self.arrived.clone(), 0);
        self.arrived = 0..self.arrived.len();
        let before = self.arrived.end;
        while self.arrived.end < INBOX_BYTES {
            let space = &mut self.inbox[self.arrived.end..];
            let read = match &mut self.tls {
                None => self.stream.read(space),
                Some(tls) => read_tls(tls, &mut self.stream, space)?,
            };
            match read {
                // What came before the end is still taken.
                Ok(0) if self.arrived.end > before => return Ok(()),
                Ok(0) => return Err(LinkError::Closed),
                Ok(read) => self.arrived.end += read,
                Err(error) if is_later(&error) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

/// Reads plain bytes; asks the stream for more only where TLS has none.
fn read_tls(
    tls: &mut Connection,
    stream: &mut (impl Read + Write),
    space: &mut [u8],
) -> Result<io::Result<usize>, LinkError> {
    loop {
        match tls.reader().read(space) {
            Err(error) if is_later(&error) => {}
            other => return Ok(other),
        }
        match tls.read_tls(stream) {
            Ok(0) => return Ok(Ok(0)),
            Ok(_) => {
                if let Err(error) = tls.process_new_packets() {
                    // The other side is told why, as far as that is possible now.
                    let _ = tls.write_tls(stream);
                    return Err(error.into());
                }
            }
            Err(error) => return Ok(Err(error)),
        }
    }
}

fn is_later(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

fn server_name(name: &str) -> Result<ServerName<'static>, LinkError> {
    ServerName::try_from(name.to_owned()).map_err(|_| LinkError::Name { name: name.to_owned() })
}

#[cfg(test)]
mod tests;
