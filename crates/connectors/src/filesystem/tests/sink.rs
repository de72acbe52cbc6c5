//! Writing part files and committing them.

use arrow_array::{ArrayRef, Date32Array, Int32Array, Int64Array, RecordBatch, StringArray};
use dataflow::{Chunk, Committable, Sink, SinkRequest};
use model::{ChangelogMode, RowKind};

use super::*;

fn chunk(ids: std::ops::Range<i64>) -> Chunk {
    let texts: StringArray = ids.clone().map(|id| Some(format!("row {id}"))).collect();
    let columns: Vec<ArrayRef> = vec![Arc::new(Int64Array::from_iter_values(ids)), Arc::new(texts)];
    Chunk::inserts(RecordBatch::try_new(schema().arrow(), columns).unwrap())
}

/// Day, hour and id of each row.
fn partitioned_chunk(rows: &[(Option<i32>, i32, i64)]) -> Chunk {
    let days: Date32Array = rows.iter().map(|row| row.0).collect();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(days),
        Arc::new(Int64Array::from_iter_values(rows.iter().map(|row| row.2))),
        Arc::new(Int32Array::from_iter_values(rows.iter().map(|row| row.1))),
        Arc::new(StringArray::from_iter_values(rows.iter().map(|_| "t"))),
    ];
    Chunk::inserts(RecordBatch::try_new(partitioned_schema().arrow(), columns).unwrap())
}

fn write_and_commit(sink: &dyn Sink, chunks: &[Chunk]) {
    let mut writer = sink.writer(0, 1).unwrap();
    for chunk in chunks {
        writer.write(chunk).unwrap();
    }
    let committables = writer.prepare(None).unwrap();
    sink.committer()
        .unwrap()
        .unwrap()
        .commit(committables, true)
        .unwrap();
}

/// Names below a folder, hidden ones too, the attempt left out of them.
fn names(root: &Path) -> Vec<String> {
    let mut names = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = text(path.strip_prefix(root).unwrap()).to_string();
            names.push(match name.find("part-") {
                Some(at) => format!("{}part-N{}", &name[..at], &name[at + 37..]),
                None => name,
            });
        }
    }
    names.sort();
    names
}

#[test]
fn rows_are_visible_once_they_are_committed_and_not_before() {
    let folder = temporary();
    let root = folder.path().join("out");
    let table = table(text(&root), &[]);
    let sink = table.insert().unwrap();
    assert_eq!(
        sink.changelog_mode(ChangelogMode::ALL),
        ChangelogMode::INSERT_ONLY
    );
    let mut writer = sink.writer(1, 2).unwrap();
    writer.write(&chunk(0..2)).unwrap();
    writer.flush().unwrap();
    assert_eq!(names(&root), [".part-N-1-0.inprogress"]);
    let committables = writer.prepare(Some(1)).unwrap();
    assert_eq!(rows(text(&root), &[]), [""; 0]);
    // Rows behind the barrier do not belong to its commit.
    writer.write(&chunk(2..3)).unwrap();
    let mut committer = sink.committer().unwrap().unwrap();
    committer.commit(committables.clone(), false).unwrap();
    assert_eq!(names(&root), [".part-N-1-1.inprogress", "part-N-1-0"]);
    assert_eq!(rows(text(&root), &[]), ["0, row 0", "1, row 1"]);
    // The commit is repeated after a crash, by another committer.
    sink.committer()
        .unwrap()
        .unwrap()
        .commit(committables, false)
        .unwrap();
    committer.commit(writer.prepare(None).unwrap(), true).unwrap();
    assert_eq!(rows(text(&root), &[]).len(), 3);
    assert!(writer.prepare(None).unwrap().is_empty());
}

#[test]
fn an_attempt_that_dies_leaves_nothing_to_see_and_the_next_one_is_not_disturbed() {
    let folder = temporary();
    let root = text(folder.path());
    let mut dead = table(root, &[]).insert().unwrap().writer(0, 1).unwrap();
    dead.write(&chunk(0..2)).unwrap();
    dead.prepare(Some(1)).unwrap();
    dead.write(&chunk(2..4)).unwrap();
    drop(dead);
    write_and_commit(&*table(root, &[]).insert().unwrap(), &[chunk(0..4)]);
    assert_eq!(rows(root, &[]).len(), 4);
}

#[test]
fn a_file_that_its_reader_has_taken_away_can_be_committed_again() {
    let folder = temporary();
    let root = folder.path().join("out");
    let sink = table(text(&root), &[]).insert().unwrap();
    let mut writer = sink.writer(0, 1).unwrap();
    writer.write(&chunk(0..2)).unwrap();
    let committables = writer.prepare(Some(1)).unwrap();
    let commit = || {
        let mut committer = sink.committer().unwrap().unwrap();
        committer.commit(committables.clone(), false)
    };
    commit().unwrap();
    for entry in std::fs::read_dir(&root).unwrap() {
        std::fs::remove_file(entry.unwrap().path()).unwrap();
    }
    commit().unwrap();
    assert!(names(&root).is_empty());
    let mut committer = sink.committer().unwrap().unwrap();
    let error = committer
        .commit(vec![Committable(vec![0xff])], false)
        .unwrap_err();
    assert_eq!(error.to_string(), "internal error: a committable is no part file");
}

#[test]
fn a_file_is_committed_where_it_was_written_wherever_the_table_lies_by_then() {
    let folder = temporary();
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    let mut writer = table(text(&old), &[]).insert().unwrap().writer(0, 1).unwrap();
    writer.write(&chunk(0..2)).unwrap();
    let committables = writer.prepare(Some(1)).unwrap();
    let moved = table(text(&new), &[]).insert().unwrap();
    moved
        .committer()
        .unwrap()
        .unwrap()
        .commit(committables, false)
        .unwrap();
    assert_eq!(rows(text(&old), &[]).len(), 2);
}

#[test]
fn a_part_file_rolls_by_size_by_age_and_by_idleness() {
    let folder = temporary();
    let clock = manual_clock();
    let options = [
        ("sink.rolling-policy.file-size", "10 b"),
        ("sink.rolling-policy.rollover-interval", "10 min"),
        ("sink.rolling-policy.inactivity-interval", "3 min"),
    ];
    let table = table(text(folder.path()), &options).with_clock(clock.clone());
    let sink = table.insert().unwrap();
    let mut writer = sink.writer(0, 1).unwrap();
    let files = || {
        let name = |index| format!(".part-N-0-{index}.inprogress");
        let names = names(folder.path());
        assert_eq!(names, (0..names.len()).map(name).collect::<Vec<_>>());
        names.len()
    };
    writer.write(&chunk(0..1)).unwrap();
    writer.write(&chunk(1..2)).unwrap();
    assert_eq!(files(), 1, "six bytes leave room");
    writer.write(&chunk(2..3)).unwrap();
    assert_eq!(files(), 2, "full");
    clock.advance(Duration::from_secs(181));
    writer.flush().unwrap();
    writer.write(&chunk(3..4)).unwrap();
    assert_eq!(files(), 3, "idle");
    for _ in 0..4 {
        clock.advance(Duration::from_secs(160));
        writer.flush().unwrap();
        writer.write(&partial()).unwrap();
    }
    assert_eq!(files(), 4, "old");
    assert_eq!(writer.prepare(None).unwrap().len(), 4);

    fn partial() -> Chunk {
        let mut chunk = chunk(5..6);
        chunk.batch = chunk.batch.slice(0, 1);
        let columns: Vec<ArrayRef> = vec![
            Arc::clone(chunk.batch.column(0)),
            Arc::new(StringArray::from(vec![""])),
        ];
        chunk.batch = RecordBatch::try_new(schema().arrow(), columns).unwrap();
        chunk
    }
}

#[test]
fn rows_go_to_the_folder_of_their_partition_and_come_back() {
    let folder = temporary();
    let root = folder.path();
    let options = [("sink.partition-commit.policy.kind", "success-file")];
    let table = partitioned(root, &options);
    let chunk = partitioned_chunk(&[
        (Some(20_455), 3, 1),
        (Some(20_455), 4, 2),
        (None, 3, 3),
        (Some(20_455), 3, 4),
    ]);
    write_and_commit(&*table.insert().unwrap(), &[chunk]);
    let mut expected = Vec::new();
    for partition in [
        "day=2026-01-02/hour=3",
        "day=2026-01-02/hour=4",
        "day=__DEFAULT_PARTITION__/hour=3",
    ] {
        expected.push(format!("{partition}/_SUCCESS"));
        let file = match partition {
            "day=2026-01-02/hour=3" => 0,
            "day=2026-01-02/hour=4" => 1,
            _ => 2,
        };
        expected.push(format!("{partition}/part-N-0-{file}"));
    }
    assert_eq!(names(root), expected);
    let source = table.scan().unwrap();
    let mut rows = rows_text(&types(&partitioned_schema()), &read_source(&*source, 10).unwrap());
    rows.sort();
    assert_eq!(
        rows,
        [
            "2026-01-02, 1, 3, t",
            "2026-01-02, 2, 4, t",
            "2026-01-02, 4, 3, t",
            "null, 3, 3, t"
        ]
    );
}

#[test]
fn more_partitions_than_open_files_lose_nothing() {
    let folder = temporary();
    let table = partitioned(folder.path(), &[]);
    let rows: Vec<(Option<i32>, i32, i64)> = (0..600).map(|id| (Some(0), id, i64::from(id))).collect();
    write_and_commit(
        &*table.insert().unwrap(),
        &[partitioned_chunk(&rows), partitioned_chunk(&rows)],
    );
    let source = table.scan().unwrap();
    let batches = read_source(&*source, 1000).unwrap();
    assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 1200);
}

#[test]
fn a_success_file_waits_for_its_delay_or_the_end() {
    let folder = temporary();
    let clock = manual_clock();
    let options = [
        ("sink.partition-commit.policy.kind", "success-file"),
        ("sink.partition-commit.success-file.name", "_done"),
        ("sink.partition-commit.delay", "1 h"),
    ];
    let sink = partitioned(folder.path(), &options)
        .with_clock(clock.clone())
        .insert()
        .unwrap();
    let mut writer = sink.writer(0, 1).unwrap();
    let mut committer = sink.committer().unwrap().unwrap();
    let done = |hour: i32| {
        folder
            .path()
            .join(format!("day=1970-01-01/hour={hour}/_done"))
            .exists()
    };
    writer.write(&partitioned_chunk(&[(Some(0), 1, 1)])).unwrap();
    committer.commit(writer.prepare(Some(1)).unwrap(), false).unwrap();
    assert!(!done(1));
    clock.advance(Duration::from_secs(3600));
    writer.write(&partitioned_chunk(&[(Some(0), 2, 1)])).unwrap();
    committer.commit(writer.prepare(Some(2)).unwrap(), false).unwrap();
    assert!(done(1) && !done(2));
    committer.commit(writer.prepare(None).unwrap(), true).unwrap();
    assert!(done(2));
}

#[test]
fn a_success_file_that_waits_is_written_by_whoever_is_restored() {
    let folder = temporary();
    let clock = manual_clock();
    let options = [
        ("sink.partition-commit.policy.kind", "success-file"),
        ("sink.partition-commit.delay", "1 h"),
    ];
    let sink = partitioned(folder.path(), &options)
        .with_clock(clock.clone())
        .insert()
        .unwrap();
    let success = folder.path().join("day=1970-01-01/hour=1/_SUCCESS");
    let mut writer = sink.writer(0, 1).unwrap();
    writer.write(&partitioned_chunk(&[(Some(0), 1, 1)])).unwrap();
    let mut before = sink.committer().unwrap().unwrap();
    before.commit(writer.prepare(Some(1)).unwrap(), false).unwrap();
    let mut pending = before.pending();
    drop(before);
    clock.advance(Duration::from_secs(1800));
    let mut restored = sink.committer().unwrap().unwrap();
    for _ in 0..2 {
        // Twice, as after two failures: it is still seen half an hour ago.
        restored = sink.committer().unwrap().unwrap();
        restored.commit(pending, false).unwrap();
        pending = restored.pending();
        assert!(!success.exists() && pending.len() == 1);
    }
    clock.advance(Duration::from_secs(1800));
    restored.commit(Vec::new(), false).unwrap();
    assert!(success.exists() && restored.pending().is_empty());
}

#[test]
fn a_job_that_is_stopped_shows_its_rows_but_calls_no_partition_complete() {
    let folder = temporary();
    let options = [("sink.partition-commit.policy.kind", "success-file")];
    let sink = partitioned(folder.path(), &options).insert().unwrap();
    let mut writer = sink.writer(0, 1).unwrap();
    writer.write(&partitioned_chunk(&[(Some(0), 1, 1)])).unwrap();
    let committables = writer.prepare(None).unwrap();
    sink.committer().unwrap().unwrap().stop(committables).unwrap();
    assert_eq!(names(folder.path()), ["day=1970-01-01/hour=1/part-N-0-0"]);
}

#[test]
fn files_that_nobody_was_told_of_go_away_with_their_writer() {
    let folder = temporary();
    let options = [("sink.rolling-policy.file-size", "1 b")];
    let sink = table(text(folder.path()), &options).insert().unwrap();
    let mut writer = sink.writer(0, 1).unwrap();
    writer.write(&chunk(0..1)).unwrap();
    let told = writer.prepare(Some(1)).unwrap();
    // One that is full, and one that is open.
    writer.write(&chunk(1..2)).unwrap();
    writer.write(&chunk(2..3)).unwrap();
    assert_eq!(names(folder.path()).len(), 3);
    drop(writer);
    assert_eq!(names(folder.path()), [".part-N-0-0.inprogress"]);
    sink.committer().unwrap().unwrap().commit(told, false).unwrap();
    assert_eq!(rows(text(folder.path()), &[]), ["0, row 0"]);
}

fn overwrite(table: &TestTable, columns: Schema, partition: &[(&str, &str)]) -> Arc<dyn Sink> {
    let partition = partition
        .iter()
        .map(|(key, value)| (key.to_string(), value.to_string()));
    table
        .sink(&SinkRequest {
            columns,
            metadata: Vec::new(),
            static_partition: partition.collect(),
            overwrite: true,
        })
        .unwrap()
}

#[test]
fn overwriting_replaces_the_table_at_the_end_of_input_only() {
    let folder = temporary();
    let table = table(text(folder.path()), &[]);
    write_and_commit(&*table.insert().unwrap(), &[chunk(0..3)]);
    let sink = overwrite(&table, schema(), &[]);
    let mut writer = sink.writer(0, 1).unwrap();
    writer.write(&chunk(7..8)).unwrap();
    assert_eq!(
        writer.prepare(Some(1)).unwrap_err().to_string(),
        "INSERT OVERWRITE into files cannot take part in a checkpoint: it replaces them when its input has ended"
    );
    let committables = writer.prepare(None).unwrap();
    assert_eq!(rows(text(folder.path()), &[]).len(), 3);
    for _ in 0..2 {
        // Twice, as after a crash.
        sink.committer()
            .unwrap()
            .unwrap()
            .commit(committables.clone(), true)
            .unwrap();
        assert_eq!(rows(text(folder.path()), &[]), ["7, row 7"]);
    }
    write_and_commit(&*overwrite(&table, schema(), &[]), &[]);
    assert_eq!(rows(text(folder.path()), &[]), [""; 0]);
}

#[test]
fn overwriting_replaces_nothing_if_the_job_is_stopped() {
    let folder = temporary();
    let table = table(text(folder.path()), &[]);
    write_and_commit(&*table.insert().unwrap(), &[chunk(0..3)]);
    let sink = overwrite(&table, schema(), &[]);
    let mut writer = sink.writer(0, 1).unwrap();
    writer.write(&chunk(7..8)).unwrap();
    let committables = writer.prepare(None).unwrap();
    sink.committer().unwrap().unwrap().stop(committables).unwrap();
    assert_eq!(names(folder.path()), ["part-N-0-0"]);
    assert_eq!(rows(text(folder.path()), &[]).len(), 3);
}

#[test]
fn what_ended_before_a_checkpoint_replaces_files_at_the_end_all_the_same() {
    let folder = temporary();
    let table = table(text(folder.path()), &[]);
    write_and_commit(&*table.insert().unwrap(), &[chunk(0..3)]);
    let sink = overwrite(&table, schema(), &[]);
    let mut writer = sink.writer(0, 1).unwrap();
    writer.write(&chunk(7..8)).unwrap();
    let committables = writer.prepare(None).unwrap();
    let mut committer = sink.committer().unwrap().unwrap();
    committer.commit(committables.clone(), false).unwrap();
    let pending = committer.pending();
    // A snapshot knows of the part: a stop must leave it to whoever is restored.
    committer.stop(committables).unwrap();
    assert_eq!(rows(text(folder.path()), &[]).len(), 3);
    let mut restored = sink.committer().unwrap().unwrap();
    restored.commit(pending, false).unwrap();
    restored.commit(Vec::new(), true).unwrap();
    assert_eq!(rows(text(folder.path()), &[]), ["7, row 7"]);
}

#[test]
fn overwriting_partitions_leaves_the_others() {
    let folder = temporary();
    let table = partitioned(folder.path(), &[]);
    let rows = [(Some(0), 1, 1), (Some(0), 2, 2), (Some(1), 1, 3)];
    write_and_commit(&*table.insert().unwrap(), &[partitioned_chunk(&rows)]);
    let ids = || {
        let source = table.scan().unwrap();
        let id = Schema::new(vec![partitioned_schema().fields[1].clone()]);
        drop(source);
        let source = table.source(id.clone(), &[]).unwrap();
        rows_text(&types(&id), &read_source(&*source, 10).unwrap())
    };
    write_and_commit(
        &*overwrite(&table, partitioned_schema(), &[]),
        &[partitioned_chunk(&[(Some(0), 2, 9)])],
    );
    assert_eq!(ids(), ["1", "9", "3"]);
    let fixed = [("day", "1970-01-02"), ("hour", "1")];
    write_and_commit(&*overwrite(&table, partitioned_schema(), &fixed), &[]);
    assert_eq!(ids(), ["1", "9"]);
}

#[test]
fn files_take_what_their_format_can_write() {
    let folder = temporary();
    let sink = table(text(folder.path()), &[]).insert().unwrap();
    let mut deletion = chunk(0..1);
    deletion.kinds = Some(Arc::from([RowKind::Delete]));
    let error = sink.writer(0, 1).unwrap().write(&deletion).unwrap_err();
    assert_eq!(
        error.to_string(),
        "internal error: files of this format take no -D"
    );
}
