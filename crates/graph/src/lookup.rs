//! Rows with what an outside table holds for them at the moment.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use dataflow::{Lookup, Source};
use model::Schema;

use crate::{Expr, JoinKind};

/// Asks a table for the rows that belong to each row of the input.
#[derive(Debug, Clone)]
pub struct LookupJoin {
    /// `catalog.database.table`
    pub table: String,
    pub asked: Asked,
    /// Inner or left.
    pub kind: JoinKind,
    /// In the order of the lookup's.
    pub keys: Vec<LookupKey>,
    /// Rows of the input for which this is not true have no match, and nobody is asked.
    pub asks: Option<Expr>,
    /// The columns that the lookup gives.
    pub given: Schema,
    /// Of the rows given, those that count, and their columns as the join sees them.
    pub filter: Option<Expr>,
    pub columns: Vec<Expr>,
    /// What keys do not say, over the columns of the input and of the table behind them.
    pub condition: Option<Expr>,
    /// Columns of the result among these.
    pub outputs: Vec<usize>,
    /// Whether the first column of the table tells that the lookup of a row took too long.
    pub tells_timeout: bool,
    /// Its keys identify a row of the table.
    pub is_unique: bool,
    /// The columns that rows which wait are dealt out to shards by.
    pub partition: Vec<usize>,
    pub settings: LookupSettings,
}

/// Who answers.
#[derive(Debug, Clone)]
pub enum Asked {
    Lookup(Arc<dyn Lookup>),
    /// Nobody: the table is read whole.
    Whole(WholeTable),
}

#[derive(Debug, Clone)]
pub struct WholeTable {
    pub source: Arc<dyn Source>,
    /// What the source delivers.
    pub read: Schema,
    /// Columns of these that are the keys, and those that are given, in their orders.
    pub keys: Vec<usize>,
    pub given: Vec<usize>,
    /// From one reading to the next.
    pub reload: Option<Duration>,
}

#[derive(Debug, Clone)]
pub struct LookupKey {
    /// Of the table's column.
    pub name: String,
    pub value: KeyValue,
}

#[derive(Debug, Clone)]
pub enum KeyValue {
    /// A column of the input.
    Column(usize),
    /// A literal that is not NULL.
    Constant(Expr),
}

/// How a table is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookupSettings {
    /// Rows leave in the order in which they came; otherwise as they are answered, between two watermarks.
    pub ordered: bool,
    /// Requests of a shard under way at a time.
    pub capacity: usize,
    /// How long a key is asked for, tries after nothing was found included.
    pub timeout: Duration,
    /// How often that may take too long before the policy holds.
    pub timeout_attempts: u32,
    pub on_timeout: OnTimeout,
    /// Whether to ask again where nothing was found.
    pub on_miss: Option<MissRetry>,
    /// How often a request that failed is made again.
    pub retries: u32,
    pub cache: Option<LookupCache>,
    /// Whether the table is read whole instead of being asked, and after what time again.
    pub whole: Option<WholeCache>,
    /// Rows of equal keys meet on one shard.
    pub shuffles: bool,
}

/// What becomes of a row whose lookup takes too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnTimeout {
    /// The job fails.
    Fail,
    /// Nothing was found for it.
    Null,
    /// It goes to another table.
    Redirect,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissRetry {
    pub delay: Duration,
    /// How often it is asked in all.
    pub attempts: u32,
}

/// What was looked up and is remembered for a while, by each shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookupCache {
    /// Keys, at most.
    pub keys_max: usize,
    pub after_write: Option<Duration>,
    pub after_access: Option<Duration>,
    /// Also that nothing was found.
    pub keeps_misses: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WholeCache {
    pub reload: Option<Duration>,
}

/// As Flink's, which waits for 3 minutes, for 100 at a time, in order.
impl Default for LookupSettings {
    fn default() -> Self {
        LookupSettings {
            ordered: true,
            capacity: 100,
            timeout: Duration::from_secs(180),
            timeout_attempts: 1,
            on_timeout: OnTimeout::Fail,
            on_miss: None,
            retries: 3,
            cache: None,
            whole: None,
            shuffles: false,
        }
    }
}

impl LookupJoin {
    /// The names of its keys, for people.
    pub fn key_names(&self) -> String {
        let names: Vec<&str> = self.keys.iter().map(|key| key.name.as_str()).collect();
        names.join(", ")
    }
}

impl fmt::Display for OnTimeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            OnTimeout::Fail => "fail",
            OnTimeout::Null => "null",
            OnTimeout::Redirect => "redirect",
        })
    }
}

/// What rows that wait belong to: how the table is asked is no part of that.
impl fmt::Display for LookupJoin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "LookupJoin(table=[{}], type=[{}]",
            self.table,
            self.kind.name()
        )?;
        for key in &self.keys {
            match &key.value {
                KeyValue::Column(column) => write!(f, ", {}=${column}", key.name)?,
                KeyValue::Constant(literal) => write!(f, ", {}={literal}", key.name)?,
            }
        }
        if let Some(asks) = &self.asks {
            write!(f, ", asks=[{asks}]")?;
        }
        let names: Vec<&str> = self.given.names().collect();
        write!(f, ", given=[{}]", names.join(", "))?;
        if let Some(filter) = &self.filter {
            write!(f, ", filter=[{filter}]")?;
        }
        let columns: Vec<String> = self.columns.iter().map(Expr::to_string).collect();
        write!(f, ", columns=[{}]", columns.join(", "))?;
        if let Some(condition) = &self.condition {
            write!(f, ", where=[{condition}]")?;
        }
        write!(
            f,
            ", select={:?}, timed-out={}, partition={:?})",
            self.outputs, self.tells_timeout, self.partition
        )
    }
}
