//! What a deployment does while it runs: its log and its counts, once or as they go on.

use std::time::Duration;

use serde_json::Value;
use stdx::{Clock, SystemClock};

use super::access::Access;
use super::failure::{Failure, Result};
use super::http::Ask;
use super::names::{Deployment, cell};
use super::show::{self, Show, Table};

/// How long to wait before a stream that broke off is asked for again.
const AGAIN_WAIT: Duration = Duration::from_secs(1);
/// Streams that break off one after the other, with nothing in them, before it is given up.
const BREAKS_MAX: u32 = 5;

#[derive(Debug, clap::Args)]
pub struct Logs {
    /// The deployment.
    name: String,
    /// Go on as lines are written, until Ctrl-C.
    #[arg(long, short)]
    follow: bool,
    /// The run, by its number in `oceanus status NAME`; without it, the last one.
    #[arg(long, value_name = "N")]
    run: Option<u64>,
}

#[derive(Debug, clap::Args)]
pub struct Metrics {
    /// The deployment.
    name: String,
    /// Go on, a line for each second or so, until Ctrl-C.
    #[arg(long, short)]
    watch: bool,
}

impl Logs {
    pub fn run(self, access: &Access, show: &mut Show<'_>) -> Result<()> {
        let deployment = Deployment::of(&access.named("deployment", "deployments", &self.name)?)?;
        let path = access.in_workspace(&["deployments", &deployment.id])?;
        let only = match self.run {
            Some(number) => Some(run_id(access, &path, number)?),
            None => None,
        };
        let mut log = Log {
            access,
            path: format!("{path}/logs"),
            only,
            run: None,
            after: 0,
        };
        log.read(show)?;
        match self.follow {
            true => log.follow(show),
            false => Ok(()),
        }
    }
}

/// A log, and how far it has been printed.
struct Log<'a> {
    access: &'a Access,
    path: String,
    /// The run that was asked for; else it goes on with the next one.
    only: Option<String>,
    /// Whose lines were printed last, and the byte behind them.
    run: Option<String>,
    after: u64,
}

impl Log<'_> {
    /// Prints what there is now.
    fn read(&mut self, show: &mut Show<'_>) -> Result<()> {
        loop {
            let mut page = self.access.server.ask(self.ask(self.path.clone()))?;
            if self.run.is_some() && self.only.is_none() && page["run"].as_str() != self.run.as_deref() {
                // Another run has begun meanwhile: its log is read from its start.
                self.after = 0;
                page = self.access.server.ask(self.ask(self.path.clone()))?;
            }
            let before = self.after;
            self.print(&page, show)?;
            if self.after == before {
                return Ok(());
            }
        }
    }

    /// Prints what comes, until the run that was asked for is over.
    fn follow(&mut self, show: &mut Show<'_>) -> Result<()> {
        let mut breaks = 0;
        loop {
            let before = (self.run.clone(), self.after);
            let broke_off = match self.follow_once(show) {
                Err(Failure::Unavailable { message, .. }) => message,
                Err(failure) => return Err(failure),
                Ok(()) if self.only.is_some() => return Ok(()),
                Ok(()) => "the server ended it".to_string(),
            };
            breaks = if (&self.run, &self.after) == (&before.0, &before.1) {
                breaks + 1
            } else {
                0
            };
            if breaks >= BREAKS_MAX {
                return Err(Failure::Unavailable {
                    message: format!("the log broke off: {broke_off}"),
                    hint: None,
                });
            }
            SystemClock.sleep(AGAIN_WAIT);
            match self.read(show) {
                Err(Failure::Unavailable { .. }) | Ok(()) => {}
                Err(failure) => return Err(failure),
            }
        }
    }

    fn follow_once(&mut self, show: &mut Show<'_>) -> Result<()> {
        let ask = self.ask(format!("{}/stream", self.path));
        for event in self.access.server.events(ask)? {
            let event = event.map_err(|error| Failure::Unavailable {
                message: error.to_string(),
                hint: None,
            })?;
            if event.name == "lines" {
                let page = serde_json::from_str(&event.data)
                    .map_err(|error| Failure::local("the server's answer is not understood", error))?;
                self.print(&page, show)?;
            }
        }
        Ok(())
    }

    fn ask(&self, path: String) -> Ask<'static> {
        let ask = Ask::get(path).query("after", self.after);
        match &self.only {
            Some(run) => ask.query("run", run),
            None => ask,
        }
    }

    fn print(&mut self, page: &Value, show: &mut Show<'_>) -> Result<()> {
        let lines = page["lines"].as_array().map_or(&[][..], Vec::as_slice);
        if show.is_json() {
            for line in lines {
                show.json_line(line)?;
            }
        } else {
            if page["skipped"] == true && self.after == 0 && !lines.is_empty() {
                crate::run::complain("warning: older lines were rotated away\n");
            }
            let text: String = lines
                .iter()
                .map(|line| format!("{}\n", show::clean(&cell(line))))
                .collect();
            show.text(&text)?;
        }
        self.run = page["run"].as_str().map(str::to_string);
        self.after = page["next"].as_u64().unwrap_or(self.after);
        Ok(())
    }
}

fn run_id(access: &Access, path: &str, number: u64) -> Result<String> {
    let runs = access.server.all(Ask::get(format!("{path}/runs")))?;
    let run = runs.iter().find(|run| run["epoch"] == number);
    run.map(|run| cell(&run["id"])).ok_or_else(|| {
        Failure::wrong_with_hint(
            format!("run {number} not found"),
            "`oceanus status NAME` lists them",
        )
    })
}

impl Metrics {
    pub fn run(self, access: &Access, show: &mut Show<'_>) -> Result<()> {
        let deployment = Deployment::of(&access.named("deployment", "deployments", &self.name)?)?;
        let path = access.in_workspace(&["deployments", &deployment.id])?;
        if !self.watch {
            let metrics = access.server.ask(Ask::get(format!("{path}/metrics")))?;
            return show.one(&table(&metrics), &metrics);
        }
        let mut has_headings = false;
        for event in access.server.events(Ask::get(format!("{path}/events")))? {
            let event = event.map_err(|error| Failure::Unavailable {
                message: format!("the metrics broke off: {error}"),
                hint: None,
            })?;
            if event.name != "metrics" {
                continue;
            }
            let metrics: Value = serde_json::from_str(&event.data)
                .map_err(|error| Failure::local("the server's answer is not understood", error))?;
            if show.is_json() {
                show.json_line(&metrics)?;
                continue;
            }
            if !has_headings {
                has_headings = true;
                show.text(&line([
                    "TIME",
                    "READ",
                    "A SECOND",
                    "WRITTEN",
                    "LATE",
                    "MEMORY",
                    "WATERMARK",
                ]))?;
            }
            show.text(&line([
                &show::time(&cell(&metrics["at"])),
                &cell(&metrics["rows_in"]),
                &rate(&metrics["rows_in_per_second"]),
                &cell(&metrics["rows_out"]),
                &cell(&metrics["late_rows"]),
                &memory(&metrics["memory_bytes"]),
                &show::time(&cell(&metrics["watermark"])),
            ]))?;
        }
        Ok(())
    }
}

/// One line of columns whose width is known before the values are.
fn line(cells: [&str; 7]) -> String {
    let [time, read, rate, written, late, memory, watermark] = cells;
    format!("{time:19}  {read:>14}  {rate:>10}  {written:>12}  {late:>8}  {memory:>10}  {watermark}\n")
}

fn table(metrics: &Value) -> String {
    let mut text = show::pairs(&[
        ("at", show::time(&cell(&metrics["at"]))),
        ("rows read", cell(&metrics["rows_in"])),
        ("a second", rate(&metrics["rows_in_per_second"])),
        ("rows written", cell(&metrics["rows_out"])),
        ("rows too late", cell(&metrics["late_rows"])),
        ("late rows refired", cell(&metrics["refired_rows"])),
        ("rows redirected", cell(&metrics["redirected_rows"])),
        ("lookups timed out", cell(&metrics["timed_out_lookups"])),
        ("watermark", show::time(&cell(&metrics["watermark"]))),
        ("memory", memory(&metrics["memory_bytes"])),
    ]);
    let nodes = metrics["nodes"].as_array().map_or(&[][..], Vec::as_slice);
    if !nodes.is_empty() {
        let mut table = Table::new(&[
            "operator",
            "#read",
            "#written",
            "#late",
            "#state",
            "#spilled",
            "watermark",
        ]);
        for node in nodes {
            table.row([
                cell(&node["name"]),
                cell(&node["rows_in"]),
                cell(&node["rows_out"]),
                cell(&node["late_rows"]),
                memory(&node["state_bytes"]),
                memory(&node["spilled_bytes"]),
                show::time(&cell(&node["watermark"])),
            ]);
        }
        text.push_str(&format!("\n{}", table.render()));
    }
    text
}

fn rate(value: &Value) -> String {
    value
        .as_f64()
        .map(|rate| format!("{rate:.0}"))
        .unwrap_or_default()
}

fn memory(value: &Value) -> String {
    value.as_u64().map(show::bytes).unwrap_or_default()
}
