//! Expressions whose type and value Flink 2.3 has told: `tests/flink/*.tsv`, a line each.
//!
//! `expression TAB type TAB value`; the type INVALID means that Flink refuses the expression, a value that begins
//! with ERROR that it fails. `#zone` sets the session's time zone for what follows.

mod evaluator;

use std::fmt::Write;
use std::path::Path;

use evaluator::Session;

#[test]
fn expressions_have_flinks_types_and_values() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/flink");
    let mut failures = String::new();
    let mut count = 0;
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    for file in files {
        let mut session = Session::new("UTC");
        for line in std::fs::read_to_string(&file).unwrap().lines() {
            if let Some(zone) = line.strip_prefix("#zone ") {
                session = Session::new(zone);
                continue;
            }
            let mut parts = line.splitn(3, '\t');
            let (expression, data_type, value) = (
                parts.next().unwrap(),
                parts.next().unwrap(),
                parts.next().unwrap(),
            );
            count += 1;
            if let Err(found) = check(&session, expression, data_type, value) {
                let name = file.file_name().unwrap().to_string_lossy();
                writeln!(failures, "{name}: {expression}\n    {found}").unwrap();
            }
        }
    }
    assert!(failures.is_empty(), "of {count} expressions:\n{failures}");
}

/// What differs, if anything.
fn check(session: &Session, expression: &str, data_type: &str, value: &str) -> Result<(), String> {
    let answer = session.evaluate(expression);
    if data_type == "INVALID" {
        return match answer {
            Err(_) => Ok(()),
            Ok((data_type, value)) => Err(format!("Flink refuses it, we give {value:?} of {data_type}")),
        };
    }
    let (our_type, our_value) =
        answer.map_err(|error| format!("wanted {data_type} {value:?}, got: {error}"))?;
    // Flink's type keeps the units of an interval, which change nothing in its values.
    let interval = data_type.starts_with("INTERVAL") && our_type.starts_with("INTERVAL");
    if !interval && our_type != data_type {
        return Err(format!("wanted type {data_type}, got {our_type}"));
    }
    if value.contains("EnforcerException") {
        // A NULL in a column that the type says has none.
        return match our_value.as_deref() {
            Ok("<NULL>") => Ok(()),
            other => Err(format!("wanted NULL, got {other:?}")),
        };
    }
    match (value.starts_with("ERROR"), our_value) {
        (true, Err(_)) => Ok(()),
        (true, Ok(ours)) => Err(format!("wanted a failure ({value}), got {ours:?}")),
        (false, Ok(ours)) if ours == value => Ok(()),
        (false, Ok(ours)) => Err(format!("wanted {value:?}, got {ours:?}")),
        (false, Err(error)) => Err(format!("wanted {value:?}, but it fails: {error}")),
    }
}

/// What the planner writes out as other expressions; the cases in `tests/sql/functions/` hold it to Flink.
const WRITTEN_OUT: &[&str] = &[
    "AND",
    "OR",
    "COALESCE",
    "IFNULL",
    "NULLIF",
    "IF",
    "OVERLAPS",
    "NOT LIKE",
    "NOT SIMILAR TO",
];

/// What takes arguments that the planner adds, and the forms that only it knows; cases hold these to Flink too.
const PLANNED: &[&str] = &[
    "JSON",
    "JSON_ARRAY",
    "JSON_EXISTS",
    "JSON_OBJECT",
    "JSON_QUERY",
    "JSON_VALUE",
    "IS JSON ARRAY",
    "IS JSON OBJECT",
    "IS JSON SCALAR",
    "IS JSON VALUE",
];

/// The examples of the documentation are true.
#[test]
fn examples_give_what_the_documentation_says() {
    let session = Session::new("UTC");
    let mut failures = String::new();
    for doc in functions::catalogue() {
        let varies = ["RAND", "RAND_INTEGER", "UUID"].contains(&doc.name)
            || doc.name.starts_with("CURRENT_")
            || doc.name.starts_with("LOCAL")
            || ["NOW", "PROCTIME", "SOURCE_WATERMARK", "UNIX_TIMESTAMP"].contains(&doc.name);
        let elsewhere = WRITTEN_OUT.contains(&doc.name) || PLANNED.contains(&doc.name);
        if doc.kind != dataflow::FunctionKind::Scalar || varies || elsewhere {
            continue;
        }
        let (expression, expected) = doc.example;
        match session.evaluate(expression) {
            Ok((_, Ok(value))) if value == expected => {}
            found => writeln!(
                failures,
                "{}: {expression} should be {expected}: {found:?}",
                doc.name
            )
            .unwrap(),
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

/// Whatever a CAST to text writes, a CAST back reads.
#[test]
fn casts_to_text_and_back_are_inverse() {
    let session = Session::new("Europe/Berlin");
    for (value, kind) in [
        ("-128", "TINYINT"),
        ("9223372036854775807", "BIGINT"),
        ("-1.5E-7", "DOUBLE"),
        ("3.4028235E38", "FLOAT"),
        ("-12345.678", "DECIMAL(8, 3)"),
        ("2024-02-29", "DATE"),
        ("23:59:59.5", "TIME(3)"),
        ("2024-03-31 01:59:59.123456", "TIMESTAMP(6)"),
        ("1677-09-22 00:00:00.000000001", "TIMESTAMP(9)"),
        ("2024-10-27 02:30:00.000", "TIMESTAMP_LTZ(3)"),
        ("TRUE", "BOOLEAN"),
    ] {
        let expression = format!("CAST(CAST('{value}' AS {kind}) AS STRING)");
        let (_, text) = session.evaluate(&expression).unwrap();
        assert_eq!(text.as_deref(), Ok(value), "{expression}");
    }
}

/// A little text may not stand for all memory.
#[test]
fn results_without_end_are_errors() {
    let session = Session::new("UTC");
    for expression in [
        "CAST('a' AS CHAR(2147483647))",
        "CAST(X'00' AS BINARY(2147483647))",
        "LPAD('ä', 200000000, 'ö')",
        "REPEAT('ab', 2000000000)",
        "REPLACE(REPEAT('a', 20000), 'a', REPEAT('b', 20000))",
        "REPLACE(REPEAT('a', 20000), '', REPEAT('b', 20000))",
        "REGEXP_REPLACE(REPEAT('a', 20000), 'a', REPEAT('b', 20000))",
        "REGEXP_REPLACE(REPEAT('a', 20000), '', REPEAT('b', 20000))",
        "ARRAY_JOIN(SPLIT(REPEAT('a,', 20000), ','), REPEAT('b', 20000))",
    ] {
        let (_, value) = session.evaluate(expression).unwrap();
        assert!(
            value.is_err_and(|error| error.contains("exceeds")),
            "{expression}"
        );
    }
    let (_, nothing) = session
        .evaluate("CAST(CAST(NULL AS STRING) AS CHAR(2147483647))")
        .unwrap();
    assert_eq!(nothing.as_deref(), Ok("<NULL>"));
}

#[test]
fn what_only_java_has_in_regular_expressions_is_an_error() {
    let session = Session::new("UTC");
    for expression in [
        "REGEXP('ab', '\\Ga')",
        "REGEXP_EXTRACT('aa', '(?U)a', 0)",
        "STR_TO_MAP('a=1', '\\X', '=')",
    ] {
        let (_, value) = session.evaluate(expression).unwrap();
        assert!(
            value.is_err_and(|error| error.contains("not supported")),
            "{expression}"
        );
    }
}

#[test]
fn numbers_at_the_ends_of_their_types_neither_panic_nor_hang() {
    let session = Session::new("Europe/Berlin");
    for unit in ["YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "SECOND"] {
        for number in ["2147483647", "-2147483647"] {
            for time in [
                "DATE '9999-12-31'",
                "TIMESTAMP '9999-12-31 23:59:59.999'",
                "TIME '23:59:59'",
            ] {
                let _ = session
                    .evaluate(&format!("TIMESTAMPADD({unit}, {number}, {time})"))
                    .unwrap();
            }
        }
    }
    for expression in [
        "LOCATE('a', 'banana', CAST('-2147483648' AS INT))",
        "ROUND(CAST('99.99' AS DECIMAL(4, 2)), CAST('-2147483648' AS INT))",
        "ROUND(CAST('99.99' AS DECIMAL(4, 2)), CAST('2147483647' AS INT))",
        "ROUND(CAST('9223372036854775807' AS BIGINT), CAST('-2147483648' AS INT))",
        "TRUNCATE(1e300, CAST('-2147483648' AS INT))",
        "TO_DATE('999999999999999999', 'M')",
        "TO_DATE('-999999999999999999', 'D')",
        "TO_TIMESTAMP('999999999999999999', 'n')",
        "UNIX_TIMESTAMP('999999999999999999', 'y')",
        "UNIX_TIMESTAMP('999999999999999999', 'S')",
        "FROM_UNIXTIME(9223372036854775807)",
    ] {
        let _ = session.evaluate(expression).unwrap();
    }
    let (_, nines) = session
        .evaluate("ROUND(CAST('99.99' AS DECIMAL(4, 2)), CAST('0' AS INT))")
        .unwrap();
    assert_eq!(nines.as_deref(), Ok("<NULL>"));
}
