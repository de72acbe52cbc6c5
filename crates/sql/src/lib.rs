//! Flink SQL text to statements.
//!
//! Text becomes lossless tokens, tokens become statements whose every node knows its place. The grammar is that of
//! Flink 2.3: what its parser refuses is refused here as a parse error, and what it takes but nothing here can run
//! is refused as a validation error. Knows nothing of catalogs, types of columns, or functions.
//!
//! ```
//! let script = sql::parse_script("SELECT price FORM bid; SELECT 1");
//! assert_eq!(script.statements.len(), 1);
//! assert_eq!(script.diagnostics[0].hint.as_deref(), Some("did you mean 'FROM'?"));
//! ```

pub mod ast;
pub mod keywords;

mod lexer;
mod parser;

use model::Diagnostic;

use crate::ast::{Expr, Query, Statement, TypeName};

pub use crate::lexer::{Token, TokenKind, tokenize};

/// Texts longer than this are refused as a whole.
pub const SCRIPT_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Characters of a name, as in Flink.
pub const IDENTIFIER_LENGTH_MAX: usize = 256;

/// How deep parentheses, queries, calls and types may stand in each other.
pub const NESTING_MAX: usize = 100;

/// The longest way from a statement down to a leaf of its tree, chains such as `a + b + c` counted operator by
/// operator. Whoever walks a tree by recursion calls itself at most this deep, times the nodes between two levels.
pub const TREE_HEIGHT_MAX: usize = 200;

/// The statements of a text, and what is wrong with those that are missing.
#[derive(Debug, Clone, PartialEq)]
pub struct Script {
    pub statements: Vec<Statement>,
    pub diagnostics: Vec<Diagnostic>,
}

/// Parses every statement between `;`, also those behind a broken one.
///
/// A statement set (`BEGIN STATEMENT SET; ...; END;`) is one statement; if one of its inserts is broken, all faults in
/// it are told and the set is left out.
pub fn parse_script(text: &str) -> Script {
    parser::script(text)
}

/// Parses one statement, with or without a `;` behind it.
pub fn parse_statement(text: &str) -> Result<Statement, Diagnostic> {
    parser::statement(text)
}

/// Parses an expression, such as that of a computed column.
pub fn parse_expression(text: &str) -> Result<Expr, Diagnostic> {
    parser::expression(text)
}

/// Parses a query, such as that of a view.
pub fn parse_query(text: &str) -> Result<Query, Diagnostic> {
    parser::query(text)
}

/// Parses a type with its nullability: `ARRAY<INT NOT NULL> NOT NULL`.
pub fn parse_data_type(text: &str) -> Result<TypeName, Diagnostic> {
    parser::data_type(text)
}

/// True if the text ends a statement: its last token is a `;`, not in a string or comment, and no statement set is
/// still open. A shell reads on until this holds.
pub fn statement_complete(text: &str) -> bool {
    parser::statement_complete(text)
}

/// The name in back quotes, its own doubled.
pub fn quote_identifier(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}
