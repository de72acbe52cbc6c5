//! Queries: WITH, set operations, SELECT, VALUES, and what orders and limits them.

use model::{Diagnostic, Span};

use super::tree::{chain, chain_height, put, subquery_of};
use super::{Parsed, Parser, object_name};
use crate::ast::{
    Cte, Expr, ExprKind, GroupItem, Ident, OrderItem, Query, QueryBody, Select, SelectItem, SetOperator,
};
use crate::lexer::TokenKind;

const UNION: u8 = 14;
const INTERSECT: u8 = 18;

impl Parser<'_> {
    pub(super) fn query(&mut self) -> Parsed<Box<Query>> {
        self.deeper(|parser| parser.query_here())
    }

    fn query_here(&mut self) -> Parsed<Box<Query>> {
        let start = self.span();
        let mut recursive = false;
        let mut ctes = Vec::new();
        if self.eat("WITH") {
            recursive = self.eat("RECURSIVE");
            ctes = self.comma_list(|parser| parser.cte())?;
        }
        let first = self.query_operand()?;
        self.rest(start, first, ctes, recursive)
    }

    /// The rest of a query whose first operand looked like a value in parentheses.
    pub(super) fn query_behind(&mut self, first: Box<Expr>) -> Parsed<Box<Query>> {
        let start = first.span;
        let first = subquery_of(first)?;
        self.query_behind_nested(start, first)
    }

    pub(super) fn query_behind_nested(&mut self, start: Span, first: Box<Query>) -> Parsed<Box<Query>> {
        self.rest(start, QueryBody::Nested(first), Vec::new(), false)
    }

    /// Set operations behind the first operand, then order and limit.
    fn rest(&mut self, start: Span, first: QueryBody, ctes: Vec<Cte>, recursive: bool) -> Parsed<Box<Query>> {
        let body = self.set_operations(first, 0)?;
        let order_by = if self.at("ORDER") {
            self.order_by()?
        } else {
            Vec::new()
        };
        let mut query = unlimited(ctes, recursive, body, order_by);
        self.limits(&mut query)?;
        query.span = self.since(start);
        Ok(query)
    }

    /// True if a query without parentheses begins `n` tokens on.
    pub(super) fn starts_query(&self, n: usize) -> bool {
        ["SELECT", "WITH", "VALUES"]
            .iter()
            .any(|word| self.nth_is(n, word))
            || self.nth_is(n, "TABLE") && self.nth_kind(n + 1) != TokenKind::LeftParen
    }

    /// True if what stands here goes on with the query before it.
    pub(super) fn continues_query(&self) -> bool {
        self.at_any(&[
            "UNION",
            "INTERSECT",
            "EXCEPT",
            "MINUS",
            "LIMIT",
            "OFFSET",
            "FETCH",
        ]) || self.at_all(&["ORDER", "BY"])
    }

    fn cte(&mut self) -> Parsed<Cte> {
        let name = self.name("the name of a query")?;
        let columns = if self.peek() == TokenKind::LeftParen {
            self.name_list("the name of a column")?
        } else {
            Vec::new()
        };
        self.expect("AS")?;
        self.left_paren()?;
        let query = self.query()?;
        self.right_paren()?;
        Ok(cte(name, columns, query))
    }

    fn set_operations(&mut self, first: QueryBody, least: u8) -> Parsed<QueryBody> {
        let mut left = first;
        loop {
            let (operator, precedence) = if self.at("UNION") {
                (SetOperator::Union, UNION)
            } else if self.at("EXCEPT") {
                (SetOperator::Except, UNION)
            } else if self.at("INTERSECT") {
                (SetOperator::Intersect, INTERSECT)
            } else if self.at("MINUS") {
                let message = "MINUS is not part of Flink SQL";
                return Err(Diagnostic::parse(self.span(), message).hint("write EXCEPT"));
            } else {
                return Ok(left);
            };
            if precedence < least {
                return Ok(left);
            }
            if self.at_all(&["UNION", "ALL"]) {
                left = self.union_all(left)?;
                continue;
            }
            self.bump();
            let all = self.eat("ALL");
            if !all {
                self.eat("DISTINCT");
            }
            let right = self.right_operand(precedence + 1)?;
            self.grow()?;
            left = set_operation(operator, all, left, right);
        }
    }

    /// `a UNION ALL b UNION ALL ...`
    fn union_all(&mut self, first: QueryBody) -> Parsed<QueryBody> {
        let mut operands = vec![first];
        while self.eat_all(&["UNION", "ALL"]) {
            operands.push(self.right_operand(UNION + 1)?);
        }
        for _ in 0..chain_height(operands.len()) {
            self.grow()?;
        }
        Ok(chain(operands, &mut |left, right| {
            set_operation(SetOperator::Union, true, left, right)
        }))
    }

    /// An operand on the right side: its height counts beside that of the left side.
    fn right_operand(&mut self, least: u8) -> Parsed<QueryBody> {
        let left = std::mem::replace(&mut self.tallest, 0);
        let operand = self
            .query_operand()
            .and_then(|first| self.set_operations(first, least));
        self.tallest = self.tallest.max(left);
        operand
    }

    fn query_operand(&mut self) -> Parsed<QueryBody> {
        if self.at("SELECT") {
            return Ok(QueryBody::Select(self.select()?));
        }
        if self.eat("VALUES") {
            return self.values();
        }
        if self.at("TABLE") {
            self.bump();
            return Ok(QueryBody::Table(self.object_name("the name of a table")?));
        }
        if self.peek() == TokenKind::LeftParen {
            self.bump();
            let query = self.query()?;
            self.right_paren()?;
            return Ok(QueryBody::Nested(query));
        }
        Err(self.expected_words(&["SELECT", "VALUES", "TABLE", "a query in parentheses"]))
    }

    /// The rows behind VALUES.
    fn values(&mut self) -> Parsed<QueryBody> {
        let start = self.previous().map_or_else(|| self.span(), |token| token.span);
        let rows = self.comma_list(|parser| parser.values_row())?;
        Ok(QueryBody::Values {
            rows,
            span: self.since(start),
        })
    }

    /// `(a, b)`, `ROW(a, b)`, or one value alone.
    fn values_row(&mut self) -> Parsed<Vec<Expr>> {
        if self.at("ROW") && self.nth_kind(1) == TokenKind::LeftParen {
            self.bump();
        } else if self.peek() != TokenKind::LeftParen {
            return Ok(vec![self.expression()?]);
        }
        self.paren_list(|parser| {
            if parser.at("DEFAULT") {
                return Err(parser.unsupported(parser.span(), "DEFAULT as a value"));
            }
            Ok(*parser.boxed_expression()?)
        })
    }

    // ------------------------------------------------------------------------------------------ SELECT

    fn select(&mut self) -> Parsed<Box<Select>> {
        let start = self.bump().span;
        let hints = self.hints()?;
        if self.at("STREAM") {
            return Err(self
                .unsupported(self.span(), "SELECT STREAM")
                .hint("leave STREAM away"));
        }
        let distinct = self.eat("DISTINCT");
        if !distinct {
            self.eat("ALL");
        }
        let items = self.comma_list(|parser| parser.select_item())?;
        let mut select = Box::new(Select {
            hints,
            distinct,
            items,
            from: None,
            filter: None,
            group_by: Vec::new(),
            having: None,
            windows: Vec::new(),
            qualify: None,
            span: start,
        });
        if self.eat("FROM") {
            self.select_from(&mut select)?;
        }
        select.span = self.since(start);
        Ok(select)
    }

    fn select_from(&mut self, select: &mut Select) -> Parsed<()> {
        select.from = Some(*self.tables()?);
        if self.eat("WHERE") {
            let filter = self.boxed_expression()?;
            put(&mut select.filter, filter);
        }
        if self.eat("GROUP") {
            self.expect("BY")?;
            if self.at("DISTINCT") {
                return Err(self.unsupported(self.span(), "GROUP BY DISTINCT"));
            }
            self.eat("ALL");
            select.group_by = self.comma_list(|parser| parser.group_item())?;
        }
        if self.eat("HAVING") {
            let having = self.boxed_expression()?;
            put(&mut select.having, having);
        }
        if self.eat("WINDOW") {
            select.windows = self.comma_list(|parser| {
                let name = parser.name("the name of a window")?;
                parser.expect("AS")?;
                Ok((name, parser.over_window()?))
            })?;
        }
        if self.eat("QUALIFY") {
            let qualify = self.boxed_expression()?;
            put(&mut select.qualify, qualify);
        }
        Ok(())
    }

    fn select_item(&mut self) -> Parsed<SelectItem> {
        if let Some(wildcard) = self.wildcard()? {
            if self.at("AS") || self.nth_is_name(0) {
                return Err(self.alias_of_wildcard());
            }
            return Ok(wildcard);
        }
        let expression = self.boxed_expression()?;
        let alias = if self.eat("AS") {
            if self.peek() == TokenKind::String {
                return Err(self.alias_as_string());
            }
            Some(self.name("an alias")?)
        } else if self.peek() == TokenKind::String {
            return Err(self.alias_as_string());
        } else if self.nth_is_name(0) {
            self.bare_alias = Some(self.position);
            Some(self.name("an alias")?)
        } else {
            None
        };
        Ok(SelectItem::Expression {
            expression: *expression,
            alias,
        })
    }

    fn alias_as_string(&self) -> Diagnostic {
        self.expected("an alias")
            .hint("an alias is a name: write it in back quotes (`) instead of single ones")
    }

    /// `*` or `a.b.*`
    fn wildcard(&mut self) -> Parsed<Option<SelectItem>> {
        let start = self.span();
        if self.eat_kind(TokenKind::Star) {
            return Ok(Some(SelectItem::Wildcard {
                qualifier: None,
                span: start,
            }));
        }
        let mut names = 0;
        while self.nth_is_name(2 * names) && self.nth_kind(2 * names + 1) == TokenKind::Dot {
            names += 1;
        }
        if names == 0 || self.nth_kind(2 * names) != TokenKind::Star {
            return Ok(None);
        }
        let mut parts = Vec::with_capacity(names);
        for _ in 0..names {
            parts.push(self.name("a name")?);
            self.bump();
        }
        self.bump();
        Ok(Some(SelectItem::Wildcard {
            qualifier: Some(object_name(parts)),
            span: self.since(start),
        }))
    }

    fn group_item(&mut self) -> Parsed<GroupItem> {
        self.deeper(|parser| parser.group_item_here())
    }

    fn group_item_here(&mut self) -> Parsed<GroupItem> {
        let start = self.span();
        if self.eat_all(&["GROUPING", "SETS"]) {
            let sets = self.paren_list(|parser| parser.group_item())?;
            return Ok(GroupItem::GroupingSets {
                sets,
                span: self.since(start),
            });
        }
        if self.eat("ROLLUP") {
            let items = self.paren_list(|parser| parser.group_item())?;
            return Ok(GroupItem::Rollup {
                items,
                span: self.since(start),
            });
        }
        if self.eat("CUBE") {
            let items = self.paren_list(|parser| parser.group_item())?;
            return Ok(GroupItem::Cube {
                items,
                span: self.since(start),
            });
        }
        if self.peek() == TokenKind::LeftParen && self.nth_kind(1) == TokenKind::RightParen {
            self.position += 2;
            return Ok(GroupItem::Tuple {
                items: Vec::new(),
                span: self.since(start),
            });
        }
        let expression = self.boxed_expression()?;
        match expression.kind {
            ExprKind::Row {
                fields,
                explicit: false,
            } => Ok(GroupItem::Tuple {
                items: fields,
                span: expression.span,
            }),
            kind => Ok(GroupItem::Expression(Expr {
                kind,
                span: expression.span,
            })),
        }
    }

    // --------------------------------------------------------------------------------- order and limit

    /// `ORDER BY a, b`
    pub(super) fn order_by(&mut self) -> Parsed<Vec<OrderItem>> {
        self.expect_all(&["ORDER", "BY"])?;
        self.comma_list(|parser| parser.order_item())
    }

    pub(super) fn order_item(&mut self) -> Parsed<OrderItem> {
        let expression = self.boxed_expression()?;
        let descending = self.eat("DESC");
        if !descending {
            self.eat("ASC");
        }
        let nulls_first = if self.eat("NULLS") {
            let first = self.eat("FIRST");
            if !first {
                self.expect_or("LAST", &["FIRST", "LAST"])?;
            }
            Some(first)
        } else {
            None
        };
        Ok(OrderItem {
            expression: *expression,
            descending,
            nulls_first,
        })
    }

    /// `LIMIT n OFFSET m`, or `OFFSET m ROWS FETCH NEXT n ROWS ONLY`
    fn limits(&mut self, query: &mut Query) -> Parsed<()> {
        let limited = self.eat("LIMIT");
        if limited && !self.eat("ALL") {
            query.limit = Some(self.row_count()?);
            if self.peek() == TokenKind::Comma {
                return Err(self
                    .expected("the end of the query")
                    .hint("write LIMIT count OFFSET start"));
            }
        }
        if self.eat("OFFSET") {
            query.offset = Some(self.row_count()?);
            if !self.eat("ROWS") {
                self.eat("ROW");
            }
        }
        if self.at("LIMIT") && !limited {
            return Err(self.expected("FETCH").hint("write LIMIT before OFFSET"));
        }
        if !limited && self.eat("FETCH") {
            if !self.eat("FIRST") {
                self.expect_or("NEXT", &["FIRST", "NEXT"])?;
            }
            query.limit = Some(self.row_count()?);
            if !self.eat("ROWS") {
                self.expect_or("ROW", &["ROW", "ROWS"])?;
            }
            self.expect("ONLY")?;
        }
        Ok(())
    }

    fn row_count(&mut self) -> Parsed<Expr> {
        match self.peek() {
            TokenKind::Integer => Ok(*self.number()?),
            TokenKind::Decimal | TokenKind::Double => Err(Diagnostic::validation(
                self.span(),
                "a number of rows must be whole",
            )),
            TokenKind::Question => Err(self.unsupported(self.span(), "the parameter '?'")),
            _ => Err(self.expected("a number of rows")),
        }
    }
}

fn unlimited(ctes: Vec<Cte>, recursive: bool, body: QueryBody, order_by: Vec<OrderItem>) -> Box<Query> {
    Box::new(Query {
        ctes,
        recursive,
        body,
        order_by,
        limit: None,
        offset: None,
        span: Span::default(),
    })
}

fn cte(name: Ident, columns: Vec<Ident>, query: Box<Query>) -> Cte {
    Cte {
        name,
        columns,
        query: *query,
    }
}

fn set_operation(operator: SetOperator, all: bool, left: QueryBody, right: QueryBody) -> QueryBody {
    let span = body_span(&left).to(body_span(&right));
    QueryBody::SetOperation {
        operator,
        all,
        left: Box::new(left),
        right: Box::new(right),
        span,
    }
}

fn body_span(body: &QueryBody) -> Span {
    match body {
        QueryBody::Select(select) => select.span,
        QueryBody::Values { span, .. } | QueryBody::SetOperation { span, .. } => *span,
        QueryBody::Nested(query) => query.span,
        QueryBody::Table(name) => name.span,
    }
}
