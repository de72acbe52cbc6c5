//! The REST interface of a JobManager, as Flink 2.3 answers it.
//!
//! One function for each call that is used. Every call ends within its time-out, and an answer has a greatest length.

use std::io::Read;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

/// Plans of large jobs and long lists of metrics are far below.
const ANSWER_BYTES_MAX: u64 = 16 << 20;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Why a call gave no answer, by what the caller can do about it.
#[derive(Debug, thiserror::Error)]
pub enum RestError {
    /// Nobody answers, or not yet: nothing is known.
    #[error("{0}")]
    Unreachable(String),
    /// The cluster knows no such thing.
    #[error("{0}")]
    NotFound(String),
    /// The cluster does not do it, and says why.
    #[error("{0}")]
    Refused(String),
}

#[derive(Debug)]
pub struct JobManager {
    agent: ureq::Agent,
    base: String,
}

/// What a cluster has, and has left.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ClusterState {
    #[serde(rename = "flink-version")]
    pub version: String,
    pub taskmanagers: u32,
    pub slots_total: u32,
    pub slots_available: u32,
    pub jobs_running: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum JobState {
    Initializing,
    Created,
    Running,
    Failing,
    Failed,
    Cancelling,
    Canceled,
    Finished,
    Restarting,
    /// The JobManager is not the leader any more.
    Suspended,
    Reconciling,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Job {
    pub state: JobState,
    #[serde(rename = "start-time")]
    pub start_ms: i64,
    /// -1 as long as it runs.
    #[serde(rename = "end-time")]
    pub end_ms: i64,
    /// Empty while a job waits for slots.
    #[serde(default)]
    pub vertices: Vec<Vertex>,
    pub plan: Plan,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Vertex {
    pub id: String,
    pub name: String,
    pub parallelism: i64,
    pub status: String,
    pub metrics: VertexMetrics,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct VertexMetrics {
    pub read_records: u64,
    pub write_records: u64,
    /// Milliseconds of all subtasks together; a float, and perhaps `"NaN"`.
    pub accumulated_busy_time: Value,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Plan {
    #[serde(default)]
    pub nodes: Vec<PlanNode>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct PlanNode {
    pub id: String,
    pub description: String,
    #[serde(default)]
    pub inputs: Vec<PlanInput>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct PlanInput {
    pub id: String,
    #[serde(default)]
    pub ship_strategy: String,
}

/// What becomes of what was asked for and takes its time.
#[derive(Debug, Clone, PartialEq)]
pub enum Triggered {
    InProgress,
    /// Where the savepoint is.
    Completed(String),
    Failed(String),
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct Checkpoints {
    pub counts: CheckpointCounts,
    pub latest: LatestCheckpoints,
    #[serde(default)]
    pub history: Vec<Checkpoint>,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct CheckpointCounts {
    pub completed: u64,
    pub failed: u64,
}

#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
pub struct LatestCheckpoints {
    pub completed: Option<Checkpoint>,
    pub savepoint: Option<Checkpoint>,
    pub restored: Option<Restored>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Checkpoint {
    pub id: u64,
    pub status: String,
    pub is_savepoint: bool,
    /// `CHECKPOINT`, `SAVEPOINT`, and `SYNC_SAVEPOINT` behind which the job ends.
    pub checkpoint_type: String,
    #[serde(rename = "trigger_timestamp")]
    pub began_ms: i64,
    #[serde(rename = "latest_ack_timestamp")]
    pub ended_ms: i64,
    #[serde(rename = "state_size")]
    pub bytes: u64,
    #[serde(rename = "end_to_end_duration")]
    pub duration_ms: i64,
    pub external_path: Option<String>,
    #[serde(default)]
    pub discarded: bool,
}

impl Checkpoint {
    /// Whether the job ended behind it because it was asked to.
    pub fn stops(&self) -> bool {
        self.checkpoint_type == "SYNC_SAVEPOINT" && self.status == "COMPLETED"
    }
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Restored {
    pub id: u64,
    pub is_savepoint: bool,
    pub external_path: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Exception {
    #[serde(rename = "exceptionName")]
    pub name: String,
    pub stacktrace: String,
    #[serde(rename = "timestamp")]
    pub at_ms: i64,
    #[serde(rename = "taskName")]
    pub task: Option<String>,
}

/// A JAR that runs: what its program is given.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct JarRun {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry_class: Option<String>,
    pub program_args_list: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parallelism: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub savepoint_path: Option<String>,
    /// `CLAIM` or `NO_CLAIM`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim_mode: Option<&'static str>,
    pub allow_non_restored_state: bool,
    pub flink_configuration: std::collections::BTreeMap<String, String>,
}

impl JobManager {
    /// `address` is where its REST interface listens. Each call may take `timeout`.
    pub fn new(address: &Url, timeout: Duration) -> JobManager {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_global(Some(timeout))
            // Where it sends us to was not granted.
            .max_redirects(0)
            .proxy(None)
            .build()
            .into();
        JobManager {
            agent,
            base: address.as_str().trim_end_matches('/').to_string(),
        }
    }

    pub fn overview(&self) -> Result<ClusterState, RestError> {
        self.get("/overview")
    }

    pub fn job(&self, job: &str) -> Result<Job, RestError> {
        self.get(&format!("/jobs/{job}"))
    }

    pub fn checkpoints(&self, job: &str) -> Result<Checkpoints, RestError> {
        self.get(&format!("/jobs/{job}/checkpoints"))
    }

    /// The newest first.
    pub fn exceptions(&self, job: &str) -> Result<Vec<Exception>, RestError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Exceptions {
            exception_history: History,
        }
        #[derive(Deserialize)]
        struct History {
            entries: Vec<Exception>,
        }
        let told: Exceptions = self.get(&format!("/jobs/{job}/exceptions?maxExceptions=20"))?;
        let entries = told.exception_history.entries;
        if !entries.is_empty() {
            return Ok(entries);
        }
        // A job that could not begin has none. Its application has, which goes by the same id as what a JAR submits.
        match self.get::<Exceptions>(&format!("/applications/{job}/exceptions")) {
            Ok(told) => Ok(told.exception_history.entries),
            Err(RestError::NotFound(_)) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Values of metrics of a vertex, added up over its subtasks.
    pub fn vertex_sums(&self, job: &str, vertex: &str, names: &str) -> Result<Vec<(String, f64)>, RestError> {
        #[derive(Deserialize)]
        struct Summed {
            id: String,
            sum: Value,
        }
        let path = format!("/jobs/{job}/vertices/{vertex}/subtasks/metrics?agg=sum&get={names}");
        let sums: Vec<Summed> = self.get(&path)?;
        Ok(sums
            .into_iter()
            .map(|summed| (summed.id, number(&summed.sum)))
            .collect())
    }

    /// The names of all metrics of a vertex's subtasks.
    pub fn vertex_metrics(&self, job: &str, vertex: &str) -> Result<Vec<String>, RestError> {
        #[derive(Deserialize)]
        struct Named {
            id: String,
        }
        let named: Vec<Named> = self.get(&format!("/jobs/{job}/vertices/{vertex}/subtasks/metrics"))?;
        Ok(named.into_iter().map(|named| named.id).collect())
    }

    /// The watermark of each subtask, ms since the epoch; those that have none yet are left out.
    pub fn watermarks(&self, job: &str, vertex: &str) -> Result<Vec<i64>, RestError> {
        #[derive(Deserialize)]
        struct Valued {
            value: Value,
        }
        let values: Vec<Valued> = self.get(&format!("/jobs/{job}/vertices/{vertex}/watermarks"))?;
        let text = |value: &Value| match value {
            Value::String(text) => text.parse().ok(),
            other => other.as_i64(),
        };
        Ok(values
            .iter()
            .filter_map(|valued| text(&valued.value))
            .filter(|&at_ms| at_ms > i64::MIN)
            .collect())
    }

    /// Ids and names of the JARs that were uploaded.
    pub fn jars(&self) -> Result<Vec<(String, String)>, RestError> {
        #[derive(Deserialize)]
        struct Jars {
            files: Vec<Jar>,
        }
        #[derive(Deserialize)]
        struct Jar {
            id: String,
            name: String,
        }
        let jars: Jars = self.get("/jars")?;
        Ok(jars.files.into_iter().map(|jar| (jar.id, jar.name)).collect())
    }

    /// Returns the id that the cluster gives it.
    pub fn upload(&self, name: &str, jar: &[u8]) -> Result<String, RestError> {
        #[derive(Deserialize)]
        struct Uploaded {
            filename: String,
        }
        // No JAR has this in it: it would have to be made for that, and harmed by it alone.
        let boundary = "oceanus-jar-0b1d1e5a6c7f48d2";
        let mut body = format!(
            "--{boundary}\r\ncontent-disposition: form-data; name=\"jarfile\"; filename=\"{name}\"\r\n\
             content-type: application/x-java-archive\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(jar);
        body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        let sent = self
            .agent
            .post(format!("{}/jars/upload", self.base))
            .header(
                "content-type",
                format!("multipart/form-data; boundary={boundary}"),
            )
            .send(&body[..]);
        let uploaded: Uploaded = self.answer("/jars/upload", sent)?;
        let id = uploaded.filename.rsplit('/').next().unwrap_or_default();
        Ok(id.to_string())
    }

    /// Runs the JAR's program, which takes as long as it takes to plan the job; returns the job's id.
    pub fn run_jar(&self, jar: &str, run: &JarRun) -> Result<String, RestError> {
        #[derive(Deserialize)]
        struct Submitted {
            jobid: String,
        }
        Ok(self.post::<Submitted>(&format!("/jars/{jar}/run"), run)?.jobid)
    }

    pub fn cancel(&self, job: &str) -> Result<(), RestError> {
        let path = format!("/jobs/{job}?mode=cancel");
        // An empty body: the call has none.
        let sent = self.agent.patch(format!("{}{path}", self.base)).send_empty();
        self.answer::<Value>(&path, sent).map(drop)
    }

    /// Asks a job to end behind a savepoint. The same `trigger` asks for the same one.
    pub fn stop(&self, job: &str, folder: &str, trigger: &str) -> Result<(), RestError> {
        let request = json!({
            "targetDirectory": folder, "drain": false, "formatType": "CANONICAL", "triggerId": trigger,
        });
        self.post::<Value>(&format!("/jobs/{job}/stop"), &request)
            .map(drop)
    }

    /// Asks for a savepoint. The same `trigger` asks for the same one.
    pub fn savepoint(&self, job: &str, folder: &str, trigger: &str) -> Result<(), RestError> {
        let request = json!({
            "target-directory": folder, "cancel-job": false, "formatType": "CANONICAL", "triggerId": trigger,
        });
        self.post::<Value>(&format!("/jobs/{job}/savepoints"), &request)
            .map(drop)
    }

    /// What has become of a savepoint, that of a stop included.
    pub fn triggered(&self, job: &str, trigger: &str) -> Result<Triggered, RestError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "kebab-case")]
        struct Told {
            status: Status,
            operation: Option<Operation>,
        }
        #[derive(Deserialize)]
        struct Status {
            id: String,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "kebab-case")]
        struct Operation {
            location: Option<String>,
            failure_cause: Option<Failure>,
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "kebab-case")]
        struct Failure {
            class: String,
            stack_trace: String,
        }
        let path = format!("/jobs/{job}/savepoints/{trigger}");
        let told: Told = self.get(&path)?;
        if told.status.id != "COMPLETED" {
            return Ok(Triggered::InProgress);
        }
        match told.operation {
            Some(Operation {
                location: Some(location),
                ..
            }) => Ok(Triggered::Completed(location)),
            Some(Operation {
                failure_cause: Some(failure),
                ..
            }) => Ok(Triggered::Failed(
                crate::fault::root_cause(&failure.stack_trace).unwrap_or(failure.class),
            )),
            _ => Err(unexpected(
                &path,
                "it is completed, and says neither where it is nor why not",
            )),
        }
    }

    /// Removes a savepoint. Returns before it is gone.
    pub fn dispose(&self, location: &str) -> Result<(), RestError> {
        self.post::<Value>("/savepoint-disposal", &json!({ "savepoint-path": location }))
            .map(drop)
    }

    fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, RestError> {
        let sent = self.agent.get(format!("{}{path}", self.base)).call();
        self.answer(path, sent)
    }

    fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T, RestError> {
        let sent = self.agent.post(format!("{}{path}", self.base)).send_json(body);
        self.answer(path, sent)
    }

    fn answer<T: DeserializeOwned>(
        &self,
        path: &str,
        sent: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<T, RestError> {
        let silent = |cause: &dyn std::fmt::Display| {
            RestError::Unreachable(format!("the JobManager does not answer: {cause}"))
        };
        let mut answer = sent.map_err(|cause| silent(&cause))?;
        let mut body = Vec::new();
        answer
            .body_mut()
            .as_reader()
            .take(ANSWER_BYTES_MAX + 1)
            .read_to_end(&mut body)
            .map_err(|cause| silent(&cause))?;
        if body.len() as u64 > ANSWER_BYTES_MAX {
            return Err(unexpected(path, "it is too long"));
        }
        let status = answer.status().as_u16();
        if answer.status().is_success() {
            return serde_json::from_slice(&body).map_err(|fault| unexpected(path, &fault.to_string()));
        }
        let message = match serde_json::from_slice::<Value>(&body) {
            Ok(told) => errors_of(&told),
            Err(_) => String::from_utf8_lossy(&body).into_owned(),
        };
        Err(match status {
            404 => RestError::NotFound(message),
            // 503 while a leader is elected, 504 when an actor did not answer in time, 500 for what is its own fault.
            500..=599 => RestError::Unreachable(format!(
                "the JobManager cannot answer: {}",
                message.lines().next().unwrap_or("no reason is given")
            )),
            _ => RestError::Refused(message),
        })
    }
}

/// Flink puts stack traces into a list of one or two.
fn errors_of(told: &Value) -> String {
    let errors = told["errors"].as_array().into_iter().flatten();
    let lines: Vec<&str> = errors.filter_map(Value::as_str).collect();
    lines.join("\n")
}

fn unexpected(path: &str, fault: &str) -> RestError {
    RestError::Refused(format!("the answer to {path} is not understood: {fault}"))
}

/// A number, which Flink may have written as a string, `"NaN"` among them.
pub fn number(value: &Value) -> f64 {
    match value {
        Value::String(text) => text.parse().unwrap_or(f64::NAN),
        other => other.as_f64().unwrap_or(f64::NAN),
    }
}
