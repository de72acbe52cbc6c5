//! The contracts between the engine and what it runs.
//!
//! Traits and the data that passes through them. No connector, format or function is named here, and nothing
//! here reads the clock or does input or output of its own.

pub mod chunk;
pub mod connector;
pub mod error;
pub mod format;
pub mod function;
pub mod lookup;
pub mod options;
pub mod registry;
pub mod sink;
pub mod source;

pub use chunk::{Chunk, Epoch, Message, WATERMARK_MAX, WATERMARK_MIN};
pub use connector::{Connector, OptionDoc, ScanRequest, SinkRequest, TableDescriptor};
pub use error::{CallSite, Error, OptionError};
pub use format::{Decoder, DecoderRequest, Encoder, EncoderRequest, Format};
pub use function::{
    Accumulator, AggregateForm, AggregateFunction, Argument, BoundAggregate, BoundScalar, EvaluationContext,
    FunctionDoc, FunctionKind, ScalarFunction, SignatureError, TakesBack, Value,
};
pub use lookup::{Found, LOOKUP_OPTIONS, Looking, Lookup, LookupRequest};
pub use options::Options;
pub use registry::Registry;
pub use sink::{Committable, Committer, Sink, SinkWriter, Transaction};
pub use source::{
    Boundedness, CHUNK_BYTES_MAX, OnUnreadable, Position, ReadOutcome, Source, Split, SplitReader, Unreadable,
};
