//! Lookup joins: which rows they give, when, and what becomes of lookups that take too long.

use std::time::Duration;

use tests::live::Live;
use tests::looked::How;

const TABLES: &str = "
    CREATE TABLE orders (o INT, id BIGINT, x INT, p AS PROCTIME(), ts TIMESTAMP(3)) WITH ('connector' = 'feed');
    CREATE TABLE timed (o INT, id BIGINT, x INT, p AS PROCTIME(), ts TIMESTAMP(3), WATERMARK FOR ts AS ts)
      WITH ('connector' = 'feed');
    CREATE TABLE changing (o INT, id BIGINT, p AS PROCTIME(), PRIMARY KEY (o) NOT ENFORCED)
      WITH ('connector' = 'feed', 'kinds' = 'true');
    CREATE TABLE customers (id BIGINT, name STRING, city STRING, age INT, PRIMARY KEY (id) NOT ENFORCED)
      WITH ('connector' = 'looked');
    CREATE TABLE batched (id BIGINT, name STRING) WITH ('connector' = 'looked', 'keys-max' = '10');
    CREATE TABLE cached (id BIGINT, name STRING) WITH ('connector' = 'looked', 'lookup.cache' = 'PARTIAL',
      'lookup.partial-cache.max-rows' = '3', 'lookup.partial-cache.expire-after-write' = '10 s');
    CREATE TABLE late (o INT, id BIGINT, x INT, `at` TIMESTAMP(3)) WITH ('connector' = 'kept');
    CREATE TABLE named (o INT, name STRING) WITH ('connector' = 'kept');
";

fn start_at(text: &str, parallelism: usize) -> Live {
    let live =
        Live::start(&format!("{TABLES}{text}"), parallelism).unwrap_or_else(|error| panic!("{error:#}"));
    let people: Vec<String> = (1..=1000)
        .map(|id| {
            let city = if id % 2 == 0 { "Rome" } else { "Oslo" };
            format!(r#"{{"id": {id}, "name": "n{id}", "city": "{city}", "age": {id}}}"#)
        })
        .collect();
    for table in ["customers", "batched", "cached"] {
        live.looked().hold(table, &people);
    }
    live
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

/// Orders with the number, the customer and `x`, all at noon.
fn feed(live: &mut Live, orders: &[(i64, i64)]) {
    for (o, id) in orders {
        live.feed(
            "orders",
            &[&format!(
                r#"{{"o": {o}, "id": {id}, "x": {o}, "ts": "2026-01-01 12:00:00"}}"#
            )],
        );
    }
}

fn second(live: &mut Live, o: i64, id: i64, second: i64) {
    let row = format!(r#"{{"o": {o}, "id": {id}, "x": 0, "ts": "2026-01-01 12:00:{second:02}"}}"#);
    live.feed("timed", &[&row]);
}

fn changes(live: &mut Live) -> Vec<String> {
    live.changes().unwrap_or_else(|error| panic!("{error:#}"))
}

fn none() -> Vec<String> {
    Vec::new()
}

const JOIN: &str = "orders AS o JOIN customers FOR SYSTEM_TIME AS OF o.p AS c ON c.id = o.id";
const LEFT: &str = "orders AS o LEFT JOIN customers FOR SYSTEM_TIME AS OF o.p AS c ON c.id = o.id";

#[test]
fn rows_come_with_what_the_table_holds_when_they_come() {
    let mut live = start(&format!("SELECT o, name FROM {JOIN}"));
    feed(&mut live, &[(1, 7), (2, 5000), (3, 7)]);
    live.feed(
        "orders",
        &[r#"{"o": 4, "id": null, "x": 0, "ts": "2026-01-01 12:00:00"}"#],
    );
    assert_eq!(changes(&mut live), ["+I(1, n7)", "+I(3, n7)"]);
    // Rows of one key ask once, NULL asks nobody.
    assert_eq!(live.looked().asked(), ["7", "5000"]);
    live.looked()
        .hold("customers", &[r#"{"id": 7, "name": "new"}"#.to_string()]);
    feed(&mut live, &[(5, 7)]);
    assert_eq!(changes(&mut live), ["+I(5, new)"]);
}

#[test]
fn a_left_join_gives_nulls_where_nothing_is_found() {
    let mut live = start(&format!(
        "SELECT o, name FROM {LEFT} AND c.city = 'Rome' AND c.age > o.x AND o.x < 50"
    ));
    feed(&mut live, &[(1, 8), (2, 7), (9, 8), (60, 80), (3, 5000)]);
    live.feed(
        "orders",
        &[r#"{"o": 4, "id": null, "x": 0, "ts": "2026-01-01 12:00:00"}"#],
    );
    assert_eq!(
        changes(&mut live),
        [
            "+I(1, n8)",
            "+I(2, null)",
            "+I(9, null)",
            "+I(60, null)",
            "+I(3, null)",
            "+I(4, null)"
        ]
    );
    // What the condition rules out of the left rows alone is not asked for.
    assert_eq!(live.looked().asked(), ["8", "7", "5000"]);
}

#[test]
fn conditions_on_the_table_decide_about_matches_and_those_of_where_about_rows() {
    let mut live = start(&format!(
        "SELECT o, UPPER(name) AS n, age + 1 AS a FROM {LEFT} AND c.city = 'Rome' WHERE o.x > 1"
    ));
    feed(&mut live, &[(1, 8), (2, 7), (3, 8)]);
    assert_eq!(changes(&mut live), ["+I(2, null, null)", "+I(3, N8, 9)"]);
    let mut live = start(&format!("SELECT o, name FROM {LEFT} WHERE c.city = 'Rome'"));
    feed(&mut live, &[(1, 8), (2, 7), (3, 5000)]);
    assert_eq!(changes(&mut live), ["+I(1, n8)"]);
}

#[test]
fn constants_are_keys_too() {
    let mut live = start(
        "SELECT o, c.id FROM orders AS o JOIN customers FOR SYSTEM_TIME AS OF o.p AS c
         ON c.id = o.id AND c.name = 'n8'",
    );
    feed(&mut live, &[(1, 8), (2, 7)]);
    assert_eq!(changes(&mut live), ["+I(1, 8)"]);
    let mut live = start(
        "SELECT o, name FROM orders AS o JOIN customers FOR SYSTEM_TIME AS OF o.p AS c ON c.id = CAST(8 AS BIGINT)",
    );
    feed(&mut live, &[(1, 1), (2, 2)]);
    assert_eq!(changes(&mut live), ["+I(1, n8)", "+I(2, n8)"]);
    assert_eq!(live.looked().asked(), ["8"]);
}

#[test]
fn several_rows_may_be_found() {
    let mut live =
        start("SELECT o, name FROM orders AS o JOIN customers FOR SYSTEM_TIME AS OF o.p AS c ON c.id = o.id");
    let rows = ["a", "b", "c"].map(|name| format!(r#"{{"id": 1, "name": "{name}"}}"#));
    live.looked().hold("customers", &rows);
    feed(&mut live, &[(1, 1), (2, 2), (3, 1)]);
    assert_eq!(
        changes(&mut live),
        [
            "+I(1, a)", "+I(1, b)", "+I(1, c)", "+I(3, a)", "+I(3, b)", "+I(3, c)"
        ]
    );
}

#[test]
fn rows_keep_their_order_unless_it_is_given_up() {
    for (hint, expected) in [
        (
            "",
            [
                none(),
                vec!["+I(1, n1)".to_string(), "+I(2, n2)".into(), "+I(3, n3)".into()],
            ],
        ),
        (
            "/*+ LOOKUP('table' = 'c', 'output-mode' = 'allow_unordered') */",
            [
                vec!["+I(2, n2)".to_string(), "+I(3, n3)".into()],
                vec!["+I(1, n1)".into()],
            ],
        ),
    ] {
        let mut live = start(&format!("SELECT {hint} o, name FROM {JOIN}"));
        live.looked().answer("1", How::After(Duration::from_secs(5)));
        feed(&mut live, &[(1, 1), (2, 2), (3, 3)]);
        assert_eq!(changes(&mut live), expected[0]);
        live.advance(Duration::from_secs(5));
        assert_eq!(changes(&mut live), expected[1]);
    }
}

#[test]
fn no_row_leaves_before_a_watermark_that_it_came_behind() {
    let view =
        "CREATE VIEW found AS SELECT /*+ LOOKUP('table' = 'c', 'output-mode' = 'allow_unordered') */ o.ts, name FROM timed AS o LEFT JOIN customers FOR SYSTEM_TIME AS OF o.p AS c ON c.id = o.id;
         SELECT CAST(window_end AS STRING) AS e, COUNT(name) AS n FROM TABLE(TUMBLE(TABLE found, DESCRIPTOR(ts), INTERVAL '10' SECOND))
         GROUP BY window_start, window_end";
    let mut live = start(view);
    live.looked().answer("1", How::After(Duration::from_secs(5)));
    second(&mut live, 1, 1, 1);
    second(&mut live, 2, 2, 2);
    second(&mut live, 3, 3, 12);
    second(&mut live, 4, 4, 22);
    // The first window waits for its row, and is told with it.
    assert_eq!(changes(&mut live), none());
    live.advance(Duration::from_secs(5));
    assert_eq!(
        changes(&mut live),
        ["+I(2026-01-01 12:00:10.000, 2)", "+I(2026-01-01 12:00:20.000, 1)"]
    );
}

#[test]
fn rows_that_wait_are_asked_for_again_after_a_restore() {
    for hint in [
        "",
        "/*+ LOOKUP('table' = 'c', 'output-mode' = 'allow_unordered') */",
    ] {
        for parallelism in [1, 3] {
            let mut live = start_at(&format!("SELECT {hint} o, name FROM {LEFT}"), parallelism);
            live.looked().answer("1", How::Never);
            live.looked().answer("2", How::After(Duration::from_secs(5)));
            feed(&mut live, &[(1, 1), (2, 2), (3, 3), (4, 1)]);
            let mut all = changes(&mut live);
            live.looked().asked();
            live.looked().answer("1", How::AtOnce);
            live.restore(4 - parallelism).unwrap();
            all.extend(changes(&mut live));
            assert!(live.looked().asked().contains(&"1".to_string()));
            live.advance(Duration::from_secs(6));
            all.extend(changes(&mut live));
            all.sort_unstable();
            assert_eq!(
                all,
                ["+I(1, n1)", "+I(2, n2)", "+I(3, n3)", "+I(4, n1)"],
                "{hint}"
            );
        }
    }
}

#[test]
fn changes_keep_their_order_and_kinds() {
    use model::RowKind;
    let query = "SELECT /*+ LOOKUP('table' = 'c', 'output-mode' = 'allow_unordered') */ o, name
        FROM changing AS o JOIN customers FOR SYSTEM_TIME AS OF o.p AS c ON c.id = o.id";
    let mut live = start(query);
    live.looked().answer("1", How::After(Duration::from_secs(5)));
    live.change("changing", RowKind::Insert, r#"{"o": 1, "id": 1}"#);
    live.change("changing", RowKind::UpdateBefore, r#"{"o": 1, "id": 1}"#);
    live.change("changing", RowKind::UpdateAfter, r#"{"o": 1, "id": 2}"#);
    live.change("changing", RowKind::Delete, r#"{"o": 1, "id": 2}"#);
    assert_eq!(changes(&mut live), none());
    live.advance(Duration::from_secs(5));
    assert_eq!(
        changes(&mut live),
        ["+I(1, n1)", "-U(1, n1)", "+U(1, n2)", "-D(1, n2)"]
    );
}

#[test]
fn no_more_is_taken_in_than_can_be_asked() {
    let mut live = start(&format!(
        "SELECT /*+ LOOKUP('table' = 'c', 'capacity' = '2', 'output-mode' = 'allow_unordered') */ o, name FROM {JOIN}"
    ));
    for id in 1..=20 {
        live.looked()
            .answer(&id.to_string(), How::After(Duration::from_secs(10)));
    }
    for id in 1..=20 {
        feed(&mut live, &[(id, id)]);
        live.settle().unwrap();
    }
    assert_eq!(live.looked().asked(), ["1", "2"]);
    // One row more waits to be asked for, the others at the source.
    assert_eq!(live.statistics().unwrap().rows_in, 3);
    let mut given = 0;
    for _ in 0..100 {
        live.advance(Duration::from_secs(1));
        given += changes(&mut live).len();
    }
    assert_eq!(given, 20);
}

/// Those that hang are told from the others by how many answers overtake them, long before their time is up. Nobody is
/// overtaken where all are slow.
#[test]
fn lookups_that_hang_take_nobodys_place() {
    let query = format!(
        "SELECT /*+ LOOKUP('table' = 'c', 'capacity' = '3', 'output-mode' = 'allow_unordered', 'timeout' = '800 s',
                           'on-timeout' = 'null') */ o, name FROM {JOIN}"
    );
    let orders: Vec<(i64, i64)> = (1..=40).map(|id| (id, id)).collect();
    let given_by = |hanging: &[i64], second: usize| {
        let mut live = start(&query);
        for id in 1..=40 {
            let how = match hanging.contains(&id) {
                true => How::Never,
                false => How::After(Duration::from_secs(1)),
            };
            live.looked().answer(&id.to_string(), how);
        }
        feed(&mut live, &orders);
        live.settle().unwrap();
        let mut given = 0;
        for _ in 0..second {
            live.advance(Duration::from_secs(1));
            given += changes(&mut live).len();
        }
        given
    };
    // One place of three less for the first six answers, and then all three.
    assert_eq!(given_by(&[2], 2), 4);
    assert_eq!(given_by(&[2], 3), 6);
    assert_eq!(given_by(&[2], 4), 9);
    assert_eq!(given_by(&[2, 3], 6), 6);
    assert_eq!(given_by(&[2, 3], 7), 9);
    // An eighth of the time: those that hang all at once are told by that alone.
    assert_eq!(given_by(&[1, 2, 3], 98), 0);
    assert_eq!(given_by(&[1, 2, 3], 103), 9);
}

#[test]
fn a_lookup_that_takes_too_long_fails_the_job_unless_something_else_is_said() {
    let mut live = start(&format!(
        "SELECT /*+ LOOKUP('table' = 'c', 'timeout' = '3 s') */ o, name FROM {JOIN}"
    ));
    live.looked().answer("1", How::Never);
    feed(&mut live, &[(1, 1), (2, 2)]);
    assert_eq!(changes(&mut live), none());
    live.advance(Duration::from_millis(2_900));
    assert_eq!(changes(&mut live), none());
    live.advance(Duration::from_millis(200));
    let error = format!("{:#}", live.changes().unwrap_err());
    assert!(
        error.contains("default_database.customers' up by (id) took longer than 3s"),
        "{error}"
    );
}

/// One key in a hundred hangs for ever: each policy gives exactly the rows that are documented, and those of the other
/// keys are given before any time is up.
#[test]
fn a_lookup_source_that_sometimes_hangs_holds_up_nobody_whatever_the_policy() {
    let healthy: Vec<String> = (1..=1000)
        .filter(|id| id % 100 != 0)
        .map(|id| format!("+I({id}, n{id})"))
        .collect();
    let hanging =
        |then: &str| -> Vec<String> { (1..=10).map(|id| format!("+I({}, {then})", id * 100)).collect() };
    for (kind, policy, late, redirected) in [
        ("JOIN", "'on-timeout' = 'null'", none(), none()),
        ("LEFT JOIN", "'on-timeout' = 'null'", hanging("null"), none()),
        (
            "JOIN",
            "'on-timeout' = 'null', 'timeout-attempts' = '2'",
            none(),
            none(),
        ),
        (
            "LEFT JOIN",
            "'on-timeout' = 'redirect', 'timeout-table' = 'late'",
            none(),
            (1..=10)
                .map(|id| format!("+I({0}, {0}, {0}, 2026-01-01 12:00:00)", id * 100))
                .collect(),
        ),
    ] {
        for (table, parallelism) in [("customers", 1), ("customers", 3), ("batched", 1), ("batched", 3)] {
            let mut live = start_at(
                &format!(
                    "INSERT INTO named
                     SELECT /*+ LOOKUP('table' = 'c', 'output-mode' = 'allow_unordered', 'timeout' = '8 s', {policy}) */ o, name
                     FROM orders AS o {kind} {table} FOR SYSTEM_TIME AS OF o.p AS c ON c.id = o.id"
                ),
                parallelism,
            );
            for id in 1..=10 {
                live.looked().answer(&(id * 100).to_string(), How::Never);
            }
            let orders: Vec<(i64, i64)> = (1..=1000).map(|id| (id, id)).collect();
            feed(&mut live, &orders);
            let mut given = live.kept("named").unwrap();
            if table == "batched" {
                // Those who share a request with one that hangs are asked alone when its time is up.
                assert!(given.len() >= 900, "{}", given.len());
                live.advance(Duration::from_secs(8));
                given.extend(live.kept("named").unwrap());
            }
            given.sort_by_key(|row| row.len());
            let mut expected = healthy.clone();
            expected.sort_by_key(|row| row.len());
            given.sort_unstable();
            expected.sort_unstable();
            assert_eq!(given, expected, "{kind} {policy} {table}");
            let is_retried = policy.contains("attempts");
            if is_retried {
                live.advance(Duration::from_secs(8));
                assert_eq!(live.kept("named").unwrap(), none());
                for id in 1..=10 {
                    // Asked once more, they answer.
                    live.looked().answer(&(id * 100).to_string(), How::AtOnce);
                }
            }
            live.advance(Duration::from_secs(8));
            let mut rest = live.kept("named").unwrap();
            rest.sort_unstable();
            let mut expected = if is_retried { none() } else { late.clone() };
            expected.sort_unstable();
            assert_eq!(rest, expected, "{kind} {policy} {table}");
            if policy.contains("redirect") {
                let mut rows = live.kept("late").unwrap();
                rows.sort_unstable();
                let mut expected = redirected.clone();
                expected.sort_unstable();
                assert_eq!(rows, expected);
                assert_eq!(live.statistics().unwrap().rows_redirected, 10);
            }
            assert_eq!(
                live.statistics().unwrap().lookups_timed_out,
                10,
                "{kind} {policy} {table}"
            );
        }
    }
}

#[test]
fn a_lookup_that_took_too_long_is_tried_again() {
    let mut live = start(&format!(
        "SELECT /*+ LOOKUP('table' = 'c', 'timeout' = '3 s', 'timeout-attempts' = '2', 'on-timeout' = 'null') */ o, name FROM {LEFT}"
    ));
    live.looked().answer("1", How::Never);
    live.looked().answer("2", How::Never);
    feed(&mut live, &[(1, 1), (2, 2)]);
    changes(&mut live);
    live.looked().answer("1", How::AtOnce);
    live.advance(Duration::from_secs(3));
    assert_eq!(changes(&mut live), ["+I(1, n1)"]);
    assert_eq!(live.looked().asked(), ["1", "2", "1", "2"]);
    live.advance(Duration::from_secs(3));
    assert_eq!(changes(&mut live), ["+I(2, null)"]);
}

#[test]
fn a_miss_is_asked_for_again_after_a_pause() {
    let mut live = start(&format!(
        "SELECT /*+ LOOKUP('table' = 'c', 'retry-predicate' = 'lookup_miss', 'retry-strategy' = 'fixed_delay',
           'fixed-delay' = '10 s', 'max-attempts' = '3') */ o, name FROM {LEFT}"
    ));
    feed(&mut live, &[(1, 5000), (2, 5001)]);
    assert_eq!(changes(&mut live), none());
    live.advance(Duration::from_secs(10));
    assert_eq!(changes(&mut live), none());
    live.looked()
        .hold("customers", &[r#"{"id": 5000, "name": "late"}"#.to_string()]);
    live.advance(Duration::from_secs(10));
    assert_eq!(changes(&mut live), ["+I(1, late)", "+I(2, null)"]);
    assert_eq!(live.looked().asked().len(), 6);
}

#[test]
fn a_lookup_that_fails_is_made_again_and_then_fails_the_job() {
    let mut live = start(&format!("SELECT o, name FROM {JOIN}"));
    live.looked().answer("1", How::Failing(3));
    live.looked().answer("2", How::Failing(4));
    feed(&mut live, &[(1, 1)]);
    let mut all = changes(&mut live);
    for _ in 0..6 {
        live.advance(Duration::from_secs(1));
        all.extend(changes(&mut live));
    }
    assert_eq!(all, ["+I(1, n1)"]);
    feed(&mut live, &[(2, 2)]);
    let error = (0..12).find_map(|_| {
        live.advance(Duration::from_secs(1));
        live.changes().err()
    });
    let error = format!("{:#}", error.unwrap());
    assert!(error.contains("cannot look rows of"), "{error}");
    assert!(error.contains("out of order"), "{error}");
}

/// Where there is no time for another try, the policy holds; a job that fails then says what had failed.
#[test]
fn a_lookup_that_fails_until_its_time_is_up_took_too_long() {
    let outcome = |policy: &str| {
        let mut live = start(&format!(
            "SELECT /*+ LOOKUP('table' = 'c', 'timeout' = '2 s', 'on-timeout' = '{policy}') */ o, name FROM {LEFT}"
        ));
        live.looked().answer("1", How::Failing(100));
        feed(&mut live, &[(1, 1)]);
        live.settle()?;
        live.advance(Duration::from_secs(1));
        live.changes()
    };
    assert_eq!(outcome("null").unwrap(), ["+I(1, null)"]);
    let error = format!("{:#}", outcome("fail").unwrap_err());
    assert!(
        error.contains("took longer than 2s; it had failed before: "),
        "{error}"
    );
    assert!(error.contains("out of order"), "{error}");
}

#[test]
fn what_was_looked_up_is_remembered_for_a_while() {
    let mut live =
        start("SELECT o, name FROM orders AS o JOIN cached FOR SYSTEM_TIME AS OF o.p AS c ON c.id = o.id");
    feed(&mut live, &[(1, 1), (2, 2), (3, 5000)]);
    assert_eq!(changes(&mut live).len(), 2);
    assert_eq!(live.looked().asked().len(), 3);
    feed(&mut live, &[(4, 1), (5, 2), (6, 5000)]);
    assert_eq!(changes(&mut live), ["+I(4, n1)", "+I(5, n2)"]);
    assert_eq!(live.looked().asked(), none());
    // A fourth key: one must go that was not used since.
    feed(&mut live, &[(7, 3)]);
    assert_eq!(changes(&mut live), ["+I(7, n3)"]);
    live.looked().asked();
    feed(&mut live, &[(8, 1), (9, 2), (10, 5000), (11, 3)]);
    changes(&mut live);
    assert!(!live.looked().asked().is_empty());
    live.advance(Duration::from_secs(10));
    feed(&mut live, &[(12, 3)]);
    changes(&mut live);
    assert_eq!(live.looked().asked(), ["3"]);
}

#[test]
fn what_is_wrong_is_told() {
    for (query, expected) in [
        (
            "SELECT o.o FROM orders AS o JOIN named FOR SYSTEM_TIME AS OF o.p AS n ON n.o = o.o".to_string(),
            "cannot be looked up at processing time: connector 'kept' cannot do that",
        ),
        (
            "SELECT o FROM orders AS o JOIN customers FOR SYSTEM_TIME AS OF o.p AS c ON c.id > o.id"
                .to_string(),
            "goes by equal columns, but the condition names none",
        ),
        (
            "SELECT o FROM orders AS o RIGHT JOIN customers FOR SYSTEM_TIME AS OF o.p AS c ON c.id = o.id"
                .to_string(),
            "a lookup join is an inner or a left join",
        ),
        (
            format!("SELECT /*+ LOOKUP('table' = 'd') */ o FROM {JOIN}"),
            "'d' is not a table that is looked up here",
        ),
        (
            format!("SELECT /*+ LOOKUP('timeout' = '3 s') */ o FROM {JOIN}"),
            "LOOKUP must name its table",
        ),
        (
            format!("SELECT /*+ LOOKUP('table' = 'c', 'timeout' = '0 s') */ o FROM {JOIN}"),
            "option 'timeout' must be longer than nothing",
        ),
        (
            format!("SELECT /*+ LOOKUP('table' = 'c', 'on-timeout' = 'redirect') */ o FROM {JOIN}"),
            "'redirect' needs 'timeout-table'",
        ),
        (
            format!("SELECT /*+ LOOKUP('table' = 'c', 'retry-predicate' = 'lookup_miss') */ o FROM {JOIN}"),
            "'retry-strategy' is missing",
        ),
        (
            format!(
                "SELECT /*+ LOOKUP('table' = 'c', 'on-timeout' = 'redirect', 'timeout-table' = 'late') */ o FROM {JOIN}"
            ),
            "a query that only reads cannot redirect rows whose lookup takes too long",
        ),
        (
            "CREATE TABLE bad (id BIGINT) WITH ('connector' = 'looked', 'lookup.cash' = 'NONE');
             SELECT o FROM orders AS o JOIN bad FOR SYSTEM_TIME AS OF o.p AS c ON c.id = o.id"
                .to_string(),
            "option 'lookup.cash' is not known here",
        ),
    ] {
        let message = fault(&query);
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn what_waits_when_the_input_has_ended_still_comes_and_is_part_of_checkpoints() {
    let query = "
        CREATE VIEW three AS SELECT id, PROCTIME() AS p FROM (VALUES (CAST(1 AS BIGINT)), (2), (3)) AS v (id);
        CREATE VIEW found AS SELECT /*+ LOOKUP('table' = 'c', 'output-mode' = 'allow_unordered') */ name FROM three LEFT JOIN customers FOR SYSTEM_TIME AS OF three.p AS c ON c.id = three.id;
        SELECT COUNT(name) AS n FROM found";
    for parallelism in [1, 3] {
        let mut live = start_at(query, parallelism);
        live.looked().answer("2", How::Never);
        live.looked().answer("3", How::After(Duration::from_secs(5)));
        assert_eq!(changes(&mut live), ["+I(1)"]);
        live.looked().answer("2", How::After(Duration::from_secs(9)));
        live.restore(4 - parallelism).unwrap();
        assert_eq!(changes(&mut live), none());
        live.advance(Duration::from_secs(5));
        assert_eq!(changes(&mut live), ["-U(1)", "+U(2)"]);
        live.advance(Duration::from_secs(5));
        assert_eq!(changes(&mut live), ["-U(2)", "+U(3)"]);
        assert!(live.has_ended().unwrap());
    }
}

#[test]
fn rows_of_equal_keys_meet_where_that_is_asked_for() {
    let mut live = start_at(
        &format!("SELECT /*+ LOOKUP('table' = 'c', 'shuffle' = 'true') */ o, name FROM {JOIN}"),
        3,
    );
    let orders: Vec<(i64, i64)> = (0..300).map(|o| (o, o % 10 + 1)).collect();
    feed(&mut live, &orders);
    assert_eq!(changes(&mut live).len(), 300);
    // One shard reads, three look up.
    assert_eq!(live.looked().asked().len(), 10);
}

#[test]
fn a_table_can_be_read_whole_instead_of_being_asked() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("people.json");
    let row = |id: i64, name: &str| format!("{{\"id\": {id}, \"name\": \"{name}\", \"city\": \"Rome\"}}\n");
    std::fs::write(&file, row(1, "a") + &row(2, "b") + &row(2, "c")).unwrap();
    let text = format!(
        "CREATE TABLE people (city STRING, id BIGINT, name STRING) WITH ('connector' = 'filesystem', 'path' = '{}', 'format' = 'json',
           'lookup.cache' = 'FULL', 'lookup.full-cache.periodic-reload.interval' = '1 min');
         SELECT o, name FROM orders AS o LEFT JOIN people FOR SYSTEM_TIME AS OF o.p AS c ON c.id = o.id AND c.city = 'Rome'",
        file.display()
    );
    for parallelism in [1, 2] {
        std::fs::write(&file, row(1, "a") + &row(2, "b") + &row(2, "c")).unwrap();
        let mut live = start_at(&text, parallelism);
        feed(&mut live, &[(1, 1), (2, 2), (3, 3)]);
        assert_eq!(
            changes(&mut live),
            ["+I(1, a)", "+I(2, b)", "+I(2, c)", "+I(3, null)"]
        );
        std::fs::write(&file, row(3, "d")).unwrap();
        feed(&mut live, &[(4, 1), (5, 3)]);
        assert_eq!(changes(&mut live), ["+I(4, a)", "+I(5, null)"]);
        live.advance(Duration::from_secs(60));
        live.settle().unwrap();
        feed(&mut live, &[(6, 1), (7, 3)]);
        assert_eq!(changes(&mut live), ["+I(6, null)", "+I(7, d)"]);
    }
    let message = fault(
        "CREATE TABLE endless (id BIGINT) WITH ('connector' = 'feed', 'lookup.cache' = 'FULL');
         SELECT o FROM orders AS o JOIN endless FOR SYSTEM_TIME AS OF o.p AS c ON c.id = o.id",
    );
    assert!(message.contains("cannot be read whole"), "{message}");
}
