//! Generated rows through the connector.

use std::sync::Arc;
use std::time::Duration;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int8Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use dataflow::{Boundedness, Position, ReadOutcome};
use model::{DataType, Field, RowField, Schema, TypeKind};
use stdx::ManualClock;

use crate::testing::{START_MS, TestTable, read_all, rows_text};

fn schema(columns: &[(&str, TypeKind)]) -> Schema {
    let fields = columns
        .iter()
        .map(|(name, kind)| Field::new(*name, kind.clone().nullable()));
    Schema::new(fields.collect())
}

fn types(schema: &Schema) -> Vec<DataType> {
    schema
        .fields
        .iter()
        .map(|field| field.data_type.clone())
        .collect()
}

/// All rows as fast as the clock can be moved.
fn batches(schema: &Schema, options: &[(&str, &str)], rows_max: usize) -> Vec<RecordBatch> {
    let clock = Arc::new(ManualClock::at_ms(START_MS));
    let table = TestTable::new("datagen", schema.clone(), options).with_clock(clock.clone());
    let source = table.scan().unwrap();
    clock.advance(Duration::from_secs(1_000_000));
    let split = &source.splits(1).unwrap()[0];
    read_all(&mut *source.open(split, None).unwrap(), rows_max).unwrap()
}

fn rows(columns: &[(&str, TypeKind)], options: &[(&str, &str)]) -> Vec<String> {
    let schema = schema(columns);
    rows_text(&types(&schema), &batches(&schema, options, 7))
}

fn fault(columns: &[(&str, TypeKind)], options: &[(&str, &str)]) -> String {
    TestTable::new("datagen", schema(columns), options)
        .scan()
        .unwrap_err()
        .to_string()
}

#[test]
fn sequences_count_and_the_shortest_ends_the_rows() {
    let columns = [
        ("a", TypeKind::Int),
        ("b", TypeKind::STRING),
        (
            "c",
            TypeKind::Decimal {
                precision: 5,
                scale: 2,
            },
        ),
        ("d", TypeKind::Double),
        ("e", TypeKind::BYTES),
    ];
    let mut options = Vec::new();
    for (name, start, end) in [
        ("a", "5", "100"),
        ("b", "-1", "100"),
        ("c", "1", "3"),
        ("d", "0", "9"),
        ("e", "1", "9"),
    ] {
        options.push((format!("fields.{name}.kind"), "sequence"));
        options.push((format!("fields.{name}.start"), start));
        options.push((format!("fields.{name}.end"), end));
    }
    let options: Vec<(&str, &str)> = options
        .iter()
        .map(|(key, value)| (key.as_str(), *value))
        .collect();
    assert_eq!(
        rows(&columns, &options),
        [
            "5, -1, 1.00, 0.0, [0, 0, 0, 0, 0, 0, 0, 1]",
            "6, 0, 2.00, 1.0, [0, 0, 0, 0, 0, 0, 0, 2]",
            "7, 1, 3.00, 2.0, [0, 0, 0, 0, 0, 0, 0, 3]"
        ]
    );
    let mut shorter = options.clone();
    shorter.push(("number-of-rows", "2"));
    assert_eq!(rows(&columns, &shorter).len(), 2);
}

#[test]
fn shards_deal_a_sequence_out_in_turn_and_resume_anywhere() {
    let columns = schema(&[("a", TypeKind::BigInt), ("b", TypeKind::STRING)]);
    let options = [
        ("fields.a.kind", "sequence"),
        ("fields.a.start", "1"),
        ("fields.a.end", "50"),
        ("random-seed", "9"),
    ];
    let table = TestTable::new("datagen", columns.clone(), &options);
    let source = table.scan().unwrap();
    assert_eq!(source.boundedness(), Boundedness::Bounded);
    let whole = batches(&columns, &options, 50);
    let all = rows_text(&types(&columns), &whole);
    assert!(all[0].starts_with("1, ") && all[49].starts_with("50, "));
    let clock = Arc::new(ManualClock::at_ms(START_MS));
    let table = TestTable::new("datagen", columns.clone(), &options).with_clock(clock.clone());
    let source = table.scan().unwrap();
    clock.advance(Duration::from_secs(10));
    for (index, split) in source.splits(3).unwrap().iter().enumerate() {
        let mut found = Vec::new();
        let mut position: Option<Position> = None;
        loop {
            let mut reader = source.open(split, position.as_ref()).unwrap();
            let ReadOutcome::Rows(batch) = reader.read(4).unwrap() else {
                break;
            };
            found.extend(rows_text(&types(&columns), &[batch]));
            position = Some(reader.position());
            reader.read(3).unwrap();
        }
        let expected: Vec<String> = all.iter().skip(index).step_by(3).cloned().collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn random_numbers_stay_within_their_bounds_and_reach_them() {
    let columns = schema(&[
        ("tiny", TypeKind::TinyInt),
        ("big", TypeKind::BigInt),
        ("double", TypeKind::Double),
        (
            "decimal",
            TypeKind::Decimal {
                precision: 4,
                scale: 1,
            },
        ),
    ]);
    let options = [
        ("number-of-rows", "5000"),
        ("random-seed", "1"),
        ("fields.tiny.min", "-3"),
        ("fields.tiny.max", "3"),
        ("fields.double.min", "-0.5"),
        ("fields.double.max", "0.5"),
        ("fields.decimal.min", "-1e9"),
    ];
    let batch = &batches(&columns, &options, 5000)[0];
    let tiny = batch.column(0).as_primitive::<Int8Type>().values();
    assert_eq!((tiny.iter().min(), tiny.iter().max()), (Some(&-3), Some(&3)));
    let big = batch.column(1).as_primitive::<Int64Type>().values();
    assert!(big.iter().any(|&value| value < i64::MIN / 2) && big.iter().any(|&value| value > i64::MAX / 2));
    let double = batch.column(2).as_primitive::<Float64Type>().values();
    assert!(double.iter().all(|value| (-0.5..0.5).contains(value)));
    assert!(double.iter().any(|&value| value < -0.49) && double.iter().any(|&value| value > 0.49));
    let decimal = batch
        .column(3)
        .as_primitive::<arrow_array::types::Decimal128Type>()
        .values();
    assert!(decimal.iter().all(|value| (-9999..=9999).contains(value)));
    assert!(decimal.iter().any(|&value| value < -9900) && decimal.iter().any(|&value| value > 9900));
}

#[test]
fn texts_have_the_length_asked_for() {
    let columns = schema(&[
        ("char", TypeKind::Char(5)),
        ("string", TypeKind::STRING),
        ("short", TypeKind::Varchar(20)),
        ("bytes", TypeKind::BYTES),
        ("varies", TypeKind::STRING),
    ]);
    let options = [
        ("number-of-rows", "500"),
        ("fields.short.length", "7"),
        ("fields.bytes.length", "9"),
        ("fields.varies.length", "4"),
        ("fields.varies.var-len", "true"),
    ];
    let batch = &batches(&columns, &options, 500)[0];
    let lengths = |column: usize| -> Vec<usize> {
        let texts = batch.column(column).as_string::<i32>();
        assert!(
            texts
                .iter()
                .flatten()
                .all(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))
        );
        let mut lengths: Vec<usize> = texts.iter().flatten().map(str::len).collect();
        lengths.sort_unstable();
        lengths.dedup();
        lengths
    };
    assert_eq!(
        (lengths(0), lengths(1), lengths(2)),
        (vec![5], vec![100], vec![7])
    );
    assert_eq!(lengths(4), [1, 2, 3]);
    assert!(
        batch
            .column(3)
            .as_binary::<i32>()
            .iter()
            .flatten()
            .all(|bytes| bytes.len() == 9)
    );
}

fn nested() -> TypeKind {
    TypeKind::Row(vec![
        RowField::new("x", TypeKind::Int.nullable()),
        RowField::new(
            "y",
            TypeKind::Array(Box::new(TypeKind::Boolean.nullable())).nullable(),
        ),
        RowField::new(
            "z",
            TypeKind::Map(
                Box::new(TypeKind::Int.not_null()),
                Box::new(TypeKind::STRING.nullable()),
            )
            .nullable(),
        ),
        RowField::new(
            "m",
            TypeKind::Multiset(Box::new(TypeKind::BigInt.nullable())).nullable(),
        ),
    ])
}

const NESTED_OPTIONS: [(&str, &str); 9] = [
    ("number-of-rows", "300"),
    ("random-seed", "3"),
    ("fields.n.x.min", "5"),
    ("fields.n.x.max", "5"),
    ("fields.n.y.length", "2"),
    ("fields.n.y.element.null-rate", "0.5"),
    ("fields.n.z.key.min", "1"),
    ("fields.n.z.key.max", "2"),
    ("fields.n.null-rate", "0.25"),
];

#[test]
fn nested_values_take_the_options_of_their_parts() {
    let columns = schema(&[("n", nested())]);
    let batch = &batches(&columns, &NESTED_OPTIONS, 300)[0];
    let rows = batch.column(0).as_struct();
    assert!(
        (40..110).contains(&rows.null_count()),
        "{} of 300 are NULL",
        rows.null_count()
    );
    let lists = rows.column(1).as_list::<i32>();
    assert!(lists.iter().flatten().all(|list| list.len() == 2));
    assert!((200..400).contains(&lists.values().null_count()));
    let maps = rows.column(2).as_map();
    // Three keys among two leave one or two.
    assert!((0..maps.len()).all(|row| (1..=2).contains(&maps.value(row).len())));
    assert!((0..maps.len()).any(|row| maps.value(row).len() == 2));
    let counts = rows.column(3).as_map();
    assert!((0..counts.len()).all(|row| counts.value(row).len() == 3));
}

#[test]
fn values_do_not_depend_on_what_else_is_wanted() {
    let columns = schema(&[
        ("other", TypeKind::STRING),
        ("n", nested()),
        ("id", TypeKind::BigInt),
    ]);
    let table = TestTable::new("datagen", columns.clone(), &NESTED_OPTIONS);
    let TypeKind::Row(fields) = nested() else {
        panic!("a ROW");
    };
    let pruned = TypeKind::Row(vec![fields[2].clone()]);
    let wanted = schema(&[("id", TypeKind::BigInt), ("n", pruned)]);
    let read = |wanted: Schema| {
        let source = table.source(wanted, &[]).unwrap();
        let split = &source.splits(1).unwrap()[0];
        let ReadOutcome::Rows(batch) = source.open(split, None).unwrap().read(10).unwrap() else {
            panic!("the first row is due at once");
        };
        batch
    };
    let (all, some) = (read(columns), read(wanted));
    assert_eq!(all.column(2).as_ref(), some.column(0).as_ref());
    let (whole, part) = (all.column(1).as_struct(), some.column(1).as_struct());
    assert_eq!(whole.column(2).as_ref(), part.column(0).as_ref());
}

#[test]
fn times_are_those_of_the_clock_and_lie_back_as_asked() {
    let columns = schema(&[
        ("now", TypeKind::Timestamp(3)),
        ("past", TypeKind::TimestampLtz(6)),
        ("day", TypeKind::Date),
        ("time", TypeKind::Time(0)),
    ]);
    let options = [("number-of-rows", "200"), ("fields.past.max-past", "10 s")];
    let batch = &batches(&columns, &options, 200)[0];
    let now_us = (START_MS + 1_000_000_000) * 1_000;
    let now = batch
        .column(0)
        .as_primitive::<TimestampMicrosecondType>()
        .values();
    assert!(now.iter().all(|&value| value == now_us));
    let past = batch
        .column(1)
        .as_primitive::<TimestampMicrosecondType>()
        .values();
    assert!(
        past.iter()
            .all(|value| (now_us - 10_000_000..=now_us).contains(value))
    );
    assert!(past.iter().any(|value| *value < now_us - 5_000_000));
    let text = rows_text(&types(&columns), &[batch.slice(0, 1)])[0].clone();
    assert!(text.ends_with(", 2026-01-12, 13:46:40"), "{text}");
    // With a seed, times follow from the rows.
    let options = [
        ("number-of-rows", "3"),
        ("random-seed", "1"),
        ("rows-per-second", "2"),
    ];
    let rows = rows_text(
        &types(&columns)[..1],
        &batches(&schema(&[("now", TypeKind::Timestamp(3))]), &options, 9),
    );
    assert_eq!(
        rows,
        [
            "2026-01-01T00:00",
            "2026-01-01T00:00:00.500",
            "2026-01-01T00:00:01"
        ]
    );
}

#[test]
fn rows_come_at_their_rate() {
    let clock = Arc::new(ManualClock::at_ms(START_MS));
    let table = TestTable::new(
        "datagen",
        schema(&[("a", TypeKind::Int)]),
        &[("rows-per-second", "10")],
    )
    .with_clock(clock.clone());
    let source = table.scan().unwrap();
    assert_eq!(source.boundedness(), Boundedness::Unbounded);
    let splits = source.splits(2).unwrap();
    let mut readers: Vec<_> = splits
        .iter()
        .map(|split| source.open(split, None).unwrap())
        .collect();
    let mut counts = || -> Vec<usize> {
        let count = |reader: &mut Box<dyn dataflow::SplitReader>| match reader.read(100).unwrap() {
            ReadOutcome::Rows(batch) => batch.num_rows(),
            _ => 0,
        };
        readers.iter_mut().map(count).collect()
    };
    assert_eq!(counts(), [1, 0]);
    clock.advance(Duration::from_millis(100));
    assert_eq!(counts(), [0, 1]);
    clock.advance(Duration::from_secs(1));
    assert_eq!(counts(), [5, 5]);
}

#[test]
fn wrong_options_are_refused() {
    let a = [("a", TypeKind::Int)];
    assert_eq!(
        fault(&a, &[("fields.a.kind", "sequence"), ("fields.a.end", "5")]),
        "option 'fields.a.start' is missing"
    );
    assert_eq!(
        fault(
            &a,
            &[
                ("fields.a.kind", "sequence"),
                ("fields.a.start", "5"),
                ("fields.a.end", "5")
            ]
        ),
        "option 'fields.a.end' must be greater than 'fields.a.start', 5, got 5"
    );
    assert_eq!(
        fault(&a, &[("fields.a.kind", "sequential")]),
        "option 'fields.a.kind' must be one of 'random', 'sequence', got 'sequential'"
    );
    assert_eq!(
        fault(&a, &[("fields.b.min", "1")]),
        "option 'fields.b.min' is not known here"
    );
    assert_eq!(
        fault(&a, &[("fields.a.min", "3000000000")]),
        "option 'fields.a.min' must be between -2147483648 and 2147483647, got 3000000000"
    );
    assert_eq!(
        fault(&a, &[("fields.a.min", "3"), ("fields.a.max", "2")]),
        "option 'fields.a.min' must be less than 'fields.a.max', 2, got 3"
    );
    assert_eq!(
        fault(&[("t", TypeKind::Varchar(5))], &[("fields.t.length", "6")]),
        "option 'fields.t.length' must be at most 5, as VARCHAR(5) is, got 6"
    );
    assert_eq!(
        fault(&[("t", TypeKind::Char(5))], &[("fields.t.length", "3")]),
        "option 'fields.t.length' is not known here"
    );
    assert_eq!(
        fault(&[("t", TypeKind::Date)], &[("fields.t.kind", "sequence")]),
        "a sequence of DATE is not possible"
    );
    assert_eq!(
        fault(&a, &[("rows-per-second", "0")]),
        "option 'rows-per-second' must be at least 1, got 0"
    );
    assert_eq!(
        fault(&a, &[("waveform-function-enabled", "true")]),
        "option 'waveform-function-enabled' is not supported: the rate does not change"
    );
    assert_eq!(
        fault(&a, &[("fields.a.null-rate", "1.5")]),
        "option 'fields.a.null-rate' must be between 0 and 1, got 1.5"
    );
}

#[test]
fn a_batch_of_long_rows_has_fewer_of_them() {
    let nested = TypeKind::Array(Box::new(TypeKind::STRING.nullable()));
    for (kind, length, count, expected) in [
        (TypeKind::STRING, "fields.a.length", "34", [33, 1]),
        (nested, "fields.a.element.length", "12", [11, 1]),
    ] {
        let options = [("number-of-rows", count), (length, "1000000")];
        let schema = schema(&[("a", kind)]);
        let batches = batches(&schema, &options, 4096);
        let rows: Vec<usize> = batches.iter().map(RecordBatch::num_rows).collect();
        assert_eq!(rows, expected);
    }
}
