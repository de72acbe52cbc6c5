//! How long people wait for a server with nothing else to do: until it is ready, until a job that was deployed shows
//! its first row, until a text that is run in the editor does.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use super::Place;
use super::api::Api;
use super::figures::{Samples, Table};
use crate::workers;

const READY: &str = "Oceanus is ready at ";
const PATIENCE: Duration = Duration::from_secs(30);
const POLL_INTERVAL: Duration = Duration::from_millis(1);
/// Where single-user mode has no workspace yet, one is made.
const WORKSPACE: &str = "bench";

const READY_GOAL_MS: f64 = 1_000.0;
const ROW_GOAL_MS: f64 = 1_000.0;
const PREVIEW_GOAL_MS: f64 = 200.0;

const SOURCES: &str =
    "CREATE TABLE ticks (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '100',
  'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '1000000000');
CREATE TABLE lines (n BIGINT) WITH ('connector' = 'filesystem', 'path' = 'lines', 'format' = 'csv');";

pub fn measure(place: &Place, samples: usize, table: &mut Table) -> Result<()> {
    let median = |times: &Samples| (times.median(), times.in_words());
    let (first, again) = ready(place, samples)?;
    for (what, times) in [("first start", first), ("later start", again)] {
        let (ms, words) = median(&times);
        table.goal(
            format!("`oceanus serve` from exec to ready, {what}"),
            ms,
            READY_GOAL_MS,
            "ms",
            &words,
        );
    }
    let data = place.scratch.join("latency");
    let _cleanup = workers::Cleanup(&data);
    let server = Server::start(place, &data, &["--single-user"])?;
    let api = Api::new(&server.url, None);
    api.post(
        "/workspaces",
        &json!({ "name": WORKSPACE, "display_name": "Bench" }),
    )?;
    let at = |path: &str| format!("/workspaces/{WORKSPACE}{path}");
    api.post(&at("/catalog/statements"), &json!({ "sql": SOURCES }))?;
    let files = data.join("files").join(WORKSPACE);
    fs::create_dir_all(files.join("lines"))?;
    fs::write(files.join("lines/a.csv"), "1\n2\n3\n")?;
    for (what, source) in [("generator to file", "ticks"), ("file to file", "lines")] {
        let (ms, words) = median(&first_rows(&api, &files, source, samples)?);
        table.goal(
            format!("from deploy to the first row, {what}"),
            ms,
            ROW_GOAL_MS,
            "ms",
            &words,
        );
    }
    let mut times = Samples::default();
    for _ in 0..samples {
        let body = json!({ "sql": "SELECT n FROM ticks", "settings": {}, "rows_max": 100 });
        let started = Instant::now();
        api.first_event(&at("/preview"), &body, "rows")?;
        times.add(started.elapsed());
    }
    let (ms, words) = median(&times);
    table.goal(
        "from run in the editor to the first row",
        ms,
        PREVIEW_GOAL_MS,
        "ms",
        &words,
    );
    server.stop()
}

/// Starts a server over nothing, which makes its database, key and administrator, and again over what that left.
fn ready(place: &Place, samples: usize) -> Result<(Samples, Samples)> {
    let (mut first, mut again) = (Samples::default(), Samples::default());
    for number in 0..samples {
        let data = place.scratch.join(format!("ready-{number}"));
        for times in [&mut first, &mut again] {
            let started = Instant::now();
            let server = Server::start(place, &data, &[])?;
            times.add(started.elapsed());
            server.stop()?;
        }
    }
    Ok((first, again))
}

/// Deploys a job from this source to a file, and waits until a row can be read there.
fn first_rows(api: &Api, files: &Path, source: &str, samples: usize) -> Result<Samples> {
    let at = |path: &str| format!("/workspaces/{WORKSPACE}{path}");
    let mut times = Samples::default();
    for number in 0..samples {
        let sink = format!("from_{source}_{number}");
        let table = format!(
            "CREATE TABLE {sink} (n BIGINT) WITH ('connector' = 'filesystem', 'path' = '{sink}', 'format' = 'csv')"
        );
        api.post(&at("/catalog/statements"), &json!({ "sql": table }))?;
        let sql = format!("INSERT INTO {sink} SELECT n FROM {source}");
        let draft = api.post(
            &at("/drafts"),
            &json!({ "name": sink, "sql": sql, "settings": {} }),
        )?;
        let draft = draft["id"].as_str().context("an id")?;
        api.post(
            &at(&format!("/drafts/{draft}/versions")),
            &json!({ "comment": "" }),
        )?;
        let body =
            json!({ "name": sink, "draft_id": draft, "version": 1, "parallelism": 1, "desired": "running" });
        let started = Instant::now();
        let made = api.post(&at("/deployments"), &body)?;
        until("a row", || Ok(has_rows(&files.join(&sink))))?;
        times.add(started.elapsed());
        // Jobs before do not compete with those behind.
        let path = at(&format!("/deployments/{}", made["id"].as_str().context("an id")?));
        let revision = made["revision"].as_u64().context("a revision")?;
        api.patch(&path, revision, &json!({ "desired": "stopped" }))?;
        until("the job's end", || Ok(api.get(&path)?["phase"] == "stopped"))?;
    }
    Ok(times)
}

/// Whether a file holds something that readers see; what is not committed is hidden.
fn has_rows(folder: &Path) -> bool {
    let Ok(files) = fs::read_dir(folder) else {
        return false;
    };
    let mut visible = files
        .filter_map(|entry| entry.ok())
        .filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'));
    visible.any(|entry| {
        entry
            .metadata()
            .is_ok_and(|file| file.is_file() && file.len() > 0)
    })
}

fn until(what: &str, mut is_so: impl FnMut() -> Result<bool>) -> Result<()> {
    let started = Instant::now();
    while !is_so()? {
        ensure!(started.elapsed() < PATIENCE, "waited in vain for {what}");
        thread::sleep(POLL_INTERVAL);
    }
    Ok(())
}

/// `oceanus serve`.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    /// Returns as soon as the server says that it is ready, which it does when it has answered a request.
    fn start(place: &Place, data: &PathBuf, arguments: &[&str]) -> Result<Server> {
        let mut process = Command::new(&place.oceanus)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let output = BufReader::new(process.stdout.take().context("it is piped")?);
        let mut server = Server {
            process,
            url: String::new(),
        };
        for line in output.lines() {
            if let Some(url) = line?.strip_prefix(READY) {
                server.url = url.to_string();
                return Ok(server);
            }
        }
        anyhow::bail!("the server ended before it was ready")
    }

    fn stop(mut self) -> Result<()> {
        // SAFETY: sends a signal to a child of this process that has not been waited for.
        unsafe { libc::kill(self.process.id() as libc::pid_t, libc::SIGTERM) };
        let status = self.process.wait()?;
        ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Gone already if it was stopped.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
