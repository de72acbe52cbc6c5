//! Flink's counts in the platform's words.
//!
//! Flink counts what goes over edges between tasks. What a source reads and a sink writes are counts of the operators in
//! them, and are asked for by name.

use runner::{CheckpointMetrics, Metrics, NodeMetrics};

use crate::jobmanager::{Checkpoints, Job, JobManager, Vertex, number};

/// Operators of one task that are asked for.
const NAMES_MAX: usize = 50;

/// What a job has done so far. What cannot be learnt stays zero: counts are for looking at.
pub fn of_job(jobmanager: &JobManager, id: &str, job: &Job, told: &Checkpoints, now_ms: i64) -> Metrics {
    let mut metrics = Metrics {
        at_ms: now_ms,
        checkpoints: of_checkpoints(told),
        ..Metrics::default()
    };
    let mut watermarks = Vec::new();
    for vertex in &job.vertices {
        let node = node(jobmanager, id, job, vertex, &mut metrics);
        watermarks.extend(node.watermark_ms);
        metrics.nodes.push(node);
    }
    metrics.watermark_ms = watermarks.into_iter().min();
    metrics
}

fn node(jobmanager: &JobManager, id: &str, job: &Job, vertex: &Vertex, metrics: &mut Metrics) -> NodeMetrics {
    let planned = job.plan.nodes.iter().find(|node| node.id == vertex.id);
    let is_source = planned.is_some_and(|node| node.inputs.is_empty());
    let mut node = NodeMetrics {
        id: vertex.id.clone(),
        name: vertex.name.clone(),
        rows_in: vertex.metrics.read_records,
        rows_out: vertex.metrics.write_records,
        busy_us: micros(number(&vertex.metrics.accumulated_busy_time)),
        ..NodeMetrics::default()
    };
    let sums = operator_sums(jobmanager, id, &vertex.id);
    let sum = |is_meant: &dyn Fn(&str, &str) -> bool| -> u64 {
        let meant = sums.iter().filter(|(operator, name, _)| is_meant(operator, name));
        meant.map(|(_, _, value)| *value as u64).sum()
    };
    if is_source {
        let counted =
            |wanted: &str| sum(&|operator, name| operator.starts_with("Source__") && name == wanted);
        // Some sources count only what they give.
        node.rows_in = counted("numRecordsIn").max(counted("numRecordsOut"));
        metrics.rows_in += node.rows_in;
    }
    let written = sum(&|operator, name| is_sink(operator) && name == "numRecordsIn");
    if written > 0 {
        node.rows_out = written;
        metrics.rows_out += written;
    }
    node.late_rows = sum(&|_, name| name == "numLateRecordsDropped");
    metrics.late_rows += node.late_rows;
    let rate = sums.iter().filter(|(operator, name, _)| {
        is_source && operator.starts_with("Source__") && name == "numRecordsOutPerSecond"
    });
    metrics.rows_in_per_second += rate.map(|(_, _, value)| value).sum::<f64>();
    node.watermark_ms = match jobmanager.watermarks(id, &vertex.id) {
        Ok(watermarks) => watermarks.into_iter().min(),
        Err(_) => None,
    };
    node
}

/// Whether rows leave the job there. Behind a writer of files there is a sink that nothing goes to.
fn is_sink(operator: &str) -> bool {
    operator == "StreamingFileWriter" || (operator.ends_with("__Writer") && operator != "end__Writer")
}

/// Sums over subtasks of those counts of operators that mean something here: operator, name, value.
fn operator_sums(jobmanager: &JobManager, id: &str, vertex: &str) -> Vec<(String, String, f64)> {
    const WANTED: [&str; 4] = [
        "numRecordsIn",
        "numRecordsOut",
        "numRecordsOutPerSecond",
        "numLateRecordsDropped",
    ];
    let Ok(names) = jobmanager.vertex_metrics(id, vertex) else {
        return Vec::new();
    };
    let split = |name: &str| {
        let (operator, name) = name.rsplit_once('.')?;
        WANTED
            .contains(&name)
            .then(|| (operator.to_string(), name.to_string()))
    };
    let wanted: Vec<&String> = names
        .iter()
        .filter(|name| split(name).is_some())
        .take(NAMES_MAX)
        .collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    let encoded: Vec<String> = wanted
        .iter()
        .map(|name| url::form_urlencoded::byte_serialize(name.as_bytes()).collect())
        .collect();
    let Ok(sums) = jobmanager.vertex_sums(id, vertex, &encoded.join(",")) else {
        return Vec::new();
    };
    sums.into_iter()
        .filter(|(_, value)| value.is_finite())
        .filter_map(|(name, value)| split(&name).map(|(operator, name)| (operator, name, value)))
        .collect()
}

fn of_checkpoints(told: &Checkpoints) -> CheckpointMetrics {
    let last = told.latest.completed.as_ref();
    CheckpointMetrics {
        restored: told.latest.restored.as_ref().map(|restored| restored.id),
        restored_savepoint: None,
        completed: told.counts.completed,
        failed: told.counts.failed,
        last_number: last.map(|last| last.id),
        last_at_ms: last.map(|last| last.ended_ms),
        last_duration_ms: last.map_or(0, |last| u64::try_from(last.duration_ms).unwrap_or(0)),
        last_bytes: last.map_or(0, |last| last.bytes),
    }
}

/// Milliseconds that may be no number.
fn micros(ms: f64) -> u64 {
    if ms.is_finite() { (ms * 1000.) as u64 } else { 0 }
}
