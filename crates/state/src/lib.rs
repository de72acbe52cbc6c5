//! The tables that operators keep their state in, and snapshots of them.
//!
//! Operator state lives nowhere else. Every table can be copied out as Arrow batches by key group, and be
//! filled again from such batches at any parallelism. Tables know keys, accumulators and rows; what a window is
//! and when it closes is the engine's business.

pub mod ages;
pub mod aggregates;
mod changed;
pub mod checkpoints;
pub mod groups;
pub mod hash;
pub mod join_rows;
mod join_spill;
pub mod join_table;
pub mod key_set;
pub mod keyed_rows;
pub mod keys;
pub mod matches;
pub mod ranked;
pub mod row_buffer;
pub mod row_columns;
mod row_lists;
pub mod row_store;
pub mod savepoints;
pub mod sessions;
pub mod slab;
pub mod slices;
pub mod snapshot;
pub mod sole_rows;
mod sole_spill;
pub mod sort_key;
pub mod spill;
pub mod timed_rows;

pub use ages::{Ages, Moment};
pub use aggregates::Aggregates;
pub use changed::KeyChanges;
pub use checkpoints::{Chain, Checkpoints, Found, Kept, Label, Listed, Object, Storage};
pub use groups::GroupTable;
pub use hash::{hash_columns, key_group, shard_of};
pub use join_rows::JoinRows;
pub use join_table::{JoinInput, JoinTable};
pub use key_set::KeySet;
pub use keyed_rows::KeyedRows;
pub use keys::{KeyCodec, Keys};
pub use matches::MatchTable;
pub use ranked::RankedTable;
pub use row_buffer::RowBuffer;
pub use row_columns::RowColumns;
pub use row_store::RowStore;
pub use savepoints::{find_savepoint, keep_savepoint, read_savepoint};
pub use sessions::SessionTable;
pub use slab::Slab;
pub use slices::{Slice, SliceId, SliceTable};
pub use snapshot::{
    Extent, GroupRows, LaneState, OperatorId, OperatorSnapshot, SNAPSHOT_ROWS_MAX, Share, Snapshot,
    SnapshotReader, SplitState, TableSnapshot, compact, merge,
};
pub use sole_rows::SoleRows;
pub use sort_key::{SortCodec, SortKey};
pub use timed_rows::TimedRows;

/// No row, where a number of a row stands.
pub const NO_ROW: u32 = u32::MAX;
