//! What stands around the rows of a record.

use model::{DataType, Field, RowField, RowKind, Schema, TypeKind};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Envelope {
    /// `{"before": row, "after": row, "op": "c" | "r" | "u" | "d"}`
    Debezium,
    /// `{"before": row, "after": row, "op_type": "I" | "U" | "D"}`
    Ogg,
    /// `{"data": [row, ...], "old": [row, ...], "type": "INSERT" | "UPDATE" | "DELETE"}`
    Canal,
    /// `{"data": row, "old": row, "type": "insert" | "update" | "delete"}`
    Maxwell,
}

/// What a record says of its rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    Insert,
    Update,
    Delete,
    /// A statement on the table itself, which has no rows.
    Definition,
}

impl Envelope {
    pub fn name(self) -> &'static str {
        match self {
            Envelope::Debezium => "debezium-json",
            Envelope::Ogg => "ogg-json",
            Envelope::Canal => "canal-json",
            Envelope::Maxwell => "maxwell-json",
        }
    }

    /// Where rows stand: what counts now, or after an update; and what was before it.
    pub fn rows_keys(self) -> (&'static str, &'static str) {
        match self {
            Envelope::Debezium | Envelope::Ogg => ("after", "before"),
            Envelope::Canal | Envelope::Maxwell => ("data", "old"),
        }
    }

    pub fn operation_key(self) -> &'static str {
        match self {
            Envelope::Debezium => "op",
            Envelope::Ogg => "op_type",
            Envelope::Canal | Envelope::Maxwell => "type",
        }
    }

    pub fn operation(self, word: &str) -> Option<Operation> {
        Some(match (self, word) {
            (Envelope::Debezium, "c" | "r") => Operation::Insert,
            (Envelope::Debezium, "u") => Operation::Update,
            (Envelope::Debezium, "d") => Operation::Delete,
            (Envelope::Ogg, "I") | (Envelope::Canal, "INSERT") | (Envelope::Maxwell, "insert") => {
                Operation::Insert
            }
            (Envelope::Ogg, "U") | (Envelope::Canal, "UPDATE") | (Envelope::Maxwell, "update") => {
                Operation::Update
            }
            (Envelope::Ogg, "D") | (Envelope::Canal, "DELETE") | (Envelope::Maxwell, "delete") => {
                Operation::Delete
            }
            (Envelope::Canal, "CREATE") => Operation::Definition,
            _ => return None,
        })
    }

    /// What is written before and behind a row of this kind.
    pub fn around(self, kind: RowKind) -> (&'static str, &'static str) {
        match (self, kind.is_addition()) {
            (Envelope::Debezium, true) => (r#"{"before":null,"after":"#, r#","op":"c"}"#),
            (Envelope::Debezium, false) => (r#"{"before":"#, r#","after":null,"op":"d"}"#),
            (Envelope::Ogg, true) => (r#"{"before":null,"after":"#, r#","op_type":"I"}"#),
            (Envelope::Ogg, false) => (r#"{"before":"#, r#","after":null,"op_type":"D"}"#),
            (Envelope::Canal, true) => (r#"{"data":["#, r#"],"type":"INSERT"}"#),
            (Envelope::Canal, false) => (r#"{"data":["#, r#"],"type":"DELETE"}"#),
            (Envelope::Maxwell, true) => (r#"{"data":"#, r#","type":"insert"}"#),
            (Envelope::Maxwell, false) => (r#"{"data":"#, r#","type":"delete"}"#),
        }
    }

    /// Whether what was before an update holds the changed columns only.
    pub fn before_is_partial(self) -> bool {
        matches!(self, Envelope::Canal | Envelope::Maxwell)
    }

    /// The record as a row: what counts now, what was before, the operation, and further texts.
    pub fn schema(self, rows: &Schema, further: &[&str]) -> Schema {
        let fields = rows
            .fields
            .iter()
            .map(|field| RowField::new(field.name.clone(), field.data_type.clone().with_nullable(true)));
        let row = self.of_rows(TypeKind::Row(fields.collect()).nullable());
        let (now, before) = self.rows_keys();
        let text = |name: &str| Field::new(name, TypeKind::STRING.nullable());
        let mut fields = vec![
            Field::new(now, row.clone()),
            Field::new(before, row),
            text(self.operation_key()),
        ];
        fields.extend(further.iter().map(|name| text(name)));
        Schema::new(fields)
    }

    /// A type as it stands in the envelope: Canal has lists of rows.
    pub fn of_rows(self, row: DataType) -> DataType {
        match self {
            Envelope::Canal => TypeKind::Array(Box::new(row)).nullable(),
            _ => row,
        }
    }
}
