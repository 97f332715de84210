//! TLS by rustls (ring): from the settings to a client configuration, and from its failures to plain words.

use std::io;
use std::path::Path;
use std::sync::{Arc, Once};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, InvalidMessage, RootCertStore,
    SignatureScheme,
};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use settings::{Tls, Verify};

/// The client side of TLS as the settings want it. Reads files: not for a thread that must not block.
///
/// It is made anew for every connection, so that a renewed certificate counts from the next reconnect on.
/// The error is one sentence that names the setting's file.
pub(crate) fn client_config(tls: &Tls) -> Result<ClientConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let builder = match tls.verify {
        Verify::Full => builder.with_root_certificates(roots(tls)?),
        Verify::Off => {
            warn_once();
            builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        }
    };
    match &tls.client_cert {
        None => Ok(builder.with_no_client_auth()),
        Some((cert, key)) => builder
            .with_client_auth_cert(certificates(cert)?, private_key(key)?)
            .map_err(|error| format!("{} and {} do not go together: {error}", cert.display(), key.display())),
    }
}

/// The name that the server's certificate must hold.
pub(crate) fn server_name(name: &str) -> Result<ServerName<'static>, String> {
    ServerName::try_from(name.to_owned())
        .map_err(|_| format!("{name:?} is neither a host name nor an IP address that a certificate could hold"))
}

fn roots(tls: &Tls) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = &tls.ca_file {
        for certificate in certificates(path)? {
            roots.add(certificate).map_err(|error| format!("{}: {error}", path.display()))?;
        }
    }
    if tls.system_roots {
        let native = rustls_native_certs::load_native_certs();
        // Stores of real systems hold odd certificates; those that cannot be read simply vouch for nobody.
        let (_, ignored) = roots.add_parsable_certificates(native.certs);
        tracing::debug!(ignored, errors = native.errors.len(), roots = roots.len(), "system certificates loaded");
    }
    if roots.is_empty() {
        return Err(
            "there is no certificate authority to trust: this system has none, and no CA file is set".to_owned()
        );
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let pem = read(path)?;
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|error| format!("{} is not a PEM file of certificates: {error}", path.display()))?;
    if certificates.is_empty() {
        return Err(format!("{} holds no certificate in PEM form (`-----BEGIN CERTIFICATE-----`)", path.display()));
    }
    Ok(certificates)
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_slice(&read(path)?)
        .map_err(|error| format!("{} holds no unencrypted private key in PEM form: {error}", path.display()))
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

fn warn_once() {
    static WARNED: Once = Once::new();
    WARNED.call_once(|| {
        tracing::warn!(
            "TLS certificates are not verified: whoever answers at the address is believed to be the server"
        );
    });
}

/// A TLS failure in words, and whether it may pass by itself. `None` where the cause is not TLS.
pub(crate) fn explain(cause: &io::Error) -> Option<(String, bool)> {
    let error = cause.get_ref()?.downcast_ref::<rustls::Error>()?;
    let words = match error {
        rustls::Error::InvalidCertificate(problem) => certificate_words(problem),
        rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            "what answers there does not speak TLS (for a port without TLS write redis:// instead of rediss://)"
                .to_owned()
        }
        rustls::Error::AlertReceived(alert) => return Some(alert_words(*alert)),
        other => other.to_string(),
    };
    Some((words, false))
}

fn certificate_words(problem: &CertificateError) -> String {
    use CertificateError as E;
    match problem {
        // A bad signature is that of an authority of the same name with another key.
        E::UnknownIssuer | E::BadSignature => {
            "the server's certificate is signed by nobody we trust (name its authority's PEM file as the CA file)"
                .to_owned()
        }
        E::NotValidForName | E::NotValidForNameContext { .. } => {
            format!(
                "the server's certificate is for another name: {problem} (set the server name if it is the right server)"
            )
        }
        E::Expired | E::ExpiredContext { .. } | E::NotValidYet | E::NotValidYetContext { .. } => {
            format!("the server's certificate is out of its time: {problem} (is this machine's clock right?)")
        }
        E::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            "the server shows its authority's certificate instead of one of its own".to_owned()
        }
        other => format!("the server's certificate is not acceptable: {other}"),
    }
}

/// RFC 8446, 6.2: which alerts a server sends about us.
fn alert_words(alert: AlertDescription) -> (String, bool) {
    use AlertDescription as A;
    match alert {
        A::CertificateRequired => {
            ("the server asks for a client certificate, and none is set (set certificate and key)".to_owned(), false)
        }
        A::BadCertificate
        | A::DecryptError
        | A::UnknownCA
        | A::CertificateUnknown
        | A::CertificateExpired
        | A::UnsupportedCertificate => {
            (format!("the server does not accept our client certificate ({alert:?})"), false)
        }
        A::HandshakeFailure | A::ProtocolVersion | A::InsufficientSecurity => (
            format!(
                "the server shares no version or cipher of TLS with us, or asks for a client certificate ({alert:?})"
            ),
            false,
        ),
        other => (format!("the server ended TLS with the alert {other:?}"), true),
    }
}

/// Believes any certificate, but still checks that the server holds its key.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
