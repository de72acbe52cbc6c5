//! What a check of a program says.

use serde::{Deserialize, Serialize};

use crate::{Diagnostic, Place, RestartStrategy};

/// What the program is meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To be worked on: any statement may stand in it.
    Draft,
    /// To run unattended: it must write rows somewhere, and nobody is there to read the rows of a SELECT.
    Deployment,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct CheckReport {
    pub diagnostics: Vec<Diagnostic>,
    pub statements: Vec<StatementSummary>,
    /// All jobs of the program; `None` if there are none, or if something is wrong.
    pub plan: Option<PlanSummary>,
    /// What follows a failure of the program.
    pub restart: RestartStrategy,
}

impl CheckReport {
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(Diagnostic::is_error)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementSummary {
    /// `create_table`, `insert`, `query`, ...
    pub kind: String,
    /// Bytes in the text.
    pub start: u32,
    pub end: u32,
    pub line: u32,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct PlanSummary {
    /// Inputs stand before those who read them.
    pub nodes: Vec<PlanNode>,
    pub edges: Vec<PlanEdge>,
    /// Whether all sources end.
    pub is_bounded: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanNode {
    /// `job.node`, both counted from zero; the same in metrics.
    pub id: String,
    /// `Source`, `Calc`, `GlobalWindowAggregate`, ...
    pub name: String,
    /// One line of EXPLAIN.
    pub detail: String,
    pub inputs: Vec<String>,
    /// What it keeps between rows, if anything.
    pub state: Option<String>,
    /// The statement it belongs to, an index into those of the report.
    pub statement: usize,
    pub span: Option<Place>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanEdge {
    pub from: String,
    pub to: String,
    /// `forward`, `hash[$0]`, `single`.
    pub exchange: String,
}
