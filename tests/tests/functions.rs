//! The table of Flink's functions, `docs/functions.md`, is what our catalogue and the SQL cases say.
//!
//! `functions/flink.txt` lists what `SHOW FUNCTIONS` gives on real Flink, as `functions/show_functions.rows` has it
//! recorded (as a case, by the oracle), and Flink's operators. A function counts as equal only if a case that gives Flink's rows uses it.
//! `OCEANUS_TEST_RECORD=1` writes the table anew.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use tests::case::{self, Case};

/// So many of Flink's functions are equal at least, in percent.
const EQUAL_PERCENT_MIN: usize = 98;

/// A line of the list.
struct Listed {
    /// As SHOW FUNCTIONS has it.
    name: String,
    /// What it is called in SQL.
    written: String,
    /// What a case that uses it has in its text.
    mark: String,
    claim: Claim,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Claim {
    Equal,
    /// Flink refuses it in a stream, and so do we.
    Refused(String),
    Departs(String),
    Missing(String),
    /// Nobody can call it from SQL; why.
    NotSql(String),
}

#[test]
fn the_table_of_functions_is_the_one_that_is_written_down() {
    let list = listed();
    let departures = case::departures().expect("departures.txt can be read");
    let cases: Vec<Case> = case::all()
        .expect("the cases can be read")
        .into_iter()
        .filter(|case| !departures.contains_key(&case.name))
        .collect();
    let text_of = |case: &'_ Case| plain(&case.text);
    let (with_rows, refusals): (Vec<&Case>, Vec<&Case>) =
        cases.iter().partition(|case| !case.flink.rows.is_empty());
    let texts: Vec<(&str, String)> = with_rows
        .iter()
        .map(|case| (case.name.as_str(), text_of(case)))
        .collect();
    let refused: Vec<(&str, String)> = refusals
        .iter()
        .map(|case| (case.name.as_str(), text_of(case)))
        .collect();

    let mut without_case = Vec::new();
    let mut table = String::new();
    let mut counts = [0_usize; 3];
    let signatures = signatures();
    for listed in &list {
        let texts = match &listed.claim {
            Claim::Refused(_) => &refused,
            _ => &texts,
        };
        let case = case_of(&listed.written, &listed.mark, texts);
        let (status, count) = match &listed.claim {
            Claim::NotSql(_) => continue,
            Claim::Refused(why) if case.is_some() => (format!("equal: {why}"), 0),
            Claim::Refused(_) => {
                without_case.push(listed.written.as_str());
                continue;
            }
            Claim::Equal if case.is_some() => ("equal".to_string(), 0),
            Claim::Equal if functions::is_callable(&listed.written) => {
                without_case.push(listed.written.as_str());
                continue;
            }
            Claim::Equal => ("missing: not there yet".to_string(), 2),
            Claim::Departs(why) => (format!("departs: {why}"), 1),
            Claim::Missing(why) => (format!("missing: {why}"), 2),
        };
        counts[count] += 1;
        let forms = match signatures.get(&listed.written) {
            Some(forms) if count < 2 => forms.join("<br>"),
            _ => format!("`{}`", escaped(&listed.written)),
        };
        let case = match case {
            Some(case) if count < 2 => format!("`{case}`"),
            _ => "-".to_string(),
        };
        writeln!(table, "| {forms} | {status} | {case} |").unwrap();
    }
    assert!(
        without_case.is_empty(),
        "these are said to be equal, and no case that gives Flink's rows uses them: {without_case:?}"
    );
    let all: usize = counts.iter().sum();
    assert!(
        counts[0] * 100 >= all * EQUAL_PERCENT_MIN,
        "only {} of {all} functions are equal to Flink's, less than {EQUAL_PERCENT_MIN} %",
        counts[0]
    );
    let document = document(&list, &table, counts);
    let path = root().join("docs/functions.md");
    if std::env::var_os("OCEANUS_TEST_RECORD").is_some() {
        std::fs::write(&path, &document).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap_or_default() == document,
        "the table of functions has changed: look at it, then write it down with OCEANUS_TEST_RECORD=1"
    );
}

#[test]
fn the_list_names_every_function_of_flink() {
    let list = listed();
    let recorded = std::fs::read_to_string(root().join("tests/functions/show_functions.rows")).unwrap();
    let mut missing = Vec::new();
    for line in recorded.lines().filter(|line| line.starts_with('{')) {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        let name = row["row"]["function name"].as_str().unwrap();
        if !list.iter().any(|listed| listed.name == name) {
            missing.push(name.to_string());
        }
    }
    assert!(missing.is_empty(), "flink.txt has no line for {missing:?}");
}

/// Claims do not outlive what they say: what is missing, or refused, is not in our catalogue.
#[test]
fn what_is_said_to_be_missing_is_not_there() {
    for listed in listed() {
        if matches!(listed.claim, Claim::Missing(_) | Claim::Refused(_)) {
            let ours = functions::is_callable(&listed.written);
            assert!(
                !ours,
                "{} is there: say that it is equal, or departs",
                listed.written
            );
        }
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// `name | written ~ mark | claim`; a line of two parts claims to be equal, one of one part is written as it is named.
fn listed() -> Vec<Listed> {
    let text = std::fs::read_to_string(root().join("tests/functions/flink.txt")).unwrap();
    text.lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| {
            // A sign may be a bar itself.
            let mut parts = line.split(" | ").map(str::trim);
            let name = parts.next().unwrap_or_default().to_string();
            let form = parts.next().map_or_else(|| name.to_uppercase(), str::to_string);
            let (written, mark) = form.split_once(" ~ ").unwrap_or((&form, &form));
            let (written, mark) = (written.to_string(), mark.to_string());
            let claim = match parts.next() {
                None => Claim::Equal,
                Some(claim) => {
                    let (kind, why) = claim.split_once(": ").unwrap_or((claim, ""));
                    match kind {
                        "departs" => Claim::Departs(why.to_string()),
                        "refused" => Claim::Refused(why.to_string()),
                        "missing" => Claim::Missing(why.to_string()),
                        "not SQL" => Claim::NotSql(why.to_string()),
                        _ => panic!("flink.txt claims of {name}: {claim}"),
                    }
                }
            };
            Listed {
                name,
                written,
                mark,
                claim,
            }
        })
        .collect()
}

/// The forms of our functions by their names.
fn signatures() -> BTreeMap<String, Vec<String>> {
    functions::catalogue()
        .into_iter()
        .map(|doc| {
            let forms = doc.signatures.iter();
            let forms = forms.map(|form| format!("`{}`", escaped(form))).collect();
            (doc.name.to_string(), forms)
        })
        .collect()
}

/// A bar would end the cell.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
}

/// Without comments and with single blanks, in upper case.
fn plain(text: &str) -> String {
    let code = text
        .lines()
        .map(|line| line.split("--").next().unwrap_or_default());
    let words: Vec<&str> = code.flat_map(str::split_whitespace).collect();
    words.join(" ").to_uppercase()
}

/// The case that uses what is written so: one that is named after it, if there is one.
fn case_of<'a>(written: &str, mark: &str, texts: &[(&'a str, String)]) -> Option<&'a str> {
    let wanted = mark.to_uppercase();
    let lower = written.to_lowercase();
    texts
        .iter()
        .filter(|(_, text)| uses(text, &wanted))
        .min_by_key(|(name, _)| {
            let file = name.rsplit('/').next().unwrap_or(name);
            (
                file != lower,
                !file.contains(&lower),
                !name.starts_with("functions/"),
                file.len(),
                *name,
            )
        })
        .map(|(name, _)| *name)
}

/// Whether the words stand in the text, and not as a part of longer ones.
fn uses(text: &str, wanted: &str) -> bool {
    let in_word = |character: Option<char>| character.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(wanted).any(|(start, _)| {
        let (before, behind) = (&text[..start], &text[start + wanted.len()..]);
        let starts = !in_word(wanted.chars().next()) || !in_word(before.chars().next_back());
        let ends = !in_word(wanted.chars().next_back()) || !in_word(behind.chars().next());
        starts && ends
    })
}

fn document(list: &[Listed], table: &str, [equal, departing, missing]: [usize; 3]) -> String {
    let all = equal + departing + missing;
    let mut text = String::from("# Functions\n\n");
    text.push_str(
        "What `SHOW FUNCTIONS` lists on Flink 2.3, and Flink's operators, beside what the embedded engine has. \
         *Equal* means that the case on the right gives Flink's rows, and holds NULLs and the edges of its types; what \
         Flink refuses in a stream is equal where we refuse it too.\n\n",
    );
    writeln!(
        text,
        "{equal} of {all} are equal, {departing} depart, {missing} are missing.\n"
    )
    .unwrap();
    text.push_str("| function | status | case in `tests/sql/` |\n| --- | --- | --- |\n");
    text.push_str(table);
    text.push_str("\nNot for SQL, though Flink lists them:\n\n");
    for listed in list {
        if let Claim::NotSql(why) = &listed.claim {
            writeln!(text, "- `{}`: {why}", listed.name).unwrap();
        }
    }
    text.push_str(
        "\nRegular expressions are Java's, but for `\\G`, `\\X`, `\\N`, the flags `(?d)` and `(?U)`, classes of Java's own \
         and blocks of Unicode, which are refused. Conditions in JSON paths, `[?(...)]`, work here and fail on Flink.\n",
    );
    text.push_str(
        "\nThis file is made by `OCEANUS_TEST_RECORD=1 cargo test --workspace --test functions`.\n",
    );
    text
}
