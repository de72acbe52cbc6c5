//! Texts and the trees or messages they give, as files: a text, `=> ` and the result, an empty line.
//!
//! To see the results of new texts, run with `UPDATE=1`, which writes the files anew; then read the difference.

mod print;

use std::path::Path;

fn check_file(name: &str, parse: impl Fn(&str) -> Result<String, model::Diagnostic>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/cases")
        .join(name);
    let file = std::fs::read_to_string(&path).expect("the file of cases");
    let mut now = Vec::new();
    for block in file
        .split("\n\n")
        .map(|block| block.trim_matches('\n'))
        .filter(|block| !block.is_empty())
    {
        if block.starts_with("# ") {
            now.push(block.to_string());
            continue;
        }
        let input: Vec<&str> = block
            .lines()
            .take_while(|line| !line.starts_with("=> "))
            .collect();
        let input = input.join("\n");
        now.push(format!("{input}\n=> {}", result(&input, parse(&input))));
    }
    let now = now.join("\n\n") + "\n";
    if std::env::var("UPDATE").is_ok() {
        std::fs::write(&path, now).expect("the file of cases");
        return;
    }
    let differences: Vec<String> = file
        .split("\n\n")
        .zip(now.split("\n\n"))
        .filter(|(expected, got)| expected.trim_end() != got.trim_end())
        .map(|(expected, got)| format!("expected:\n{expected}\ngot:\n{got}\n"))
        .collect();
    assert!(
        differences.is_empty(),
        "{} cases of {name} differ\n{}",
        differences.len(),
        differences.join("\n")
    );
}

#[test]
fn expressions() {
    check_file("expressions.txt", |text| {
        sql::parse_expression(text).map(|tree| print::expr(&tree))
    });
}

#[test]
fn types() {
    check_file("types.txt", |text| {
        sql::parse_data_type(text).map(|tree| tree.data_type.to_string())
    });
}

#[test]
fn statements() {
    check_file("statements.txt", |text| {
        sql::parse_statement(text).map(|tree| print::statement(&tree))
    });
}

#[test]
fn queries() {
    check_file("queries.txt", |text| {
        sql::parse_statement(text).map(|tree| print::statement(&tree))
    });
}

#[test]
fn slips() {
    check_file("slips.txt", |text| {
        sql::parse_statement(text).map(|tree| print::statement(&tree))
    });
}

/// A tree, or why there is none: `parse error at 'text': message; hint`.
fn result(source: &str, tree: Result<String, model::Diagnostic>) -> String {
    let diagnostic = match tree {
        Ok(tree) => return tree,
        Err(diagnostic) => diagnostic,
    };
    let place = diagnostic
        .span
        .map(|span| span.text(source).to_string())
        .unwrap_or_default();
    let place = if place.is_empty() {
        "the end".to_string()
    } else {
        format!("[{place}]")
    };
    let hint = diagnostic
        .hint
        .map(|hint| format!("; {hint}"))
        .unwrap_or_default();
    format!(
        "{} error at {place}: {}{hint}",
        diagnostic.kind.name(),
        diagnostic.message
    )
    .replace('\n', "\\n")
}
