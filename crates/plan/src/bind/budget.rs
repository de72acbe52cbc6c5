//! How much one statement may unfold to, counted while it is bound.
//!
//! Text is bounded, but a little of it can stand for much: an expression that stands twice in what it becomes, and
//! queries that use views and common table expressions several times. Both are refused before they are built.

use std::cell::Cell;

use graph::Expr;
use model::{Diagnostic, Span};

/// Nodes of expressions that a statement may copy.
const COPIED_NODES_MAX: usize = 200_000;

/// Operators that a statement may bind or copy on the way to its plan.
const UNFOLDED_NODES_MAX: usize = 50_000;

#[derive(Debug, Default)]
pub(super) struct Budget {
    copied: Cell<usize>,
    unfolded: Cell<usize>,
}

impl Budget {
    /// A copy of an expression that stands in several places of what it becomes.
    pub fn duplicate(&self, expression: &Expr, span: Span) -> Result<Expr, Diagnostic> {
        self.copied.set(self.copied.get() + size(expression));
        if self.copied.get() > COPIED_NODES_MAX {
            return Err(Diagnostic::validation(
                span,
                format!("the expressions of the statement unfold to more than {COPIED_NODES_MAX} steps"),
            )
            .hint("compute what COALESCE, NULLIF, BETWEEN and CASE go by in a sub-query first"));
        }
        Ok(expression.clone())
    }

    /// Takes so many operators into account.
    pub fn unfold(&self, operators: usize, span: Span) -> Result<(), Diagnostic> {
        self.unfolded.set(self.unfolded.get() + operators);
        if self.unfolded.get() > UNFOLDED_NODES_MAX {
            return Err(too_large(span, UNFOLDED_NODES_MAX));
        }
        Ok(())
    }
}

pub(super) fn too_large(span: Span, operators: usize) -> Diagnostic {
    Diagnostic::validation(
        span,
        format!("the query unfolds to more than {operators} operators"),
    )
    .hint("use common table expressions and views less often in each other")
}

fn size(expression: &Expr) -> usize {
    1 + expression.children().map(size).sum::<usize>()
}
