//! A Flink cluster of our own on loopback: one JobManager, one TaskManager with two slots.

use std::fs::{self, File};
use std::io::Read;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::process::{self, Cost};

const START_TIMEOUT: Duration = Duration::from_secs(120);
const JOB_TIMEOUT: Duration = Duration::from_secs(900);
const POLL_INTERVAL: Duration = Duration::from_millis(200);

pub struct Cluster {
    job_manager: Child,
    task_manager: Child,
    rest: String,
    jar: String,
    folder: PathBuf,
}

/// How long a job ran by Flink's own account, and what both processes used from submission to its end.
#[derive(Debug, Clone, Copy)]
pub struct JobRun {
    pub seconds: f64,
    pub cost: Cost,
    /// Processor seconds of the process that runs tasks alone.
    pub tasks_cpu_seconds: f64,
}

impl Cluster {
    /// Starts a cluster from the jars in `home` and uploads the runner JAR. Logs go to `folder`.
    pub fn start(home: &Path, runner: &Path, folder: &Path, heap_mb: u32) -> Result<Cluster> {
        fs::create_dir_all(folder)?;
        let (rest_port, rpc_port) = (free_port()?, free_port()?);
        let config = format!(
            "{CONFIGURATION}rest.port: {rest_port}\njobmanager.rpc.port: {rpc_port}\n\
             taskmanager.memory.task.heap.size: {heap_mb}m\ntaskmanager.memory.managed.size: 64m\n\
             io.tmp.dirs: {}\n",
            folder.display()
        );
        let conf = folder.join("conf");
        fs::create_dir_all(&conf)?;
        fs::write(conf.join("config.yaml"), config)?;
        fs::copy(
            home.join("conf/log4j-console.properties"),
            conf.join("log4j-console.properties"),
        )?;
        let job_manager = java(
            home,
            &conf,
            folder,
            "jobmanager",
            &["-Xmx1024m"],
            &["org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"],
        )?;
        let heap = format!("-Xmx{}m", heap_mb + 128);
        let task_manager = java(
            home,
            &conf,
            folder,
            "taskmanager",
            &[&heap, "-XX:MaxDirectMemorySize=512m"],
            &[
                "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
                // What Flink's start scripts work out, said outright.
                "-Dtaskmanager.cpu.cores=2.0",
                "-Dtaskmanager.memory.framework.heap.size=128mb",
                "-Dtaskmanager.memory.framework.off-heap.size=128mb",
                "-Dtaskmanager.memory.task.off-heap.size=0b",
                "-Dtaskmanager.memory.network.min=128mb",
                "-Dtaskmanager.memory.network.max=128mb",
                "-Dtaskmanager.memory.jvm-metaspace.size=256mb",
                "-Dtaskmanager.memory.jvm-overhead.min=192mb",
                "-Dtaskmanager.memory.jvm-overhead.max=192mb",
            ],
        )?;
        let mut cluster = Cluster {
            job_manager,
            task_manager,
            rest: format!("http://127.0.0.1:{rest_port}"),
            jar: String::new(),
            folder: folder.to_path_buf(),
        };
        cluster.await_slots()?;
        cluster.jar = cluster.upload(runner)?;
        Ok(cluster)
    }

    fn await_slots(&mut self) -> Result<()> {
        let started = Instant::now();
        loop {
            for (name, child) in [
                ("JobManager", &mut self.job_manager),
                ("TaskManager", &mut self.task_manager),
            ] {
                if let Some(status) = child.try_wait()? {
                    bail!(
                        "the {name} ended with {status}; its log is in {}",
                        self.folder.display()
                    );
                }
            }
            let overview = self.get("/overview").unwrap_or_default();
            if overview["slots-available"].as_u64() == Some(2) {
                return Ok(());
            }
            ensure!(
                started.elapsed() < START_TIMEOUT,
                "no slots after {START_TIMEOUT:?}: {}",
                self.folder.display()
            );
            sleep(POLL_INTERVAL);
        }
    }

    fn get(&self, path: &str) -> Result<Value> {
        Ok(ureq::get(format!("{}{path}", self.rest))
            .call()?
            .body_mut()
            .read_json()?)
    }

    fn upload(&self, jar: &Path) -> Result<String> {
        let mut bytes = Vec::new();
        File::open(jar)
            .with_context(|| format!("no {}", jar.display()))?
            .read_to_end(&mut bytes)?;
        let boundary = "oceanus-boundary";
        let mut body = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"jarfile\"; filename=\"runner.jar\"\r\n\
             Content-Type: application/x-java-archive\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(&bytes);
        body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        let answer: Value = ureq::post(format!("{}/jars/upload", self.rest))
            .header(
                "Content-Type",
                format!("multipart/form-data; boundary={boundary}"),
            )
            .send(&body[..])?
            .body_mut()
            .read_json()?;
        let file = answer["filename"]
            .as_str()
            .context("no file name in the answer to the upload")?;
        Ok(file.rsplit('/').next().unwrap_or(file).to_string())
    }

    /// Runs a script to the end of its one INSERT.
    pub fn run(&self, statements: &[String], settings: &[(&str, &str)]) -> Result<JobRun> {
        let processes = [self.job_manager.id(), self.task_manager.id()];
        let mut before = [0.0; 2];
        for (process, before) in processes.into_iter().zip(&mut before) {
            process::reset_memory_peak(process)?;
            *before = process::cpu_seconds(process)?;
        }
        let steps = statements.iter().map(|text| {
            let word = if text.trim_start().starts_with("INSERT") {
                "insert"
            } else {
                "run"
            };
            format!("{word}:{}", STANDARD.encode(text))
        });
        let encoded: Vec<String> = steps.collect();
        let flags: serde_json::Map<String, Value> = settings
            .iter()
            .map(|(key, value)| (key.to_string(), json!(value)))
            .collect();
        let request = json!({"programArgsList": encoded, "parallelism": 2, "flinkConfiguration": flags});
        let mut answer = ureq::post(format!("{}/jars/{}/run", self.rest, self.jar))
            .config()
            .http_status_as_error(false)
            .timeout_global(Some(JOB_TIMEOUT))
            .build()
            .send_json(&request)?;
        let answer: Value = answer.body_mut().read_json()?;
        let job = answer["jobid"]
            .as_str()
            .with_context(|| format!("Flink refused the job: {answer}"))?;
        let seconds = self.await_end(job)?;
        let mut used = [0.0; 2];
        for ((process, before), used) in processes.into_iter().zip(before).zip(&mut used) {
            *used = process::cpu_seconds(process)? - before;
        }
        let [job_manager, task_manager] = used;
        Ok(JobRun {
            seconds,
            cost: Cost {
                cpu_seconds: job_manager + task_manager,
                // The JobManager's memory is left out: one serves many jobs.
                memory_bytes_peak: process::memory_bytes_peak(self.task_manager.id())?,
            },
            tasks_cpu_seconds: task_manager,
        })
    }

    fn await_end(&self, job: &str) -> Result<f64> {
        let started = Instant::now();
        loop {
            let state = self.get(&format!("/jobs/{job}"))?;
            match state["state"].as_str() {
                Some("FINISHED") => {
                    let duration = state["duration"].as_f64().context("a job without duration")?;
                    return Ok(duration / 1000.0);
                }
                Some("FAILED" | "CANCELED") => {
                    let cause = self.get(&format!("/jobs/{job}/exceptions"))?;
                    bail!("the job failed on Flink: {cause}");
                }
                _ => {}
            }
            ensure!(
                started.elapsed() < JOB_TIMEOUT,
                "the job did not end within {JOB_TIMEOUT:?}"
            );
            sleep(POLL_INTERVAL);
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for child in [&mut self.task_manager, &mut self.job_manager] {
            // It may have ended by itself; then there is nothing to stop.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn java(
    home: &Path,
    conf: &Path,
    folder: &Path,
    name: &str,
    options: &[&str],
    arguments: &[&str],
) -> Result<Child> {
    let log = File::create(folder.join(format!("{name}.log")))?;
    let opens = fs::read_to_string(home.join("conf/config.yaml"))?;
    let opens = opens
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("--add-"));
    Command::new("java")
        .args(opens)
        .args(options)
        .arg("-XX:+UseG1GC")
        .arg(format!(
            "-Dlog4j.configurationFile={}",
            conf.join("log4j-console.properties").display()
        ))
        .arg("-cp")
        .arg(format!("{}/lib/*", home.display()))
        .args(arguments)
        .arg("--configDir")
        .arg(conf)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .context("cannot start java")
}

const CONFIGURATION: &str = "jobmanager.rpc.address: localhost
jobmanager.bind-host: localhost
jobmanager.memory.process.size: 1600m
taskmanager.bind-host: localhost
taskmanager.host: localhost
taskmanager.numberOfTaskSlots: 2
rest.address: localhost
rest.bind-address: localhost
parallelism.default: 2
";

/// A port that was free a moment ago. A clash shows as a process that ends while it starts.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
