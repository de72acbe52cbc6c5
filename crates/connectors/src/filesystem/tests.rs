//! Reading and writing real files through the connector.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use dataflow::{Boundedness, Error, OnUnreadable, Position, ReadOutcome, Source, Split, Unreadable};
use model::{DataType, Field, Schema, TypeKind};
use stdx::{ManualClock, Random};

use super::options::FileOptions;
use super::source::FileSource;
use crate::testing::{START_MS, TestTable, read_all, read_source, read_split, rows_text};

mod sink;

fn schema() -> Schema {
    Schema::new(vec![
        Field::new("id", TypeKind::BigInt.nullable()),
        Field::new("text", TypeKind::STRING.nullable()),
    ])
}

fn types(schema: &Schema) -> Vec<DataType> {
    schema
        .fields
        .iter()
        .map(|field| field.data_type.clone())
        .collect()
}

fn table(path: &str, options: &[(&str, &str)]) -> TestTable {
    let mut all = vec![("path", path), ("format", "lines")];
    all.extend(options);
    TestTable::new("filesystem", schema(), &all)
}

/// A folder whose name is not hidden.
fn temporary() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("files-").tempdir().unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().expect("temporary folders have UTF-8 names")
}

/// The rows below a path, sorted.
fn rows(path: &str, options: &[(&str, &str)]) -> Vec<String> {
    let source = table(path, options).scan().unwrap();
    let mut rows = rows_text(&types(&schema()), &read_source(&*source, 100).unwrap());
    rows.sort();
    rows
}

fn write(path: &Path, content: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// The source with ranges of another size than in production.
fn source_in_ranges(path: &str, range_bytes: u64) -> FileSource {
    table(path, &[]).with(|table| {
        let request = dataflow::ScanRequest {
            columns: schema(),
            metadata: Vec::new(),
            event_time: true,
            on_unreadable: dataflow::OnUnreadable::Fail,
        };
        let options = FileOptions::read(table, &super::FileAccess::everything()).unwrap();
        FileSource::new(table, &request, options)
            .unwrap()
            .with_range_bytes(range_bytes)
    })
}

/// Lines of random lengths, the last one with or without its line break, and the rows they hold.
fn random_lines(random: &mut Random) -> (String, Vec<String>) {
    let (mut content, mut rows) = (String::new(), Vec::new());
    let lines = random.below(40);
    let longest = [3, 30, 9_000][random.below(3) as usize];
    for line in 0..lines {
        let filler = "x".repeat(random.below(longest) as usize);
        content.push_str(&format!("{line} {filler}\n"));
        rows.push(format!("{line}, {filler}"));
    }
    if random.chance(0.5) {
        content.pop();
    }
    (content, rows)
}

#[test]
fn any_cut_of_any_file_gives_every_line_once_and_in_order() {
    let folder = temporary();
    let file = folder.path().join("a.txt");
    let seed = 20_260_101;
    let mut random = Random::new(seed);
    for round in 0..300 {
        let (content, expected) = random_lines(&mut random);
        write(&file, &content);
        let range_bytes = 1 + random.below(content.len() as u64 + 10);
        let rows_max = 1 + random.below(10) as usize;
        let source = source_in_ranges(text(&file), range_bytes);
        let splits = source.splits(1).unwrap();
        assert!(splits.iter().all(|split| split.lane == splits[0].lane));
        let found = rows_text(&types(&schema()), &read_source(&source, rows_max).unwrap());
        assert_eq!(
            found, expected,
            "seed {seed}, round {round}, ranges of {range_bytes} bytes"
        );
    }
}

#[test]
fn a_range_owns_the_lines_that_begin_in_it() {
    let folder = temporary();
    let file = folder.path().join("a.txt");
    write(&file, "1 a\n2 b\n3 c\n");
    let source = source_in_ranges(text(&file), 4);
    let of = |split: &Split| rows_text(&types(&schema()), &read_split(&source, split, 9).unwrap());
    let splits = source.splits(1).unwrap();
    let rows: Vec<Vec<String>> = splits.iter().map(of).collect();
    assert_eq!(rows, [["1, a"], ["2, b"], ["3, c"]]);
}

/// Reads a split, leaving it at random and taking it up again with a new reader.
fn read_with_breaks(source: &dyn Source, split: &Split, random: &mut Random) -> Vec<String> {
    let mut rows = Vec::new();
    let mut position: Option<Position> = None;
    loop {
        let mut reader = source.open(split, position.as_ref()).unwrap();
        // What a reader returns after its position was taken does not count.
        let reads = random.below(4);
        for _ in 0..reads {
            match reader.read(1 + random.below(7) as usize).unwrap() {
                ReadOutcome::Rows(batch) => rows.extend(rows_text(&types(&schema()), &[batch])),
                ReadOutcome::End => return rows,
                ReadOutcome::Changes(_) => panic!("only inserts are read"),
                ReadOutcome::Pending(_) => panic!("files never wait"),
            }
        }
        position = Some(reader.position());
        let _ = reader.read(3).unwrap();
    }
}

#[test]
fn a_reader_that_stops_anywhere_resumes_behind_the_last_row() {
    let folder = temporary();
    let seed = 7;
    let mut random = Random::new(seed);
    for round in 0..200 {
        let (content, expected) = random_lines(&mut random);
        let file = folder.path().join(format!("{round}.txt"));
        let packed = folder.path().join(format!("{round}.txt.gz"));
        write(&file, &content);
        write_gzip(&packed, &content);
        for path in [&file, &packed] {
            let source = source_in_ranges(text(path), 1 + random.below(5_000));
            let mut found = Vec::new();
            for split in source.splits(1).unwrap() {
                found.extend(read_with_breaks(&source, &split, &mut random));
            }
            assert_eq!(found, expected, "seed {seed}, round {round}, {}", path.display());
        }
    }
}

fn write_gzip(path: &Path, content: &str) {
    // Two members, as concatenated gzip files have.
    let (front, back) = content.split_at(content.len() / 2);
    let mut bytes = Vec::new();
    for part in [front, back] {
        let mut encoder = flate2::write::GzEncoder::new(&mut bytes, flate2::Compression::fast());
        encoder.write_all(part.as_bytes()).unwrap();
        encoder.finish().unwrap();
    }
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_large_file_is_cut_and_a_format_that_cannot_be_cut_is_not() {
    let folder = temporary();
    let file = folder.path().join("large.txt");
    let line = format!("1 {}\n", "y".repeat(1 << 20));
    write(&file, &line.repeat(40));
    let source = table(text(&file), &[]).scan().unwrap();
    let splits = source.splits(4).unwrap();
    let ids: Vec<&str> = splits
        .iter()
        .map(|split| split.id.rsplit('@').next().unwrap())
        .collect();
    assert_eq!(ids, ["000000000000000", "000000016777216", "000000033554432"]);
    let counts: Vec<usize> = splits
        .iter()
        .map(|split| {
            read_split(&*source, split, 4)
                .unwrap()
                .iter()
                .map(|batch| batch.num_rows())
                .sum()
        })
        .collect();
    assert_eq!(counts.iter().sum::<usize>(), 40);
    assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
    let whole = table(text(&file), &[("lines.whole", "true")]).scan().unwrap();
    assert_eq!(whole.splits(4).unwrap().len(), 1);
    // Watermarks need the ranges one after the other; without any they are read side by side.
    let lanes = |source: &dyn Source| {
        let lanes = source.splits(4).unwrap().into_iter().map(|split| split.lane);
        lanes.collect::<std::collections::BTreeSet<String>>().len()
    };
    assert_eq!(lanes(&*source), 1);
    let unordered = table(text(&file), &[]).scan_without_event_time().unwrap();
    assert_eq!(lanes(&*unordered), 3);
}

#[test]
fn a_batch_of_long_rows_has_fewer_of_them() {
    let folder = temporary();
    let content = format!("1 {}\n", "y".repeat(1 << 20)).repeat(40);
    for name in ["a.txt", "a.txt.gz"] {
        let file = folder.path().join(name);
        match name {
            "a.txt" => write(&file, &content),
            _ => write_gzip(&file, &content),
        }
        let source = table(text(&file), &[("lines.whole", "true")]).scan().unwrap();
        let batches = read_source(&*source, 4096).unwrap();
        let rows: Vec<usize> = batches.iter().map(|batch| batch.num_rows()).collect();
        assert_eq!(rows, [32, 8], "{name}");
    }
}

#[test]
fn a_read_that_finds_no_row_comes_back_and_counts_what_it_passed_over() {
    let folder = temporary();
    let file = folder.path().join("a.txt");
    let remark = format!("#{}\n", "y".repeat(1 << 20));
    write(&file, &format!("{}1 a\n#\n", remark.repeat(40)));
    let options = [("lines.whole", "true"), ("lines.skip-remarks", "true")];
    let source = table(text(&file), &options).scan().unwrap();
    let split = &source.splits(1).unwrap()[0];
    let mut reader = source.open(split, None).unwrap();
    assert!(matches!(
        reader.read(10).unwrap(),
        ReadOutcome::Pending(Duration::ZERO)
    ));
    assert_eq!(reader.skipped(), 32);
    // A reader that takes up from there passes over the rest.
    let mut again = source.open(split, Some(&reader.position())).unwrap();
    assert_eq!(read_all(&mut *again, 10).unwrap().len(), 1);
    assert_eq!(again.skipped(), 9);
}

#[test]
fn what_is_no_regular_file_is_refused() {
    let folder = temporary();
    let socket = folder.path().join("a.socket");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    for (path, named) in [
        (socket.as_path(), socket.as_path()),
        (folder.path(), socket.as_path()),
        (Path::new("/dev/zero"), Path::new("/dev/zero")),
    ] {
        let error = table(text(path), &[]).scan().unwrap().splits(1).unwrap_err();
        let Error::Option(error) = error else {
            panic!("{error}");
        };
        assert_eq!(
            error.message,
            format!("'{}' is not a regular file", named.display())
        );
        assert_eq!(error.key.as_deref(), Some("path"));
    }
}

#[test]
fn hidden_names_are_passed_over_and_folders_are_read_with_all_below_them() {
    let folder = temporary();
    let root = folder.path();
    write(&root.join("a.txt"), "1 a\n");
    write(&root.join("deep/er/b.txt"), "2 b\n");
    write(&root.join("_SUCCESS"), "3 c\n");
    write(&root.join(".part.inprogress"), "4 d\n");
    write(&root.join("_tmp/e.txt"), "5 e\n");
    assert_eq!(rows(text(root), &[]), ["1, a", "2, b"]);
    assert_eq!(rows(&format!("file://{}", text(root)), &[]), ["1, a", "2, b"]);
}

#[test]
fn a_pattern_chooses_files_and_folders() {
    let folder = temporary();
    let root = folder.path();
    write(&root.join("x1/a.json"), "1 a\n");
    write(&root.join("x2/a.json"), "2 a\n");
    write(&root.join("x2/a.csv"), "3 a\n");
    write(&root.join("y/deep/a.json"), "4 a\n");
    write(&root.join("[literal]"), "5 a\n");
    let of = |pattern: &str| rows(&format!("{}/{pattern}", text(root)), &[]);
    assert_eq!(of("x*/*.json"), ["1, a", "2, a"]);
    assert_eq!(of("x[!1]"), ["2, a", "3, a"]);
    assert_eq!(of("**/*.json"), ["1, a", "2, a", "4, a"]);
    assert_eq!(of("y/**"), ["4, a"]);
    assert_eq!(of("[literal]"), ["5, a"]);
    assert_eq!(of("*.parquet"), [""; 0]);
    let pattern = format!("{}/x./.*json", text(root));
    assert_eq!(
        rows(text(root), &[("source.path.regex-pattern", &pattern)]),
        ["1, a", "2, a"]
    );
}

#[test]
fn folders_that_contain_themselves_end() {
    let folder = temporary();
    let root = folder.path();
    write(&root.join("a/a.txt"), "1 a\n");
    write(&root.join("b/b.txt"), "2 b\n");
    std::os::unix::fs::symlink(root, root.join("a/up")).unwrap();
    std::os::unix::fs::symlink(root.join("b"), root.join("a/side")).unwrap();
    std::os::unix::fs::symlink(root.join("a"), root.join("b/side")).unwrap();
    std::os::unix::fs::symlink(root.join("self"), root.join("self")).unwrap();
    assert_eq!(rows(text(root), &[]), ["1, a", "2, b"]);
    assert_eq!(rows(&format!("{}/**/*.txt", text(root)), &[]), ["1, a", "2, b"]);
}

#[test]
fn an_empty_folder_and_an_empty_file_have_no_rows() {
    let folder = temporary();
    assert_eq!(rows(text(folder.path()), &[]), [""; 0]);
    write(&folder.path().join("empty.txt"), "");
    assert_eq!(rows(text(folder.path()), &[]), [""; 0]);
}

#[test]
fn a_missing_path_names_what_is_nearest() {
    let folder = temporary();
    write(&folder.path().join("events/a.txt"), "1 a\n");
    let fault = |name: &str| {
        let path = format!("{}/{name}", text(folder.path()));
        match table(&path, &[]).scan().unwrap().splits(1).unwrap_err() {
            Error::Option(error) => (error.key, error.message.replace(&path, "PATH"), error.hint),
            other => panic!("{other}"),
        }
    };
    let (key, message, hint) = fault("evnets");
    assert_eq!(key.as_deref(), Some("path"));
    assert_eq!(message, "path 'PATH' does not exist");
    assert_eq!(hint.as_deref(), Some("did you mean 'events'?"));
    let (_, _, hint) = fault("somewhere/else");
    let nearest = format!("the nearest folder that exists is '{}'", text(folder.path()));
    assert_eq!(hint, Some(nearest));
}

#[test]
fn a_hidden_path_is_refused_but_can_be_named_in_a_pattern() {
    let folder = temporary();
    let hidden = folder.path().join("_out");
    write(&hidden.join("a.txt"), "1 a\n");
    let error = table(text(&hidden), &[]).scan().unwrap().splits(1).unwrap_err();
    let Error::Option(error) = error else {
        panic!("{error}");
    };
    let path = text(&hidden);
    assert_eq!(
        error.message,
        format!("path '{path}' is hidden: its name starts with '.' or '_'")
    );
    assert_eq!(
        error.hint,
        Some(format!("rename it, or read what is in it with '{path}/*'"))
    );
    assert_eq!(rows(&format!("{path}/*"), &[]), ["1, a"]);
}

#[test]
fn a_broken_record_is_shown_with_its_line() {
    let folder = temporary();
    let file = folder.path().join("a.txt");
    let long = "z".repeat(200);
    write(&file, &format!("1 a\n2 b\nx{long}\n4 d\n"));
    let path = text(&file);
    let fault = |source: &dyn Source| read_source(source, 1).unwrap_err().to_string();
    let expected = format!("'x{long}' is no number: 'x{}...'", &long[..119]);
    let source = table(path, &[]).scan().unwrap();
    assert_eq!(fault(&*source), format!("{expected} ({path}:line 3)"));
    let ranges = source_in_ranges(path, 6);
    assert_eq!(fault(&ranges), format!("{expected} ({path}:byte 8)"));
    let packed = folder.path().join("a.txt.gz");
    write_gzip(&packed, &format!("1 a\n2 b\nx{long}\n4 d\n"));
    let source = table(text(&packed), &[]).scan().unwrap();
    assert_eq!(fault(&*source), format!("{expected} ({path}.gz:line 3)"));
}

#[test]
fn records_that_cannot_be_read_are_kept_with_their_place_or_counted() {
    let folder = temporary();
    let content = "1 a\nx b\r\n2 c\ny\nz\n3 d\nlast";
    let (plain, packed) = (folder.path().join("a.txt"), folder.path().join("a.txt.gz"));
    write(&plain, content);
    write_gzip(&packed, content);
    for path in [&plain, &packed] {
        let table = table(text(path), &[]);
        let source = table.scan_on_unreadable(OnUnreadable::Keep).unwrap();
        let split = &source.splits(1).unwrap()[0];
        for rows_max in 1..6 {
            // Each read as after a restart: what was told stands before the position.
            let (mut rows, mut kept, mut position) = (Vec::new(), Vec::new(), None);
            loop {
                let mut reader = source.open(split, position.as_ref()).unwrap();
                let outcome = reader.read(rows_max).unwrap();
                let unreadable = reader.take_unreadable();
                let read = match outcome {
                    ReadOutcome::Rows(batch) => rows_text(&types(&schema()), &[batch]),
                    ReadOutcome::Pending(_) => Vec::new(),
                    ReadOutcome::End => break kept.extend(unreadable),
                    ReadOutcome::Changes(_) => panic!("only inserts are read"),
                };
                assert!((1..=rows_max).contains(&(read.len() + unreadable.len())));
                rows.extend(read);
                kept.extend(unreadable);
                position = Some(reader.position());
                assert_eq!(reader.skipped(), 0);
            }
            assert_eq!(rows, ["1, a", "2, c", "3, d"]);
            let of = |record: &str, offset| Unreadable {
                record: Some(record.as_bytes().to_vec()),
                error: format!("'{}' is no number", record.split(' ').next().unwrap()),
                split: text(path).to_string(),
                offset,
            };
            let expected = [of("x b", 4), of("y", 13), of("z", 15), of("last", 21)];
            assert_eq!(kept, expected, "{rows_max} rows at most");
        }
        let source = table.scan_on_unreadable(OnUnreadable::Skip).unwrap();
        let mut reader = source.open(split, None).unwrap();
        let ReadOutcome::Rows(batch) = reader.read(100).unwrap() else {
            panic!("there are rows");
        };
        assert_eq!((batch.num_rows(), reader.skipped()), (3, 4));
        assert!(reader.take_unreadable().is_empty());
    }
}

#[test]
fn a_compression_that_is_not_read_is_refused() {
    let folder = temporary();
    let file = folder.path().join("a.zst");
    write(&file, "1 a\n");
    let error = table(text(&file), &[]).scan().unwrap().splits(1).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "file '{}' is compressed as .zst, which is not supported yet",
            text(&file)
        )
    );
}

#[test]
fn a_file_that_shrank_since_it_was_listed_is_an_error() {
    let folder = temporary();
    let file = folder.path().join("a.txt");
    write(&file, "1 a\n2 b\n");
    let source = table(text(&file), &[]).scan().unwrap();
    let splits = source.splits(1).unwrap();
    write(&file, "1 a\n");
    let error = read_split(&*source, &splits[0], 1).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "read file '{}': it is shorter than when it was listed",
            text(&file)
        )
    );
}

#[test]
fn a_watched_folder_is_unbounded_and_shows_new_files_under_stable_names() {
    let folder = temporary();
    write(&folder.path().join("a.txt"), "1 a\n");
    let source = table(text(folder.path()), &[("source.monitor-interval", "5 s")])
        .scan()
        .unwrap();
    assert_eq!(source.boundedness(), Boundedness::Unbounded);
    assert_eq!(source.discovery_interval(), Some(Duration::from_secs(5)));
    let before = source.splits(1).unwrap();
    write(&folder.path().join("b.txt"), "2 b\n");
    write(&folder.path().join("a.txt"), "1 a\n3 c\n");
    let after = source.splits(1).unwrap();
    assert_eq!(before.len(), 1);
    assert_eq!(after.len(), 2);
    assert_eq!(before[0].id, after[0].id);
    assert_eq!(
        table(text(folder.path()), &[])
            .scan()
            .unwrap()
            .discovery_interval(),
        None
    );
}

fn partitioned_schema() -> Schema {
    Schema::new(vec![
        Field::new("day", TypeKind::Date.nullable()),
        Field::new("id", TypeKind::BigInt.nullable()),
        Field::new("hour", TypeKind::Int.nullable()),
        Field::new("text", TypeKind::STRING.nullable()),
    ])
}

fn partitioned(root: &Path, options: &[(&str, &str)]) -> TestTable {
    let mut all = vec![("path", text(root)), ("format", "lines")];
    all.extend(options);
    TestTable::new("filesystem", partitioned_schema(), &all).partitioned_by(&["day", "hour"])
}

#[test]
fn partition_columns_come_from_the_folders() {
    let folder = temporary();
    let root = folder.path();
    write(&root.join("day=2026-01-02/hour=3/a.txt"), "1 a\n2 b\n");
    write(&root.join("day=__DEFAULT_PARTITION__/hour=4/deep/a.txt"), "3 c\n");
    write(&root.join("day=2026-01-02/_temporary/a.txt"), "4 d\n");
    let source = partitioned(root, &[]).scan().unwrap();
    let rows = rows_text(&types(&partitioned_schema()), &read_source(&*source, 10).unwrap());
    assert_eq!(
        rows,
        ["2026-01-02, 1, 3, a", "2026-01-02, 2, 3, b", "null, 3, 4, c"]
    );
    // Only partition columns wanted: nothing is decoded, but rows are still counted.
    let hours = Schema::new(vec![partitioned_schema().fields[2].clone()]);
    let source = partitioned(root, &[]).source(hours.clone(), &[]).unwrap();
    let rows = rows_text(&types(&hours), &read_source(&*source, 10).unwrap());
    assert_eq!(rows, ["3", "3", "4"]);
}

#[test]
fn a_folder_that_is_no_partition_and_a_value_of_another_type_are_errors() {
    let folder = temporary();
    let root = folder.path();
    write(&root.join("day=2026-01-02/minute=3/a.txt"), "1 a\n");
    let error = partitioned(root, &[]).scan().unwrap().splits(1).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "folder 'minute=3' is no partition: expected 'hour=...' ({}/day=2026-01-02)",
            text(root)
        )
    );
    fs::remove_dir_all(root.join("day=2026-01-02")).unwrap();
    write(&root.join("day=2026-01-02/hour=x/a.txt"), "1 a\n");
    let source = partitioned(root, &[]).scan().unwrap();
    let error = read_source(&*source, 1).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "partition value 'x' is no INT ({}/day=2026-01-02/hour=x/a.txt)",
            text(root)
        )
    );
    // As in Flink, a table without any partition is empty even if its folder is missing.
    let source = partitioned(&root.join("missing"), &[]).scan().unwrap();
    assert!(source.splits(1).unwrap().is_empty());
}

#[test]
fn metadata_tells_of_the_file() {
    let folder = temporary();
    let file = folder.path().join("a.txt");
    write(&file, "1 a\n2 b\n");
    let modified = std::time::UNIX_EPOCH + Duration::from_millis(1_767_225_600_123);
    fs::File::open(&file).unwrap().set_modified(modified).unwrap();
    let wanted = [
        ("file.size", TypeKind::BigInt.not_null()),
        ("file.name", TypeKind::STRING.not_null()),
        ("file.modification-time", TypeKind::TimestampLtz(3).not_null()),
        ("file.path", TypeKind::STRING.not_null()),
    ];
    let columns = Schema::new(vec![schema().fields[0].clone()]);
    let source = table(text(&file), &[]).source(columns, &wanted).unwrap();
    let mut all = vec![TypeKind::BigInt.nullable()];
    all.extend(wanted.iter().map(|(_, kind)| kind.clone()));
    let rows = rows_text(&all, &read_source(&*source, 1).unwrap());
    let rest = format!("8, a.txt, 2026-01-01T00:00:00.123Z, {}", text(&file));
    assert_eq!(rows, [format!("1, {rest}"), format!("2, {rest}")]);
    let error = table(text(&file), &[]).source(schema(), &[("file.sise", TypeKind::BigInt.nullable())]);
    assert_eq!(error.unwrap_err().to_string(), "metadata 'file.sise' not found");
}

#[test]
fn wrong_options_are_refused_with_a_hint() {
    let fault = |options: &[(&str, &str)]| match TestTable::new("filesystem", schema(), options).scan() {
        Err(Error::Option(error)) => (error.message, error.hint.unwrap_or_default()),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        fault(&[("format", "lines")]),
        (
            "option 'path' is missing".into(),
            "add 'path' = '...' to the WITH clause".into()
        )
    );
    assert_eq!(
        fault(&[("path", "/tmp")]),
        (
            "option 'format' is missing".into(),
            "add 'format' = '...' to the WITH clause".into()
        )
    );
    assert_eq!(
        fault(&[("path", "/tmp"), ("format", "line")]),
        ("format 'line' not found".into(), "did you mean 'lines'?".into())
    );
    let with = |key, value| fault(&[("path", "/tmp"), ("format", "lines"), (key, value)]);
    assert_eq!(
        with("sink.rolling-policy.file-sise", "1 mb"),
        (
            "option 'sink.rolling-policy.file-sise' is not known here".into(),
            "did you mean 'sink.rolling-policy.file-size'?".into()
        )
    );
    assert_eq!(
        with("source.monitor-interval", "0 s").0,
        "option 'source.monitor-interval' must be longer than zero"
    );
    assert_eq!(
        with("sink.partition-commit.policy.kind", "metastore,success-file").0,
        "option 'sink.partition-commit.policy.kind' = 'metastore' is not supported, only 'success-file' is"
    );
    assert_eq!(
        with("sink.partition-commit.trigger", "partition-time").0,
        "option 'sink.partition-commit.trigger' = 'partition-time' is not supported, only 'process-time' is"
    );
    assert_eq!(
        with("auto-compaction", "true").0,
        "option 'auto-compaction' is not supported: part files stay as they were written"
    );
    assert_eq!(
        with("source.path.regex-pattern", "(").0,
        "option 'source.path.regex-pattern' must be a regular expression, got '('"
    );
    assert_eq!(
        with("scan.parallelism", "2").0,
        "option 'scan.parallelism' is not supported: the table runs at the parallelism of the job"
    );
}

#[test]
fn reading_again_from_the_end_gives_nothing() {
    let folder = temporary();
    let file = folder.path().join("a.txt");
    write(&file, "1 a\n2 b");
    let source = table(text(&file), &[]).scan().unwrap();
    let split = &source.splits(1).unwrap()[0];
    let mut reader = source.open(split, None).unwrap();
    read_all(&mut *reader, 10).unwrap();
    let mut again = source.open(split, Some(&reader.position())).unwrap();
    assert!(read_all(&mut *again, 10).unwrap().is_empty());
    let error = source.open(split, Some(&Position(vec![1]))).err().unwrap();
    assert_eq!(
        error.to_string(),
        format!(
            "internal error: a position in '{}' must have eight bytes",
            text(&file)
        )
    );
}

fn manual_clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at_ms(START_MS))
}
