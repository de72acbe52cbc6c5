//! What operators forget, and when: `table.exec.state.ttl` and the hint STATE_TTL.

use std::time::Duration;

use model::RowKind;
use tests::live::Live;

const TABLES: &str = "
    SET 'table.exec.state.ttl' = '1 h';
    CREATE TABLE a (k BIGINT, v STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts, p AS PROCTIME())
        WITH ('connector' = 'feed');
    CREATE TABLE b (k BIGINT, w STRING) WITH ('connector' = 'feed');
    CREATE TABLE c (k BIGINT, w STRING) WITH ('connector' = 'feed', 'kinds' = 'true');
";

fn start(query: &str) -> Live {
    live(&format!("{TABLES}{query}"))
}

fn live(text: &str) -> Live {
    Live::start(text, 1).unwrap_or_else(|error| panic!("{error:#}"))
}

fn fault(query: &str) -> String {
    match Live::start(&format!("{TABLES}{query}"), 1) {
        Ok(_) => panic!("accepted: {query}"),
        Err(error) => format!("{error:#}"),
    }
}

fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

fn a(k: i64, v: &str) -> String {
    format!(r#"{{"k": {k}, "v": "{v}", "ts": "2026-01-01 00:00:00"}}"#)
}

fn b(k: i64, w: &str) -> String {
    format!(r#"{{"k": {k}, "w": "{w}"}}"#)
}

/// Waits for so long, a little at a time, as sweeping needs it.
fn wait(live: &mut Live, duration: Duration) {
    for _ in 0..60 {
        live.advance(duration / 60);
        assert_eq!(live.changes().unwrap(), Vec::<String>::new());
    }
}

#[test]
fn rows_of_a_join_are_forgotten_when_they_were_not_written_for_long_enough() {
    let mut live = start("SELECT a.k, v, w FROM a JOIN b ON a.k = b.k");
    live.feed("a", &[&a(1, "x"), &a(2, "y")]);
    live.settle().unwrap();
    live.advance(minutes(59));
    live.feed("b", &[&b(1, "p")]);
    assert_eq!(live.changes().unwrap(), ["+I(1, x, p)"]);
    // To be matched is not to be written: the left rows are over, the right one is not.
    live.advance(minutes(2));
    live.feed("b", &[&b(1, "q"), &b(2, "q")]);
    assert_eq!(live.changes().unwrap(), Vec::<String>::new());
    live.feed("a", &[&a(1, "z")]);
    assert_eq!(live.changes().unwrap(), ["+I(1, z, q)", "+I(1, z, p)"]);
}

#[test]
fn state_that_is_over_gives_its_memory_back_though_nothing_comes() {
    let mut live = start("SELECT a.k, v, w FROM a JOIN b ON a.k = b.k");
    let rows: Vec<String> = (0..30_000)
        .map(|k| a(k, "a text that takes a little room"))
        .collect();
    live.feed("a", &rows.iter().map(String::as_str).collect::<Vec<_>>());
    live.settle().unwrap();
    let before = live.state_bytes("join");
    assert!(before > 2_000_000, "{before}");
    wait(&mut live, minutes(61));
    for _ in 0..100 {
        wait(&mut live, Duration::from_secs(60));
    }
    let after = live.state_bytes("join");
    assert!(after < before / 2, "{before} then {after}");
}

#[test]
fn equal_rows_of_a_join_are_forgotten_together() {
    let mut live = start("SELECT a.k, v, w FROM a JOIN b ON a.k = b.k");
    live.feed("b", &[&b(1, "p")]);
    live.settle().unwrap();
    live.advance(minutes(40));
    live.feed("b", &[&b(1, "p")]);
    live.settle().unwrap();
    live.advance(minutes(40));
    live.feed("a", &[&a(1, "x")]);
    assert_eq!(live.changes().unwrap(), ["+I(1, x, p)", "+I(1, x, p)"]);
}

#[test]
fn a_row_that_is_over_is_not_taken_back_any_more() {
    let mut live = start("SELECT a.k, v, w FROM a LEFT JOIN c ON a.k = c.k");
    live.feed("a", &[&a(1, "x")]);
    live.change("c", RowKind::Insert, &b(1, "p"));
    live.settle().unwrap();
    live.changes().unwrap();
    live.advance(minutes(50));
    // The left row counts its matches, and is written with each; the right one is not.
    live.change("c", RowKind::Insert, &b(1, "q"));
    assert_eq!(live.changes().unwrap(), ["+I(1, x, q)"]);
    live.advance(minutes(20));
    live.change("c", RowKind::Delete, &b(1, "q"));
    assert_eq!(live.changes().unwrap(), ["-D(1, x, q)"]);
    // Nobody took the other right row back: it still counts as a match, as in Flink.
    live.change("c", RowKind::Insert, &b(1, "p"));
    assert_eq!(live.changes().unwrap(), ["+I(1, x, p)"]);
}

#[test]
fn semi_and_anti_joins_forget_both_sides() {
    let mut live = start("SELECT k, v FROM a WHERE k NOT IN (SELECT k FROM b WHERE k IS NOT NULL)");
    live.feed("b", &[&b(1, "p")]);
    live.settle().unwrap();
    live.feed("a", &[&a(1, "x"), &a(2, "x")]);
    assert_eq!(live.changes().unwrap(), ["+I(2, x)"]);
    live.advance(minutes(61));
    live.feed("a", &[&a(1, "y")]);
    assert_eq!(live.changes().unwrap(), ["+I(1, y)"]);
    // The first rows are gone, and with them what there would be to take away.
    live.feed("b", &[&b(1, "q"), &b(2, "q")]);
    assert_eq!(live.changes().unwrap(), ["-D(1, y)"]);
}

#[test]
fn a_hint_says_for_each_input_of_a_join_how_long() {
    let hint = "/*+ STATE_TTL('a' = '10 min', 'right' = '0 s') */";
    let mut live = start(&format!(
        "SELECT {hint} a.k, v, w FROM a JOIN b AS `right` ON a.k = `right`.k"
    ));
    live.feed("a", &[&a(1, "x")]);
    live.feed("b", &[&b(2, "q")]);
    live.settle().unwrap();
    live.advance(minutes(11));
    live.feed("b", &[&b(1, "p")]);
    assert_eq!(live.changes().unwrap(), Vec::<String>::new());
    // Zero is for ever, whatever the session says.
    live.advance(minutes(600));
    live.feed("a", &[&a(2, "y"), &a(1, "y")]);
    assert_eq!(live.changes().unwrap(), ["+I(2, y, q)", "+I(1, y, p)"]);
}

#[test]
fn a_hint_holds_for_a_view_and_for_a_grouping() {
    let mut live = start(
        "CREATE VIEW seen AS SELECT k, v FROM a;
         SELECT /*+ STATE_TTL('seen' = '10 min') */ k, COUNT(*) FROM seen GROUP BY k",
    );
    live.feed("a", &[&a(1, "x")]);
    assert_eq!(live.changes().unwrap(), ["+I(1, 1)"]);
    live.advance(minutes(9));
    live.feed("a", &[&a(1, "x")]);
    assert_eq!(live.changes().unwrap(), ["-U(1, 1)", "+U(1, 2)"]);
    live.advance(minutes(11));
    live.feed("a", &[&a(1, "x")]);
    assert_eq!(live.changes().unwrap(), ["+I(1, 1)"]);
}

#[test]
fn a_hint_that_holds_for_nothing_is_refused() {
    let unknown = fault("SELECT /*+ STATE_TTL('othr' = '1 h') */ * FROM a JOIN b AS other ON a.k = other.k");
    assert!(
        unknown.contains("'othr' is not an input") && unknown.contains("did you mean 'other'"),
        "{unknown}"
    );
    // An alias hides the name.
    let aliased = fault("SELECT /*+ STATE_TTL('b' = '1 h') */ * FROM a JOIN b AS other ON a.k = other.k");
    assert!(aliased.contains("name one of a, other"), "{aliased}");
    let stateless = fault("SELECT /*+ STATE_TTL('a' = '1 h') */ k FROM a");
    assert!(stateless.contains("joins or groups"), "{stateless}");
    // Queries inside do not hear of it.
    let inner = fault("SELECT /*+ STATE_TTL('a' = '1 h') */ * FROM (SELECT a.k FROM a JOIN b ON a.k = b.k)");
    assert!(inner.contains("'a' is not an input"), "{inner}");
    let duration = fault("SELECT /*+ STATE_TTL('a' = 'soon') */ k, COUNT(*) FROM a GROUP BY k");
    assert!(duration.contains("'soon' is no duration"), "{duration}");
    let bare = fault("SELECT /*+ STATE_TTL(a) */ k, COUNT(*) FROM a GROUP BY k");
    assert!(bare.contains("STATE_TTL takes tables"), "{bare}");
}

#[test]
fn rankings_and_the_first_and_last_rows_begin_anew() {
    let top =
        "SELECT k, v FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v) AS n FROM a) WHERE n <= 2";
    let mut live = start(top);
    live.feed("a", &[&a(1, "b"), &a(1, "c"), &a(2, "z")]);
    assert_eq!(live.changes().unwrap().len(), 3);
    live.advance(minutes(50));
    // What does not come among the first is not written.
    live.feed("a", &[&a(1, "d"), &a(2, "y")]);
    assert_eq!(live.changes().unwrap(), ["+I(2, y)"]);
    live.advance(minutes(20));
    live.feed("a", &[&a(1, "e"), &a(2, "x")]);
    assert_eq!(live.changes().unwrap(), ["+I(1, e)", "-D(2, z)", "+I(2, x)"]);

    for (order, again) in [("p ASC", Vec::new()), ("p DESC", vec!["-U(1, a)", "+U(1, b)"])] {
        let query = format!(
            "SELECT k, v FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY {order}) AS n FROM a) WHERE n = 1"
        );
        let mut live = start(&query);
        live.feed("a", &[&a(1, "a")]);
        assert_eq!(live.changes().unwrap(), ["+I(1, a)"]);
        live.advance(minutes(50));
        live.feed("a", &[&a(1, "b")]);
        assert_eq!(live.changes().unwrap(), again, "{order}");
        live.advance(minutes(20));
        live.feed("a", &[&a(1, "c")]);
        let third = live.changes().unwrap();
        // The first row was written once; the last is written with every row.
        match order {
            "p ASC" => assert_eq!(third, ["+I(1, c)"]),
            _ => assert_eq!(third, ["-U(1, b)", "+U(1, c)"]),
        }
    }
}

#[test]
fn the_first_rows_of_all_begin_anew() {
    let mut live = start("SELECT k, v FROM a ORDER BY v LIMIT 1");
    live.feed("a", &[&a(1, "b")]);
    assert_eq!(live.changes().unwrap(), ["+I(1, b)"]);
    live.advance(minutes(61));
    live.feed("a", &[&a(2, "c")]);
    assert_eq!(live.changes().unwrap(), ["+I(2, c)"]);
}

#[test]
fn results_over_all_rows_before_begin_anew() {
    for frame in ["RANGE", "ROWS"] {
        let query = format!(
            "SELECT k, v, COUNT(*) OVER (PARTITION BY k ORDER BY p {frame} BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS n FROM a"
        );
        let mut live = start(&query);
        live.feed("a", &[&a(1, "x")]);
        assert_eq!(live.changes().unwrap(), ["+I(1, x, 1)"]);
        live.advance(minutes(50));
        live.feed("a", &[&a(1, "y")]);
        assert_eq!(live.changes().unwrap(), ["+I(1, y, 2)"]);
        live.advance(minutes(50));
        live.restore(2).unwrap();
        live.advance(minutes(5));
        live.feed("a", &[&a(1, "z")]);
        assert_eq!(live.changes().unwrap(), ["+I(1, z, 3)"]);
        wait(&mut live, minutes(61));
        live.feed("a", &[&a(1, "w"), &a(2, "w")]);
        assert_eq!(live.changes().unwrap(), ["+I(1, w, 1)", "+I(2, w, 1)"]);
    }
    let mut live = start("SELECT k, v, COUNT(*) OVER (PARTITION BY k ORDER BY v) AS n FROM a");
    live.feed("a", &[&a(1, "x"), &a(1, "y")]);
    live.changes().unwrap();
    wait(&mut live, minutes(61));
    live.feed("a", &[&a(1, "w")]);
    assert_eq!(live.changes().unwrap(), ["+I(1, w, 1)"]);
    live.advance(minutes(61));
    // Not swept yet, and over all the same.
    live.feed("a", &[&a(1, "a")]);
    assert_eq!(live.changes().unwrap(), ["+I(1, a, 1)"]);
}

#[test]
fn values_told_apart_are_forgotten_with_their_key() {
    let mut live = start("SELECT k, COUNT(DISTINCT v) AS n FROM a GROUP BY k");
    live.feed("a", &[&a(1, "x"), &a(1, "y")]);
    assert_eq!(live.changes().unwrap(), ["+I(1, 1)", "-U(1, 1)", "+U(1, 2)"]);
    live.advance(minutes(61));
    live.feed("a", &[&a(1, "x")]);
    assert_eq!(live.changes().unwrap(), ["+I(1, 1)"]);
}

#[test]
fn upserts_are_normalised_and_put_together_as_long_as_they_are_remembered() {
    let text = |keys: &str| {
        format!(
            "SET 'table.exec.state.ttl' = '1 h';
             CREATE TABLE c (k BIGINT, w STRING, PRIMARY KEY (k) NOT ENFORCED)
                 WITH ('connector' = 'feed', 'kinds' = 'true');
             SET 'table.exec.source.cdc-events-duplicate' = 'true';
             {keys}"
        )
    };
    let mut live = live(&text("SELECT k, w FROM c"));
    live.change("c", RowKind::Insert, &b(1, "x"));
    assert_eq!(live.changes().unwrap(), ["+I(1, x)"]);
    live.advance(minutes(50));
    // The same again keeps it alive, here and for those behind.
    live.change("c", RowKind::Insert, &b(1, "x"));
    assert_eq!(live.changes().unwrap(), ["-U(1, x)", "+U(1, x)"]);
    live.restore(3).unwrap();
    live.advance(minutes(50));
    live.change("c", RowKind::UpdateAfter, &b(1, "y"));
    assert_eq!(live.changes().unwrap(), ["-U(1, x)", "+U(1, y)"]);
    live.advance(minutes(61));
    live.change("c", RowKind::Delete, &b(1, "y"));
    assert_eq!(live.changes().unwrap(), Vec::<String>::new());
}

#[test]
fn ages_outlive_a_restart_at_another_parallelism() {
    let queries = [
        "SELECT a.k, v, w FROM a JOIN b ON a.k = b.k",
        "SELECT k, COUNT(*) FROM b GROUP BY k",
        "SELECT k, w FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY w) AS n FROM b) WHERE n <= 2",
    ];
    for query in queries {
        let mut live = start(query);
        live.feed("a", &[&a(1, "x"), &a(2, "x")]);
        live.settle().unwrap();
        live.feed("b", &[&b(1, "p"), &b(2, "p")]);
        live.changes().unwrap();
        live.advance(minutes(40));
        live.restore(3).unwrap();
        live.advance(minutes(15));
        live.feed("b", &[&b(1, "q")]);
        let still = live.changes().unwrap();
        assert!(!still.is_empty(), "{query}");
        live.advance(minutes(10));
        live.restore(2).unwrap();
        // Key 2 was last written 65 minutes ago, key 1 ten minutes ago.
        live.feed("b", &[&b(2, "a"), &b(1, "a")]);
        let mut now = live.changes().unwrap();
        now.sort_unstable();
        match query {
            query if query.contains("JOIN") => assert_eq!(now, Vec::<String>::new()),
            query if query.contains("COUNT") => {
                assert_eq!(now, ["+I(2, 1)", "+U(1, 3)", "-U(1, 2)"]);
            }
            _ => assert_eq!(now, ["+I(1, a)", "+I(2, a)", "-D(1, q)"]),
        }
    }
}

#[test]
fn versions_of_a_table_are_forgotten_with_their_key() {
    let mut live = start(
        "CREATE TABLE rates (k BIGINT, w STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts, PRIMARY KEY (k) NOT ENFORCED)
             WITH ('connector' = 'feed', 'kinds' = 'true');
         SELECT a.k, v, w FROM a LEFT JOIN rates FOR SYSTEM_TIME AS OF a.ts ON a.k = rates.k",
    );
    let at = |k: i64, name: &str, text: &str, second: i64| {
        format!(r#"{{"k": {k}, "{name}": "{text}", "ts": "2026-01-01 00:00:{second:02}"}}"#)
    };
    live.feed(
        "rates",
        &[&at(1, "w", "p", 1), &at(2, "w", "p", 1), &at(9, "w", "", 10)],
    );
    live.feed("a", &[&at(1, "v", "x", 2), &at(9, "v", "", 10)]);
    let given = |live: &mut Live| -> Vec<String> {
        let mut changes = live.changes().unwrap();
        changes.retain(|change| !change.starts_with("+I(9"));
        changes
    };
    assert_eq!(given(&mut live), ["+I(1, x, p)"]);
    live.advance(minutes(50));
    live.feed("a", &[&at(1, "v", "y", 11), &at(9, "v", "", 20)]);
    live.feed("rates", &[&at(9, "w", "", 20)]);
    assert_eq!(given(&mut live), ["+I(1, y, p)"]);
    live.advance(minutes(20));
    live.restore(2).unwrap();
    // Nothing was heard of key 2 for more than an hour.
    live.feed(
        "a",
        &[&at(1, "v", "z", 21), &at(2, "v", "z", 21), &at(9, "v", "", 30)],
    );
    live.feed("rates", &[&at(9, "w", "", 30)]);
    let mut last = given(&mut live);
    last.sort_unstable();
    assert_eq!(last, ["+I(1, z, p)", "+I(2, z, null)"]);
}
