//! What `print` shows.

use std::sync::Arc;

use arrow_array::builder::{Int32Builder, ListBuilder, StringBuilder};
use arrow_array::{Array, ArrayRef, BinaryArray, Int32Array, RecordBatch, StringArray, StructArray};
use dataflow::{Chunk, SinkRequest};
use model::{Field, RowField, RowKind, Schema, TypeKind};

use crate::testing::TestTable;
use crate::{Captured, Console};

fn schema() -> Schema {
    let nested = TypeKind::Row(vec![
        RowField::new("x", TypeKind::Int.nullable()),
        RowField::new("y", TypeKind::STRING.nullable()),
    ]);
    Schema::new(vec![
        Field::new("id", TypeKind::Int.nullable()),
        Field::new("name", TypeKind::STRING.nullable()),
        Field::new(
            "tags",
            TypeKind::Array(Box::new(TypeKind::Int.nullable())).nullable(),
        ),
        Field::new("nested", nested.nullable()),
        Field::new("bytes", TypeKind::BYTES.nullable()),
    ])
}

fn chunk() -> Chunk {
    let mut tags = ListBuilder::new(Int32Builder::new());
    tags.append_value([Some(1), None]);
    tags.append_null();
    let mut names = StringBuilder::new();
    names.append_value("abc");
    names.append_null();
    let x: ArrayRef = Arc::new(Int32Array::from(vec![Some(7), None]));
    let y: ArrayRef = Arc::new(StringArray::from(vec![Some("z"), None]));
    let fields = schema().fields[3].data_type.arrow();
    let arrow_schema::DataType::Struct(fields) = fields else {
        panic!("a ROW is a struct");
    };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Int32Array::from(vec![1, 2])),
        Arc::new(names.finish()),
        Arc::new(tags.finish()),
        Arc::new(StructArray::new(fields, vec![x, y], None)),
        Arc::new(BinaryArray::from_opt_vec(vec![Some(&[1, 255]), None])),
    ];
    assert!(columns.iter().all(|column| column.len() == 2));
    Chunk {
        batch: RecordBatch::try_new(schema().arrow(), columns).unwrap(),
        kinds: Some(Arc::from([RowKind::UpdateAfter, RowKind::Delete])),
    }
}

fn printed(options: &[(&str, &str)], shard: usize, shards: usize) -> (Captured, Captured) {
    let (console, output, error) = Console::captured();
    let table = TestTable::new("print", schema(), options).with_console(console);
    let sink = table.sink(&SinkRequest {
        columns: schema(),
        metadata: Vec::new(),
        static_partition: Vec::new(),
        overwrite: false,
    });
    let mut writer = sink.unwrap().writer(shard, shards).unwrap();
    writer.write(&chunk()).unwrap();
    assert!(writer.prepare(None).unwrap().is_empty());
    (output, error)
}

#[test]
fn a_row_is_shown_as_flink_shows_it() {
    let (output, error) = printed(&[], 0, 1);
    assert_eq!(
        output.text(),
        "+U[1, abc, [1, null], +I[7, z], [1, -1]]\n-D[2, null, null, +I[null, null], null]\n"
    );
    assert_eq!(error.text(), "");
}

#[test]
fn the_prefix_tells_identifier_and_task() {
    let first = |options: &[(&str, &str)], shard, shards| {
        let text = printed(options, shard, shards).0.text();
        text.split('[').next().unwrap().to_string()
    };
    assert_eq!(first(&[("print-identifier", "out")], 0, 1), "out> +U");
    assert_eq!(first(&[("print-identifier", "out")], 2, 4), "out:3> +U");
    assert_eq!(first(&[], 0, 2), "1> +U");
}

#[test]
fn rows_go_to_standard_error_if_asked() {
    let (output, error) = printed(&[("standard-error", "true")], 0, 1);
    assert_eq!(output.text(), "");
    assert!(error.text().starts_with("+U[1, abc"));
}

#[test]
fn an_unknown_option_and_a_parallelism_are_refused() {
    let request = SinkRequest {
        columns: schema(),
        metadata: Vec::new(),
        static_partition: Vec::new(),
        overwrite: false,
    };
    let error = TestTable::new("print", schema(), &[("print-identifer", "x")])
        .sink(&request)
        .unwrap_err();
    assert_eq!(error.to_string(), "option 'print-identifer' is not known here");
    let error = TestTable::new("print", schema(), &[("sink.parallelism", "4")])
        .sink(&request)
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "option 'sink.parallelism' is not supported: the table runs at the parallelism of the job"
    );
}
