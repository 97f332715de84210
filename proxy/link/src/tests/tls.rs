//! Who is believed to be whom.

use std::path::PathBuf;

use settings::{Endpoint, Tls, Verify};
use testkit::{Server, tls::Certs};

use super::{endpoint, hasty, open};
use crate::{Error, Retry, Stream, connect};

/// An endpoint that reaches the server by TLS under a name, trusting these certificates alone.
fn secure(server: &Server, host: &str, ca: PathBuf) -> Endpoint {
    let tls = Tls { ca_file: Some(ca), system_roots: false, ..Tls::default() };
    Endpoint { tls: Some(tls), ..Endpoint::tcp(host, server.tls_port()) }
}

fn change(mut endpoint: Endpoint, change: impl FnOnce(&mut Tls)) -> Endpoint {
    change(endpoint.tls.as_mut().unwrap());
    endpoint
}

/// The connection is refused for good, in these words.
async fn refused(endpoint: &Endpoint, expect: &str) {
    let error = open(endpoint).await.unwrap_err();
    assert!(error.to_string().contains(expect), "{error}");
    assert_eq!(error.retry(), Retry::Never, "{error}");
}

#[tokio::test]
async fn a_certificate_of_a_trusted_authority_is_accepted_by_name_and_by_address() {
    let certs = Certs::new();
    let server = Server::builder().tls(&certs.server()).start();
    for host in ["localhost", "127.0.0.1"] {
        let mut connection = open(&secure(&server, host, certs.ca())).await.unwrap();
        assert!(connection.call(&[b"SET", b"k", b"v"]).await.unwrap().is_ok());
        let (stream, _) = connection.into_stream();
        assert!(matches!(stream, Stream::Tls(_)));
    }
}

#[tokio::test]
async fn much_data_goes_both_ways_through_tls() {
    let certs = Certs::new();
    let server = Server::builder().tls(&certs.server()).start();
    let mut connection = open(&secure(&server, "localhost", certs.ca())).await.unwrap();
    let big = vec![b'x'; 100_000];
    let replies = connection.pipeline(&vec![vec![b"ECHO".as_slice(), &big]; 200]).await.unwrap();
    assert!(replies.len() == 200 && replies.iter().all(|reply| reply.as_bytes() == Some(&big)));
}

#[tokio::test]
async fn an_authority_that_is_not_trusted_is_refused() {
    let (certs, others) = (Certs::new(), Certs::new());
    let server = Server::builder().tls(&certs.server()).start();
    refused(&secure(&server, "localhost", others.ca()), "signed by nobody we trust (name its authority's PEM file")
        .await;
    // The system's authorities have not signed it either.
    let system = change(secure(&server, "localhost", others.ca()), |tls| tls.system_roots = true);
    refused(&system, "signed by nobody we trust").await;
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused_unless_the_name_is_given() {
    let certs = Certs::for_names(&["redis.internal"]);
    let server = Server::builder().tls(&certs.server()).start();
    let wrong = secure(&server, "localhost", certs.ca());
    refused(&wrong, "the server's certificate is for another name").await;
    open(&change(wrong, |tls| tls.server_name = Some("redis.internal".to_owned()))).await.unwrap();
    let odd = change(secure(&server, "localhost", certs.ca()), |tls| tls.server_name = Some("no name!".to_owned()));
    refused(&odd, "\"no name!\" is neither a host name nor an IP address").await;
}

#[tokio::test]
async fn without_verification_any_certificate_will_do() {
    let certs = Certs::for_names(&["redis.internal"]);
    let server = Server::builder().tls(&certs.server()).start();
    let tls = Tls { verify: Verify::Off, system_roots: false, ..Tls::default() };
    open(&Endpoint { tls: Some(tls), ..Endpoint::tcp("localhost", server.tls_port()) }).await.unwrap();
}

#[tokio::test]
async fn a_server_that_asks_for_our_certificate_gets_it() {
    let (certs, others) = (Certs::new(), Certs::new());
    let server = Server::builder().tls(&certs.server_asking_clients()).start();
    let plain = secure(&server, "localhost", certs.ca());
    let with = |certs: &Certs| {
        let pair = (certs.client_cert(), certs.client_key());
        change(plain.clone(), |tls| tls.client_cert = Some(pair))
    };
    open(&with(&certs)).await.unwrap();
    refused(&plain, "the server asks for a client certificate, and none is set").await;
    refused(&with(&others), "the server does not accept our client certificate").await;
}

#[tokio::test]
async fn files_that_cannot_be_used_are_named() {
    let certs = Certs::new();
    let server = Server::builder().tls(&certs.server()).start();
    let good = secure(&server, "localhost", certs.ca());
    let absent = PathBuf::from("/no/such/ca.crt");
    refused(&secure(&server, "localhost", absent), "TLS cannot be set up: cannot read /no/such/ca.crt").await;
    let key_as_ca = secure(&server, "localhost", certs.client_key());
    refused(&key_as_ca, "client.key holds no certificate in PEM form").await;
    let no_key = change(good.clone(), |tls| tls.client_cert = Some((certs.client_cert(), certs.ca())));
    refused(&no_key, "ca.crt holds no unencrypted private key in PEM form").await;
    let others = Certs::new();
    let foreign_key = change(good.clone(), |tls| tls.client_cert = Some((certs.client_cert(), others.client_key())));
    refused(&foreign_key, "do not go together").await;
    let nobody = change(good, |tls| (tls.ca_file, tls.system_roots) = (None, false));
    refused(&nobody, "there is no certificate authority to trust").await;
}

#[tokio::test]
async fn plain_and_tls_ports_mixed_up_are_told() {
    let certs = Certs::new();
    let server = Server::builder().tls(&certs.server()).start();
    let tls_to_plain = Endpoint { tls: secure(&server, "localhost", certs.ca()).tls, ..endpoint(&server) };
    let error = connect(&tls_to_plain, &hasty()).await.unwrap_err();
    assert!(error.to_string().contains("write redis:// instead of rediss://"), "{error}");
    let plain_to_tls = Endpoint::tcp("127.0.0.1", server.tls_port());
    let error = open(&plain_to_tls).await.unwrap_err();
    assert!(matches!(error, Error::Closed { .. } | Error::Broken { .. }), "{error}");
    assert!(error.to_string().contains("rediss://"), "{error}");
}
