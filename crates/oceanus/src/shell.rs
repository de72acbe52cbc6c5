//! The interactive shell: history, statements over several lines, completion.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use dataflow::FunctionDoc;
use model::Diagnostic;
use model::suggest::did_you_mean;
use plan::catalog::table::CatalogObject;
use plan::session::Session;
use rustyline::completion::{Completer, Pair};
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Config, Context, Editor, Helper};

use crate::output::Format;
use crate::run::{EXIT_OK, EXIT_WRONG_INPUT, Failure, Output, RunOptions, Runner, complain, run_file};

const BANNER: &str =
    "Oceanus SQL. End a statement with ';', complete with Tab, leave with 'exit' or Ctrl-D.\n";
const HISTORY_LINES_MAX: usize = 10_000;

/// Reads and runs statements until the user leaves. Where nobody sits before it, what comes in is a script like any other.
pub fn run(format: Format, settings: &[(String, String)], output: Output) -> u8 {
    let is_attended = std::io::stdin().is_terminal();
    let options = RunOptions {
        format,
        settings: settings.to_vec(),
        show_progress: is_attended,
    };
    if !is_attended {
        return run_file("-", &options, output);
    }
    let mut runner = match Runner::new(&options, output) {
        Ok(runner) => runner,
        Err(diagnostic) => {
            complain(&diagnostic.render("--set", ""));
            return EXIT_WRONG_INPUT;
        }
    };
    runner.stop_on_interrupt();
    let words = Arc::new(Mutex::new(Words::of(&runner.session)));
    let mut editor = match editor(Arc::clone(&words)) {
        Ok(editor) => editor,
        Err(error) => {
            complain(&format!("error: cannot open the terminal: {error}\n"));
            return EXIT_WRONG_INPUT;
        }
    };
    let history = history_file();
    if let Some(file) = &history {
        // No history yet is no fault.
        let _ = editor.load_history(file);
    }
    complain(BANNER);
    loop {
        match editor.readline("oceanus> ") {
            Ok(text) => {
                if matches!(
                    text.trim().trim_end_matches(';').to_ascii_lowercase().as_str(),
                    "exit" | "quit"
                ) {
                    break;
                }
                if text.trim().is_empty() {
                    continue;
                }
                if let Err(error) = editor.add_history_entry(text.as_str()) {
                    complain(&format!("warning: not kept in the history: {error}\n"));
                }
                execute(&mut runner, &text);
                *words.lock().unwrap_or_else(PoisonError::into_inner) = Words::of(&runner.session);
            }
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => break,
            Err(error) => {
                complain(&format!("error: cannot read from the terminal: {error}\n"));
                break;
            }
        }
    }
    if let Some(file) = &history
        && let Err(error) = editor.save_history(file)
    {
        complain(&format!(
            "warning: history not saved to {}: {error}\n",
            file.display()
        ));
    }
    EXIT_OK
}

fn execute(runner: &mut Runner, text: &str) {
    let script = sql::parse_script(text);
    for diagnostic in &script.diagnostics {
        complain(&diagnostic.render("<shell>", text));
    }
    if !script.diagnostics.is_empty() {
        return;
    }
    runner.session.begin_script();
    for statement in &script.statements {
        let outcome = runner.execute(text, statement);
        runner.warn("<shell>", text);
        match outcome {
            Ok(()) => complain("OK\n"),
            Err(Failure::ReaderLeft) => return,
            Err(Failure::Interrupted) => {
                complain("stopped\n");
                return;
            }
            Err(Failure::Diagnostic(diagnostic)) => {
                complain(&diagnostic.render("<shell>", text));
                return;
            }
        }
    }
}

fn editor(words: Arc<Mutex<Words>>) -> rustyline::Result<Editor<ShellHelper, FileHistory>> {
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .max_history_size(HISTORY_LINES_MAX)?
        .history_ignore_dups(true)?
        .build();
    let mut editor = Editor::with_config(config)?;
    editor.set_helper(Some(ShellHelper { words }));
    Ok(editor)
}

/// `$XDG_STATE_HOME/oceanus/history`, or the same under the home folder.
fn history_file() -> Option<PathBuf> {
    let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/state"));
    let folder = state.or_else(home)?.join("oceanus");
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join("history"))
}

/// What can be completed.
struct Words {
    words: Vec<String>,
}

impl Words {
    fn of(session: &Session) -> Words {
        let keywords = sql::keywords::RESERVED.iter().chain(sql::keywords::NON_RESERVED);
        let mut words: Vec<String> = keywords.map(|word| word.to_string()).collect();
        words.extend(functions::catalogue().iter().map(|doc| format!("{}(", doc.name)));
        let catalog = session.catalog();
        // The current database may have been dropped; then there is nothing to offer from it.
        if let Ok(objects) = catalog.objects_in(catalog.current_catalog(), catalog.current_database()) {
            for (name, object) in objects {
                words.push(name.to_string());
                words.extend(column_names(object));
            }
        }
        words.sort_unstable_by_key(|word| word.to_lowercase());
        words.dedup();
        Words { words }
    }

    /// Words that begin as `start` does, whatever the case.
    fn beginning(&self, start: &str) -> impl Iterator<Item = &String> {
        let start = start.to_lowercase();
        self.words
            .iter()
            .filter(move |word| word.to_lowercase().starts_with(&start))
    }
}

fn column_names(object: &CatalogObject) -> Vec<String> {
    match object {
        CatalogObject::Table(table) => table.columns.iter().map(|column| column.name.clone()).collect(),
        CatalogObject::View(view) => view.schema.names().map(str::to_string).collect(),
    }
}

struct ShellHelper {
    words: Arc<Mutex<Words>>,
}

impl Completer for ShellHelper {
    type Candidate = Pair;

    fn complete(&self, line: &str, at: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        let start = line[..at].rfind(|c| !is_word(c)).map_or(0, |place| {
            place + line[place..].chars().next().map_or(1, char::len_utf8)
        });
        let typed = &line[start..at];
        if typed.is_empty() {
            return Ok((at, Vec::new()));
        }
        // Keywords and functions are offered in the case the user writes in.
        let lower = typed.chars().all(|c| !c.is_uppercase());
        let words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        let pairs = words.beginning(typed).map(|word| {
            let shouting = word.chars().all(|c| !c.is_lowercase());
            let replacement = if lower && shouting {
                word.to_lowercase()
            } else {
                word.clone()
            };
            Pair {
                display: replacement.clone(),
                replacement,
            }
        });
        Ok((start, pairs.collect()))
    }
}

impl Validator for ShellHelper {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let text = context.input();
        let word = text.trim().to_ascii_lowercase();
        let done = word.is_empty() || word == "exit" || word == "quit" || sql::statement_complete(text);
        Ok(if done {
            ValidationResult::Valid(None)
        } else {
            ValidationResult::Incomplete
        })
    }
}

impl Hinter for ShellHelper {
    type Hint = String;
}

impl Highlighter for ShellHelper {}
impl Helper for ShellHelper {}

/// `oceanus functions [NAME]`.
pub fn show_functions(name: Option<&str>, output: Output) -> u8 {
    let mut catalogue = functions::catalogue();
    catalogue.sort_by_key(|doc| (doc.category, doc.name));
    let text = match name {
        None => list_functions(&catalogue),
        Some(name) => match catalogue.iter().find(|doc| doc.name.eq_ignore_ascii_case(name)) {
            Some(doc) => explain_function(doc),
            None => {
                let hint = did_you_mean(name, catalogue.iter().map(|doc| doc.name));
                let diagnostic = Diagnostic::error(
                    model::ErrorKind::Validation,
                    format!("function '{name}' not found"),
                )
                .maybe_hint(hint);
                complain(&diagnostic.render("functions", ""));
                return EXIT_WRONG_INPUT;
            }
        },
    };
    match output
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .write_all(text.as_bytes())
    {
        Ok(()) => EXIT_OK,
        Err(error) => {
            complain(&format!("error: cannot write: {error}\n"));
            crate::run::EXIT_JOB_FAILED
        }
    }
}

fn list_functions(catalogue: &[FunctionDoc]) -> String {
    let mut text = String::new();
    let mut category = "";
    for doc in catalogue {
        if doc.category != category {
            category = doc.category;
            text.push_str(&format!(
                "{}{category}\n",
                if text.is_empty() { "" } else { "\n" }
            ));
        }
        for signature in doc.signatures {
            text.push_str(&format!("  {signature}\n"));
        }
    }
    text
}

fn explain_function(doc: &FunctionDoc) -> String {
    let (expression, result) = doc.example;
    format!(
        "{}\n\n{}\n\n  {expression}  gives  {result}\n",
        doc.signatures.join("\n"),
        doc.doc
    )
}
