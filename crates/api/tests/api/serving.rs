//! The server over a real network: plain and TLS, and how it shuts down.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use api::Tls;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::fixture::{PATIENCE, Server};

/// Much less than requests under way are given at the end.
const SOON: Duration = Duration::from_secs(5);

struct Serving {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<std::io::Result<()>>,
    server: Server,
}

async fn serve(tls: Option<Tls>) -> Serving {
    let server = Server::single_user().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let shutdown = async {
        stopped.await.unwrap();
    };
    let task = tokio::spawn(api::serve(listener, server.router.clone(), tls, shutdown));
    Serving {
        address,
        stop,
        task,
        server,
    }
}

impl Serving {
    async fn stop(self) -> Duration {
        let started = Instant::now();
        self.stop.send(()).unwrap();
        tokio::time::timeout(PATIENCE, self.task)
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        self.server.store.close().await;
        started.elapsed()
    }
}

async fn ask(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), path: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    read_until(stream, "\r\n\r\n").await
}

async fn read_until(stream: &mut (impl AsyncRead + Unpin), end: &str) -> String {
    let mut text = String::new();
    while !text.contains(end) {
        let mut bytes = [0; 4096];
        let count = tokio::time::timeout(PATIENCE, stream.read(&mut bytes))
            .await
            .unwrap()
            .unwrap();
        assert_ne!(count, 0, "the connection ended: {text}");
        text.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
    }
    text
}

#[tokio::test]
async fn it_answers_and_keeps_the_connection_for_the_next_request() {
    let serving = serve(None).await;
    let mut stream = TcpStream::connect(serving.address).await.unwrap();
    for _ in 0..2 {
        let answer = ask(&mut stream, "/api/v1/health").await;
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    }
    // An idle connection does not hold it up.
    assert!(serving.stop().await < SOON);
}

#[tokio::test]
async fn it_speaks_tls() {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_string()]).unwrap();
    let tls = Tls::from_pem(cert.pem().as_bytes(), signing_key.serialize_pem().as_bytes()).unwrap();
    let serving = serve(Some(tls)).await;
    let mut roots = RootCertStore::empty();
    roots.add(cert.der().clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    let stream = TcpStream::connect(serving.address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = connector.connect(name, stream).await.unwrap();
    let answer = ask(&mut stream, "/api/v1/health").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");

    // One who does not speak it gets nothing.
    let mut plain = TcpStream::connect(serving.address).await.unwrap();
    plain
        .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        .await
        .unwrap();
    let mut bytes = Vec::new();
    // Whether the end is in order does not matter.
    let _ = tokio::time::timeout(PATIENCE, plain.read_to_end(&mut bytes))
        .await
        .unwrap();
    assert!(
        !String::from_utf8_lossy(&bytes).contains("HTTP/1.1 2"),
        "{bytes:?}"
    );
    assert!(serving.stop().await < SOON);
}

#[tokio::test]
async fn shutting_down_ends_streams() {
    let serving = serve(None).await;
    let mut stream = TcpStream::connect(serving.address).await.unwrap();
    let answer = ask(&mut stream, "/api/v1/workspaces/shop/events").await;
    assert!(answer.contains("text/event-stream"), "{answer}");
    let reader = tokio::spawn(async move {
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).await.unwrap();
        String::from_utf8(rest).unwrap()
    });
    assert!(serving.stop().await < SOON);
    // In order: the last chunk is there.
    let rest = reader.await.unwrap();
    assert!(rest.ends_with("0\r\n\r\n"), "{rest:?}");
}

#[tokio::test]
async fn a_head_beyond_its_bounds_is_refused() {
    let serving = serve(None).await;
    let mut stream = TcpStream::connect(serving.address).await.unwrap();
    let long = "x".repeat(100 << 10);
    let request = format!("GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: {long}\r\n\r\n");
    // It may be refused before all of it is sent.
    let _ = stream.write_all(request.as_bytes()).await;
    let mut answer = Vec::new();
    let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer))
        .await
        .unwrap();
    assert!(!String::from_utf8_lossy(&answer).contains("200 OK"));
    let mut stream = TcpStream::connect(serving.address).await.unwrap();
    let many = "X-Many: 1\r\n".repeat(200);
    let request = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{many}\r\n");
    let _ = stream.write_all(request.as_bytes()).await;
    let answer = read_until(&mut stream, "\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    assert!(serving.stop().await < SOON);
}
