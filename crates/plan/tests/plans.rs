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
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/plans")
        .join(format!("{area}.txt"));
    let text = std::fs::read_to_string(&path).expect("the area has a file of cases");
    let update = std::env::var_os("UPDATE_PLANS").is_some();
    let mut found = cases(&text);
    let mut wrong = Vec::new();
    for case in &mut found {
        let given = common::plan_after(&case.before, &case.statement)
            .trim_end()
            .to_string();
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
