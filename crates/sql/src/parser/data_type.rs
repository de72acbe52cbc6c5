//! The syntax of types.
//!
//! A precision out of range is a validation error, as in Flink: its parser takes any number.

use std::collections::HashSet;

use model::data_type::{DECIMAL_PRECISION_MAX, LENGTH_MAX};
use model::{DataType, Diagnostic, RowField, Span, TypeKind, suggest};

use super::{Parsed, Parser};
use crate::ast::{Ident, TimeUnit, TypeName};
use crate::lexer::TokenKind;

const TIME_PRECISION_MAX: u32 = 9;
const DECIMAL_PRECISION_DEFAULT: u32 = 10;
const TIMESTAMP_PRECISION_DEFAULT: u8 = 6;

#[rustfmt::skip]
const TYPES: &[&str] = &[
    "CHAR", "VARCHAR", "STRING", "BOOLEAN", "BINARY", "VARBINARY", "BYTES", "DECIMAL", "NUMERIC", "TINYINT",
    "SMALLINT", "INT", "INTEGER", "BIGINT", "FLOAT", "DOUBLE", "DATE", "TIME", "TIMESTAMP", "TIMESTAMP_LTZ",
    "ARRAY", "MULTISET", "MAP", "ROW",
];

/// Names that other databases give to types.
const FOREIGN_TYPES: &[(&str, &str)] = &[
    ("BOOL", "BOOLEAN"),
    ("LONG", "BIGINT"),
    ("TEXT", "STRING"),
    ("VARCHAR2", "STRING"),
    ("NVARCHAR", "STRING"),
    ("UUID", "STRING"),
    ("JSON", "STRING"),
    ("JSONB", "STRING"),
    ("BLOB", "BYTES"),
    ("BYTEA", "BYTES"),
    ("DATETIME", "TIMESTAMP"),
    ("TIMESTAMPTZ", "TIMESTAMP_LTZ"),
    ("INT8", "BIGINT"),
    ("INT4", "INT"),
    ("INT2", "SMALLINT"),
    ("INT64", "BIGINT"),
    ("INT32", "INT"),
    ("FLOAT64", "DOUBLE"),
    ("FLOAT8", "DOUBLE"),
    ("FLOAT4", "FLOAT"),
    ("NUMBER", "DECIMAL"),
    ("STRUCT", "ROW"),
    ("LIST", "ARRAY"),
];

impl Parser<'_> {
    /// The type of a column, of a field, or of elements, with its nullability.
    pub(super) fn nullable_type(&mut self) -> Parsed<TypeName> {
        self.deeper(|parser| parser.type_with_suffixes(true))
    }

    /// The type in a CAST: it may be an interval, and has no nullability.
    pub(super) fn cast_type(&mut self) -> Parsed<TypeName> {
        if self.at("INTERVAL") {
            return self.interval_type();
        }
        self.deeper(|parser| parser.type_with_suffixes(false))
    }

    /// Any type, on its own.
    pub(super) fn any_data_type(&mut self) -> Parsed<TypeName> {
        if !self.at("INTERVAL") {
            return self.nullable_type();
        }
        let mut name = self.interval_type()?;
        name.data_type.nullable = self.nullability();
        Ok(TypeName {
            span: self.since(name.span),
            ..name
        })
    }

    fn type_with_suffixes(&mut self, with_nullability: bool) -> Parsed<TypeName> {
        let start = self.span();
        let mut kind = self.type_kind()?;
        // `INT ARRAY`, and in a column also `INT NOT NULL ARRAY`.
        loop {
            let n = if !with_nullability {
                0
            } else if self.at_all(&["NOT", "NULL"]) {
                2
            } else {
                usize::from(self.at("NULL"))
            };
            let multiset = self.nth_is(n, "MULTISET");
            if !multiset && !self.nth_is(n, "ARRAY") {
                break;
            }
            self.position += n + 1;
            self.grow()?;
            let element = Box::new(DataType {
                kind,
                nullable: n != 2,
            });
            kind = if multiset {
                TypeKind::Multiset(element)
            } else {
                TypeKind::Array(element)
            };
        }
        let nullable = !with_nullability || self.nullability();
        Ok(TypeName {
            data_type: DataType { kind, nullable },
            span: self.since(start),
        })
    }

    /// True unless NOT NULL stands here.
    fn nullability(&mut self) -> bool {
        if self.eat_all(&["NOT", "NULL"]) {
            return false;
        }
        self.eat("NULL");
        true
    }

    fn type_kind(&mut self) -> Parsed<TypeKind> {
        let word = self.text_of(self.span()).to_ascii_uppercase();
        if self.peek() != TokenKind::Word {
            return self.foreign_type();
        }
        let simple = match word.as_str() {
            "BOOLEAN" => TypeKind::Boolean,
            "TINYINT" => TypeKind::TinyInt,
            "SMALLINT" => TypeKind::SmallInt,
            "INT" | "INTEGER" => TypeKind::Int,
            "BIGINT" => TypeKind::BigInt,
            "FLOAT" | "REAL" => TypeKind::Float,
            "DATE" => TypeKind::Date,
            "STRING" => TypeKind::STRING,
            "BYTES" => TypeKind::BYTES,
            "BITMAP" => TypeKind::Bitmap,
            "VARIANT" => TypeKind::Variant,
            "DOUBLE" => {
                self.bump();
                self.eat("PRECISION");
                return Ok(TypeKind::Double);
            }
            "CHAR" | "CHARACTER" | "VARCHAR" => return self.character_type(word == "VARCHAR"),
            "BINARY" | "VARBINARY" => return self.binary_type(word == "VARBINARY"),
            "DECIMAL" | "DEC" | "NUMERIC" => return self.decimal_type(),
            "TIME" => return self.time_type(),
            "TIMESTAMP" => return self.timestamp_type(),
            "TIMESTAMP_LTZ" => {
                self.bump();
                return Ok(TypeKind::TimestampLtz(
                    self.precision()?.unwrap_or(TIMESTAMP_PRECISION_DEFAULT),
                ));
            }
            "ARRAY" => return Ok(TypeKind::Array(self.element_type()?)),
            "MULTISET" => return Ok(TypeKind::Multiset(self.element_type()?)),
            "MAP" => return self.map_type(),
            "ROW" => return self.row_type(),
            _ => return self.foreign_type(),
        };
        self.bump();
        Ok(simple)
    }

    /// What is no type of ours.
    fn foreign_type(&mut self) -> Parsed<TypeKind> {
        let start = self.span();
        let word = self.text_of(start).to_ascii_uppercase();
        if self.peek() == TokenKind::Word
            && matches!(
                word.as_str(),
                "ANY" | "RAW" | "STRUCTURED" | "UNSIGNED" | "GEOMETRY"
            )
        {
            return Err(self.unsupported(start, &format!("type {word}")));
        }
        let near = suggest::did_you_mean(&word, TYPES.iter().copied());
        if !self.nth_is_name(0) {
            return Err(self
                .expected("a type")
                .maybe_hint(near.filter(|_| self.at_reserved())));
        }
        let name = self.object_name("a type")?;
        let written = self.text_of(name.span);
        let foreign = FOREIGN_TYPES.iter().find(|(foreign, _)| *foreign == word);
        let hint = foreign.map(|(_, ours)| format!("use {ours}")).or(near);
        Err(Diagnostic::validation(name.span, format!("type '{written}' is not known")).maybe_hint(hint))
    }

    fn character_type(&mut self, varying: bool) -> Parsed<TypeKind> {
        self.bump();
        let varying = self.eat("VARYING") || varying;
        let length = self.length()?;
        if self.at_all(&["CHARACTER", "SET"]) {
            return Err(self.unsupported(self.span(), "CHARACTER SET"));
        }
        Ok(if varying {
            TypeKind::Varchar(length.unwrap_or(LENGTH_MAX))
        } else {
            TypeKind::Char(length.unwrap_or(1))
        })
    }

    fn binary_type(&mut self, varying: bool) -> Parsed<TypeKind> {
        self.bump();
        let varying = self.eat("VARYING") || varying;
        let length = self.length()?;
        Ok(if varying {
            TypeKind::Varbinary(length.unwrap_or(LENGTH_MAX))
        } else {
            TypeKind::Binary(length.unwrap_or(1))
        })
    }

    fn length(&mut self) -> Parsed<Option<u32>> {
        if !self.eat_kind(TokenKind::LeftParen) {
            return Ok(None);
        }
        let (length, span) = self.unsigned("a length")?;
        if length == 0 {
            return Err(Diagnostic::validation(
                span,
                format!("a length must be between 1 and {LENGTH_MAX}, got 0"),
            ));
        }
        self.right_paren()?;
        Ok(Some(length))
    }

    fn decimal_type(&mut self) -> Parsed<TypeKind> {
        self.bump();
        let (mut precision, mut scale) = (DECIMAL_PRECISION_DEFAULT, 0);
        if self.eat_kind(TokenKind::LeftParen) {
            let (number, span) = self.unsigned("a precision")?;
            if !(1..=u32::from(DECIMAL_PRECISION_MAX)).contains(&number) {
                let message = format!(
                    "the precision of a DECIMAL must be between 1 and {DECIMAL_PRECISION_MAX}, got {number}"
                );
                return Err(Diagnostic::validation(span, message));
            }
            precision = number;
            if self.eat_kind(TokenKind::Comma) {
                let (number, span) = self.unsigned("a scale")?;
                if number > precision {
                    let message = format!(
                        "the scale of a DECIMAL({precision}) must be between 0 and {precision}, got {number}"
                    );
                    return Err(Diagnostic::validation(span, message));
                }
                scale = number;
            }
            self.list_end()?;
        }
        // Both are at most 38 here.
        Ok(TypeKind::Decimal {
            precision: precision as u8,
            scale: scale as u8,
        })
    }

    fn precision(&mut self) -> Parsed<Option<u8>> {
        if !self.eat_kind(TokenKind::LeftParen) {
            return Ok(None);
        }
        let (number, span) = self.unsigned("a precision")?;
        if number > TIME_PRECISION_MAX {
            let message =
                format!("the precision of a time must be between 0 and {TIME_PRECISION_MAX}, got {number}");
            return Err(Diagnostic::validation(span, message));
        }
        self.right_paren()?;
        Ok(Some(number as u8))
    }

    fn time_type(&mut self) -> Parsed<TypeKind> {
        let start = self.bump().span;
        let precision = self.precision()?.unwrap_or(0);
        if self.at("WITH") && self.time_zone()? {
            return Err(self.unsupported(self.since(start), "TIME WITH LOCAL TIME ZONE"));
        }
        self.without_time_zone()?;
        Ok(TypeKind::Time(precision))
    }

    fn timestamp_type(&mut self) -> Parsed<TypeKind> {
        self.bump();
        let precision = self.precision()?.unwrap_or(TIMESTAMP_PRECISION_DEFAULT);
        if self.at("WITH") && self.time_zone()? {
            return Ok(TypeKind::TimestampLtz(precision));
        }
        self.without_time_zone()?;
        Ok(TypeKind::Timestamp(precision))
    }

    /// `WITH LOCAL TIME ZONE`
    fn time_zone(&mut self) -> Parsed<bool> {
        self.bump();
        if self.at_all(&["TIME", "ZONE"]) {
            return Err(self
                .expected("LOCAL")
                .hint("Flink SQL has only WITH LOCAL TIME ZONE"));
        }
        self.expect_all(&["LOCAL", "TIME", "ZONE"])?;
        Ok(true)
    }

    fn without_time_zone(&mut self) -> Parsed<()> {
        if self.eat("WITHOUT") {
            self.expect_all(&["TIME", "ZONE"])
        } else {
            Ok(())
        }
    }

    /// `<T>` behind ARRAY and MULTISET.
    fn element_type(&mut self) -> Parsed<Box<DataType>> {
        self.bump();
        self.expect_kind(TokenKind::Less, "'<'")?;
        let element = self.nullable_type()?.data_type;
        self.expect_kind(TokenKind::Greater, "'>'")?;
        Ok(Box::new(element))
    }

    fn map_type(&mut self) -> Parsed<TypeKind> {
        self.bump();
        self.expect_kind(TokenKind::Less, "'<'")?;
        let key = self.nullable_type()?.data_type;
        self.expect_kind(TokenKind::Comma, "','")?;
        let value = self.nullable_type()?.data_type;
        self.expect_kind(TokenKind::Greater, "'>'")?;
        Ok(TypeKind::Map(Box::new(key), Box::new(value)))
    }

    /// `ROW<a INT 'description', ...>`, also with parentheses.
    fn row_type(&mut self) -> Parsed<TypeKind> {
        self.bump();
        if self.eat_kind(TokenKind::NotEqual) {
            return Ok(TypeKind::Row(Vec::new()));
        }
        let (close, what) = if self.eat_kind(TokenKind::LeftParen) {
            (TokenKind::RightParen, "',' or ')'")
        } else {
            self.expect_kind(TokenKind::Less, "'<' or '('")?;
            (TokenKind::Greater, "',' or '>'")
        };
        let fields = if self.peek() == close {
            Vec::new()
        } else {
            self.comma_list(|parser| parser.row_field())?
        };
        self.expect_kind(close, what)?;
        Ok(TypeKind::Row(distinct_fields(fields)?))
    }

    fn row_field(&mut self) -> Parsed<(Span, RowField)> {
        let Ident { name, span, .. } = self.name("the name of a field")?;
        let data_type = self.nullable_type()?.data_type;
        let described = matches!(self.peek(), TokenKind::String | TokenKind::UnicodeString);
        let description = if described {
            Some(self.string("a description")?.value)
        } else {
            None
        };
        let field = RowField {
            name,
            data_type,
            description,
        };
        Ok((span, field))
    }

    fn interval_type(&mut self) -> Parsed<TypeName> {
        let start = self.bump().span;
        let name = self.interval_type_here()?;
        Ok(TypeName {
            span: self.since(start),
            ..name
        })
    }

    /// Behind INTERVAL.
    pub(super) fn interval_type_here(&mut self) -> Parsed<TypeName> {
        let start = self.span();
        let qualifier = self.interval_qualifier()?;
        let kind = match qualifier.from {
            TimeUnit::Year | TimeUnit::Quarter | TimeUnit::Month => TypeKind::IntervalYearMonth,
            _ => TypeKind::IntervalDayTime,
        };
        Ok(TypeName {
            data_type: kind.nullable(),
            span: self.since(start),
        })
    }
}

/// The fields of a row, no two of one name.
fn distinct_fields(fields: Vec<(Span, RowField)>) -> Parsed<Vec<RowField>> {
    let mut seen = HashSet::with_capacity(fields.len());
    for (span, field) in &fields {
        if !seen.insert(field.name.as_str()) {
            return Err(Diagnostic::validation(
                *span,
                format!("the row has field '{}' twice", field.name),
            ));
        }
    }
    Ok(fields.into_iter().map(|(_, field)| field).collect())
}
