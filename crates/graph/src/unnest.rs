//! Rows once for each element of a collection in them.

use std::fmt;

use model::{DataType, Field, TypeKind};

use crate::Expr;

/// Gives each row with each element of its array, multiset or map.
#[derive(Debug, Clone)]
pub struct Unnest {
    /// The collection, over the columns of the row.
    pub operand: Expr,
    /// A column behind the elements numbers them from 1.
    pub ordinality: bool,
    /// Rows without any element are given with NULLs.
    pub keeps: bool,
    /// What elements must meet to count, over [their columns](Unnest::columns).
    pub condition: Option<Expr>,
    /// Columns of the result among those of the row and [those of the element](Unnest::columns) behind them.
    pub outputs: Vec<usize>,
}

impl Unnest {
    /// What an element becomes; `None` if the operand is no collection.
    pub fn columns(operand: &DataType, ordinality: bool, keeps: bool) -> Option<Vec<Field>> {
        let mut fields = match &operand.kind {
            TypeKind::Array(element) | TypeKind::Multiset(element) => match &element.kind {
                TypeKind::Row(fields) => fields
                    .iter()
                    .map(|field| {
                        Field::new(&field.name, field.data_type.clone().or_nullable(element.nullable))
                    })
                    .collect(),
                _ => vec![Field::new("EXPR$0", element.as_ref().clone())],
            },
            TypeKind::Map(key, value) => vec![
                Field::new("KEY", key.as_ref().clone()),
                Field::new("VALUE", value.as_ref().clone()),
            ],
            _ => return None,
        };
        if ordinality {
            fields.push(Field::new("ORDINALITY", TypeKind::Int.not_null()));
        }
        for field in &mut fields {
            field.data_type.nullable |= keeps;
        }
        Some(fields)
    }
}

impl fmt::Display for Unnest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Unnest(operand=[{}], ordinality={}, keeps={}",
            self.operand, self.ordinality, self.keeps
        )?;
        if let Some(condition) = &self.condition {
            write!(f, ", where=[{condition}]")?;
        }
        write!(f, ", select={:?})", self.outputs)
    }
}
