//! What Flink says when something is wrong, as diagnostics.
//!
//! A failure comes as a stack trace in a string. The JAR of ours names the step that failed in it; of a job that failed
//! while it ran the deepest cause is told.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use model::{LineColumn, Span};
use runner::{Diagnostic, Kind, LogPage, Place, Program};

use crate::jobmanager::Exception;
use crate::submission::Step;

/// Of a message that is told.
const MESSAGE_CHARACTERS_MAX: usize = 2_000;
const WRAPPERS: [&str; 2] = [
    "java.util.concurrent.CompletionException: ",
    "java.util.concurrent.ExecutionException: ",
];
const MARK: &str = "[oceanus step ";

/// A step that failed, as the JAR names it.
#[derive(Debug, PartialEq, Eq)]
pub struct StepFailure {
    /// `None`: the job as a whole.
    pub step: Option<usize>,
    pub class: String,
    pub message: String,
}

/// The step that failed by what the cluster said of a submission.
pub fn step_failure(errors: &str) -> Option<StepFailure> {
    let told = &errors[errors.find(MARK)? + MARK.len()..];
    let told = &told[..told.find(']')?];
    let mut words = told.split(' ');
    let (number, class, message) = (words.next()?, words.next()?, words.next()?);
    let message = String::from_utf8(STANDARD.decode(message).ok()?).ok()?;
    Some(StepFailure {
        step: number.parse().ok(),
        class: class.to_string(),
        message,
    })
}

/// What is wrong with a program by what the cluster said of its submission.
pub fn of_submission(errors: &str, steps: &[Step], program: &Program) -> Diagnostic {
    let Some(failure) = step_failure(errors) else {
        let cause = root_cause(errors).unwrap_or_else(|| first_line(errors).to_string());
        return shown(Kind::Validation, &cause, program);
    };
    let kind = if failure.class.contains("SqlParser") || failure.class.contains("ParseException") {
        Kind::Parse
    } else {
        Kind::Validation
    };
    let step = failure.step.and_then(|step| steps.get(step));
    let (message, place) = split_place(&failure.message);
    let mut diagnostic = shown(kind, &message, program);
    diagnostic.span = step.and_then(|step| {
        let span = step.span?;
        let inside = place.filter(|_| step.is_verbatim);
        let text = &program.sql[span.start as usize..span.end as usize];
        let precise = inside.and_then(|place| place.in_text(text));
        Some(Place::of(
            precise.map_or(span, |(start, end)| Span {
                start: span.start + start as u32,
                end: span.start + end as u32,
            }),
            &program.sql,
        ))
    });
    diagnostic
}

/// Whether the program is at fault, so that another attempt would end in the same way.
pub fn is_of_program(errors: &str) -> bool {
    const OF_PLANNER: [&str; 6] = [
        "org.apache.calcite.",
        "org.apache.flink.sql.",
        "org.apache.flink.table.",
        "java.lang.IllegalArgumentException",
        "java.lang.UnsupportedOperationException",
        "java.lang.ClassNotFoundException",
    ];
    step_failure(errors)
        .is_some_and(|failure| OF_PLANNER.iter().any(|class| failure.class.starts_with(class)))
}

/// Failures of a job as lines of a log, the oldest first, from a byte offset on.
pub fn log(exceptions: &[Exception], after: u64, bytes_max: usize) -> LogPage {
    let mut page = LogPage::default();
    let mut at = 0;
    let mut bytes = 0;
    for exception in exceptions.iter().rev() {
        let task = exception.task.as_deref().unwrap_or("the job");
        let head = format!("{} {task}: {}", exception.at_ms, exception.name);
        for line in std::iter::once(head.as_str()).chain(exception.stacktrace.lines()) {
            let length = line.len() as u64 + 1;
            if at >= after && bytes <= bytes_max {
                bytes += line.len();
                page.lines.push(line.to_string());
                page.next = at + length;
            }
            at += length;
        }
    }
    page.next = page.next.max(after);
    page
}

/// A message of the cluster, without secrets and of bounded length.
pub fn shown(kind: Kind, message: &str, program: &Program) -> Diagnostic {
    let message = program.secrets.redact(message.trim());
    let cut = match message.char_indices().nth(MESSAGE_CHARACTERS_MAX) {
        Some((end, _)) => format!("{}…", &message[..end]),
        None => message.into_owned(),
    };
    Diagnostic::error(kind, cut)
}

/// The message of the deepest cause in a stack trace, with the simple name of its class.
pub fn root_cause(trace: &str) -> Option<String> {
    let deepest = trace
        .rfind("Caused by: ")
        .map_or(trace, |at| &trace[at + "Caused by: ".len()..]);
    let message = deepest.split("\n\tat ").next()?.split("\n\t...").next()?.trim();
    // Threads hand failures on in these, which say nothing.
    let message = WRAPPERS
        .iter()
        .fold(message, |message, wrapper| message.trim_start_matches(wrapper));
    if message.is_empty() {
        return None;
    }
    let Some((class, rest)) = message.split_once(": ") else {
        return Some(simple(message).to_string());
    };
    let is_class = class.contains('.') && !class.contains(' ');
    Some(match is_class {
        true => format!("{}: {rest}", simple(class)),
        false => message.to_string(),
    })
}

fn simple(class: &str) -> &str {
    class.rsplit(['.', '$']).next().unwrap_or(class)
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// A place as Flink counts: lines and columns from 1, the last column included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FlinkPlace {
    line: usize,
    column: usize,
    end: Option<(usize, usize)>,
}

impl FlinkPlace {
    /// Byte offsets of the first character and behind the last one.
    fn in_text(self, text: &str) -> Option<(usize, usize)> {
        let offset = |line: usize, column: usize| {
            let before: usize = text
                .split_inclusive('\n')
                .take(line.checked_sub(1)?)
                .map(str::len)
                .sum();
            let rest = text.get(before..)?;
            let (at, first) = rest.char_indices().nth(column.checked_sub(1)?)?;
            Some((before + at, before + at + first.len_utf8()))
        };
        let (start, behind) = offset(self.line, self.column)?;
        let end = self
            .end
            .and_then(|(line, column)| Some(offset(line, column)?.1))
            .unwrap_or(behind);
        debug_assert!(LineColumn::of(text, start).line == self.line);
        Some((start, end.max(start)))
    }
}

/// The message without Flink's place in front or in it, and the place.
fn split_place(message: &str) -> (String, Option<FlinkPlace>) {
    let prefixes = ["SQL validation failed. ", "SQL parse failed. "];
    let message = prefixes.iter().fold(message, |message, prefix| {
        message.strip_prefix(prefix).unwrap_or(message)
    });
    // `From line 1, column 8 to line 1, column 9: Column 'x' not found in any table`
    if let Some(rest) = message
        .strip_prefix("From ")
        .or_else(|| message.strip_prefix("At "))
        && let Some((place, rest)) = rest.split_once(": ")
    {
        let numbers = numbers(place);
        let found = match numbers[..] {
            [line, column] => Some((line, column, None)),
            [line, column, end_line, end_column] => Some((line, column, Some((end_line, end_column)))),
            _ => None,
        };
        if let Some((line, column, end)) = found {
            return (rest.to_string(), Some(FlinkPlace { line, column, end }));
        }
    }
    // `Encountered "FORM" at line 1, column 10.` and a list of all that was expected.
    if let Some(at) = message.find(" at line ") {
        let place = message[at..].split(['.', '\n']).next().unwrap_or_default();
        if let [line, column] = numbers(place)[..] {
            let end = None;
            return (message[..at].to_string(), Some(FlinkPlace { line, column, end }));
        }
    }
    (message.to_string(), None)
}

fn numbers(text: &str) -> Vec<usize> {
    text.split(|character: char| !character.is_ascii_digit())
        .filter_map(|word| word.parse().ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_step_and_its_place_are_found_in_what_flink_says() {
        let sql = "SET 'a' = 'b';\nINSERT INTO t\nSELECT nam FROM s";
        let program = Program {
            sql: sql.to_string(),
            ..Program::default()
        };
        let span = Span {
            start: 15,
            end: sql.len() as u32,
        };
        let steps = [
            Step {
                span: None,
                is_verbatim: false,
            },
            Step {
                span: Some(span),
                is_verbatim: true,
            },
        ];
        let message = "From line 2, column 8 to line 2, column 10: Column 'nam' not found in any table";
        let errors = format!(
            "org.apache.flink.runtime.rest.handler.RestHandlerException: Could not execute application.\n\tat a.b(C.java)\n\
             Caused by: dev.oceanus.runner.StepFailure: [oceanus step 1 org.apache.calcite.sql.validate.SqlValidatorException {}]\n\tat d",
            STANDARD.encode(message)
        );
        let told = of_submission(&errors, &steps, &program);
        assert_eq!(told.message, "Column 'nam' not found in any table");
        let place = told.span.unwrap();
        assert_eq!(
            (place.line, place.column, place.end_line, place.end_column),
            (3, 8, 3, 11)
        );
        assert_eq!(&sql[place.start as usize..place.end as usize], "nam");
    }

    #[test]
    fn parse_errors_have_a_place_in_the_middle() {
        let (message, place) = split_place(
            "SQL parse failed. Encountered \"FORM\" at line 1, column 10.\nWas expecting one of:\n",
        );
        assert_eq!(message, "Encountered \"FORM\"");
        let expected = FlinkPlace {
            line: 1,
            column: 10,
            end: None,
        };
        assert_eq!(place, Some(expected));
        assert_eq!(split_place("no place").1, None);
        // Columns count characters, and what lies outside of the text has no place.
        assert_eq!(
            FlinkPlace {
                line: 1,
                column: 3,
                end: None
            }
            .in_text("éé x"),
            Some((4, 5))
        );
        assert_eq!(expected.in_text("short"), None);
    }

    #[test]
    fn the_deepest_cause_is_told() {
        let trace = "org.apache.flink.runtime.JobException: Recovery is suppressed\n\tat a\n\
                     Caused by: java.lang.ArithmeticException: / by zero\n\tat b\n\t... 3 more";
        assert_eq!(
            root_cause(trace).as_deref(),
            Some("ArithmeticException: / by zero")
        );
        assert_eq!(
            root_cause("java.lang.OutOfMemoryError").as_deref(),
            Some("OutOfMemoryError")
        );
        assert_eq!(
            root_cause("java.util.concurrent.CompletionException: java.util.concurrent.CompletionException: a.B: c\n\tat d")
                .as_deref(),
            Some("B: c")
        );
        assert_eq!(root_cause(""), None);
    }
}
