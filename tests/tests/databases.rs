//! The connector `jdbc` on real databases: PostgreSQL and MariaDB.

use tests::real::{Given, run};
use tests::service::{PASSWORD, Service, USER};

/// A database that the tests below run on.
struct Database {
    service: &'static Service,
    kind: &'static str,
    /// Types that are not called the same there.
    double: &'static str,
    bytes: &'static str,
    ltz: &'static str,
    hex: fn(&str) -> String,
}

fn databases() -> [Database; 2] {
    [
        Database {
            service: Service::postgres(),
            kind: "postgresql",
            double: "double precision",
            bytes: "bytea",
            ltz: "timestamptz",
            hex: |digits| format!("'\\x{digits}'"),
        },
        Database {
            service: Service::mariadb(),
            kind: "mariadb",
            double: "double",
            bytes: "varbinary(100)",
            ltz: "datetime(6)",
            hex: |digits| format!("X'{digits}'"),
        },
    ]
}

impl Database {
    /// The options of a table there.
    fn options(&self, table: &str) -> String {
        format!(
            "'connector' = 'jdbc', 'url' = 'jdbc:{}://127.0.0.1:{}/shop', 'table-name' = '{table}',
             'username' = '{USER}', 'password' = '{PASSWORD}'",
            self.kind, self.service.port
        )
    }

    fn rows(&self, query: &str) -> Vec<String> {
        self.service.tell(query).lines().map(str::to_string).collect()
    }
}

/// A name that no other test has.
fn unique(name: &str) -> String {
    static COUNT: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    format!("{name}_{count}")
}

fn given(text: &str) -> Given {
    run(text, 2).unwrap_or_else(|error| panic!("{error:#}\n{text}"))
}

fn fault(text: &str) -> String {
    match run(text, 1) {
        Ok(given) => panic!("it went well: {given:?}"),
        Err(error) => format!("{error:#}"),
    }
}

const ORDERS: &str = "CREATE VIEW orders AS SELECT o, id, name, PROCTIME() AS p FROM (VALUES
    (1, CAST(7 AS BIGINT), 'n7'), (2, 8, 'other'), (3, 7, CAST(NULL AS STRING)), (4, 5000, 'n5000')) AS v (o, id, name);";

#[test]
fn rows_are_looked_up_by_keys_of_any_number() {
    for database in databases() {
        let table = unique("people");
        database.service.tell(&format!(
            "CREATE TABLE {table} (id BIGINT PRIMARY KEY, name VARCHAR(50), age INT);
             INSERT INTO {table} VALUES (7, 'n7', 70), (8, 'n8', 80);"
        ));
        let declared = format!(
            "{ORDERS} CREATE TABLE people (id BIGINT, name STRING, age INT) WITH ({});",
            database.options(&table)
        );
        let joined = |rest: &str| given(&format!("{declared} SELECT o, age FROM orders {rest}")).rows;
        assert_eq!(
            joined("LEFT JOIN people FOR SYSTEM_TIME AS OF orders.p AS t ON t.id = orders.id"),
            ["+I(1, 70)", "+I(2, 80)", "+I(3, 70)", "+I(4, null)"]
        );
        assert_eq!(
            joined(
                "JOIN people FOR SYSTEM_TIME AS OF orders.p AS t ON t.id = orders.id AND t.name = orders.name"
            ),
            ["+I(1, 70)"]
        );
        assert_eq!(
            joined("JOIN people FOR SYSTEM_TIME AS OF orders.p AS t ON t.name = 'n8' AND t.age > 79"),
            ["+I(1, 80)", "+I(2, 80)", "+I(3, 80)", "+I(4, 80)"]
        );
    }
}

#[test]
fn many_keys_go_in_few_statements_and_all_are_answered() {
    for database in databases() {
        let table = unique("squares");
        database.service.tell(&format!(
            "CREATE TABLE {table} (id BIGINT PRIMARY KEY, square BIGINT)"
        ));
        let numbers = "CREATE TABLE numbers (id BIGINT, p AS PROCTIME()) WITH ('connector' = 'datagen',
            'number-of-rows' = '20000', 'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '20000');";
        let declared = format!(
            "{numbers} CREATE TABLE squares (id BIGINT, square BIGINT, PRIMARY KEY (id) NOT ENFORCED) WITH ({}, 'sink.buffer-flush.max-rows' = '1000');",
            database.options(&table)
        );
        given(&format!(
            "{declared} INSERT INTO squares SELECT id, id * id FROM numbers WHERE MOD(id, 2) = 0;"
        ));
        let told = database.rows(&format!("SELECT COUNT(*), SUM(square) FROM {table}"));
        assert_eq!(told[0].replace('\t', "|"), "10000|1333533340000");
        let rows = given(&format!(
            "{declared} CREATE VIEW found AS SELECT square FROM numbers LEFT JOIN squares FOR SYSTEM_TIME AS OF numbers.p AS s ON s.id = numbers.id;
             SELECT COUNT(*) AS n, COUNT(square) AS f, SUM(square) AS s FROM found;"
        ))
        .rows;
        assert!(
            rows.contains(&"+U(20000, 10000, 1333533340000)".to_string()),
            "{rows:?}"
        );
    }
}

#[test]
fn values_of_all_types_are_written_looked_up_and_read() {
    for database in databases() {
        let table = unique("types");
        database.service.tell(&format!(
            "CREATE TABLE {table} (id INT PRIMARY KEY, b BOOLEAN, s SMALLINT, l BIGINT, f REAL, d {}, n DECIMAL(20, 5),
             t VARCHAR(100), y {}, da DATE, ti TIME(3), ts TIMESTAMP(6) NULL, lt {})",
            database.double, database.bytes, database.ltz
        ));
        let declared = format!(
            "CREATE TABLE types (id INT, b BOOLEAN, s SMALLINT, l BIGINT, f FLOAT, d DOUBLE, n DECIMAL(20, 5), t STRING, y BYTES,
             da DATE, ti TIME(3), ts TIMESTAMP(6), lt TIMESTAMP_LTZ(6), PRIMARY KEY (id) NOT ENFORCED) WITH ({});",
            database.options(&table)
        );
        given(&format!(
            "{declared} INSERT INTO types VALUES
             (1, TRUE, CAST(-3 AS SMALLINT), 9223372036854775807, CAST(1.5 AS FLOAT), CAST(-1.25E300 AS DOUBLE), CAST(123456789012345.12345 AS DECIMAL(20, 5)),
              'O''Neil \\ \"é\" 漢', X'00FF10', DATE '2026-02-28', TIME '23:59:58', TIMESTAMP '2026-01-01 12:00:00.123456',
              TO_TIMESTAMP_LTZ(1767268800123, 3)),
             (2, CAST(NULL AS BOOLEAN), CAST(NULL AS SMALLINT), CAST(NULL AS BIGINT), CAST(NULL AS FLOAT), CAST(NULL AS DOUBLE),
              CAST(NULL AS DECIMAL(20, 5)), CAST(NULL AS STRING), CAST(NULL AS BYTES), CAST(NULL AS DATE), CAST(NULL AS TIME(3)),
              CAST(NULL AS TIMESTAMP(6)), CAST(NULL AS TIMESTAMP_LTZ(6)));"
        ));
        let same = database.rows(&format!(
            "SELECT COUNT(*) FROM {table} WHERE id = 1 AND b AND s = -3 AND l = 9223372036854775807 AND f = 1.5 AND d = -1.25E300
             AND n = 123456789012345.12345 AND y = {} AND da = '2026-02-28' AND ti = '23:59:58' AND ts = '2026-01-01 12:00:00.123456'",
            (database.hex)("00ff10")
        ));
        assert_eq!(same, ["1"], "{}", database.kind);
        let values = r#"true, -3, 9223372036854775807, 1.5, -1.25e+300, 123456789012345.12345, O'Neil \ "é" 漢, AP8Q, 2026-02-28, 23:59:58, 2026-01-01 12:00:00.123456, 2026-01-01 12:00:00.123Z)"#;
        let nulls = "null, null, null, null, null, null, null, null, null, null, null, null)";
        let read = given(&format!("{declared} SELECT * FROM types;")).rows;
        assert_eq!(
            read,
            [format!("+I(1, {values}"), format!("+I(2, {nulls}")],
            "{}",
            database.kind
        );
        let looked = given(&format!(
            "{declared} CREATE VIEW sole AS SELECT *, PROCTIME() AS p FROM types WHERE id = 1;
             SELECT t.* FROM sole JOIN types FOR SYSTEM_TIME AS OF sole.p AS t
             ON t.id = sole.id AND t.b = sole.b AND t.s = sole.s AND t.l = sole.l AND t.f = sole.f AND t.d = sole.d AND t.n = sole.n
             AND t.t = sole.t AND t.y = sole.y AND t.da = sole.da AND t.ti = sole.ti AND t.ts = sole.ts AND t.lt = sole.lt;"
        ))
        .rows;
        assert_eq!(looked, [format!("+I(1, {values}")], "{}", database.kind);
    }
}

#[test]
fn changes_are_written_by_the_primary_key() {
    for database in databases() {
        let table = unique("totals");
        database.service.tell(&format!(
            "CREATE TABLE {table} (k VARCHAR(20) PRIMARY KEY, n BIGINT, s BIGINT)"
        ));
        let declared = format!(
            "CREATE TABLE totals (k STRING, n BIGINT, s BIGINT, PRIMARY KEY (k) NOT ENFORCED) WITH ({}, 'sink.buffer-flush.max-rows' = '2');
             CREATE VIEW rows_ AS SELECT k, v FROM (VALUES ('a', 1), ('b', 2), ('a', 3), ('c', 4), ('b', 5), ('a', 6)) AS v (k, v);",
            database.options(&table)
        );
        for _ in 0..2 {
            // Written again, nothing changes.
            given(&format!(
                "{declared} INSERT INTO totals SELECT k, COUNT(*), SUM(v) FROM rows_ GROUP BY k;"
            ));
            let mut rows = database.rows(&format!("SELECT k, n, s FROM {table}"));
            rows.sort_unstable();
            let rows: Vec<String> = rows.iter().map(|row| row.replace('\t', "|")).collect();
            assert_eq!(rows, ["a|3|10", "b|2|7", "c|1|4"]);
        }
        // Keys that have left the first two are deleted.
        given(&format!(
            "{declared} INSERT INTO totals SELECT k, v, v FROM (SELECT k, v, ROW_NUMBER() OVER (ORDER BY v DESC) AS r FROM
               (SELECT k, CAST(MAX(v) AS BIGINT) AS v FROM rows_ GROUP BY k)) WHERE r <= 2;"
        ));
        let mut rows = database.rows(&format!("SELECT k, n FROM {table} WHERE k <> 'c'"));
        rows.sort_unstable();
        let rows: Vec<String> = rows.iter().map(|row| row.replace('\t', "|")).collect();
        assert_eq!(rows, ["a|6", "b|5"]);
    }
}

#[test]
fn without_a_primary_key_rows_are_only_added() {
    for database in databases() {
        let table = unique("added");
        database.service.tell(&format!("CREATE TABLE {table} (v INT)"));
        let declared = format!("CREATE TABLE added (v INT) WITH ({});", database.options(&table));
        for _ in 0..2 {
            given(&format!("{declared} INSERT INTO added VALUES (1), (2), (1);"));
        }
        assert_eq!(database.rows(&format!("SELECT COUNT(*) FROM {table}")), ["6"]);
        let message = fault(&format!(
            "{declared} INSERT INTO added SELECT CAST(COUNT(*) AS INT) FROM added GROUP BY v;"
        ));
        assert!(message.contains("added"), "{message}");
    }
}

#[test]
fn types_of_the_database_that_are_text_here_are_compared_as_what_they_are() {
    let database = &databases()[0];
    let table = unique("things");
    database.service.tell(&format!(
        "CREATE TABLE {table} (id UUID PRIMARY KEY, doc JSONB);
         INSERT INTO {table} VALUES ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{{\"a\": 1}}');"
    ));
    let declared = format!(
        "CREATE VIEW ids AS SELECT id, PROCTIME() AS p FROM (VALUES ('A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11')) AS v (id);
         CREATE TABLE things (id STRING, doc STRING, PRIMARY KEY (id) NOT ENFORCED) WITH ({});",
        database.options(&table)
    );
    let rows = given(&format!(
        "{declared} SELECT t.id, t.doc FROM ids JOIN things FOR SYSTEM_TIME AS OF ids.p AS t ON t.id = ids.id;"
    ))
    .rows;
    assert_eq!(rows, [r#"+I(a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11, {"a": 1})"#]);
    given(&format!(
        "{declared} INSERT INTO things VALUES ('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{{\"a\": 2}}');"
    ));
    assert_eq!(
        database.rows(&format!("SELECT doc FROM {table}")),
        [r#"{"a": 2}"#]
    );
}

#[test]
fn a_key_that_is_no_value_there_finds_nothing_and_spoils_no_other() {
    let database = &databases()[0];
    let table = unique("spoiled");
    let id = |number: usize| format!("a0eebc99-9c0b-4ef8-bb6d-6bb9bd38{number:04}");
    database.service.tell(&format!(
        "CREATE TABLE {table} (id UUID PRIMARY KEY, v INT); INSERT INTO {table} VALUES ('{}', 1), ('{}', 3);",
        id(1),
        id(3)
    ));
    let rows = given(&format!(
        "CREATE VIEW ids AS SELECT o, id, PROCTIME() AS p FROM (VALUES (1, '{}'), (2, 'malformed'), (3, '{}'), (4, '{}')) AS v (o, id);
         CREATE TABLE spoiled (id STRING, v INT) WITH ({});
         SELECT o, v FROM ids LEFT JOIN spoiled FOR SYSTEM_TIME AS OF ids.p AS t ON t.id = ids.id;",
        id(1),
        id(3),
        id(4),
        database.options(&table)
    ))
    .rows;
    assert_eq!(rows, ["+I(1, 1)", "+I(2, null)", "+I(3, 3)", "+I(4, null)"]);
}

#[test]
fn values_that_a_database_refuses_are_not_repeated() {
    for database in databases() {
        let table = unique("strict");
        database.service.tell(&format!(
            "CREATE TABLE {table} (v INT, k VARCHAR(50) PRIMARY KEY); INSERT INTO {table} VALUES (1, 'private');"
        ));
        for values in ["('malformed', 'a')", "('1', 'private')"] {
            let message = fault(&format!(
                "CREATE TABLE strict_ (v STRING, k STRING) WITH ({}); INSERT INTO strict_ VALUES {values};",
                database.options(&table)
            ));
            assert!(message.contains(&format!("in {table} (SQLSTATE 2")), "{message}");
            let repeats = message.contains("malformed") || message.contains("private");
            assert!(!repeats, "{message}");
        }
    }
}

#[test]
fn what_a_database_refuses_is_told_at_once_and_without_the_password() {
    for database in databases() {
        let missing = format!(
            "CREATE TABLE t (v INT) WITH ({}); SELECT * FROM t;",
            database.options("nothing_here")
        );
        let message = fault(&missing);
        assert!(
            message.contains("nothing_here") && message.contains("refuses"),
            "{message}"
        );
        let wrong = missing.replace(PASSWORD, "another secret");
        let message = fault(&wrong);
        assert!(!message.contains("another secret"), "{message}");
        assert!(message.contains("refuses"), "{message}");
        let shown = given(&format!(
            "CREATE TABLE t (id BIGINT, v INT) WITH ({}); {ORDERS}
            EXPLAIN SELECT v FROM orders JOIN t FOR SYSTEM_TIME AS OF orders.p ON t.id = orders.id;",
            database.options("x")
        ));
        let shown = shown.rows.join("\n");
        assert!(
            shown.contains("LookupJoin(table=[default_catalog.default_database.t]"),
            "{shown}"
        );
        assert!(!shown.contains("secret"), "{shown}");
    }
}

#[test]
fn a_database_that_is_away_for_a_while_is_waited_for() {
    let service = Service::start("postgres");
    service.tell("CREATE TABLE kept (id INT PRIMARY KEY, v INT); INSERT INTO kept SELECT i, i FROM generate_series(1, 100) i;");
    let options = format!(
        "'connector' = 'jdbc', 'url' = 'jdbc:postgresql://127.0.0.1:{}/shop', 'table-name' = 'kept',
         'username' = '{USER}', 'password' = '{PASSWORD}'",
        service.port
    );
    // Connections are cut while the job looks up, again and again.
    let text = format!(
        "CREATE TABLE numbers (id INT, p AS PROCTIME()) WITH ('connector' = 'datagen', 'rows-per-second' = '50',
           'number-of-rows' = '100', 'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '100');
         CREATE TABLE kept (id INT, v INT) WITH ({options});
         SELECT numbers.id, v FROM numbers JOIN kept FOR SYSTEM_TIME AS OF numbers.p AS k ON k.id = numbers.id;"
    );
    let rows = std::thread::scope(|scope| {
        let job = scope.spawn(|| given(&text).rows);
        for _ in 0..5 {
            std::thread::sleep(std::time::Duration::from_millis(200));
            service.tell(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'oceanus';",
            );
        }
        job.join().unwrap()
    });
    assert_eq!(rows.len(), 100);
}
