//! Answers whoever dials: one thread a connection, as many as are bounded.

use std::io::{self, BufReader};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use runner::protocol::{
    ANSWER_BYTES_MAX, Answer, Line, REQUEST_BYTES_MAX, Request, VERSION, read_line, write_line,
};
use runner::{RunKey, StoppedBy, check_id};

use super::shared::Shared;

/// Connections at once; beyond it they are closed.
const CONNECTIONS_MAX: usize = 16;
/// A connection on which nothing is said for this long is closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long to wait when the system cannot accept: mostly it has no descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves until the process ends.
pub fn spawn(listener: UnixListener, shared: Arc<Shared>) -> io::Result<()> {
    thread::Builder::new()
        .name("listener".to_string())
        .spawn(move || accept(&listener, &shared))
        .map(drop)
}

fn accept(listener: &UnixListener, shared: &Arc<Shared>) {
    let connections = Arc::new(AtomicUsize::new(0));
    loop {
        let stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                shared.clock.sleep(ACCEPT_PAUSE);
                continue;
            }
        };
        if connections.fetch_add(1, Ordering::AcqRel) >= CONNECTIONS_MAX {
            connections.fetch_sub(1, Ordering::AcqRel);
            continue;
        }
        let (count, shared) = (connections.clone(), shared.clone());
        let spawned = thread::Builder::new()
            .name("connection".to_string())
            .spawn(move || {
                if let Err(error) = converse(stream, &shared) {
                    tracing::debug!(%error, "a connection broke");
                }
                count.fetch_sub(1, Ordering::AcqRel);
            });
        if let Err(error) = spawned {
            connections.fetch_sub(1, Ordering::AcqRel);
            tracing::warn!(%error, "cannot start a thread");
        }
    }
}

fn converse(stream: UnixStream, shared: &Shared) -> io::Result<()> {
    stream.set_read_timeout(Some(IDLE_TIMEOUT))?;
    stream.set_write_timeout(Some(WRITE_TIMEOUT))?;
    let mut out = stream.try_clone()?;
    let mut input = BufReader::new(stream);
    let mut has_greeted = false;
    while let Some(Line { version, body }) = read_line::<Request>(&mut input, REQUEST_BYTES_MAX)? {
        let answer = if version != VERSION {
            refused(format!("this worker speaks version {VERSION}, not {version}"))
        } else if let Request::Hello { run_id, epoch } = body {
            has_greeted = RunKey { run_id, epoch } == shared.key;
            greet(has_greeted, shared)
        } else if !has_greeted {
            refused("say hello first".to_string())
        } else {
            answer(body, shared)
        };
        let is_over = matches!(answer, Answer::Refused { .. });
        write_line(&mut out, answer, ANSWER_BYTES_MAX)?;
        if is_over {
            return Ok(());
        }
    }
    Ok(())
}

fn greet(is_meant: bool, shared: &Shared) -> Answer {
    let RunKey { run_id, epoch } = shared.key.clone();
    if !is_meant {
        return refused(format!("this is run {run_id} of epoch {epoch}"));
    }
    Answer::Hello {
        run_id,
        epoch,
        pid: std::process::id(),
    }
}

fn answer(request: Request, shared: &Shared) -> Answer {
    match request {
        Request::Start {
            spec,
            secrets,
            snapshots,
        } => {
            if spec.key() != shared.key {
                return refused("the spec is of another run".to_string());
            }
            match shared.start(*spec, secrets, snapshots.as_ref()) {
                Ok(()) => Answer::Started {},
                Err(error) => refused(format!("the run cannot begin: {error}")),
            }
        }
        Request::Status {} => Answer::Status {
            state: shared.run_state(),
        },
        Request::Stop {} => {
            shared.stop(StoppedBy::Request);
            Answer::Stopping {}
        }
        Request::Metrics {} => Answer::Metrics {
            metrics: shared.metrics(),
        },
        Request::Savepoint { savepoint_id, time } => match check_id(&savepoint_id) {
            Ok(()) => Answer::Savepoint {
                state: shared.savepoint(&savepoint_id, time),
            },
            Err(error) => refused(error.to_string()),
        },
        // Taken by the caller.
        Request::Hello { .. } => refused("hello was said".to_string()),
    }
}

fn refused(message: String) -> Answer {
    Answer::Refused { message }
}
