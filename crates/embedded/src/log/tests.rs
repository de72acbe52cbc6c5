//! Writing and reading logs.

use std::collections::BTreeMap;

use super::*;

/// All lines from an offset on, read in answers of `bytes_max`, and the offset behind them.
fn read_all(folder: &Path, after: u64, bytes_max: usize) -> (Vec<String>, u64, bool) {
    let (mut lines, mut next, mut skipped) = (Vec::new(), after, false);
    loop {
        let page = read(folder, next, bytes_max).unwrap();
        skipped |= page.skipped;
        if page.lines.is_empty() {
            return (lines, page.next, skipped);
        }
        next = page.next;
        lines.extend(page.lines);
    }
}

#[test]
fn lines_are_read_from_any_offset_and_a_line_without_an_end_waits() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::open(folder.path(), 1_000).unwrap();
    let mut stream = log.stream();
    stream.write_all(b"one\ntw").unwrap();
    assert_eq!(
        read_all(folder.path(), 0, 100),
        (vec!["one".to_string()], 4, false)
    );
    stream.write_all(b"o\nthree").unwrap();
    assert_eq!(read_all(folder.path(), 4, 100).0, ["two"]);
    drop(stream);
    assert_eq!(read_all(folder.path(), 8, 100).0, ["three"]);
    assert_eq!(read_all(folder.path(), 0, 5).0, ["one", "two", "three"]);
    // Beyond the end there is nothing, and reading goes on from the end.
    assert_eq!(read(folder.path(), 1_000, 100).unwrap().next, 14);
    assert!(
        read(&folder.path().join("none"), 0, 100)
            .unwrap()
            .lines
            .is_empty()
    );
}

#[test]
fn offsets_go_on_when_files_are_cut_and_reopened() {
    let folder = tempfile::tempdir().unwrap();
    let mut offsets = Vec::new();
    let mut offset = 0;
    for part in 0..4 {
        // As a worker that is started again.
        let log = Log::open(folder.path(), 100).unwrap();
        let mut stream = log.stream();
        for line in 0..10 {
            offsets.push(offset);
            let line = format!("part {part} line {line}\n");
            stream.write_all(line.as_bytes()).unwrap();
            offset += line.len() as u64;
        }
    }
    let (lines, next, skipped) = read_all(folder.path(), 0, 37);
    assert!(skipped);
    assert_eq!(next, offset);
    assert!(lines.len() >= 5, "{lines:?}");
    let from = offsets[offsets.len() - lines.len()];
    assert_eq!(
        read_all(folder.path(), from, 1_000),
        (lines.clone(), offset, false)
    );
    assert_eq!(lines.last().unwrap(), "part 3 line 9");
    let size = |name: &str| fs::metadata(folder.path().join(name)).unwrap().len();
    assert!(size(CURRENT) <= 100 && size(PREVIOUS) <= 100);
}

#[test]
fn a_death_while_the_file_was_cut_shifts_no_offset() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::open(folder.path(), 1_000).unwrap();
    log.stream().write_all(b"one\ntwo\n").unwrap();
    // Renamed and begun anew, and then it died.
    fs::rename(folder.path().join(CURRENT), folder.path().join(PREVIOUS)).unwrap();
    assert_eq!(read_all(folder.path(), 4, 100).0, ["two"]);
    fs::write(folder.path().join(CURRENT), "three\n").unwrap();
    assert_eq!(
        read_all(folder.path(), 4, 100),
        (vec!["two".into(), "three".into()], 14, false)
    );
    let again = Log::open(folder.path(), 1_000).unwrap();
    again.stream().write_all(b"four\n").unwrap();
    assert_eq!(
        read_all(folder.path(), 8, 100),
        (vec!["three".into(), "four".into()], 19, false)
    );
}

#[test]
fn secrets_are_taken_out_and_long_lines_are_cut() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::open(folder.path(), 1 << 20).unwrap();
    log.hide(Secrets::new(BTreeMap::from([(
        "db".to_string(),
        "hunter2".to_string(),
    )])));
    let mut stream = log.stream();
    stream.write_all(b"password hun").unwrap();
    stream.write_all(b"ter2 is wrong\n").unwrap();
    stream.write_all("é".repeat(LINE_BYTES_MAX).as_bytes()).unwrap();
    stream.write_all(b"\nend\n").unwrap();
    let (lines, ..) = read_all(folder.path(), 0, PAGE_BYTES_MAX);
    assert_eq!(lines[0], "password *** is wrong");
    assert!(lines[1].len() <= LINE_BYTES_MAX + 4 && lines[1].ends_with("é…"));
    assert_eq!(lines[2], "end");
}
