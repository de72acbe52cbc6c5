//! Serves the router to a bounded number of connections, none of which may dawdle.
//!
//! A connection has a time to shake hands, to send a request's head, and to take what it is sent; bodies are timed
//! where they are read. When it is told to shut down, the server takes no more connections, ends streams, and lets
//! requests that are under way come to their end for a while.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::Sleep;

use crate::headers::Peer;
use crate::stream::ShuttingDown;
use crate::tls::Tls;

const CONNECTIONS_MAX: usize = 1024;
const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(10);
/// Also how long a connection may wait for its next request.
const HEAD_TIME_MAX: Duration = Duration::from_secs(20);
const HEAD_BYTES_MAX: usize = 64 << 10;
const HEADERS_MAX: usize = 100;
/// How long a client may take nothing of what it is sent.
const WRITE_STALL_MAX: Duration = Duration::from_secs(30);
/// How long requests may take after the server was told to shut down.
const SHUT_DOWN_PATIENCE: Duration = Duration::from_secs(10);
/// After a connection could not be accepted, for one because there are too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until `shutdown` is over.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    tls: Option<Tls>,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let (down, is_down) = watch::channel(false);
    let mut connections = JoinSet::new();
    tokio::pin!(shutdown);
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        tokio::select! {
            () = &mut shutdown => break,
            // Only forgets those that have ended.
            Some(_) = connections.join_next() => {}
            (place, accepted) = next => match (place, accepted) {
                (Ok(place), Ok((stream, address))) => {
                    let connection = Connection {
                        router: TowerToHyperService::new(router.clone()),
                        peer: Peer(address),
                        is_down: is_down.clone(),
                    };
                    connections.spawn(connection.run(stream, tls.clone(), place));
                }
                (Err(closed), _) => return Err(io::Error::other(closed)),
                (_, Err(error)) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    // Nobody listens if there is no connection.
    let _ = down.send(true);
    let ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(SHUT_DOWN_PATIENCE, ended).await.is_err() {
        tracing::warn!("requests under way were cut off");
        connections.shutdown().await;
    }
    Ok(())
}

/// One connection. As a service it tells each request who is at the other end.
#[derive(Clone)]
struct Connection {
    router: TowerToHyperService<Router>,
    peer: Peer,
    is_down: watch::Receiver<bool>,
}

impl Connection {
    async fn run(self, stream: TcpStream, tls: Option<Tls>, place: OwnedSemaphorePermit) {
        let address = self.peer.0;
        // Small answers go out at once; that it is not possible only makes them slower.
        let _ = stream.set_nodelay(true);
        let ended = match tls {
            None => self.answer(stream).await,
            Some(tls) => {
                let hands = tls.acceptor.accept(stream);
                match tokio::time::timeout(HANDSHAKE_TIME_MAX, hands).await {
                    Ok(Ok(stream)) => self.answer(stream).await,
                    Ok(Err(error)) => Err(error.to_string()),
                    Err(_) => Err("the handshake took too long".to_string()),
                }
            }
        };
        if let Err(error) = ended {
            tracing::debug!(peer = %address.ip(), error, "a connection broke off");
        }
        drop(place);
    }

    async fn answer(
        self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    ) -> Result<(), String> {
        let mut is_down = self.is_down.clone();
        let stream = TokioIo::new(Patient::new(stream));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIME_MAX)
            .max_headers(HEADERS_MAX)
            .max_buf_size(HEAD_BYTES_MAX)
            .serve_connection(stream, self);
        let down = async {
            // A server that is gone has shut down too.
            let _ = is_down.wait_for(|down| *down).await;
        };
        tokio::pin!(connection);
        let ended = tokio::select! {
            ended = &mut connection => ended,
            () = down => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        ended.map_err(|error| error.to_string())
    }
}

impl Service<Request<Incoming>> for Connection {
    type Response = Response;
    type Error = std::convert::Infallible;
    type Future = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Future;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let extensions = request.extensions_mut();
        extensions.insert(self.peer);
        extensions.insert(ShuttingDown(self.is_down.clone()));
        self.router.call(request)
    }
}

/// A connection whose other end must take what it is sent in time.
struct Patient<S> {
    stream: S,
    /// Runs while there is something to write that is not taken.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<S> Patient<S> {
    fn new(stream: S) -> Patient<S> {
        Patient {
            stream,
            stalled: None,
        }
    }

    fn timed<T>(&mut self, context: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let stalled = self
            .stalled
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(WRITE_STALL_MAX)));
        ready!(stalled.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.timed(context, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.timed(context, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        self.timed(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(context);
        self.timed(context, shut)
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::time::Instant;

    use super::*;

    /// Answers one end of a pipe of 1 KiB, until it has enough of it.
    fn answered(
        router: Router,
    ) -> (
        tokio::io::DuplexStream,
        tokio::task::JoinHandle<Result<(), String>>,
    ) {
        let (client, server) = tokio::io::duplex(1024);
        let (down, is_down) = watch::channel(false);
        let connection = Connection {
            router: TowerToHyperService::new(router),
            peer: Peer(SocketAddr::from(([127, 0, 0, 1], 1))),
            is_down,
        };
        let task = tokio::spawn(async move {
            let ended = connection.answer(server).await;
            // Gone before that, it would count as shut down.
            drop(down);
            ended
        });
        (client, task)
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_dribbles_in_is_not_waited_for() {
        let started = Instant::now();
        let (mut client, task) = answered(Router::new());
        for byte in b"GET / HTTP/1.1" {
            client.write_all(&[*byte]).await.unwrap();
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        assert!(task.await.unwrap().is_err());
        assert!(
            started.elapsed() <= HEAD_TIME_MAX + Duration::from_secs(1),
            "{:?}",
            started.elapsed()
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_who_takes_nothing_is_let_go() {
        let started = Instant::now();
        let router = Router::new().fallback(|| async { "x".repeat(1 << 20) });
        let (mut client, task) = answered(router);
        client
            .write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        let mut some = [0; 100];
        client.read_exact(&mut some).await.unwrap();
        assert!(task.await.unwrap().is_err());
        assert!(started.elapsed() >= WRITE_STALL_MAX, "{:?}", started.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_who_is_slow_but_reads_is_served() {
        let router = Router::new().fallback(|| async { "x".repeat(64 << 10) });
        let (mut client, task) = answered(router);
        client
            .write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .await
            .unwrap();
        let mut count = 0;
        loop {
            let mut some = [0; 1024];
            match client.read(&mut some).await.unwrap() {
                0 => break,
                more => count += more,
            }
            tokio::time::sleep(WRITE_STALL_MAX / 2).await;
        }
        assert!(count > 64 << 10);
        assert_eq!(task.await.unwrap(), Ok(()));
    }
}
