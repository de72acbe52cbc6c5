//! Orders of rows, and places in them.

use std::fmt;

use chrono_tz::Tz;

/// A column that decides about the order of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SortKey {
    pub column: usize,
    pub descending: bool,
    pub nulls_first: bool,
}

/// Places in an order, counted from one, both of them in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RankRange {
    pub start: i64,
    pub end: i64,
}

impl RankRange {
    /// Whether it is the first place alone.
    pub fn is_first(self) -> bool {
        self.start == 1 && self.end == 1
    }
}

/// The window that rows carry with them, among which they are ranked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RankWindow {
    /// Its end, exclusive: TIMESTAMP(3) in local time.
    pub end: usize,
    /// Set if watermarks are instants and the window is local to this zone.
    pub time_zone: Option<Tz>,
    /// Of rows that are equal in the order the one that came last stands first.
    pub newest_first: bool,
}

impl fmt::Display for SortKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "${} {}", self.column, self.direction())
    }
}

impl SortKey {
    /// How it orders, apart from its column: `ASC`, or `DESC NULLS FIRST`. NULLs are low unless it says so.
    pub fn direction(&self) -> &'static str {
        match (self.descending, self.nulls_first) {
            (false, true) => "ASC",
            (false, false) => "ASC NULLS LAST",
            (true, false) => "DESC",
            (true, true) => "DESC NULLS FIRST",
        }
    }
}

impl fmt::Display for RankRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}
