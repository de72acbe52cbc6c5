//! The keys, arguments and filters of a first phase, evaluated over a chunk.

use std::sync::Arc;

use arrow_array::ArrayRef;
use dataflow::{Chunk, Error, EvaluationContext};
use graph::{AggregateCall, Expr};
use state::{Aggregates, KeyCodec, Keys};

use crate::expression::{Expression, Frame, arrow_error};

pub(in crate::operators) struct Calls {
    keys: Vec<Expression>,
    calls: Vec<Call>,
    context: Arc<EvaluationContext>,
}

struct Call {
    arguments: Vec<Expression>,
    filter: Option<Expression>,
}

impl Calls {
    pub fn new(keys: &[Expr], calls: &[AggregateCall], context: &Arc<EvaluationContext>) -> Calls {
        Calls {
            keys: keys.iter().map(Expression::new).collect(),
            calls: calls
                .iter()
                .map(|call| Call {
                    arguments: call.arguments.iter().map(Expression::new).collect(),
                    filter: call.filter.as_ref().map(Expression::new),
                })
                .collect(),
            context: context.clone(),
        }
    }

    pub fn codec(keys: &[Expr]) -> Result<KeyCodec, Error> {
        KeyCodec::new(keys.iter().map(|key| key.data_type().arrow()).collect()).map_err(arrow_error)
    }

    /// The key columns, and the same encoded.
    pub fn keys(&self, frame: &Frame, codec: &KeyCodec) -> Result<(Vec<ArrayRef>, Keys), Error> {
        let columns = self
            .keys
            .iter()
            .map(|key| key.array(frame, &self.context))
            .collect::<Result<Vec<_>, _>>()?;
        let keys = codec.encode(&columns).map_err(arrow_error)?;
        Ok((columns, keys))
    }

    /// Takes in all rows of a chunk; row `i` belongs to `groups[i]`.
    pub fn update(
        &self,
        aggregates: &mut Aggregates,
        groups: &[u32],
        chunk: &Chunk,
        frame: &Frame,
    ) -> Result<(), Error> {
        for (number, call) in self.calls.iter().enumerate() {
            let arguments = call
                .arguments
                .iter()
                .map(|argument| argument.array(frame, &self.context))
                .collect::<Result<Vec<_>, _>>()?;
            let filter = call
                .filter
                .as_ref()
                .map(|filter| filter.condition(frame, &self.context))
                .transpose()?;
            aggregates.update(
                number,
                groups,
                &arguments,
                filter.as_ref(),
                chunk.kinds.as_deref(),
            )?;
        }
        Ok(())
    }
}
