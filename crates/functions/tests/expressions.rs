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

/// The examples of the documentation are true.
#[test]
fn examples_give_what_the_documentation_says() {
    let session = Session::new("UTC");
    let mut failures = String::new();
    for doc in functions::catalogue() {
        let varies = ["RAND", "RAND_INTEGER", "UUID"].contains(&doc.name)
            || doc.name.starts_with("CURRENT_")
            || doc.name.starts_with("LOCAL")
            || ["NOW", "PROCTIME", "UNIX_TIMESTAMP"].contains(&doc.name);
        if doc.kind != dataflow::FunctionKind::Scalar || varies {
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
