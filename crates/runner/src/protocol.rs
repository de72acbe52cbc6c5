//! How a server speaks with a worker: over a local socket, one request a line, one answer a line.
//!
//! The worker listens and the server dials. The first request on a connection is [`Request::Hello`]: both sides
//! make sure that they mean the same run before anything else is said. Lines are JSON and bounded in length.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Read, Write};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Metrics, RunSpec, RunState, SavepointState, SavepointTime, SnapshotLocation};

/// Of this protocol. A worker outlives the server that started it, so that the next server may be newer.
pub const VERSION: u32 = 1;

/// Programs are the longest that is sent.
pub const REQUEST_BYTES_MAX: usize = 48 << 20;
pub const ANSWER_BYTES_MAX: usize = 8 << 20;

/// What stands on a line.
#[derive(Debug, Serialize, Deserialize)]
pub struct Line<T> {
    pub version: u32,
    pub body: T,
}

impl<T> Line<T> {
    pub fn new(body: T) -> Line<T> {
        Line {
            version: VERSION,
            body,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    Hello {
        run_id: String,
        epoch: u64,
    },
    /// Runs the program. Said again it does nothing.
    Start {
        spec: Box<RunSpec>,
        secrets: BTreeMap<String, String>,
        /// Where checkpoints and savepoints go; `None`: into the data folder.
        #[serde(default)]
        snapshots: Option<SnapshotLocation>,
    },
    Status {},
    Stop {},
    Metrics {},
    /// Takes a savepoint, or says what has become of it.
    Savepoint {
        savepoint_id: String,
        time: SavepointTime,
    },
}

/// Values of secrets are never shown.
impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Request::Hello { .. } => "hello",
            Request::Start { .. } => "start",
            Request::Status {} => "status",
            Request::Stop {} => "stop",
            Request::Metrics {} => "metrics",
            Request::Savepoint { .. } => "savepoint",
        })
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Hello {
        run_id: String,
        epoch: u64,
        pid: u32,
    },
    Started {},
    Status {
        state: RunState,
    },
    Stopping {},
    Metrics {
        metrics: Metrics,
    },
    Savepoint {
        state: SavepointState,
    },
    /// The request does not fit: another run, another version, something that came out of turn.
    Refused {
        message: String,
    },
}

/// Writes one line. A value that is longer than `bytes_max` is not written.
pub fn write_line<T: Serialize>(out: &mut impl Write, body: T, bytes_max: usize) -> io::Result<()> {
    let mut line = serde_json::to_vec(&Line::new(body))?;
    line.push(b'\n');
    if line.len() > bytes_max {
        return Err(too_long(bytes_max));
    }
    out.write_all(&line)?;
    out.flush()
}

/// Reads one line; `None` if the other side has left.
pub fn read_line<T: DeserializeOwned>(
    input: &mut impl BufRead,
    bytes_max: usize,
) -> io::Result<Option<Line<T>>> {
    let mut line = Vec::new();
    input.take(bytes_max as u64).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    if line.last() != Some(&b'\n') {
        return Err(if line.len() == bytes_max {
            too_long(bytes_max)
        } else {
            io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the other side left in the middle of a line",
            )
        });
    }
    // What a line says is not repeated: it may hold secrets.
    let parsed = serde_json::from_slice(&line);
    parsed.map(Some).map_err(|fault| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            format!("a line is no message: {:?}", fault.classify()),
        )
    })
}

fn too_long(bytes_max: usize) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("a line is longer than {bytes_max} bytes"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Program, S3Credentials, S3Location};

    fn start() -> Request {
        Request::Start {
            spec: Box::new(RunSpec {
                run_id: "rn_1".to_string(),
                deployment_id: "dp_1".to_string(),
                epoch: u64::MAX,
                program: Program {
                    sql: "SELECT 'a\nb'".to_string(),
                    ..Program::default()
                },
                parallelism: Some(2),
                memory_bytes_max: Some(1 << 40),
                lock_wait_ms: 5,
                restore: crate::Restore::Latest { since_epoch: 3 },
                drops_state: false,
            }),
            secrets: BTreeMap::from([("db".to_string(), "hunter2".to_string())]),
            snapshots: Some(snapshots()),
        }
    }

    fn snapshots() -> SnapshotLocation {
        SnapshotLocation::S3(Box::new(S3Location {
            bucket: "state".to_string(),
            prefix: "a/b".to_string(),
            endpoint: "https://s3.example.com".to_string(),
            region: "r".to_string(),
            is_path_style: true,
            authorities: None,
            credentials: S3Credentials {
                access_key: "hunter3".to_string(),
                secret_key: "hunter4".to_string(),
                session_token: Some("hunter5".to_string()),
            },
        }))
    }

    #[test]
    fn a_message_is_one_line_and_comes_back_whole() {
        let mut line = Vec::new();
        write_line(&mut line, start(), REQUEST_BYTES_MAX).unwrap();
        write_line(&mut line, Request::Status {}, REQUEST_BYTES_MAX).unwrap();
        assert_eq!(line.iter().filter(|&&byte| byte == b'\n').count(), 2);
        let mut input = line.as_slice();
        let read: Line<Request> = read_line(&mut input, REQUEST_BYTES_MAX).unwrap().unwrap();
        assert_eq!(read.version, VERSION);
        let Request::Start {
            spec,
            secrets,
            snapshots: read_snapshots,
        } = read.body
        else {
            panic!("it was a start");
        };
        assert_eq!((spec.epoch, spec.memory_bytes_max), (u64::MAX, Some(1 << 40)));
        assert_eq!(spec.program.sql, "SELECT 'a\nb'");
        assert_eq!(secrets["db"], "hunter2");
        assert_eq!(read_snapshots, Some(snapshots()));
        let second: Line<Request> = read_line(&mut input, REQUEST_BYTES_MAX).unwrap().unwrap();
        assert!(matches!(second.body, Request::Status {}));
        assert!(read_line::<Request>(&mut input, 10).unwrap().is_none());
    }

    #[test]
    fn a_line_without_an_end_is_given_up() {
        let endless = vec![b'x'; 100];
        let fault = read_line::<Request>(&mut endless.as_slice(), 10).unwrap_err();
        assert_eq!(fault.to_string(), "a line is longer than 10 bytes");
        assert!(write_line(&mut Vec::new(), start(), 10).is_err());
    }

    #[test]
    fn a_broken_message_is_not_repeated() {
        let fault = read_line::<Request>(&mut "{\"version\":1,\"hunter2\"\n".as_bytes(), 100).unwrap_err();
        assert!(!fault.to_string().contains("hunter2"), "{fault}");
        assert!(!format!("{:?}{:?}", start(), snapshots()).contains("hunter"));
    }
}
