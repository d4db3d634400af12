//! Signs certificates for mutual TLS. A module of its own, since few tests need it.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

/// See the module.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: String,
}

/// What one side needs to prove who it is, and to know the other: PEM files.
pub struct Papers {
    pub authority: PathBuf,
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Authority {
    pub fn new() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("no names are valid names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).expect("it can be signed").pem();
        Self { issuer: Issuer::new(params, key), certificate }
    }

    /// Writes what the bearer of a name, or of an IP address, needs.
    pub fn certify(&self, name: &str, directory: &Path) -> Papers {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec![name.to_owned()]).expect("a valid name");
        let certificate = params.signed_by(&key, &self.issuer).expect("it can be signed");
        let write = |end: &str, text: String| {
            let path = directory.join(format!("{name}{end}"));
            fs::write(&path, text).expect("it can be written");
            path
        };
        Papers {
            authority: write(".authority", self.certificate.clone()),
            certificate: write(".pem", certificate.pem()),
            key: write(".key", key.serialize_pem()),
        }
    }
}

impl Papers {
    /// The table of a node's configuration that names them.
    pub fn table(&self, name: &str) -> String {
        format!(
            "[{name}]\nauthority = \"{}\"\ncertificate = \"{}\"\nkey = \"{}\"\n",
            self.authority.display(),
            self.certificate.display(),
            self.key.display()
        )
    }
}
