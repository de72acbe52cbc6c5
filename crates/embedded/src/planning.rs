//! Programs to sessions, and diagnostics out of them.

use std::sync::Arc;

use connectors::Console;
use dataflow::Error;
use model::{ErrorKind, Severity};
use plan::session::{Outcome, Session};
use runner::{Diagnostic, Kind, Program};
use stdx::Clock;

use crate::wiring;

/// Planning recurses over trees; their height is bounded, but frames are large where nothing is optimised.
pub const STACK_BYTES: usize = 32 << 20;

/// A session with the program's settings and its catalog, ready for the statements of its script.
pub fn open(program: &Program, console: Console, clock: Arc<dyn Clock>) -> Result<Session, Diagnostic> {
    let registry = wiring::granted(console, program);
    let mut session = Session::new(Arc::new(registry), clock);
    // A view over a table that cannot be read now is no fault of a program that does not name it.
    session.plan_views(false);
    for (key, value) in &program.settings {
        session
            .set(key, value)
            .map_err(|fault| tell(&fault, program, None))?;
    }
    let text = &program.catalog_ddl;
    let script = sql::parse_script(text);
    let of_catalog = |message: &str, hint: Option<String>| Diagnostic {
        severity: runner::Severity::Error,
        kind: Kind::Validation,
        message: program
            .secrets
            .redact(&format!("the catalog: {message}"))
            .into_owned(),
        hint: hint.map(|hint| program.secrets.redact(&hint).into_owned()),
        span: None,
    };
    if let Some(broken) = script.diagnostics.first() {
        return Err(of_catalog(&broken.message, broken.hint.clone()));
    }
    session.begin_script();
    for statement in &script.statements {
        match session.execute(text, statement) {
            Ok(Outcome::Done { .. }) => {}
            Ok(_) => return Err(of_catalog("a statement of it defines nothing", None)),
            Err(fault) => return Err(of_catalog(&fault.message, fault.hint)),
        }
    }
    session.begin_script();
    session.plan_views(true);
    Ok(session)
}

/// A diagnostic as it may leave: its place counted in `text`, and no secret in its words.
pub fn tell(diagnostic: &model::Diagnostic, program: &Program, text: Option<&str>) -> Diagnostic {
    let mut told = Diagnostic::of(diagnostic, text.unwrap_or_default());
    if text.is_none() {
        told.span = None;
    }
    told.message = program.secrets.redact(&told.message).into_owned();
    told.hint = told.hint.map(|hint| program.secrets.redact(&hint).into_owned());
    told
}

/// What a failed job tells its user.
pub fn runtime_diagnostic(error: Error) -> model::Diagnostic {
    match error {
        Error::Invalid(diagnostic) => *diagnostic,
        // The plan was right: what an option points to is not there.
        Error::Option(option) => model::Diagnostic::runtime(option.message).maybe_hint(option.hint),
        Error::Evaluation {
            message,
            call: Some(call),
        } => {
            let hint = (call.function == "CAST").then(|| "TRY_CAST gives NULL where CAST fails".to_string());
            let fault = model::Diagnostic::runtime(message).maybe_hint(hint);
            // What nobody wrote has no place.
            if call.span == model::Span::default() {
                fault
            } else {
                fault.at(call.span)
            }
        }
        other => model::Diagnostic::runtime(other.to_string()),
    }
}

/// A warning about a part of the text.
pub fn warning(span: model::Span, message: &str) -> model::Diagnostic {
    model::Diagnostic {
        severity: Severity::Warning,
        ..model::Diagnostic::error(ErrorKind::Validation, message).at(span)
    }
}

/// Runs `work` where there is room for deep recursion. A panic becomes a message.
pub fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, String> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new()
            .name("planning".to_string())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, work)
            .map_err(|error| format!("cannot start a thread: {error}"))?;
        thread.join().map_err(|panic| panic_message(&*panic))
    })
}

pub fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| panic.downcast_ref::<String>().cloned());
    format!("internal error: {}", text.unwrap_or_default())
}
