//! What becomes of state when a program takes the place of another.

use serde::{Deserialize, Serialize};

use crate::Place;

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct StateVerdict {
    /// In the order of the new text; what is only in the old one stands at the end.
    pub parts: Vec<PartVerdict>,
    /// The new program says itself that state may be dropped which it has no use for
    /// (`execution.state-recovery.ignore-unclaimed-state`).
    pub drops_state: bool,
}

/// What becomes of what one operator remembers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartVerdict {
    pub kind: PartKind,
    pub fate: StateFate,
    /// `GROUP BY`, `join`, or the name of a table.
    pub name: String,
    /// What it remembers.
    pub keeps: String,
    /// In words, if it is not kept.
    pub reason: Option<String>,
    /// In the old text and in the new one, as far as it is there.
    pub before: Option<Place>,
    pub after: Option<Place>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    Source,
    Operator,
    Sink,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StateFate {
    /// It goes on where it was.
    Kept,
    /// There was nothing like it: it begins with nothing.
    New,
    /// It is no longer there, and nothing is lost with it.
    Gone,
    /// What it remembers is dropped.
    Reset,
    /// The new program cannot go on from any state of the old one.
    Impossible,
}

impl StateVerdict {
    /// The worst that becomes of anything.
    pub fn worst(&self) -> StateFate {
        let fates = self.parts.iter().map(|part| part.fate);
        fates.max().unwrap_or(StateFate::Kept)
    }

    /// Whether nothing is lost.
    pub fn keeps_all(&self) -> bool {
        self.worst() < StateFate::Reset
    }
}
