//! Rows of a program before it is deployed.

use std::time::Duration;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::{Diagnostic, Program};

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PreviewRequest {
    pub program: Program,
    pub limits: PreviewLimits,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PreviewLimits {
    pub rows_max: u64,
    /// Of rows as JSON.
    pub bytes_max: u64,
    pub time_max_ms: u64,
}

impl Default for PreviewLimits {
    fn default() -> Self {
        PreviewLimits {
            rows_max: 1_000,
            bytes_max: 4 << 20,
            time_max_ms: 60_000,
        }
    }
}

/// What happens in a preview, in this order: the schema, then rows and statistics, then one end.
///
/// Its JSON is what stands behind `data:` in a stream of events; [`PreviewEvent::name`] is what stands behind
/// `event:`.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum PreviewEvent {
    Schema {
        columns: Vec<PreviewColumn>,
    },
    /// Each is `{"op":"+I","row":{...}}`; BIGINT and DECIMAL are strings in it, since browsers lose digits.
    Rows {
        rows: Vec<Box<RawValue>>,
    },
    Statistics {
        rows_in: u64,
        rows_out: u64,
        watermark: Option<i64>,
    },
    End {
        reason: EndReason,
    },
    Failed {
        diagnostics: Vec<Diagnostic>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PreviewColumn {
    pub name: String,
    #[serde(rename = "type")]
    pub data_type: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EndReason {
    /// All input has ended.
    Finished,
    /// As many rows or bytes as were asked for.
    Limit,
    /// The time is over.
    Time,
}

impl PreviewEvent {
    pub fn name(&self) -> &'static str {
        match self {
            PreviewEvent::Schema { .. } => "schema",
            PreviewEvent::Rows { .. } => "rows",
            PreviewEvent::Statistics { .. } => "statistics",
            PreviewEvent::End { .. } => "end",
            PreviewEvent::Failed { .. } => "failed",
        }
    }

    /// Whether nothing comes behind it.
    pub fn is_last(&self) -> bool {
        matches!(self, PreviewEvent::End { .. } | PreviewEvent::Failed { .. })
    }
}

/// A preview under way. Dropping it cancels it.
pub trait Preview: Send {
    /// Waits at most this long for the next event.
    fn next(&mut self, wait: Duration) -> Next;
}

#[derive(Debug)]
pub enum Next {
    Event(PreviewEvent),
    /// Nothing yet.
    Pending,
    /// The last event was handed out before.
    Over,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_its_data() {
        let row = r#"{"op":"+I","row":{"id":"9007199254740993"}}"#;
        let rows = vec![RawValue::from_string(row.to_string()).unwrap()];
        let event = PreviewEvent::Rows { rows };
        assert_eq!(event.name(), "rows");
        assert_eq!(
            serde_json::to_string(&event).unwrap(),
            format!("{{\"rows\":[{row}]}}")
        );
        let schema = PreviewEvent::Schema {
            columns: vec![PreviewColumn {
                name: "id".to_string(),
                data_type: "BIGINT".to_string(),
            }],
        };
        assert_eq!(
            serde_json::to_string(&schema).unwrap(),
            r#"{"columns":[{"name":"id","type":"BIGINT"}]}"#
        );
        let end = PreviewEvent::End {
            reason: EndReason::Limit,
        };
        assert_eq!(serde_json::to_string(&end).unwrap(), r#"{"reason":"limit"}"#);
        assert!(end.is_last());
    }
}
