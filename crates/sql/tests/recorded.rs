//! The cases that Flink itself answered, under `tests/sql`: what its parser refused is refused here, and nothing else.

use std::path::{Path, PathBuf};

use model::ErrorKind;

/// Cases of what Flink does not know and we do.
const EXTENSIONS: &[&str] = &["ddl/function_in_sql.sql"];

fn cases(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder of cases").flatten() {
        let path = entry.path();
        if path.is_dir() {
            cases(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "sql") {
            found.push(path);
        }
    }
}

#[test]
fn parse_errors_are_those_that_flink_recorded() {
    let mut files = Vec::new();
    cases(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/sql"),
        &mut files,
    );
    assert!(files.len() > 400, "{} cases", files.len());
    let mut differences = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a case");
        let Ok(rows) = std::fs::read_to_string(file.with_extension("rows")) else {
            continue;
        };
        let recorded = rows
            .lines()
            .any(|line| line.starts_with("-- error ") && line.ends_with(" parse"));
        let script = sql::parse_script(&text);
        let ours = script
            .diagnostics
            .iter()
            .find(|diagnostic| diagnostic.kind == ErrorKind::Parse);
        let is_extension = EXTENSIONS.iter().any(|name| file.ends_with(name));
        if recorded != (ours.is_some() || is_extension) {
            let ours = ours.map_or("nothing".to_string(), |diagnostic| diagnostic.render("", &text));
            differences.push(format!(
                "{}: Flink refuses it: {recorded}, here: {ours}",
                file.display()
            ));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
