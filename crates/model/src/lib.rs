//! The nouns that every other crate speaks of.
//!
//! Plain data only: no input or output, no threads, no clock.

pub mod address;
pub mod data_type;
pub mod diagnostic;
pub mod id;
pub mod phase;
pub mod row_kind;
pub mod schema;
pub mod secret;
pub mod span;
pub mod suggest;

pub use address::{AddressRule, AddressRuleError, AddressRules, Host};
pub use data_type::{DataType, RowField, TypeKind};
pub use diagnostic::{Diagnostic, ErrorKind, Severity};
pub use id::{DeploymentId, DraftId, Id, IdError, RunId, SavepointId, TokenId, UserId};
pub use phase::{AnyPhase, DesiredState, Move, Phase, PhaseName};
pub use row_kind::{ChangelogMode, RowKind};
pub use schema::{Field, Schema, TimeAttribute};
pub use span::{LineColumn, Span};
