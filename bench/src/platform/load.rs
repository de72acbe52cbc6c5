//! Lists, reconciliation and memory of a server that has much to look after.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use stdx::Random;

use super::api::Api;
use super::figures::{Samples, Table};
use super::host::WORKSPACE;
use super::{Options, Place};
use crate::process;
use crate::workers;

/// How long it may take until all deployments run.
const START_PATIENCE: Duration = Duration::from_secs(300);
const IDLE: Duration = Duration::from_secs(10);
/// How long a change may take to be observed before the bench gives up.
const CHANGE_PATIENCE: Duration = Duration::from_secs(60);
const POLL_INTERVAL: Duration = Duration::from_millis(4);
/// Between one change and the next.
const CHANGE_PAUSE: Duration = Duration::from_millis(50);
/// A list is asked for this often for each change.
const REQUESTS_PER_CHANGE: usize = 4;
/// Of so many changes one is of a real job.
const REAL_EVERY: usize = 5;

const LIST_GOAL_MS: f64 = 50.0;
const MEMORY_GOAL_MIB: f64 = 300.0;
/// A run is looked at every second; one that waits twice as long is neglected.
const GAP_GOAL_MS: f64 = 2_000.0;
/// What people see as at once.
const LAG_GOAL_MS: f64 = 1_000.0;

pub fn measure(place: &Place, options: &Options, table: &mut Table) -> Result<()> {
    let data = place.scratch.join("load");
    let _cleanup = workers::Cleanup(&data);
    let mut host = Host::start(place, &data, options)?;
    let (drafts, deployments) = (options.drafts, options.simulated + options.real);
    table.fact(
        "drafts, deployments",
        format!("{drafts}, {deployments} of which {} real", options.real),
    );
    let deployed = deploy(&host, table)?;
    idle(&mut host, &data, table)?;
    let lists = lists(&deployed);
    let api = host.api();
    let changes = (options.requests / REQUESTS_PER_CHANGE).max(1);
    let (times, lags) = thread::scope(|scope| {
        let changing = scope.spawn(|| change(&host.api(), &deployed, changes));
        let times = time_lists(&api, &lists, options.requests);
        (times, changing.join())
    });
    for ((what, _), times) in lists.iter().zip(times?) {
        table.goal(
            format!("list: {what}"),
            times.quantile(0.99),
            LIST_GOAL_MS,
            "ms",
            &times.in_words(),
        );
    }
    let [simulated, real] = lags.map_err(|_| anyhow::anyhow!("the changing thread panicked"))??;
    let lag = "from change to observed";
    table.goal(
        format!("{lag}, simulated: p99"),
        simulated.quantile(0.99),
        LAG_GOAL_MS,
        "ms",
        &simulated.in_words(),
    );
    table.fact(format!("{lag}, real jobs"), real.in_words());
    let looks = host.looks()?;
    let gap = looks["gap_ms_max"].as_f64().unwrap_or(f64::NAN);
    table.goal(
        "longest time that a run was not looked at, under load",
        gap,
        GAP_GOAL_MS,
        "ms",
        &in_words(&looks),
    );
    let peak = process::memory_bytes_peak(host.id())? as f64 / f64::from(1 << 20);
    table.goal("server memory at its peak", peak, MEMORY_GOAL_MIB, "MiB", "");
    host.stop()
}

/// Asks for all deployments, and waits until they run.
fn deploy(host: &Host, table: &mut Table) -> Result<Deployed> {
    let api = host.api();
    let path = format!("/workspaces/{WORKSPACE}/deployments");
    let started = Instant::now();
    let mut deployed = Deployed::default();
    for (name, list) in [
        ("real", &mut deployed.real),
        ("simulated", &mut deployed.simulated),
    ] {
        for (number, draft) in host.made[name].as_array().context("drafts")?.iter().enumerate() {
            let body = json!({
                "name": format!("{name} {number:04}"), "draft_id": draft, "version": 1, "parallelism": 1,
                "desired": "running",
            });
            let made = api.post(&path, &body)?;
            list.push(made["id"].as_str().context("an id")?.to_string());
        }
    }
    let asked = started.elapsed();
    let count = deployed.real.len() + deployed.simulated.len();
    loop {
        let workspace = api.get(&format!("/workspaces/{WORKSPACE}"))?;
        if workspace["phases"]["running"].as_u64() == Some(count as u64) {
            break;
        }
        ensure!(started.elapsed() < START_PATIENCE, "not all run: {workspace}");
        thread::sleep(POLL_INTERVAL * 10);
    }
    let running = started.elapsed();
    table.fact(
        "all deployments asked for, and running",
        format!("{:.1} s, {:.1} s", asked.as_secs_f64(), running.as_secs_f64()),
    );
    deployed.many_versions = host.made["simulated"][0].as_str().context("a draft")?.to_string();
    Ok(deployed)
}

#[derive(Default)]
struct Deployed {
    real: Vec<String>,
    simulated: Vec<String>,
    /// A draft that has many versions.
    many_versions: String,
}

/// Nobody asks for anything: what it costs to look after all deployments.
fn idle(host: &mut Host, data: &Path, table: &mut Table) -> Result<()> {
    host.looks()?;
    let workers = workers::of(data)?;
    let before = [cpu_seconds(&[host.id()])?, cpu_seconds(&workers)?];
    let started = Instant::now();
    thread::sleep(IDLE);
    let seconds = started.elapsed().as_secs_f64();
    let after = [cpu_seconds(&[host.id()])?, cpu_seconds(&workers)?];
    let share = |index: usize| {
        format!(
            "{:.1} % of a core",
            (after[index] - before[index]) * 100.0 / seconds
        )
    };
    let looks = host.looks()?;
    table.fact("server without requests", share(0));
    table.fact(format!("{} workers together", workers.len()), share(1));
    let gap = looks["gap_ms_max"].as_f64().unwrap_or(f64::NAN);
    table.goal(
        "longest time that a run was not looked at, at rest",
        gap,
        GAP_GOAL_MS,
        "ms",
        &in_words(&looks),
    );
    Ok(())
}

fn in_words(looks: &Value) -> String {
    let gap = |name: &str| looks[name].as_f64().unwrap_or(f64::NAN);
    format!(
        "p50 {:.0} ms, p99 {:.0} ms, {} looks",
        gap("gap_ms_p50"),
        gap("gap_ms_p99"),
        looks["looks"]
    )
}

fn cpu_seconds(processes: &[u32]) -> Result<f64> {
    processes.iter().map(|&id| process::cpu_seconds(id)).sum()
}

/// What people look at, in the order in which they may.
fn lists(deployed: &Deployed) -> Vec<(&'static str, String)> {
    let at = |path: String| format!("/workspaces/{WORKSPACE}{path}");
    let draft = &deployed.many_versions;
    vec![
        ("home: counts of the workspace", at(String::new())),
        (
            "home: what failed or waits",
            at("/deployments?phase=failed,recovering,awaiting_approval&limit=50".to_string()),
        ),
        ("drafts", at("/drafts?limit=50".to_string())),
        ("drafts, 200 of them", at("/drafts?limit=200".to_string())),
        (
            "drafts, searched, few found",
            at("/drafts?limit=50&q=00042".to_string()),
        ),
        (
            "drafts, searched, none found",
            at("/drafts?limit=50&q=nothing".to_string()),
        ),
        ("deployments", at("/deployments?limit=50".to_string())),
        (
            "deployments, 200 of them",
            at("/deployments?limit=200".to_string()),
        ),
        (
            "deployments that run",
            at("/deployments?limit=50&phase=running".to_string()),
        ),
        (
            "deployments, searched",
            at("/deployments?limit=50&q=0042".to_string()),
        ),
        (
            "deployments of a draft",
            at(format!("/deployments?limit=50&draft_id={draft}")),
        ),
        ("versions", at(format!("/drafts/{draft}/versions?limit=200"))),
        ("runs", at(format!("/deployments/{}/runs", deployed.simulated[0]))),
        ("audit of the workspace", at("/audit?limit=50".to_string())),
        ("audit of all", "/audit?limit=200".to_string()),
        (
            "audit, searched, none found",
            at("/audit?limit=50&q=nothing".to_string()),
        ),
    ]
}

/// Takes the lists in turn, so that each meets all that goes on meanwhile. The last page of each is as near as the
/// first: pages go on from a key.
fn time_lists(api: &Api, lists: &[(&str, String)], requests: usize) -> Result<Vec<Samples>> {
    let mut times = vec![Samples::default(); lists.len()];
    for _ in 0..requests {
        for ((_, path), times) in lists.iter().zip(&mut times) {
            times.add(api.time(path)?);
        }
    }
    Ok(times)
}

/// Stops and starts deployments at random, and says how long it took until that was so: of simulated ones, and of
/// real ones.
fn change(api: &Api, deployed: &Deployed, count: usize) -> Result<[Samples; 2]> {
    let mut random = Random::new(1);
    let mut lags = [Samples::default(), Samples::default()];
    for number in 0..count {
        let is_real = number % REAL_EVERY == 0 && !deployed.real.is_empty();
        let list = if is_real {
            &deployed.real
        } else {
            &deployed.simulated
        };
        let id = &list[random.below(list.len() as u64) as usize];
        let path = format!("/workspaces/{WORKSPACE}/deployments/{id}");
        let mut revision = api.get(&path)?["revision"].as_u64().context("a revision")?;
        for desired in ["stopped", "running"] {
            let started = Instant::now();
            let changed = api.patch(&path, revision, &json!({ "desired": desired }))?;
            revision = changed["revision"].as_u64().context("a revision")?;
            loop {
                let found = api.get(&path)?;
                if found["phase"] == desired && found["generation"] == found["observed_generation"] {
                    break;
                }
                ensure!(
                    started.elapsed() < CHANGE_PATIENCE,
                    "it does not become {desired}: {found}"
                );
                thread::sleep(POLL_INTERVAL);
            }
            lags[usize::from(is_real)].add(started.elapsed());
            thread::sleep(CHANGE_PAUSE);
        }
    }
    Ok(lags)
}

/// The process that is measured.
struct Host {
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    /// Where it is and what it has made.
    made: Value,
}

impl Host {
    fn start(place: &Place, data: &Path, options: &Options) -> Result<Host> {
        fs::create_dir_all(data)?;
        let mut process = Command::new(std::env::current_exe()?)
            .arg("platform-host")
            .arg("--data")
            .arg(data)
            .arg("--oceanus")
            .arg(&place.oceanus)
            .args(["--drafts", &options.drafts.to_string()])
            .args(["--simulated", &options.simulated.to_string()])
            .args(["--real", &options.real.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = process.stdin.take();
        let output = BufReader::new(process.stdout.take().context("it is piped")?);
        let mut host = Host {
            process,
            input,
            output,
            made: Value::Null,
        };
        host.made = host.read_line()?;
        Ok(host)
    }

    fn id(&self) -> u32 {
        self.process.id()
    }

    fn api(&self) -> Api {
        let text = |name: &str| self.made[name].as_str().unwrap_or_default().to_string();
        Api::new(&text("url"), Some(text("token")))
    }

    fn looks(&mut self) -> Result<Value> {
        writeln!(self.input.as_mut().context("it is not stopped")?, "looks")?;
        self.read_line()
    }

    fn read_line(&mut self) -> Result<Value> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        serde_json::from_str(&line).context("the server said nothing that is understood")
    }

    /// It ends with its input.
    fn stop(mut self) -> Result<()> {
        drop(self.input.take());
        let status = self.process.wait()?;
        ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // Gone already if it was stopped.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
