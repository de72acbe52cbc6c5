//! Lookups in Redis, and over HTTP in a server of the test's own, some of whose answers never come.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tests::real::{Given, run};
use tests::service::{PASSWORD, Service};

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
    (1, CAST(7 AS BIGINT), 'n/7 é'), (2, 8, 'other'), (3, 7, CAST(NULL AS STRING)), (4, 5000, 'n5000')) AS v (o, id, name);";

/// Numbers from 1 on.
fn numbers(rows: usize) -> String {
    format!(
        "CREATE TABLE numbers (id BIGINT, p AS PROCTIME()) WITH ('connector' = 'datagen', 'number-of-rows' = '{rows}',
           'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '{rows}');"
    )
}

#[test]
fn hashes_and_values_of_redis_are_looked_up() {
    let redis = Service::redis();
    redis.tell(
        "HSET user:7 name 'n/7 é' age 70 vip true\nHSET user:8 name n8\nHSET pair:7:n8 score 1.5\nSET user:5000 'no hash'\n\
         HSET pair:1:2:3 score 2.5\n\
         SET doc:7 '{\"name\": \"n7\", \"tags\": [\"a\", \"b\"]}'\n",
    );
    let options = format!(
        "'connector' = 'redis', 'url' = 'redis://127.0.0.1:{}', 'password' = '{PASSWORD}'",
        redis.port
    );
    let hashes = format!(
        "{ORDERS} CREATE TABLE users (id BIGINT, name STRING, age INT, vip BOOLEAN) WITH ({options}, 'key-pattern' = 'user:{{id}}');"
    );
    let joined = |rest: &str| {
        given(&format!(
            "{hashes} SELECT o, u.id, u.name, age, vip FROM orders {rest}"
        ))
        .rows
    };
    assert_eq!(
        joined("LEFT JOIN users FOR SYSTEM_TIME AS OF orders.p AS u ON u.id = orders.id"),
        [
            "+I(1, 7, n/7 é, 70, true)",
            "+I(2, 8, n8, null, null)",
            "+I(3, 7, n/7 é, 70, true)",
            "+I(4, null, null, null, null)"
        ]
    );
    // What is no part of the key is compared with what came.
    assert_eq!(
        joined("JOIN users FOR SYSTEM_TIME AS OF orders.p AS u ON u.id = orders.id AND u.name = orders.name"),
        ["+I(1, 7, n/7 é, 70, true)"]
    );
    // Of '1:2' and '3' nobody can tell whether they are '1' and '2:3'.
    let pairs = format!(
        "CREATE VIEW asked AS SELECT a, b, PROCTIME() AS p FROM (VALUES ('7', 'n8'), ('1:2', '3'), ('1', '2:3')) AS v (a, b);
         CREATE TABLE pairs (a STRING, b STRING, score DOUBLE) WITH ({options}, 'key-pattern' = 'pair:{{a}}:{{b}}');
         SELECT q.a, q.b, score FROM asked q LEFT JOIN pairs FOR SYSTEM_TIME AS OF q.p AS t ON t.a = q.a AND t.b = q.b;"
    );
    assert_eq!(
        given(&pairs).rows,
        ["+I(1, 2:3, 2.5)", "+I(1:2, 3, null)", "+I(7, n8, 1.5)"]
    );
    let message = fault(&pairs.replace("{a}:{b}", "{a}{b}"));
    assert!(message.contains("nothing between"), "{message}");
    let documents = format!(
        "{ORDERS} CREATE TABLE documents (id BIGINT, name STRING, tags ARRAY<STRING>) WITH ({options}, 'key-pattern' = 'doc:{{id}}',
           'value-layout' = 'value', 'format' = 'json');
         SELECT o, d.name, tags FROM orders JOIN documents FOR SYSTEM_TIME AS OF orders.p AS d ON d.id = orders.id;"
    );
    assert_eq!(
        given(&documents).rows,
        [r#"+I(1, n7, ["a","b"])"#, r#"+I(3, n7, ["a","b"])"#]
    );
    let message = fault(&format!(
        "{hashes} SELECT o FROM orders JOIN users FOR SYSTEM_TIME AS OF orders.p AS u ON u.name = orders.name;"
    ));
    assert!(
        message.contains("a lookup must compare 'id' with a value"),
        "{message}"
    );
    let message = fault(&format!("{hashes} SELECT * FROM users;"));
    assert!(message.contains("can only be looked up"), "{message}");
    let wrong = hashes.replace(PASSWORD, "another secret");
    let message = fault(&format!(
        "{wrong} SELECT o FROM orders JOIN users FOR SYSTEM_TIME AS OF orders.p AS u ON u.id = orders.id;"
    ));
    assert!(
        message.contains("Redis at 127.0.0.1") && !message.contains("another secret"),
        "{message}"
    );
}

#[test]
fn many_keys_of_redis_go_in_few_requests() {
    let redis = Service::redis();
    let lines: String = (1..=5000)
        .map(|id| format!("HSET many:{id} v {}\n", id * 2))
        .collect();
    redis.tell(&lines);
    let rows = given(&format!(
        "{} CREATE TABLE many (id BIGINT, v BIGINT) WITH ('connector' = 'redis', 'url' = 'redis://127.0.0.1:{}',
           'password' = '{PASSWORD}', 'key-pattern' = 'many:{{id}}');
         CREATE VIEW found AS SELECT v FROM numbers LEFT JOIN many FOR SYSTEM_TIME AS OF numbers.p AS m ON m.id = numbers.id;
         SELECT COUNT(*) AS n, COUNT(v) AS f, SUM(v) AS s FROM found;",
        numbers(10_000),
        redis.port
    ))
    .rows;
    assert!(
        rows.contains(&"+U(10000, 5000, 25005000)".to_string()),
        "{rows:?}"
    );
}

/// What a request asks for: method, target and body.
type Asked = Arc<Mutex<Vec<(String, String, String)>>>;
/// Status and body; `None` never answers.
type Answer = fn(&str, &str) -> Option<(u16, String)>;

/// Starts a server that lives as long as the program, and gives its address.
fn serve(answer: Answer) -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let asked = Asked::default();
    let log = asked.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let log = log.clone();
            std::thread::spawn(move || converse(stream, answer, &log));
        }
    });
    (address, asked)
}

fn converse(stream: TcpStream, answer: Answer, log: &Asked) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut writer = stream;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let mut words = line.split_whitespace();
        let (method, target) = (words.next()?.to_string(), words.next()?.to_string());
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).ok()?;
            if header.trim().is_empty() {
                break;
            }
            let (name, value) = header.split_once(':')?;
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().ok()?;
            }
            if name.eq_ignore_ascii_case("x-key") {
                assert_eq!(value.trim(), "hidden");
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let body = String::from_utf8(body).ok()?;
        log.lock().unwrap().push((method, target.clone(), body.clone()));
        let Some((status, text)) = answer(&target, &body) else {
            std::thread::sleep(Duration::from_secs(600));
            return None;
        };
        let head = format!("HTTP/1.1 {status} Told\r\nContent-Length: {}\r\n\r\n", text.len());
        writer.write_all(head.as_bytes()).ok()?;
        writer.write_all(text.as_bytes()).ok()?;
    }
}

fn users(target: &str, body: &str) -> Option<(u16, String)> {
    if body.contains("\"id\":8") || target.contains("/8") || target.contains("id=8") {
        return Some((
            200,
            r#"{"data": {"items": [{"name": "n8", "age": 1}, {"name": "m8", "age": 2}]}}"#.to_string(),
        ));
    }
    if body.contains("\"id\":7") || target.contains("/7") || target.contains("id=7") {
        return Some((
            200,
            r#"{"data": {"items": {"name": "n7", "age": 70.0}}}"#.to_string(),
        ));
    }
    Some((404, "nobody".to_string()))
}

#[test]
fn services_are_asked_by_path_by_parameters_or_by_a_body() {
    let (address, asked) = serve(users);
    let table = |url: &str, more: &str| {
        format!(
            "{ORDERS} CREATE TABLE users (id BIGINT, name STRING, age DOUBLE) WITH ('connector' = 'http', 'url' = 'http://{address}{url}',
               'format' = 'json', 'response.rows' = '/data/items', 'headers.X-Key' = 'hidden' {more});
             SELECT o, u.id, u.name, age FROM orders LEFT JOIN users FOR SYSTEM_TIME AS OF orders.p AS u ON u.id = orders.id;"
        )
    };
    for (url, more, expected) in [
        ("/users/{id}?x=1", "", ("GET", "/users/7?x=1", "")),
        ("/users", "", ("GET", "/users?id=7", "")),
        ("/users", ", 'method' = 'POST'", ("POST", "/users", "{\"id\":7}")),
    ] {
        let rows = given(&table(url, more)).rows;
        assert_eq!(
            rows,
            [
                "+I(1, 7, n7, 70.0)",
                "+I(2, 8, m8, 2.0)",
                "+I(2, 8, n8, 1.0)",
                "+I(3, 7, n7, 70.0)",
                "+I(4, null, null, null)"
            ]
        );
        let asked: Vec<_> = std::mem::take(&mut *asked.lock().unwrap());
        let (method, target, body) = (
            expected.0.to_string(),
            expected.1.to_string(),
            expected.2.to_string(),
        );
        assert!(asked.contains(&(method, target, body)), "{asked:?}");
        // Each key once.
        assert_eq!(asked.len(), 3, "{asked:?}");
    }
}

#[test]
fn keys_stay_in_their_place_of_the_url() {
    let (address, asked) = serve(|_, _| Some((200, r#"{"v": 1}"#.to_string())));
    given(&format!(
        "{ORDERS} CREATE TABLE t (name STRING, v INT) WITH ('connector' = 'http', 'url' = 'http://{address}/a/{{name}}/b', 'format' = 'json');
         SELECT v FROM orders JOIN t FOR SYSTEM_TIME AS OF orders.p ON t.name = orders.name;"
    ));
    let asked = asked.lock().unwrap();
    assert!(
        asked.iter().any(|(_, target, _)| target == "/a/n%2F7%20%C3%A9/b"),
        "{asked:?}"
    );
}

#[test]
fn status_codes_say_what_becomes_of_a_request() {
    let tell = |answer: Answer, more: &str| {
        let (address, asked) = serve(answer);
        let text = format!(
            "CREATE VIEW v AS SELECT id, PROCTIME() AS p FROM (VALUES (1)) AS v (id);
             CREATE TABLE t (id INT, v INT) WITH ('connector' = 'http', 'url' = 'http://{address}/{{id}}', 'format' = 'json' {more});
             SELECT t.v FROM v LEFT JOIN t FOR SYSTEM_TIME AS OF v.p ON t.id = v.id;"
        );
        let outcome = run(&text, 1)
            .map(|given| given.rows)
            .map_err(|error| format!("{error:#}"));
        let times = asked.lock().unwrap().len();
        (outcome, times)
    };
    assert_eq!(
        tell(
            |_, _| Some((410, String::new())),
            ", 'not-found-codes' = '404, 410'"
        )
        .0
        .unwrap(),
        ["+I(null)"]
    );
    assert_eq!(
        tell(|_, _| Some((204, String::new())), "").0.unwrap(),
        ["+I(null)"]
    );
    let (outcome, times) = tell(|_, _| Some((403, "hidden".to_string())), "");
    assert!(
        outcome.as_ref().unwrap_err().contains("answers 403"),
        "{outcome:?}"
    );
    assert!(!outcome.unwrap_err().contains("hidden"));
    assert_eq!(times, 1);
    let (outcome, times) = tell(|_, _| Some((503, String::new())), ", 'lookup.max-retries' = '1'");
    assert!(outcome.unwrap_err().contains("answers 503"));
    assert_eq!(times, 2);
    let (outcome, _) = tell(|_, _| Some((302, String::new())), "");
    assert!(outcome.unwrap_err().contains("redirections are not followed"));
    let (outcome, _) = tell(|_, _| Some((200, "hidden".to_string())), "");
    let message = outcome.unwrap_err();
    assert!(
        message.contains("no JSON") && !message.contains("hidden"),
        "{message}"
    );
}

/// One request in a hundred is never answered, by a server that is real.
#[test]
fn requests_that_are_never_answered_hold_up_nobody() {
    fn some_hang(target: &str, _: &str) -> Option<(u16, String)> {
        let id: i64 = target.trim_start_matches('/').parse().ok()?;
        (id % 100 != 0).then(|| (200, format!("{{\"v\": {}}}", id * 2)))
    }
    for (policy, rows) in [("null", 2000), ("redirect", 1980)] {
        let (address, asked) = serve(some_hang);
        let then = if policy == "redirect" {
            ", 'timeout-table' = 'gone'"
        } else {
            ""
        };
        let folder = std::env::temp_dir().join(format!("oceanus-test-gone-{}-{policy}", std::process::id()));
        let began = Instant::now();
        let kept = folder.display();
        let text = format!(
            "{} CREATE TABLE t (id BIGINT, v BIGINT) WITH ('connector' = 'http', 'url' = 'http://{address}/{{id}}', 'format' = 'json');
             CREATE TABLE gone (id BIGINT) WITH ('connector' = 'filesystem', 'path' = '{kept}/gone', 'format' = 'json');
             CREATE TABLE doubled (id BIGINT, v BIGINT) WITH ('connector' = 'filesystem', 'path' = '{kept}/doubled', 'format' = 'json');
             INSERT INTO doubled SELECT /*+ LOOKUP('table' = 't', 'output-mode' = 'allow_unordered', 'timeout' = '6 s',
                'on-timeout' = '{policy}' {then}) */ numbers.id, v
             FROM numbers LEFT JOIN t FOR SYSTEM_TIME AS OF numbers.p ON t.id = numbers.id;
             SELECT COUNT(*) AS n, COUNT(v) AS f FROM doubled;",
            numbers(2000)
        );
        let given = run(&text, 1).unwrap_or_else(|error| panic!("{error:#}"));
        assert!(
            given
                .rows
                .iter()
                .any(|row| row.ends_with(&format!("({rows}, 1980)"))),
            "{:?}",
            given.rows.last()
        );
        if policy == "redirect" {
            let text = format!(
                "CREATE TABLE gone (id BIGINT) WITH ('connector' = 'filesystem', 'path' = '{kept}/gone', 'format' = 'json');
                 SELECT COUNT(*) AS n, SUM(MOD(id, 100)) AS s FROM gone;"
            );
            assert!(
                run(&text, 1)
                    .unwrap()
                    .rows
                    .iter()
                    .any(|row| row.ends_with("(20, 0)"))
            );
        }
        // Twenty requests of 6 s one behind the other would take 120 s; together they take 6 s.
        assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
        assert_eq!(asked.lock().unwrap().len(), 2000);
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
