//! The answers that Flink 2.3's own classes gave, recorded in `tests/flink`.

use model::{Schema, TypeKind};

use crate::kit::{TypeParser, decode_all, encode, rows, try_decoder, visible};

struct Case {
    line: usize,
    kind: String,
    options: Vec<(String, String)>,
    row_type: String,
    text: String,
    expected: String,
}

fn cases(file: &str) -> Vec<Case> {
    let path = format!("{}/tests/flink/{file}", env!("CARGO_MANIFEST_DIR"));
    let content = std::fs::read_to_string(&path).unwrap();
    let mut cases: Vec<Case> = Vec::new();
    for (number, line) in content.lines().enumerate() {
        if let Some(expected) = line
            .strip_prefix("    => ")
            .or_else(|| line.strip_prefix("    ours "))
        {
            cases.last_mut().unwrap().expected = expected.to_string();
        } else if !line.starts_with("# ") {
            let mut parts = line.splitn(4, '\t');
            let mut part = || {
                parts
                    .next()
                    .unwrap_or_else(|| panic!("{path}:{}", number + 1))
                    .to_string()
            };
            cases.push(Case {
                line: number + 1,
                kind: part(),
                options: part()
                    .split('&')
                    .filter_map(|option| option.split_once('='))
                    .map(|(key, value)| (key.to_string(), value.to_string()))
                    .collect(),
                row_type: part(),
                text: part(),
                expected: String::new(),
            });
        }
    }
    cases
}

fn row_schema(text: &str) -> Schema {
    let TypeKind::Row(fields) = TypeParser::new(text).data_type().kind else {
        panic!("not a row: {text}");
    };
    Schema::new(
        fields
            .into_iter()
            .map(|field| model::Field::new(field.name, field.data_type))
            .collect(),
    )
}

/// Resolves `\n`, `\r` and `\t`; another escape is what `other` makes of it.
fn unescape(text: &str, other: impl Fn(char) -> String) -> String {
    let mut out = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match rest.next() {
            Some('n') => out.push('\n'),
            Some('r') => out.push('\r'),
            Some('t') => out.push('\t'),
            Some(escaped) => out.push_str(&other(escaped)),
            None => out.push('\\'),
        }
    }
    out
}

fn record_text(text: &str) -> String {
    match text.strip_prefix('!') {
        Some(escaped) => unescape(escaped, |c| {
            if c == '0' {
                "\u{1}".to_string()
            } else {
                format!("\\{c}")
            }
        }),
        None => text.to_string(),
    }
}

/// Runs the cases and shows all that differ at once.
fn check(file: &str, run: impl Fn(&Case) -> Result<String, String>) {
    let mut wrong = Vec::new();
    let cases = cases(file);
    assert!(!cases.is_empty());
    for case in &cases {
        let (got, message) = match run(case) {
            Ok(rows) => (rows, String::new()),
            Err(message) => ("ERROR".to_string(), format!(" ({message})")),
        };
        if got != case.expected {
            let Case {
                line,
                row_type,
                text,
                expected,
                ..
            } = case;
            wrong.push(format!(
                "{file}:{line}: {row_type} {text}\n  expected {expected}\n  got      {got}{message}"
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of {} cases differ\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

#[test]
fn json_records_are_read_and_written_as_flink_does() {
    check("json.cases", |case| {
        let schema = row_schema(&case.row_type);
        let mut options: Vec<(&str, &str)> = Vec::new();
        for (key, value) in &case.options {
            options.push(match (key.as_str(), value.as_str()) {
                ("ign", _) => ("json.ignore-parse-errors", "true"),
                ("miss", _) => ("json.fail-on-missing-field", "true"),
                ("ts", _) => ("json.timestamp-format.standard", "ISO-8601"),
                ("mnk", mode) => ("json.map-null-key.mode", mode),
                ("plain", _) => ("json.encode.decimal-as-plain-number", "true"),
                ("ignnull", _) => ("json.encode.ignore-null-fields", "true"),
                (key, _) => panic!("{key}"),
            });
        }
        if case.kind == "jsonnode" {
            options.push(("json.decode.json-parser.enabled", "false"));
        }
        let mut decoder = try_decoder("json", &options, &schema, &schema).map_err(|e| e.message)?;
        decoder
            .decode_message(record_text(&case.text).as_bytes())
            .map_err(|e| e.message)?;
        let batch = decoder.take().unwrap();
        if case.kind == "jsonrt" {
            let text = String::from_utf8(encode("json", &options, &schema, &batch)).unwrap();
            return Ok(text.trim_end_matches('\n').replace('\n', " ## "));
        }
        Ok(rows(&batch, &schema).join(" ## "))
    });
}

fn csv_option(key: &str) -> &'static str {
    match key {
        "fd" => "csv.field-delimiter",
        "q" => "csv.quote-character",
        "noq" => "csv.disable-quote-character",
        "esc" => "csv.escape-character",
        "null" => "csv.null-literal",
        "ign" => "csv.ignore-parse-errors",
        "comments" => "csv.allow-comments",
        "arr" => "csv.array-element-delimiter",
        "trim" => "csv.trim-spaces",
        "tail" => "csv.ignore-trailing-unmappable",
        "nocomma" => "csv.allow-trailing-comma",
        "failmiss" => "csv.fail-on-missing-columns",
        "enull" => "csv.empty-string-as-null",
        other => panic!("{other}"),
    }
}

#[test]
fn csv_messages_are_read_as_flink_does() {
    check("csv_messages.cases", |case| {
        let schema = row_schema(&case.row_type);
        let mut physical = schema.clone();
        let mut options: Vec<(&str, &str)> = Vec::new();
        for (key, value) in &case.options {
            match (key.as_str(), value.as_str()) {
                ("phys", row_type) => physical = row_schema(row_type),
                ("nocomma", _) => options.push(("csv.allow-trailing-comma", "false")),
                (key @ ("fd" | "q" | "esc" | "null" | "arr"), value) => {
                    options.push((csv_option(key), value))
                }
                (key, _) => options.push((csv_option(key), "true")),
            }
        }
        let mut decoder = try_decoder("csv", &options, &schema, &physical).map_err(|e| e.message)?;
        decoder
            .decode_message(record_text(&case.text).as_bytes())
            .map_err(|e| e.message)?;
        Ok(rows(&decoder.take().unwrap(), &schema).join(" ## "))
    });
}

#[test]
fn csv_files_are_read_and_written_as_flink_does() {
    check("csv_files.cases", |case| {
        let physical = row_schema(&case.row_type);
        let mut schema = physical.clone();
        let mut options: Vec<(String, String)> = Vec::new();
        for (key, value) in &case.options {
            if key == "proj" {
                let wanted = value.split(',').map(|place| place.parse::<usize>().unwrap());
                schema = Schema::new(wanted.map(|place| physical.fields[place].clone()).collect());
            } else {
                options.push((format!("csv.{key}"), unescape(value, String::from)));
            }
        }
        let options: Vec<(&str, &str)> = options.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let mut decoder = try_decoder("csv", &options, &schema, &physical).map_err(|e| e.message)?;
        let text = unescape(&case.text, String::from);
        let batch = decode_all(decoder.as_mut(), text.as_bytes()).map_err(|e| e.message)?;
        if case.kind == "filert" {
            let written = encode("csv", &options, &schema, &batch);
            return Ok(visible(&String::from_utf8(written).unwrap()));
        }
        Ok(rows(&batch, &schema).join(" ## "))
    });
}
