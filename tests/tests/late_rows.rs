//! Windows that tell results early, and what becomes of late rows.

use std::time::Duration;

use tests::live::Live;

const TABLES: &str = "
    CREATE TABLE bids (k STRING, v BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'feed');
    CREATE TABLE late (k STRING, v BIGINT, `at` TIMESTAMP(3)) WITH ('connector' = 'kept');
    CREATE TABLE totals (k STRING, we TIMESTAMP(3), n BIGINT, s BIGINT) WITH ('connector' = 'kept');
";

const EARLY: &str = "
    SET 'table.exec.emit.early-fire.enabled' = 'true';
    SET 'table.exec.emit.early-fire.delay' = '10 s';
";

const LATE: &str = "
    SET 'table.exec.emit.late-fire.enabled' = 'true';
    SET 'table.exec.emit.late-fire.delay' = '5 s';
    SET 'table.exec.emit.allow-lateness' = '1 min';
";

/// By windows of GROUP BY.
const GROUPED: &str = "SELECT k, TUMBLE_END(ts, INTERVAL '10' SECOND) AS we, COUNT(*) AS n, SUM(v) AS s
    FROM bids GROUP BY k, TUMBLE(ts, INTERVAL '10' SECOND)";

fn start_at(text: &str, parallelism: usize) -> Live {
    Live::start(&format!("{TABLES}{text}"), parallelism).unwrap_or_else(|error| panic!("{error:#}"))
}

fn start(text: &str) -> Live {
    start_at(text, 1)
}

fn fault(text: &str) -> String {
    match Live::start(&format!("{TABLES}{text}"), 1) {
        Ok(_) => panic!("accepted: {text}"),
        Err(error) => format!("{error:#}"),
    }
}

/// By a window function in FROM.
fn over(function: &str, hint: &str) -> String {
    format!(
        "SELECT {hint} k, window_end AS we, COUNT(*) AS n, SUM(v) AS s
         FROM TABLE({function}) GROUP BY k, window_start, window_end"
    )
}

const TUMBLE: &str = "TUMBLE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND)";
const REFIRE: &str = "/*+ LATE_ROWS('policy' = 'refire', 'allowed-lateness' = '30 s') */";
const REDIRECT: &str = "/*+ LATE_ROWS('policy' = 'redirect', 'table' = 'late') */";

/// A row of so many seconds after noon.
fn bid(k: &str, v: i64, second: i64) -> String {
    let (minute, second) = (second / 60, second % 60);
    format!(r#"{{"k": "{k}", "v": {v}, "ts": "2026-01-01 12:{minute:02}:{second:02}"}}"#)
}

fn feed(live: &mut Live, bids: &[(&str, i64, i64)]) {
    for (k, v, second) in bids {
        live.feed("bids", &[&bid(k, *v, *second)]);
    }
}

fn changes(live: &mut Live) -> Vec<String> {
    let short = |line: String| line.replace("2026-01-01 12:", "");
    live.changes().unwrap().into_iter().map(short).collect()
}

fn none() -> Vec<String> {
    Vec::new()
}

#[test]
fn results_are_told_early_after_a_pause_and_taken_back() {
    let mut live = start(&format!("{EARLY}{GROUPED}"));
    feed(&mut live, &[("a", 1, 1), ("b", 2, 2)]);
    assert_eq!(changes(&mut live), none());
    live.advance(Duration::from_secs(9));
    feed(&mut live, &[("a", 4, 3)]);
    assert_eq!(changes(&mut live), none());
    live.advance(Duration::from_secs(1));
    assert_eq!(changes(&mut live), ["+I(a, 00:10, 2, 5)", "+I(b, 00:10, 1, 2)"]);
    // Nothing changed, nothing is told.
    live.advance(Duration::from_secs(60));
    assert_eq!(changes(&mut live), none());
    feed(&mut live, &[("a", 8, 4)]);
    live.changes().unwrap();
    live.restore(3).unwrap();
    live.advance(Duration::from_secs(11));
    assert_eq!(changes(&mut live), ["-U(a, 00:10, 2, 5)", "+U(a, 00:10, 3, 13)"]);
    feed(&mut live, &[("b", 16, 5), ("c", 0, 20)]);
    // The end of the window waits for nobody.
    assert_eq!(changes(&mut live), ["-U(b, 00:10, 1, 2)", "+U(b, 00:10, 2, 18)"]);
    feed(&mut live, &[("a", 32, 5)]);
    assert_eq!(changes(&mut live), none());
    assert_eq!(live.statistics().unwrap().late_rows_dropped, 1);
}

#[test]
fn late_rows_correct_results_after_a_pause_or_when_the_window_takes_no_more() {
    let mut live = start(&format!("{LATE}{GROUPED}"));
    feed(&mut live, &[("a", 1, 1), ("b", 2, 25)]);
    assert_eq!(changes(&mut live), ["+I(a, 00:10, 1, 1)"]);
    feed(&mut live, &[("a", 4, 2), ("c", 8, 12), ("a", 16, 3)]);
    assert_eq!(changes(&mut live), none());
    live.advance(Duration::from_secs(5));
    assert_eq!(
        changes(&mut live),
        ["-U(a, 00:10, 1, 1)", "+U(a, 00:10, 3, 21)", "+I(c, 00:20, 1, 8)"]
    );
    feed(&mut live, &[("a", 32, 4)]);
    assert_eq!(changes(&mut live), none());
    // A minute after its end in event time the window goes, and says what it still has to say.
    feed(&mut live, &[("d", 0, 70)]);
    assert_eq!(
        changes(&mut live),
        ["+I(b, 00:30, 1, 2)", "-U(a, 00:10, 3, 21)", "+U(a, 00:10, 4, 53)"]
    );
    feed(&mut live, &[("a", 64, 5), ("c", 64, 15)]);
    live.settle().unwrap();
    live.advance(Duration::from_secs(5));
    assert_eq!(changes(&mut live), ["-U(c, 00:20, 1, 8)", "+U(c, 00:20, 2, 72)"]);
    let statistics = live.statistics().unwrap();
    assert_eq!(
        (statistics.late_rows_refired, statistics.late_rows_dropped),
        (5, 1)
    );
}

#[test]
fn a_hint_lets_late_rows_correct_windows_of_any_kind() {
    let hop = "HOP(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '20' SECOND)";
    let cumulate = "CUMULATE(TABLE bids, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '20' SECOND)";
    let expected: [(&str, &[&str], &[&str]); 3] = [
        (
            TUMBLE,
            &["+I(a, 00:10, 1, 1)"],
            &["-U(a, 00:10, 1, 1)", "+U(a, 00:10, 2, 5)"],
        ),
        (
            hop,
            &["+I(a, 00:10, 1, 1)", "+I(a, 00:20, 1, 1)"],
            &[
                "-U(a, 00:10, 1, 1)",
                "+U(a, 00:10, 2, 5)",
                "-U(a, 00:20, 1, 1)",
                "+U(a, 00:20, 2, 5)",
            ],
        ),
        (
            cumulate,
            &["+I(a, 00:10, 1, 1)", "+I(a, 00:20, 1, 1)"],
            &[
                "-U(a, 00:10, 1, 1)",
                "+U(a, 00:10, 2, 5)",
                "-U(a, 00:20, 1, 1)",
                "+U(a, 00:20, 2, 5)",
            ],
        ),
    ];
    for (function, on_time, corrected) in expected {
        for restored in [false, true] {
            let mut live = start(&over(function, REFIRE));
            feed(&mut live, &[("a", 1, 1), ("b", 2, 25)]);
            assert_eq!(changes(&mut live), on_time, "{function}");
            if restored {
                live.restore(2).unwrap();
            }
            feed(&mut live, &[("a", 4, 2)]);
            assert_eq!(changes(&mut live), corrected, "{function}");
            // Too late even for that.
            feed(&mut live, &[("b", 0, 80)]);
            live.changes().unwrap();
            feed(&mut live, &[("a", 8, 3)]);
            assert_eq!(changes(&mut live), none(), "{function}");
            let statistics = live.statistics().unwrap();
            assert_eq!(
                (statistics.late_rows_refired, statistics.late_rows_dropped),
                (1, 1)
            );
        }
    }
}

#[test]
fn corrections_go_on_to_whoever_reads_them() {
    let query = format!("SELECT n, COUNT(*) FROM ({}) GROUP BY n", over(TUMBLE, REFIRE));
    let mut live = start(&query);
    feed(&mut live, &[("a", 1, 1), ("c", 1, 1), ("b", 2, 25)]);
    live.changes().unwrap();
    feed(&mut live, &[("a", 4, 2)]);
    assert_eq!(changes(&mut live), ["-U(1, 2)", "+U(1, 1)", "+I(2, 1)"]);
}

#[test]
fn late_rows_go_unchanged_to_another_table() {
    let group = GROUPED.replacen("SELECT", &format!("SELECT {REDIRECT}"), 1);
    for query in [over(TUMBLE, REDIRECT), group] {
        for parallelism in [1, 2, 3] {
            let mut live = start_at(&format!("INSERT INTO totals {query}"), parallelism);
            feed(&mut live, &[("a", 1, 1), ("b", 2, 25)]);
            live.settle().unwrap();
            feed(&mut live, &[("a", 4, 2), ("a", 8, 22), ("c", 16, 19)]);
            live.settle().unwrap();
            live.restore(3 - parallelism / 2).unwrap();
            feed(&mut live, &[("d", 32, 3), ("b", 64, 40)]);
            let mut late = live.kept("late").unwrap();
            late.sort_unstable();
            let expected = [
                "+I(a, 4, 2026-01-01 12:00:02)",
                "+I(c, 16, 2026-01-01 12:00:19)",
                "+I(d, 32, 2026-01-01 12:00:03)",
            ];
            assert_eq!(late, expected, "{query} at {parallelism}");
            let mut totals = live.kept("totals").unwrap();
            totals.sort_unstable();
            let expected = [
                "+I(a, 2026-01-01 12:00:10, 1, 1)",
                "+I(a, 2026-01-01 12:00:30, 1, 8)",
                "+I(b, 2026-01-01 12:00:30, 1, 2)",
            ];
            assert_eq!(totals, expected, "{query} at {parallelism}");
            assert_eq!(live.statistics().unwrap().late_rows_dropped, 0);
        }
    }
}

#[test]
fn late_rows_that_go_to_another_table_are_counted() {
    let mut live = start(&format!("INSERT INTO totals {}", over(TUMBLE, REDIRECT)));
    feed(&mut live, &[("a", 1, 1), ("b", 2, 25)]);
    live.settle().unwrap();
    feed(&mut live, &[("a", 4, 2), ("a", 4, 3)]);
    live.settle().unwrap();
    assert_eq!(live.statistics().unwrap().rows_redirected, 2);
}

#[test]
fn a_table_says_what_becomes_of_its_late_rows() {
    let table = |options: &str| {
        format!(
            "CREATE TABLE spoken (k STRING, v BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
                 WITH ('connector' = 'feed', {options});"
        )
    };
    let refire = table("'window.late-rows.policy' = 'refire', 'window.late-rows.allowed-lateness' = '30 s'");
    let query = |hint: &str| over(TUMBLE, hint).replace("bids", "spoken");
    let mut live = start(&format!("{refire}{}", query("")));
    live.feed("spoken", &[&bid("a", 1, 1), &bid("b", 2, 25)]);
    live.changes().unwrap();
    live.feed("spoken", &[&bid("a", 4, 2)]);
    assert_eq!(changes(&mut live), ["-U(a, 00:10, 1, 1)", "+U(a, 00:10, 2, 5)"]);
    // The query has the last word.
    let mut live = start(&format!(
        "{refire}{}",
        query("/*+ LATE_ROWS('policy' = 'drop') */")
    ));
    live.feed("spoken", &[&bid("a", 1, 1), &bid("b", 2, 25)]);
    live.changes().unwrap();
    live.feed("spoken", &[&bid("a", 4, 2)]);
    assert_eq!(changes(&mut live), none());
    let redirect = table("'window.late-rows.policy' = 'redirect', 'window.late-rows.table' = 'late'");
    let mut live = start(&format!("{redirect}INSERT INTO totals {}", query("")));
    live.feed("spoken", &[&bid("a", 1, 1), &bid("b", 2, 25)]);
    live.settle().unwrap();
    live.feed("spoken", &[&bid("a", 4, 2)]);
    assert_eq!(live.kept("late").unwrap(), ["+I(a, 4, 2026-01-01 12:00:02)"]);
    // A table that says so can be written all the same.
    let written = redirect.replace("'connector' = 'feed'", "'connector' = 'kept'");
    start(&format!("{written}INSERT INTO spoken SELECT k, v, ts FROM bids"));
    let wrong = fault(&format!(
        "{}{}",
        table("'window.late-rows.policy' = 'refier'"),
        query("")
    ));
    assert!(wrong.contains("did you mean 'refire'?"), "{wrong}");
}

#[test]
fn what_cannot_be_done_with_late_rows_is_said() {
    let cases = [
        (over(TUMBLE, "/*+ LATE_ROWS('policy' = 'reject') */"), "must be one of 'drop', 'refire', 'redirect'"),
        (over(TUMBLE, "/*+ LATE_ROWS('policy' = 'refire') */"), "'refire' needs 'allowed-lateness'"),
        (over(TUMBLE, "/*+ LATE_ROWS('policy' = 'redirect') */"), "'redirect' needs 'table'"),
        (over(TUMBLE, "/*+ LATE_ROWS('policy' = 'drop', 'table' = 'late') */"), "'table' is of no meaning"),
        (over(TUMBLE, "/*+ LATE_ROWS('allowed-lateness' = '1 s') */"), "'policy' is missing"),
        (
            over(TUMBLE, "/*+ LATE_ROWS('policy' = 'refire', 'allowed-lateness' = 'soon') */"),
            "'soon' is no duration",
        ),
        (over(TUMBLE, "/*+ LATE_ROWS('policy' = 'drop', 'tabel' = 'x') */"), "tabel"),
        (over(TUMBLE, "/*+ LATE_ROWS(late) */"), "LATE_ROWS takes keys with values"),
        (format!("SELECT {REFIRE} k, COUNT(*) FROM bids GROUP BY k"), "this SELECT groups by none"),
        (format!("SELECT {REFIRE} k FROM bids"), "this SELECT groups by none"),
        (format!("SELECT k FROM bids {REFIRE}"), "LATE_ROWS belongs behind the SELECT"),
        (over(TUMBLE, REDIRECT), "a query that only reads cannot redirect"),
        (
            over("SESSION(TABLE bids PARTITION BY k, DESCRIPTOR(ts), INTERVAL '5' SECOND)", REFIRE),
            "sessions other than 'drop'",
        ),
        (
            format!("INSERT INTO totals {}", over(TUMBLE, REDIRECT).replace("'late'", "'lost'")),
            "'lost'",
        ),
        (
            format!("INSERT INTO totals {}", over(TUMBLE, REDIRECT).replace("'late'", "'totals'")),
            "late rows cannot go there",
        ),
        (
            format!(
                "INSERT INTO totals SELECT {REDIRECT} k, window_end, COUNT(*), SUM(v) FROM (
                   SELECT * FROM TABLE({TUMBLE}) UNION ALL SELECT * FROM TABLE({TUMBLE}))
                 GROUP BY k, window_start, window_end"
            ),
            "does not stand in this FROM",
        ),
        (
            format!(
                "SELECT {REFIRE} k, window_end, COUNT(*) FROM (SELECT * FROM TABLE({TUMBLE}) WHERE window_start > ts)
                 GROUP BY k, window_start, window_end"
            ),
            "group right over the window function",
        ),
        (format!("{EARLY}{}", over(TUMBLE, "")), "windows of functions in FROM tell their results when they close"),
    ];
    for (text, expected) in cases {
        let said = fault(&text);
        assert!(said.contains(expected), "{text}\n{said}");
    }
    let proctime = "
        CREATE TABLE now (k STRING, p AS PROCTIME()) WITH ('connector' = 'feed');
        SELECT /*+ LATE_ROWS('policy' = 'refire', 'allowed-lateness' = '1 s') */ k, COUNT(*)
        FROM now GROUP BY k, TUMBLE(p, INTERVAL '1' SECOND)";
    assert!(fault(proctime).contains("by processing time no row is late"));
}

#[test]
fn windows_of_processing_time_tell_results_early() {
    let text = format!(
        "{EARLY}
        CREATE TABLE now (k STRING, p AS PROCTIME()) WITH ('connector' = 'feed');
        SELECT k, COUNT(*) FROM now GROUP BY k, TUMBLE(p, INTERVAL '1' MINUTE)"
    );
    let mut live = start(&text);
    live.feed("now", &[r#"{"k": "a"}"#]);
    assert_eq!(changes(&mut live), none());
    live.advance(Duration::from_secs(10));
    assert_eq!(changes(&mut live), ["+I(a, 1)"]);
    live.feed("now", &[r#"{"k": "a"}"#, r#"{"k": "b"}"#]);
    assert_eq!(changes(&mut live), none());
    live.advance(Duration::from_secs(60));
    assert_eq!(changes(&mut live), ["-U(a, 1)", "+U(a, 2)", "+I(b, 1)"]);
    live.feed("now", &[r#"{"k": "a"}"#]);
    live.settle().unwrap();
    live.advance(Duration::from_secs(10));
    assert_eq!(changes(&mut live), ["+I(a, 1)"]);
}
