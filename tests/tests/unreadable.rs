//! Records that a source cannot read: what becomes of them, and what is refused.

use tests::live::Live;

const TABLES: &str = "
    CREATE TABLE orders (id BIGINT, price INT NOT NULL, ts TIMESTAMP(3), half AS 100 / price,
      WATERMARK FOR ts AS ts) WITH ('connector' = 'feed',
      'scan.unreadable-rows.policy' = 'redirect', 'scan.unreadable-rows.table' = 'unreadable');
    CREATE TABLE unreadable (source_table STRING, source_split STRING, source_offset BIGINT, record BYTES,
      error STRING, read_at TIMESTAMP_LTZ(3)) WITH ('connector' = 'kept');
    CREATE TABLE ids (id BIGINT) WITH ('connector' = 'kept');
    CREATE TABLE totals (we TIMESTAMP(3), n BIGINT, s INT) WITH ('connector' = 'kept');
";

const IDS: &str = "INSERT INTO ids SELECT id FROM orders";
const TOTALS: &str = "INSERT INTO totals SELECT window_end, COUNT(*), SUM(price)
    FROM TABLE(TUMBLE(TABLE orders, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end";

fn start_at(text: &str, parallelism: usize) -> Live {
    Live::start(&format!("{TABLES}{text}"), parallelism).unwrap_or_else(|error| panic!("{error:#}"))
}

fn fault(text: &str) -> String {
    match Live::start(&format!("{TABLES}{text}"), 1) {
        Ok(_) => panic!("accepted: {text}"),
        Err(error) => format!("{error:#}"),
    }
}

fn good(id: i64, second: i64) -> String {
    format!(r#"{{"id": {id}, "price": 4, "ts": "2026-01-01 12:00:{second:02}"}}"#)
}

/// Rows and records that are none, in turn.
fn feed(live: &mut Live, numbers: std::ops::Range<i64>) {
    for number in numbers {
        live.feed("orders", &[&good(number, number), &format!("torn {number}")]);
    }
}

/// The records and where they stand.
fn unreadable(live: &mut Live) -> Vec<String> {
    let mut rows = live.kept("unreadable").unwrap();
    rows.sort_by_key(|row| {
        row.split(", ")
            .nth(2)
            .and_then(|offset| offset.parse::<u64>().ok())
    });
    rows
}

#[test]
fn what_cannot_be_read_goes_to_a_table_with_its_place_and_its_error() {
    let mut live = start_at(IDS, 1);
    live.feed("orders", &[&good(1, 1), "torn", r#"{"id": "x"}"#, &good(2, 2)]);
    assert_eq!(live.kept("ids").unwrap(), ["+I(1)", "+I(2)"]);
    let rows = unreadable(&mut live);
    // Only what the job wants of a record is looked at.
    let place = "default_catalog.default_database.orders, feed-0";
    assert!(
        rows[0].starts_with(&format!("+I({place}, 1, dG9ybg==, invalid JSON")),
        "{rows:?}"
    );
    let wrong = format!("+I({place}, 2, eyJpZCI6ICJ4In0=, field 'id' must be BIGINT, got 'x', 2026-");
    assert!(rows[1].starts_with(&wrong), "{rows:?}");
    assert_eq!(rows.len(), 2);
    let statistics = live.statistics().unwrap();
    assert_eq!(
        (statistics.rows_redirected, statistics.unreadable_rows_dropped),
        (2, 0)
    );
}

#[test]
fn it_comes_there_once_whoever_else_reads_the_table_and_however_often_the_job_is_restored() {
    let both = format!("EXECUTE STATEMENT SET BEGIN {IDS}; {TOTALS}; {IDS} WHERE half > 1; END");
    for parallelism in [1, 2, 3] {
        let mut live = start_at(&both, parallelism);
        feed(&mut live, 0..5);
        live.settle().unwrap();
        live.restore(4 - parallelism).unwrap();
        feed(&mut live, 5..25);
        live.settle().unwrap();
        live.restore(parallelism).unwrap();
        feed(&mut live, 25..30);
        let offsets: Vec<String> = unreadable(&mut live)
            .iter()
            .filter_map(|row| Some(row.split(", ").nth(2)?.to_string()))
            .collect();
        let expected: Vec<String> = (0..30).map(|number| (2 * number + 1).to_string()).collect();
        assert_eq!(offsets, expected, "at {parallelism}");
        assert_eq!(live.kept("ids").unwrap().len(), 60, "at {parallelism}");
        // They have no time, and hold no window open.
        let mut totals = live.kept("totals").unwrap();
        totals.sort_unstable();
        assert_eq!(
            totals,
            [
                "+I(2026-01-01 12:00:10, 10, 40)",
                "+I(2026-01-01 12:00:20, 10, 40)"
            ],
            "at {parallelism}"
        );
    }
}

#[test]
fn records_are_passed_over_and_counted_where_the_policy_says_so_or_nothing_is_written() {
    let skip = "/*+ OPTIONS('scan.unreadable-rows.policy' = 'skip') */";
    // A query that only reads writes nothing elsewhere.
    for query in [
        "SELECT id FROM orders".to_string(),
        format!("SELECT id FROM orders {skip}"),
    ] {
        let mut live = start_at(&query, 1);
        feed(&mut live, 0..3);
        assert_eq!(live.changes().unwrap(), ["+I(0)", "+I(1)", "+I(2)"]);
        let statistics = live.statistics().unwrap();
        assert_eq!(
            (statistics.rows_redirected, statistics.unreadable_rows_dropped),
            (0, 3),
            "{query}"
        );
    }
    let mut live = start_at(&format!("{IDS} {skip}"), 1);
    feed(&mut live, 0..3);
    assert_eq!(live.kept("ids").unwrap(), ["+I(0)", "+I(1)", "+I(2)"]);
    assert!(live.kept("unreadable").is_err());
}

#[test]
fn a_job_fails_where_nothing_or_that_is_said() {
    let fail = "/*+ OPTIONS('scan.unreadable-rows.policy' = 'fail') */";
    let plain =
        "CREATE TABLE plain (id BIGINT) WITH ('connector' = 'feed'); INSERT INTO ids SELECT id FROM plain";
    for (table, text) in [("orders", format!("{IDS} {fail}")), ("plain", plain.to_string())] {
        let mut live = start_at(&text, 1);
        live.feed(table, &["torn"]);
        let error = live.settle().unwrap_err();
        assert!(format!("{error:#}").contains("torn: invalid JSON"), "{error:#}");
    }
}

#[test]
fn records_of_changing_tables_can_go_there_too() {
    let text = "CREATE TABLE changing (id BIGINT, price INT) WITH ('connector' = 'feed', 'kinds' = 'true',
          'scan.unreadable-rows.policy' = 'redirect', 'scan.unreadable-rows.table' = 'unreadable');
        CREATE TABLE sums (id BIGINT, price INT) WITH ('connector' = 'kept');
        INSERT INTO sums SELECT id, SUM(price) FROM changing GROUP BY id";
    let mut live = start_at(text, 2);
    live.feed(
        "changing",
        &[r#"{"id": 1, "price": 2}"#, "torn", r#"{"id": 1, "price": 3}"#],
    );
    let sums = live.kept("sums").unwrap();
    assert!(
        sums.last().is_some_and(|last| last.ends_with("(1, 5)")),
        "{sums:?}"
    );
    assert_eq!(unreadable(&mut live).len(), 1);
}

#[test]
fn what_cannot_be_done_is_said_with_its_place() {
    let orders = |options: &str| {
        format!(
            "CREATE TABLE spoken (id BIGINT) WITH ('connector' = 'feed', {options});
             INSERT INTO ids SELECT id FROM spoken"
        )
    };
    let redirect = |table: &str| {
        orders(&format!(
            "'scan.unreadable-rows.policy' = 'redirect', 'scan.unreadable-rows.table' = '{table}'"
        ))
    };
    let columns = "such a table has the columns (source_table STRING, source_split STRING, source_offset BIGINT, \
                   record BYTES, error STRING, read_at TIMESTAMP_LTZ(3))";
    let narrow = "CREATE TABLE narrow (id BIGINT, record BYTES) WITH ('connector' = 'kept');";
    let numbers = "CREATE TABLE numbers (a STRING, b STRING, c BIGINT, d INT, e STRING, f TIMESTAMP_LTZ(3))
        WITH ('connector' = 'kept');";
    let lookup = "CREATE TABLE looked (id BIGINT) WITH ('connector' = 'looked', 'scan.unreadable-rows.policy' = 'skip');
        INSERT INTO ids SELECT o.id FROM (SELECT *, PROCTIME() AS p FROM orders) AS o
        JOIN looked FOR SYSTEM_TIME AS OF o.p AS l ON l.id = o.id";
    let cases = [
        (orders("'scan.unreadable-rows.policy' = 'skp'"), vec!["did you mean 'skip'?"]),
        (
            orders("'scan.unreadable-rows.policy' = 'redirect'"),
            vec!["'redirect' needs 'scan.unreadable-rows.table'"],
        ),
        (
            orders("'scan.unreadable-rows.table' = 'unreadable'"),
            vec!["'scan.unreadable-rows.policy' is missing"],
        ),
        (
            orders("'scan.unreadable-rows.polcy' = 'skip'"),
            vec!["did you mean 'scan.unreadable-rows.policy'?"],
        ),
        (
            orders("'scan.unreadable-rows.policy' = 'skip', 'json.ignore-parse-errors' = 'true'"),
            vec!["is of no meaning where 'json.ignore-parse-errors' is 'true'"],
        ),
        (redirect("lost"), vec!["records that cannot be read cannot go there", "'lost'"]),
        (redirect("spoken"), vec!["cannot go into", "itself"]),
        (
            format!("{narrow}{}", redirect("narrow")),
            vec!["records that cannot be read cannot go there", columns, "text.sql:"],
        ),
        (format!("{numbers}{}", redirect("numbers")), vec!["column 'd'", columns]),
        (
            "CREATE TABLE made (id BIGINT) WITH ('connector' = 'datagen', 'scan.unreadable-rows.policy' = 'skip');
             INSERT INTO ids SELECT id FROM made"
                .to_string(),
            vec!["connector 'datagen' reads no records that could be unreadable", "filesystem", "kafka"],
        ),
        (lookup.to_string(), vec!["does not hold where rows are looked up"]),
    ];
    for (text, expected) in cases {
        let said = fault(&text);
        for expected in expected {
            assert!(said.contains(expected), "{text}\n{said}");
        }
    }
    // A table that says so can be written all the same.
    let written =
        "CREATE TABLE spoken (id BIGINT) WITH ('connector' = 'kept', 'scan.unreadable-rows.policy' = 'skip');
        INSERT INTO spoken SELECT id FROM orders";
    start_at(written, 1);
}
