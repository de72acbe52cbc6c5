//! The graph of operators that the planner makes and the engine runs.
//!
//! Plain data, all types and columns resolved: whoever holds a graph needs neither catalog nor SQL to run it.
//! Graphs are never stored; a job is planned again from its text, and fingerprints tie operators to state.

pub mod changes;
pub mod expr;
pub mod fingerprint;
pub mod join;
pub mod lookup;
pub mod matching;
pub mod operator;
pub mod over;
pub mod rank;
pub mod unnest;
pub mod unreadable;
pub mod window;

pub use changes::Changes;
pub use expr::Expr;
pub use fingerprint::Fingerprint;
pub use join::{Join, JoinInterval, JoinKey, JoinKind, JoinTime, JoinVersion, JoinWindow};
pub use lookup::{
    Asked, KeyValue, LookupCache, LookupJoin, LookupKey, LookupSettings, MissRetry, OnTimeout, WholeCache,
    WholeTable,
};
pub use matching::{Lookup, MatchEnd, MatchExpressions, MatchSkip, Matching, PatternVariable, Quantifier};
pub use operator::{
    AggregateCall, Alignment, Exchange, Graph, Input, Node, NodeId, Operator, SinkNode, SourceNode, StateId,
    WatermarkSpec,
};
pub use over::{Frame, OverFunction, OverOrder};
pub use rank::{RankRange, RankWindow, SortKey};
pub use unnest::Unnest;
pub use unreadable::unreadable_schema;
pub use window::{Window, WindowEmit, WindowProperty, WindowTime};
