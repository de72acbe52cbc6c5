//! Statements and their plans, or what is said about them: one file of cases an area, in `plans/`.
//!
//! A case is a sentence behind `#`, statements to run before behind `>`, the statement, `----`, and the text that
//! it gives. With `UPDATE_PLANS=1` the texts are written anew instead of compared: read the difference.

mod common;

use std::path::Path;

struct Case {
    title: String,
    before: String,
    statement: String,
    expected: String,
}

fn cases(text: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    for block in text.split("\n# ") {
        let block = block.strip_prefix("# ").unwrap_or(block);
        let (head, expected) = block.split_once("\n----\n").unwrap_or((block, ""));
        let mut lines = head.lines();
        let title = lines.next().unwrap_or_default().to_string();
        let (before, statement): (Vec<&str>, Vec<&str>) = lines.partition(|line| line.starts_with("> "));
        cases.push(Case {
            title,
            before: before
                .iter()
                .map(|line| &line[2..])
                .collect::<Vec<_>>()
                .join("\n"),
            statement: statement.join("\n"),
            expected: expected.trim_end().to_string(),
        });
    }
    cases
}

fn written(cases: &[Case]) -> String {
    let mut text = String::new();
    for case in cases {
        text.push_str(&format!("# {}\n", case.title));
        for line in case.before.lines() {
            text.push_str(&format!("> {line}\n"));
        }
        text.push_str(&format!("{}\n----\n{}\n\n", case.statement, case.expected));
    }
    text
}

fn check(area: &str) {
    check_with(area, common::plan_after);
}

fn check_with(area: &str, give: fn(&str, &str) -> String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/plans")
        .join(format!("{area}.txt"));
    let text = std::fs::read_to_string(&path).expect("the area has a file of cases");
    let update = std::env::var_os("UPDATE_PLANS").is_some();
    let mut found = cases(&text);
    let mut wrong = Vec::new();
    for case in &mut found {
        let given = give(&case.before, &case.statement).trim_end().to_string();
        if update {
            case.expected = given;
        } else if given != case.expected {
            wrong.push(format!(
                "{}\n{}\n---- expected\n{}\n---- given\n{given}",
                case.title, case.statement, case.expected
            ));
        }
    }
    if update {
        std::fs::write(&path, written(&found)).expect("the file of cases can be written");
    }
    assert!(!found.is_empty());
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n\n"));
}

#[test]
fn queries_become_the_steps_they_need() {
    check("queries");
}

#[test]
fn windows_are_recognised_and_aggregated_in_two_phases() {
    check("windows");
}

#[test]
fn ranks_orders_and_sets_find_their_operators() {
    check("ranks");
}

#[test]
fn patterns_tell_what_they_look_for() {
    check("matching");
}

#[test]
fn inserts_match_columns_and_share_scans() {
    check("inserts");
}

#[test]
fn expressions_get_the_types_and_casts_of_flink() {
    check("expressions");
}

#[test]
fn rules_make_plans_smaller() {
    check("rules");
}

#[test]
fn what_is_wrong_or_not_supported_is_said_at_its_place() {
    check("refusals");
}

#[test]
fn state_is_kept_or_begins_anew_and_it_is_said_why() {
    check_with("verdicts", common::verdict_after);
}

#[test]
fn a_long_chain_of_queries_is_planned_or_refused_but_never_overflows() {
    for length in [50, 150, 1000] {
        let mut query = "WITH c0 AS (SELECT id AS x FROM others)".to_string();
        for step in 1..=length {
            query.push_str(&format!(
                ", c{step} AS (SELECT x + 1 AS x FROM c{} WHERE x > 0)",
                step - 1
            ));
        }
        query.push_str(&format!(" SELECT x FROM c{length}"));
        let plan = common::plan_after("", &query);
        assert_eq!(
            plan.contains("steps of the query stand over each other"),
            length == 1000,
            "{length}: {plan}"
        );
    }
    let mut query = "WITH c0 AS (SELECT id AS x FROM others)".to_string();
    for step in 1..=40 {
        query.push_str(&format!(
            ", c{step} AS (SELECT x FROM c{0} UNION ALL SELECT x FROM c{0})",
            step - 1
        ));
    }
    query.push_str(" SELECT x FROM c40");
    let plan = common::plan_after("", &query);
    assert!(plan.contains("unfolds to more than"), "{plan}");
}

#[test]
fn views_and_queries_in_each_other_are_planned_or_refused_but_never_overflow() {
    // On a small stack, as in a thread.
    let thread = std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(|| {
        let nested = |from: &str, depth: usize| {
            format!("{}{from}{}", "SELECT x FROM (".repeat(depth), ")".repeat(depth))
        };
        for (views, depth) in [(1, 40), (49, 1), (10, 30), (45, 45)] {
            let mut before = "CREATE VIEW v0 AS SELECT id AS x FROM others;".to_string();
            for view in 1..=views {
                let inner = format!("SELECT x FROM v{}", view - 1);
                before.push_str(&format!("CREATE VIEW v{view} AS {};", nested(&inner, depth)));
            }
            let outcome =
                std::panic::catch_unwind(|| common::plan_after(&before, &format!("SELECT x FROM v{views}")));
            let fits = views * (depth + 1) < 100;
            assert_eq!(outcome.is_ok(), fits, "{views} views of {depth}");
        }
    });
    thread.expect("a thread").join().expect("no overflow");
}

#[test]
fn expressions_that_unfold_without_end_are_refused() {
    let repeated = |open: &str, inner: &str, close: &str, times: usize| {
        format!(
            "SELECT {}{inner}{} FROM others",
            open.repeat(times),
            close.repeat(times)
        )
    };
    for query in [
        repeated("COALESCE(", "id", ", id)", 40),
        repeated("IFNULL(", "id", ", id)", 40),
        repeated("NULLIF(", "id", ", 1)", 40),
        repeated("CASE ", "id", " WHEN 1 THEN 2 WHEN 3 THEN 4 END", 40),
        repeated(
            "IF(",
            "id BETWEEN 1 AND 2",
            " BETWEEN FALSE AND TRUE, TRUE, FALSE)",
            40,
        ),
        repeated(
            "IF(",
            "id BETWEEN SYMMETRIC 1 AND 2",
            " BETWEEN SYMMETRIC FALSE AND TRUE, TRUE, FALSE)",
            30,
        ),
    ] {
        let plan = common::plan_after("", &query);
        assert!(
            plan.contains("unfold to more than"),
            "{}",
            &plan[..plan.len().min(500)]
        );
    }
    let flat = vec!["id BETWEEN 1 AND 2"; 100].join(" OR ");
    let plan = common::plan_after("", &format!("SELECT {flat}, COALESCE(id, id, id, 1) FROM others"));
    assert!(plan.starts_with("Calc("), "{plan}");
}

/// Of all nodes, sources first.
fn fingerprints(before: &str, statement: &str) -> Vec<u64> {
    match common::outcome_after(before, statement) {
        Ok(plan::Outcome::Query(query)) => query.graph.nodes.iter().map(|node| node.fingerprint.0).collect(),
        other => panic!("{other:?}"),
    }
}

/// Counts by windows of a table with these types of its key and its time.
fn counts(key: &str, time: &str, name: &str) -> (String, String) {
    let table = format!(
        "CREATE TABLE t (k {key}, v INT, ts {time}(3), WATERMARK FOR ts AS ts) WITH ('connector' = 'stub');"
    );
    let query = format!(
        "SELECT k, COUNT(v) AS {name} FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '1' DAY)) \
         GROUP BY k, window_start, window_end"
    );
    (table, query)
}

#[test]
fn state_of_one_type_is_none_of_another() {
    let of = |key: &str, name: &str| {
        let (table, query) = counts(key, "TIMESTAMP", name);
        fingerprints(&table, &query)
    };
    let (narrow, wide) = (of("INT", "n"), of("BIGINT", "n"));
    assert!(narrow.len() > 2 && narrow.len() == wide.len());
    assert!(narrow.iter().all(|fingerprint| !wide.contains(fingerprint)));
    assert_eq!(narrow, of("INT", "another_name"));
}

#[test]
fn windows_of_one_time_zone_are_none_of_another() {
    let of = |zone: &str| {
        let (table, query) = counts("INT", "TIMESTAMP_LTZ", "n");
        fingerprints(
            &format!("SET 'table.local-time-zone' = '{zone}'; {table}"),
            &query,
        )
    };
    let (east, west) = (of("Asia/Shanghai"), of("America/New_York"));
    // The source reads instants, whatever the zone; both phases of the aggregation and what follows see days.
    assert_eq!(east[0], west[0]);
    let own = east.iter().filter(|fingerprint| !west.contains(fingerprint));
    assert!(own.count() >= 2);
    assert_ne!(east.last(), west.last());
}
