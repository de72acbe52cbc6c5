//! Where connectors wait for outside systems: a few threads of their own, shared by all of them.
//!
//! Shards poll what is spawned here, or wait for it; neither needs a runtime of its own.

use std::future::Future;
use std::pin::Pin;
use std::sync::OnceLock;
use std::sync::mpsc;
use std::task::{Context, Poll};
use std::time::Duration;

use dataflow::Error;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

use crate::network::{NetworkAccess, NetworkError};

/// Threads that all connections of the process share: they only pass bytes on.
const THREADS: usize = 2;

fn runtime() -> Result<&'static Runtime, Error> {
    static RUNTIME: OnceLock<std::io::Result<Runtime>> = OnceLock::new();
    let runtime = RUNTIME.get_or_init(|| {
        Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("outside")
            .enable_all()
            .build()
    });
    runtime.as_ref().map_err(|error| {
        let cause = std::io::Error::new(error.kind(), error.to_string());
        Error::io("cannot start threads for connections", cause)
    })
}

/// Work that goes on by itself, and is given up when this is dropped.
#[derive(Debug)]
pub struct Spawned<T> {
    handle: Result<JoinHandle<T>, Option<Error>>,
}

/// Starts work. Whatever it is, it must end when it is given up at any of its waits.
pub fn spawn<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Spawned<T> {
    Spawned {
        handle: match runtime() {
            Ok(runtime) => Ok(runtime.spawn(work)),
            Err(error) => Err(Some(error)),
        },
    }
}

impl<T> Future for Spawned<T> {
    type Output = Result<T, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let gone = || Error::internal("work for a connection was given up");
        match &mut self.get_mut().handle {
            Ok(handle) => match Pin::new(handle).poll(context) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(outcome) => Poll::Ready(outcome.map_err(|_| gone())),
            },
            Err(error) => Poll::Ready(Err(error.take().unwrap_or_else(gone))),
        }
    }
}

impl<T> Drop for Spawned<T> {
    fn drop(&mut self) {
        if let Ok(handle) = &self.handle {
            handle.abort();
        }
    }
}

/// Waits for work, for at most this long.
pub fn wait<T: Send + 'static>(
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
    patience: Duration,
    what: &str,
) -> Result<T, Error> {
    let (answer, answered) = mpsc::sync_channel(1);
    let handle = runtime()?.spawn(async move {
        // Whoever waited may have gone.
        let _ = answer.send(work.await);
    });
    answered.recv_timeout(patience).unwrap_or_else(|_| {
        handle.abort();
        let cause = std::io::Error::new(std::io::ErrorKind::TimedOut, format!("no answer in {patience:?}"));
        Err(Error::io(what, cause))
    })
}

/// Dials a host where the rules allow it.
pub async fn dial(
    network: NetworkAccess,
    host: String,
    port: u16,
    patience: Duration,
) -> Result<TcpStream, NetworkError> {
    let unreachable = |cause| NetworkError::Unreachable {
        what: format!("port {port} does not answer"),
        cause,
    };
    let dialled = tokio::task::spawn_blocking(move || network.connect(&host, port, patience));
    let stream = dialled
        .await
        .map_err(|error| unreachable(std::io::Error::other(error)))??;
    stream.set_nonblocking(true).map_err(unreachable)?;
    stream.set_nodelay(true).map_err(unreachable)?;
    TcpStream::from_std(stream).map_err(unreachable)
}

/// What stands in the way of dialling, as an error about an option of a table.
pub fn dial_error(error: NetworkError, what: &str, key: &str) -> Error {
    match error {
        NetworkError::Unreachable { what: place, cause } => Error::io(
            what,
            std::io::Error::new(cause.kind(), format!("{place}: {cause}")),
        ),
        error => {
            let refusal = dataflow::OptionError::new(key, format!("option '{key}': {error}"));
            match error.hint() {
                Some(hint) => refusal.hint(hint).into(),
                None => refusal.into(),
            }
        }
    }
}
