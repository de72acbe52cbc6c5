//! Requests over connections that are dialled where the rules allow it, and used again.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dataflow::Error;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{ACCEPT, CONTENT_TYPE, HOST, HeaderName, HeaderValue, USER_AGENT};
use hyper::{Method, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::url::Url;
use crate::network::NetworkAccess;
use crate::outside::{dial, dial_error};

/// Bytes of an answer, at most.
const BODY_BYTES_MAX: usize = 16 << 20;
/// Connections that wait to be used again.
const IDLE_MAX: usize = 100;

pub struct Request {
    pub method: Method,
    pub target: String,
    pub body: Vec<u8>,
}

type Connection = SendRequest<Full<Bytes>>;

pub struct Client {
    /// The option that says where it is.
    key: &'static str,
    url: Url,
    headers: Vec<(HeaderName, HeaderValue)>,
    patience: Duration,
    network: NetworkAccess,
    tls: Option<(TlsConnector, ServerName<'static>)>,
    idle: Mutex<Vec<Connection>>,
}

/// Without headers, which may be secrets.
impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Client").field(&self.url).finish()
    }
}

impl Client {
    pub fn new(
        key: &'static str,
        url: Url,
        headers: Vec<(HeaderName, HeaderValue)>,
        patience: Duration,
        network: NetworkAccess,
    ) -> Result<Client, Error> {
        let tls = match url.is_secure {
            true => Some((secure()?, server_name(key, &url)?)),
            false => None,
        };
        Ok(Client {
            key,
            url,
            headers,
            patience,
            network,
            tls,
            idle: Mutex::default(),
        })
    }

    /// For messages: where it is, without path and query, which may have secrets in them.
    pub fn place(&self) -> String {
        self.url.authority()
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub async fn ask(&self, request: Request) -> Result<(StatusCode, Vec<u8>), Error> {
        let reused = self.idle().pop();
        if let Some(connection) = reused {
            // It may have been closed meanwhile: then another one is made.
            if let Ok(answered) = self.send(connection, &request).await {
                return Ok(answered);
            }
        }
        let connecting = tokio::time::timeout(self.patience, self.connect());
        let connection = connecting.await.unwrap_or_else(|_| {
            Err(self.failed(io::Error::new(
                io::ErrorKind::TimedOut,
                "it does not answer in time",
            )))
        })?;
        self.send(connection, &request).await
    }

    async fn send(
        &self,
        mut connection: Connection,
        request: &Request,
    ) -> Result<(StatusCode, Vec<u8>), Error> {
        let mut built = hyper::Request::builder()
            .method(request.method.clone())
            .uri(&request.target)
            .header(HOST, self.url.authority())
            .header(USER_AGENT, "oceanus")
            .header(ACCEPT, "*/*");
        if !request.body.is_empty() {
            built = built.header(CONTENT_TYPE, "application/json");
        }
        let mut built = built
            .body(Full::new(Bytes::from(request.body.clone())))
            .map_err(|_| Error::internal("what is asked is no request"))?;
        for (name, value) in &self.headers {
            built.headers_mut().insert(name, value.clone());
        }
        let sent = async {
            connection.ready().await?;
            connection.send_request(built).await
        };
        let answer = sent.await.map_err(|error| self.failed(io::Error::other(error)))?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), BODY_BYTES_MAX).collect().await;
        let body = body
            .map_err(|error| self.failed(io::Error::other(error)))?
            .to_bytes()
            .to_vec();
        let mut idle = self.idle();
        if idle.len() < IDLE_MAX {
            idle.push(connection);
        }
        Ok((status, body))
    }

    fn failed(&self, cause: io::Error) -> Error {
        Error::io(format!("ask {}", self.place()), cause)
    }

    async fn connect(&self) -> Result<Connection, Error> {
        let what = format!("reach {}", self.place());
        let stream = dial(
            self.network.clone(),
            self.url.host.clone(),
            self.url.port,
            self.patience,
        )
        .await
        .map_err(|error| dial_error(error, &what, self.key))?;
        match &self.tls {
            None => self.shake_hands(TokioIo::new(stream)).await,
            Some((connector, name)) => {
                let secured = connector.connect(name.clone(), stream).await;
                let secured: tokio_rustls::client::TlsStream<TcpStream> =
                    secured.map_err(|cause| Error::io(what, cause))?;
                self.shake_hands(TokioIo::new(secured)).await
            }
        }
    }

    async fn shake_hands<T>(&self, stream: T) -> Result<Connection, Error>
    where
        T: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
    {
        let (connection, driver) = handshake(stream)
            .await
            .map_err(|error| self.failed(io::Error::other(error)))?;
        // Whoever asks hears of its end.
        tokio::spawn(async move { drop(driver.await) });
        Ok(connection)
    }
}

fn secure() -> Result<TlsConnector, Error> {
    let roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::internal(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

fn server_name(key: &str, url: &Url) -> Result<ServerName<'static>, Error> {
    ServerName::try_from(url.host.clone()).map_err(|_| {
        dataflow::OptionError::new(
            key,
            format!("option '{key}' names a host that no certificate can be for"),
        )
        .into()
    })
}
