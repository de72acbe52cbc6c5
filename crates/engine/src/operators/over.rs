//! OVER: a result for each row from the rows before and with it.

mod columns;
mod compute;
mod time;

use dataflow::Error;
use graph::{Frame, OverFunction, OverOrder, SortKey};

use super::Build;
use crate::operator::Operator;

pub(super) fn over(
    build: &Build<'_>,
    partition: &[usize],
    order: &[SortKey],
    by: OverOrder,
    frame: Frame,
    functions: &[OverFunction],
) -> Result<Box<dyn Operator>, Error> {
    Ok(match by {
        OverOrder::Columns => Box::new(columns::OverByColumns::new(
            build, partition, order, frame, functions,
        )?),
        OverOrder::Rowtime(_) | OverOrder::Proctime => {
            Box::new(time::OverByTime::new(build, partition, by, frame, functions)?)
        }
    })
}
