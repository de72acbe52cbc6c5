//! Asks a person, on the terminal. What is secret is not shown, and never comes from the command line.

use std::io::{BufRead, IsTerminal, Read, Write};

use store::SecretString;

use super::failure::{Failure, Result};

/// Longer ones are refused by the server anyway.
const SECRET_BYTES_MAX: u64 = 1 << 20;

/// A line that is shown as it is typed.
pub fn line(question: &str) -> Result<String> {
    if !std::io::stdin().is_terminal() {
        return Err(nobody(question, "`--help` says how to do without one"));
    }
    let mut error = std::io::stderr();
    let asked = write!(error, "{question}: ").and_then(|()| error.flush());
    let mut line = String::new();
    asked
        .and_then(|()| std::io::stdin().lock().read_line(&mut line))
        .map_err(|error| Failure::local("cannot read from the terminal", error))?;
    Ok(line.trim().to_string())
}

/// Something secret: typed, or all of standard input but its last line break.
pub fn secret(question: &str, from_stdin: bool) -> Result<SecretString> {
    if from_stdin {
        let mut text = String::new();
        std::io::stdin()
            .lock()
            .take(SECRET_BYTES_MAX)
            .read_to_string(&mut text)
            .map_err(|error| Failure::wrong(format!("<stdin>: {error}")))?;
        let text = text.strip_suffix('\n').unwrap_or(&text);
        return Ok(SecretString::from(text.strip_suffix('\r').unwrap_or(text)));
    }
    if !std::io::stdin().is_terminal() {
        return Err(nobody(question, "`--help` says how to give it by standard input"));
    }
    match rpassword::prompt_password(format!("{question}: ")) {
        Ok(text) => Ok(SecretString::from(text)),
        Err(error) => Err(Failure::local("cannot read from the terminal", error)),
    }
}

/// A new password, typed twice.
pub fn new_password(question: &str, from_stdin: bool) -> Result<SecretString> {
    use store::ExposeSecret;
    let password = secret(question, from_stdin)?;
    if !from_stdin {
        let again = secret("The same again", false)?;
        if password.expose_secret() != again.expose_secret() {
            return Err(Failure::wrong("the two are not the same"));
        }
    }
    Ok(password)
}

fn nobody(question: &str, hint: &str) -> Failure {
    Failure::wrong_with_hint(format!("there is no terminal to ask at: {question}"), hint)
}
