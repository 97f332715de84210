//! Certificates for tests: an authority made on the spot, with a server's and a client's certificate.

use crate::server::TlsFiles;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// PEM files in a temporary folder, which lives as long as this value.
#[derive(Debug)]
pub struct Certs {
    dir: TempDir,
}

impl Certs {
    /// An authority of its own, and a server certificate for `localhost`, `127.0.0.1` and `::1`.
    pub fn new() -> Certs {
        Certs::for_names(&["localhost", "127.0.0.1", "::1"])
    }

    /// An authority of its own, and a server certificate for these names and addresses.
    ///
    /// # Panics
    /// When a name cannot be one, or the temporary folder cannot be written.
    pub fn for_names(names: &[&str]) -> Certs {
        let dir = tempfile::Builder::new().prefix("kf-tls-").tempdir().expect("a temporary folder");
        let issuer = authority(dir.path());
        leaf(dir.path(), "server", names, &issuer);
        leaf(dir.path(), "client", &["client.test"], &issuer);
        Certs { dir }
    }

    /// The authority's certificate: what both sides trust.
    pub fn ca(&self) -> PathBuf {
        self.dir.path().join("ca.crt")
    }

    /// The client's certificate.
    pub fn client_cert(&self) -> PathBuf {
        self.dir.path().join("client.crt")
    }

    /// The client's private key.
    pub fn client_key(&self) -> PathBuf {
        self.dir.path().join("client.key")
    }

    /// For [`crate::server::Builder::tls`]: a server that asks clients for no certificate.
    pub fn server(&self) -> TlsFiles {
        let (cert, key) = (self.dir.path().join("server.crt"), self.dir.path().join("server.key"));
        TlsFiles { ca: self.ca(), cert, key, ask_client: false }
    }

    /// For [`crate::server::Builder::tls`]: a server that lets in only clients with a certificate of this authority.
    pub fn server_asking_clients(&self) -> TlsFiles {
        TlsFiles { ask_client: true, ..self.server() }
    }
}

impl Default for Certs {
    fn default() -> Certs {
        Certs::new()
    }
}

fn authority(dir: &Path) -> Issuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).expect("no names are good names");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.distinguished_name.push(DnType::CommonName, "test authority");
    let key = KeyPair::generate().expect("a key");
    let cert = params.self_signed(&key).expect("the authority signs itself");
    write(dir, "ca.crt", &cert.pem());
    Issuer::new(params, key)
}

fn leaf(dir: &Path, name: &str, names: &[&str], issuer: &Issuer<'static, KeyPair>) {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("good names");
    params.distinguished_name.push(DnType::CommonName, format!("test {name}"));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    // A server is a client too, when it is made a replica.
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let key = KeyPair::generate().expect("a key");
    let cert = params.signed_by(&key, issuer).expect("the authority signs");
    write(dir, &format!("{name}.crt"), &cert.pem());
    write(dir, &format!("{name}.key"), &key.serialize_pem());
}

fn write(dir: &Path, name: &str, text: &str) {
    fs::write(dir.join(name), text).expect("the temporary folder can be written");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{Kind, Server};
    use std::process::{Command, Output};

    fn ping(server: &Server, certs: &Certs, with_client_cert: bool) -> Output {
        let mut command = Command::new("redis-cli");
        command
            .args(["--tls", "-h", "localhost", "-p", &server.tls_port().to_string()])
            .arg("--cacert")
            .arg(certs.ca());
        if with_client_cert {
            command.arg("--cert").arg(certs.client_cert()).arg("--key").arg(certs.client_key());
        }
        command.arg("PING").output().expect("redis-cli comes with the servers that the tests need")
    }

    fn pongs(output: &Output) -> bool {
        output.stdout.starts_with(b"PONG")
    }

    #[test]
    fn a_server_speaks_tls_beside_plain_and_its_certificate_is_trusted() {
        let (certs, others) = (Certs::new(), Certs::new());
        for kind in Kind::ALL.into_iter().filter(|kind| kind.has_tls()) {
            let server = Server::builder().kind(kind).tls(&certs.server()).start();
            assert_eq!(server.run::<String>(&["PING"]), "PONG");
            assert!(pongs(&ping(&server, &certs, false)), "{kind}");
            assert!(!pongs(&ping(&server, &others, false)), "{kind}: another authority is trusted");
        }
    }

    #[test]
    fn a_server_with_tls_alone_is_reached_by_its_socket_and_can_ask_for_a_client_certificate() {
        let certs = Certs::new();
        let server = Server::builder().tls_only(&certs.server_asking_clients()).start();
        assert_eq!(server.run::<String>(&["PING"]), "PONG");
        assert!(pongs(&ping(&server, &certs, true)));
        assert!(!pongs(&ping(&server, &certs, false)), "a client without a certificate was let in");
    }
}
