//! Parts of a CREATE or ALTER TABLE statement as the catalog keeps them.

use model::{DataType, Diagnostic, RowField, Span, TypeKind};
use sql::ast::{
    ColumnDefinition, ColumnKind, Distribution, DistributionKind, PrimaryKey, WatermarkDefinition,
};

use super::schema::Places;
use crate::catalog::{TableColumn, TableColumnKind, TableDistribution, TablePrimaryKey, TableWatermark};

/// The column, its expression cut from `text`; the type of a computed one is not known yet.
pub fn column(definition: &ColumnDefinition, text: &str, places: &mut Places) -> TableColumn {
    let name = definition.name.name.clone();
    places.columns.insert(name.clone(), definition.name.span);
    let (data_type, kind) = match &definition.kind {
        ColumnKind::Physical { data_type, .. } => (
            without_descriptions(&data_type.data_type),
            TableColumnKind::Physical,
        ),
        ColumnKind::Computed(expression) => {
            places.expressions.insert(name.clone(), expression.span);
            let expression = expression.span.text(text).to_string();
            (unknown_type(), TableColumnKind::Computed(expression))
        }
        ColumnKind::Metadata {
            data_type,
            key,
            is_virtual,
        } => (
            without_descriptions(&data_type.data_type),
            TableColumnKind::Metadata {
                key: key.as_ref().map(|key| key.value.clone()),
                is_virtual: *is_virtual,
            },
        ),
    };
    TableColumn {
        name,
        data_type,
        kind,
        comment: definition.comment.as_ref().map(|comment| comment.value.clone()),
    }
}

/// Flink's catalogs lose the descriptions of a row's fields.
fn without_descriptions(data_type: &DataType) -> DataType {
    let kind = match &data_type.kind {
        TypeKind::Array(element) => TypeKind::Array(Box::new(without_descriptions(element))),
        TypeKind::Multiset(element) => TypeKind::Multiset(Box::new(without_descriptions(element))),
        TypeKind::Map(key, value) => TypeKind::Map(
            Box::new(without_descriptions(key)),
            Box::new(without_descriptions(value)),
        ),
        TypeKind::Row(fields) => TypeKind::Row(
            fields
                .iter()
                .map(|field| RowField::new(&field.name, without_descriptions(&field.data_type)))
                .collect(),
        ),
        other => other.clone(),
    };
    DataType {
        kind,
        nullable: data_type.nullable,
    }
}

/// The type of a computed column before it is resolved.
pub fn unknown_type() -> DataType {
    TypeKind::Null.nullable()
}

pub fn watermark(
    definition: &WatermarkDefinition,
    text: &str,
    places: &mut Places,
) -> Result<TableWatermark, Diagnostic> {
    let [column] = definition.column.parts.as_slice() else {
        let path: Vec<&str> = definition
            .column
            .parts
            .iter()
            .map(|part| part.name.as_str())
            .collect();
        let message = format!(
            "watermark column '{}' must be a column of the table itself",
            path.join(".")
        );
        return Err(Diagnostic::validation(definition.column.span, message)
            .hint("declare a computed column for the nested field and put the watermark on it"));
    };
    places.watermark_column = Some(column.span);
    places.watermark_expression = Some(definition.expression.span);
    Ok(TableWatermark {
        column: column.name.clone(),
        expression: definition.expression.span.text(text).to_string(),
    })
}

/// The key; `column` is the one it stands on, if it stands on a column.
pub fn primary_key(
    key: &PrimaryKey,
    column: Option<(&str, Span)>,
    places: &mut Places,
) -> Result<TablePrimaryKey, Diagnostic> {
    if !key.not_enforced {
        return Err(
            Diagnostic::validation(key.span, "a primary key must be declared NOT ENFORCED")
                .hint("the data is not owned here, so that the key can only be trusted: add NOT ENFORCED"),
        );
    }
    let mut columns = Vec::new();
    if let Some((name, span)) = column {
        columns.push(name.to_string());
        places.key_columns.insert(name.to_string(), span);
    }
    for ident in &key.columns {
        columns.push(ident.name.clone());
        places.key_columns.insert(ident.name.clone(), ident.span);
    }
    let name = match &key.constraint {
        Some(name) => name.name.clone(),
        None => format!("PK_{}", columns.join("_")),
    };
    Ok(TablePrimaryKey { name, columns })
}

pub fn distribution(distribution: &Distribution, places: &mut Places) -> TableDistribution {
    places.distribution = Some(distribution.span);
    let kind = match distribution.kind {
        DistributionKind::Hash => "HASH",
        DistributionKind::Range => "RANGE",
        DistributionKind::Unspecified => "",
    };
    TableDistribution {
        kind: kind.to_string(),
        columns: distribution
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect(),
        buckets: distribution.buckets,
    }
}
