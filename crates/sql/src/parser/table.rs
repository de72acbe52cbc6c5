//! CREATE TABLE and ALTER TABLE.

use model::Diagnostic;

use super::{Parsed, Parser};
use crate::ast::{
    AlterElement, AlterTable, ColumnDefinition, ColumnKind, ColumnPosition, CreateTable, Distribution,
    DistributionKind, Ident, LikeClause, LikeFeature, LikeMerge, LikeOption, ObjectName, PrimaryKey,
    StatementKind, TableElement, WatermarkDefinition,
};
use crate::lexer::TokenKind;

impl Parser<'_> {
    /// From TABLE on.
    pub(super) fn create_table(&mut self, temporary: bool) -> Parsed<StatementKind> {
        self.bump();
        let if_not_exists = self.if_not_exists();
        let name = self.object_name("the name of a table")?;
        let mut table = CreateTable {
            name,
            temporary,
            if_not_exists,
            elements: Vec::new(),
            comment: None,
            distribution: None,
            partitioned_by: Vec::new(),
            options: Vec::new(),
            like: None,
            column_order: Vec::new(),
            query: None,
        };
        if self.peek() == TokenKind::LeftParen {
            if self.nth_is_name(1) && matches!(self.nth_kind(2), TokenKind::Comma | TokenKind::RightParen) {
                table.column_order = self.name_list("the name of a column")?;
            } else {
                table.elements = self.paren_list(|parser| parser.table_element())?;
                one_watermark(&table.elements)?;
            }
        }
        table.comment = self.comment()?;
        if self.eat("DISTRIBUTED") {
            table.distribution = Some(self.distribution()?);
        }
        if self.eat("PARTITIONED") {
            self.expect("BY")?;
            table.partitioned_by = self.name_list("the name of a column")?;
        }
        table.options = self.with_options()?;
        if self.at_any(&["COMMENT", "DISTRIBUTED", "PARTITIONED", "WITH"]) {
            return Err(self
                .expected("LIKE, AS or the end of the statement")
                .hint("the order is COMMENT, DISTRIBUTED, PARTITIONED BY, WITH"));
        }
        if !table.column_order.is_empty() {
            self.expect("AS")
                .map_err(|fault| fault.maybe_hint(Some("give each column a type".to_string())))?;
            table.query = Some(*self.query()?);
        } else if self.at("LIKE") {
            table.like = Some(self.like_clause()?);
        } else if self.eat("AS") {
            table.query = Some(*self.query()?);
        }
        Ok(StatementKind::CreateTable(table))
    }

    /// A column, a watermark or a constraint.
    fn table_element(&mut self) -> Parsed<TableElement> {
        let start = self.span();
        if self.at_any(&["PRIMARY", "CONSTRAINT", "UNIQUE"]) {
            return Ok(TableElement::PrimaryKey(self.table_constraint()?));
        }
        if self.at("WATERMARK") && self.nth_is(1, "FOR") {
            self.position += 2;
            let column = self.object_name("the name of a column")?;
            self.expect("AS")?;
            let expression = self.expression()?;
            return Ok(TableElement::Watermark(WatermarkDefinition {
                column,
                expression,
                span: self.since(start),
            }));
        }
        let name = self.column_name()?;
        let kind = if self.eat("AS") {
            ColumnKind::Computed(self.expression()?)
        } else {
            self.typed_column()?
        };
        let comment = self.comment()?;
        Ok(TableElement::Column(ColumnDefinition {
            name,
            kind,
            comment,
            span: self.since(start),
        }))
    }

    fn column_name(&mut self) -> Parsed<Ident> {
        let ObjectName { mut parts, span } = self.object_name("the name of a column")?;
        match (parts.pop(), parts.is_empty()) {
            (Some(name), true) => Ok(name),
            _ => Err(Diagnostic::validation(span, "a column has a name of one part")
                .hint("write the whole name in back quotes")),
        }
    }

    /// A type, and METADATA or a constraint behind it.
    fn typed_column(&mut self) -> Parsed<ColumnKind> {
        let data_type = self.nullable_type()?;
        if self.eat("METADATA") {
            let key = if self.eat("FROM") {
                Some(self.string("the key of the metadata as a string")?)
            } else {
                None
            };
            let is_virtual = self.eat("VIRTUAL");
            return Ok(ColumnKind::Metadata {
                data_type,
                key,
                is_virtual,
            });
        }
        let mut primary_key = None;
        if self.at_any(&["PRIMARY", "CONSTRAINT", "UNIQUE"]) {
            primary_key = Some(self.constraint(|_| Ok(Vec::new()))?);
        }
        Ok(ColumnKind::Physical {
            data_type,
            primary_key,
        })
    }

    fn table_constraint(&mut self) -> Parsed<PrimaryKey> {
        self.constraint(|parser| parser.name_list("the name of a column"))
    }

    /// `[CONSTRAINT name] PRIMARY KEY columns [[NOT] ENFORCED]`
    fn constraint(&mut self, columns: impl FnOnce(&mut Self) -> Parsed<Vec<Ident>>) -> Parsed<PrimaryKey> {
        let start = self.span();
        let constraint = if self.eat("CONSTRAINT") {
            Some(self.name("the name of a constraint")?)
        } else {
            None
        };
        if self.at("UNIQUE") {
            return Err(self
                .unsupported(self.span(), "UNIQUE")
                .hint("a table may have one PRIMARY KEY"));
        }
        self.expect_all(&["PRIMARY", "KEY"])?;
        let columns = columns(self)?;
        let not_enforced = self.eat_all(&["NOT", "ENFORCED"]);
        if !not_enforced {
            self.eat("ENFORCED");
        }
        Ok(PrimaryKey {
            constraint,
            columns,
            not_enforced,
            span: self.since(start),
        })
    }

    /// `[BY [HASH | RANGE] (columns)] [INTO n BUCKETS]`, behind its first word.
    fn distribution(&mut self) -> Parsed<Distribution> {
        let start = self.previous().map_or_else(|| self.span(), |token| token.span);
        let mut kind = DistributionKind::Unspecified;
        let mut columns = Vec::new();
        let by = self.eat("BY");
        if by {
            if self.eat("HASH") {
                kind = DistributionKind::Hash;
            } else if self.eat("RANGE") {
                kind = DistributionKind::Range;
            } else if self.peek() != TokenKind::LeftParen {
                return Err(self.expected_words(&["HASH", "RANGE", "'('"]));
            }
            columns = self.name_list("the name of a column")?;
        }
        let mut buckets = None;
        if self.eat("INTO") {
            buckets = Some(self.unsigned("a number of buckets")?.0);
            self.expect("BUCKETS")?;
        } else if !by {
            return Err(self.expected_words(&["BY", "INTO"]));
        }
        Ok(Distribution {
            kind,
            columns,
            buckets,
            span: self.since(start),
        })
    }

    fn like_clause(&mut self) -> Parsed<LikeClause> {
        let start = self.bump().span;
        let table = self.object_name("the name of a table")?;
        let mut options = Vec::new();
        if self.eat_kind(TokenKind::LeftParen) {
            options.push(self.like_option()?);
            while self.peek() != TokenKind::RightParen {
                if self.peek() == TokenKind::Comma {
                    return Err(self
                        .expected("INCLUDING, EXCLUDING, OVERWRITING or ')'")
                        .hint("the options of LIKE stand without commas"));
                }
                options.push(self.like_option()?);
            }
            self.bump();
        }
        Ok(LikeClause {
            table,
            options,
            span: self.since(start),
        })
    }

    fn like_option(&mut self) -> Parsed<LikeOption> {
        let start = self.span();
        let merge = if self.eat("INCLUDING") {
            LikeMerge::Including
        } else if self.eat("EXCLUDING") {
            LikeMerge::Excluding
        } else {
            self.expect_or("OVERWRITING", &["INCLUDING", "EXCLUDING", "OVERWRITING"])?;
            LikeMerge::Overwriting
        };
        const FEATURES: [(&str, LikeFeature); 8] = [
            ("ALL", LikeFeature::All),
            ("CONSTRAINTS", LikeFeature::Constraints),
            ("DISTRIBUTION", LikeFeature::Distribution),
            ("GENERATED", LikeFeature::Generated),
            ("METADATA", LikeFeature::Metadata),
            ("OPTIONS", LikeFeature::Options),
            ("PARTITIONS", LikeFeature::Partitions),
            ("WATERMARKS", LikeFeature::Watermarks),
        ];
        let Some((_, feature)) = FEATURES.iter().find(|(word, _)| self.at(word)) else {
            return Err(self.expected_words(&FEATURES.map(|(word, _)| word)));
        };
        self.bump();
        Ok(LikeOption {
            merge,
            feature: *feature,
            span: self.since(start),
        })
    }

    // ------------------------------------------------------------------------------------ ALTER TABLE

    /// Behind ALTER TABLE.
    pub(super) fn alter_table(&mut self) -> Parsed<StatementKind> {
        let if_exists = self.if_exists();
        let name = self.object_name("the name of a table")?;
        let action = self.alter_action()?;
        Ok(StatementKind::AlterTable {
            name,
            if_exists,
            action,
        })
    }

    fn alter_action(&mut self) -> Parsed<AlterTable> {
        if self.eat("RENAME") {
            if self.eat("TO") {
                return Ok(AlterTable::RenameTo(self.object_name("the name of a table")?));
            }
            self.no_column_word()?;
            let from = self.column_name()?;
            self.expect("TO")?;
            return Ok(AlterTable::RenameColumn {
                from,
                to: self.column_name()?,
            });
        }
        if self.eat("SET") {
            return Ok(AlterTable::SetOptions(self.options()?));
        }
        if self.eat("RESET") {
            self.left_paren()?;
            if self.eat_kind(TokenKind::RightParen) {
                return Ok(AlterTable::ResetOptions(Vec::new()));
            }
            let keys = self.comma_list(|parser| parser.string("an option's key as a string"))?;
            self.list_end()?;
            return Ok(AlterTable::ResetOptions(keys));
        }
        if self.eat("ADD") {
            if self.at("PARTITION") || self.at("IF") {
                return Err(self.unsupported(self.span(), "ADD PARTITION"));
            }
            if self.eat("DISTRIBUTION") {
                return Ok(AlterTable::AddDistribution(self.distribution()?));
            }
            return Ok(AlterTable::Add(self.alter_elements()?));
        }
        if self.eat("MODIFY") {
            if self.eat("DISTRIBUTION") {
                return Ok(AlterTable::ModifyDistribution(self.distribution()?));
            }
            return Ok(AlterTable::Modify(self.alter_elements()?));
        }
        if self.eat("DROP") {
            return self.alter_drop();
        }
        Err(self.expected_words(&["ADD", "MODIFY", "DROP", "RENAME", "SET", "RESET"]))
    }

    /// One element, or several in parentheses.
    fn alter_elements(&mut self) -> Parsed<Vec<AlterElement>> {
        let elements = if self.peek() == TokenKind::LeftParen {
            self.paren_list(|parser| parser.alter_element())?
        } else {
            self.no_column_word()?;
            vec![self.alter_element()?]
        };
        let watermarks = elements
            .iter()
            .filter(|e| matches!(e.element, TableElement::Watermark(_)));
        match watermarks.map(|e| &e.element).nth(1) {
            Some(second) => Err(second_watermark(second)),
            None => Ok(elements),
        }
    }

    fn no_column_word(&self) -> Parsed<()> {
        if self.at("COLUMN") {
            return Err(self.expected("the name of a column").hint("leave COLUMN away"));
        }
        Ok(())
    }

    fn alter_element(&mut self) -> Parsed<AlterElement> {
        let element = self.table_element()?;
        let mut position = None;
        if matches!(element, TableElement::Column(_)) {
            if self.eat("FIRST") {
                position = Some(ColumnPosition::First);
            } else if self.eat("AFTER") {
                position = Some(ColumnPosition::After(self.column_name()?));
            }
        }
        Ok(AlterElement { element, position })
    }

    fn alter_drop(&mut self) -> Parsed<AlterTable> {
        if self.at("PARTITION") || self.at_all(&["IF", "EXISTS", "PARTITION"]) {
            return Err(self.unsupported(self.span(), "DROP PARTITION"));
        }
        if self.eat("PRIMARY") {
            self.expect("KEY")?;
            return Ok(AlterTable::DropPrimaryKey);
        }
        if self.eat("CONSTRAINT") {
            return Ok(AlterTable::DropConstraint(self.name("the name of a constraint")?));
        }
        if self.eat("WATERMARK") {
            return Ok(AlterTable::DropWatermark);
        }
        if self.eat("DISTRIBUTION") {
            return Ok(AlterTable::DropDistribution);
        }
        if self.peek() == TokenKind::LeftParen {
            return Ok(AlterTable::DropColumns(
                self.paren_list(|parser| parser.column_name())?,
            ));
        }
        self.no_column_word()?;
        Ok(AlterTable::DropColumns(vec![self.column_name()?]))
    }
}

fn one_watermark(elements: &[TableElement]) -> Parsed<()> {
    match elements
        .iter()
        .filter(|element| matches!(element, TableElement::Watermark(_)))
        .nth(1)
    {
        Some(second) => Err(second_watermark(second)),
        None => Ok(()),
    }
}

fn second_watermark(element: &TableElement) -> Diagnostic {
    let diagnostic = Diagnostic::error(model::ErrorKind::Parse, "a table has at most one watermark");
    match element {
        TableElement::Watermark(watermark) => diagnostic.at(watermark.span),
        _ => diagnostic,
    }
}
