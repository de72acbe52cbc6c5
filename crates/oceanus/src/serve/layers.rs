//! Settings from several places, each over the one before: the reference, a file, the environment, flags.
//!
//! The reference says which keys there are and of which type each is. A key that it does not know is refused where it
//! is written; a value remembers where it comes from, so that whatever is wrong with it can be told there.

use std::collections::BTreeMap;
use std::path::Path;

use model::suggest::did_you_mean;
use model::{Diagnostic, ErrorKind, Span};
use toml::de::{DeTable, DeValue};

/// What a variable of the environment begins with.
const VARIABLE_PREFIX: &str = "OCEANUS_";
/// Variables of other parts of this program and of its tests.
const OTHER_VARIABLES: [&str; 5] = [
    "OCEANUS_CONFIG",
    "OCEANUS_URL",
    "OCEANUS_TOKEN",
    "OCEANUS_WORKSPACE",
    "OCEANUS_CA_FILE",
];
const TEST_VARIABLE_PREFIX: &str = "OCEANUS_TEST_";

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Text(String),
    Number(u64),
    Boolean(bool),
    List(Vec<String>),
}

/// A text with the name that messages call it by.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    pub name: &'a str,
    pub text: &'a str,
}

#[derive(Debug, Default)]
pub struct Sources<'a> {
    pub file: Option<Named<'a>>,
    pub environment: BTreeMap<String, String>,
    /// Keys of the reference, and what flags say of them.
    pub flags: Vec<(&'static str, Value)>,
}

#[cfg(test)]
impl<'a> Sources<'a> {
    pub fn of(file: &'a str, environment: &[(&str, &str)]) -> Sources<'a> {
        let variables = environment.iter();
        Sources {
            file: Some(Named {
                name: "my.toml",
                text: file,
            }),
            environment: variables
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect(),
            flags: Vec::new(),
        }
    }
}

/// What is wrong in one of the sources, told at its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    place: String,
    text: String,
    diagnostic: Diagnostic,
}

impl Fault {
    /// A file of settings that cannot be read.
    pub fn of_file(file: &Path, error: &std::io::Error) -> Fault {
        fault_at(file.display().to_string(), error.to_string(), None)
    }

    pub fn render(&self) -> String {
        self.diagnostic.render(&self.place, &self.text)
    }
}

/// Every setting with its value and where that comes from.
#[derive(Debug)]
pub struct Layers {
    settings: BTreeMap<String, Setting>,
    file: Option<(String, String)>,
}

#[derive(Debug, Clone)]
struct Setting {
    value: Value,
    origin: Origin,
}

#[derive(Debug, Clone)]
enum Origin {
    Reference,
    File(Span),
    Variable(String),
    Flag,
}

impl Layers {
    /// The second part of the result are warnings: of variables that look like settings and are none.
    pub fn read(reference: &str, sources: Sources<'_>) -> Result<(Layers, Vec<Fault>), Fault> {
        let mut layers = Layers {
            settings: BTreeMap::new(),
            file: sources
                .file
                .map(|file| (file.name.to_string(), file.text.to_string())),
        };
        layers.take_reference(reference)?;
        if let Some(file) = sources.file {
            layers.take_file(file)?;
        }
        let warnings = layers.take_environment(sources.environment)?;
        for (key, value) in sources.flags {
            layers.set(key, value, Origin::Flag);
        }
        Ok((layers, warnings))
    }

    /// The value of a text. Keys are those of the reference: asking for another one is a fault of this program.
    pub fn text(&self, key: &str) -> &str {
        match &self.setting(key).value {
            Value::Text(text) => text,
            other => unreachable!("'{key}' is {other:?}, not a text"),
        }
    }

    pub fn number(&self, key: &str) -> u64 {
        match &self.setting(key).value {
            Value::Number(number) => *number,
            other => unreachable!("'{key}' is {other:?}, not a number"),
        }
    }

    pub fn boolean(&self, key: &str) -> bool {
        match &self.setting(key).value {
            Value::Boolean(value) => *value,
            other => unreachable!("'{key}' is {other:?}, not true or false"),
        }
    }

    pub fn list(&self, key: &str) -> &[String] {
        match &self.setting(key).value {
            Value::List(items) => items,
            other => unreachable!("'{key}' is {other:?}, not a list"),
        }
    }

    /// Something is wrong with the value of a key: told where the value comes from.
    pub fn fault(&self, key: &str, message: impl Into<String>, hint: Option<&str>) -> Fault {
        let mut diagnostic = Diagnostic::error(ErrorKind::Validation, format!("'{key}' {}", message.into()))
            .maybe_hint(hint.map(str::to_string));
        let (place, text) = match (&self.setting(key).origin, &self.file) {
            (Origin::File(span), Some((name, text))) => {
                diagnostic = diagnostic.at(*span);
                (name.clone(), without_secrets(text))
            }
            (Origin::Variable(name), _) => (name.clone(), String::new()),
            (Origin::Flag, _) => ("command line".to_string(), String::new()),
            (Origin::Reference | Origin::File(_), _) => ("configuration".to_string(), String::new()),
        };
        Fault {
            place,
            text,
            diagnostic,
        }
    }

    fn setting(&self, key: &str) -> &Setting {
        self.settings
            .get(key)
            .unwrap_or_else(|| unreachable!("the reference has no '{key}'"))
    }

    fn set(&mut self, key: &str, value: Value, origin: Origin) {
        self.settings.insert(key.to_string(), Setting { value, origin });
    }

    fn take_reference(&mut self, text: &str) -> Result<(), Fault> {
        let reference = Named {
            name: "default.toml",
            text,
        };
        for entry in entries(reference)? {
            let value = value_of(reference, &entry)?;
            self.set(&entry.key, value, Origin::Reference);
        }
        Ok(())
    }

    fn take_file(&mut self, file: Named<'_>) -> Result<(), Fault> {
        for entry in entries(file)? {
            let Some(known) = self.settings.get(&entry.key) else {
                let known = self.settings.keys().map(String::as_str);
                let hint = did_you_mean(&entry.key, known)
                    .unwrap_or_else(|| "`oceanus serve --print-config` lists every key".to_string());
                let diagnostic =
                    Diagnostic::validation(entry.key_span, format!("unknown key '{}'", entry.key));
                return Err(fault_in(file, diagnostic.hint(hint)));
            };
            let value = value_of(file, &entry)?;
            if type_of(&value) != type_of(&known.value) {
                let message = format!(
                    "'{}' must be {}, got {}",
                    entry.key,
                    type_of(&known.value),
                    type_of(&value)
                );
                return Err(fault_in(file, Diagnostic::validation(entry.value_span, message)));
            }
            self.set(&entry.key, value, Origin::File(entry.value_span));
        }
        Ok(())
    }

    fn take_environment(&mut self, environment: BTreeMap<String, String>) -> Result<Vec<Fault>, Fault> {
        let keys: BTreeMap<String, String> = self
            .settings
            .keys()
            .map(|key| (variable_of(key), key.clone()))
            .collect();
        let mut warnings = Vec::new();
        for (name, text) in environment {
            if let Some(key) = keys.get(&name) {
                let value = match &self.setting(key).value {
                    Value::Text(_) => Value::Text(text),
                    Value::List(_) => Value::List(items(&text)),
                    Value::Boolean(_) => match text.trim() {
                        "true" => Value::Boolean(true),
                        "false" => Value::Boolean(false),
                        _ => {
                            let message = format!("'{key}' must be true or false, got '{text}'");
                            return Err(fault_at(name, message, None));
                        }
                    },
                    Value::Number(_) => match text.trim().parse() {
                        Ok(number) => Value::Number(number),
                        Err(_) => {
                            let message = format!("'{key}' must be a whole number, got '{text}'");
                            return Err(fault_at(name, message, None));
                        }
                    },
                };
                self.set(key, value, Origin::Variable(name));
            } else if name.starts_with(VARIABLE_PREFIX)
                && !name.starts_with(TEST_VARIABLE_PREFIX)
                && !OTHER_VARIABLES.contains(&name.as_str())
            {
                // Not refused: Kubernetes makes variables of a service's name, such as OCEANUS_PORT.
                let hint = did_you_mean(&name, keys.keys().map(String::as_str));
                let message = "names no setting and is ignored".to_string();
                let mut fault = fault_at(name, message, hint);
                fault.diagnostic.severity = model::Severity::Warning;
                warnings.push(fault);
            }
        }
        Ok(warnings)
    }
}

/// One `key = value` of a file.
struct Entry<'a> {
    /// With the names of its tables before it.
    key: String,
    key_span: Span,
    value: DeValue<'a>,
    value_span: Span,
}

fn entries(file: Named<'_>) -> Result<Vec<Entry<'_>>, Fault> {
    let table = DeTable::parse(file.text).map_err(|error| {
        let span = error.span().unwrap_or(0..0);
        let span = Span::new(span.start, span.end);
        fault_in(file, Diagnostic::parse(span, error.message().to_string()))
    })?;
    let mut entries = Vec::new();
    flatten("", table.into_inner(), &mut entries);
    Ok(entries)
}

fn flatten<'a>(prefix: &str, table: DeTable<'a>, entries: &mut Vec<Entry<'a>>) {
    for (key, value) in table {
        let path = format!("{prefix}{}", key.get_ref());
        let (key_span, value_span) = (key.span(), value.span());
        match value.into_inner() {
            DeValue::Table(inner) => flatten(&format!("{path}."), inner, entries),
            value => entries.push(Entry {
                key: path,
                key_span: Span::new(key_span.start, key_span.end),
                value,
                value_span: Span::new(value_span.start, value_span.end),
            }),
        }
    }
}

fn value_of(file: Named<'_>, entry: &Entry<'_>) -> Result<Value, Fault> {
    let refuse = |what: &str| {
        let message = format!(
            "'{}' must be a text, a whole number, true or false, or a list of texts, got {what}",
            entry.key
        );
        fault_in(file, Diagnostic::validation(entry.value_span, message))
    };
    match &entry.value {
        DeValue::String(text) => Ok(Value::Text(text.to_string())),
        DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix())
            .map(Value::Number)
            .map_err(|_| refuse(&format!("'{number}'"))),
        DeValue::Boolean(value) => Ok(Value::Boolean(*value)),
        DeValue::Array(items) => items
            .iter()
            .map(|item| match item.get_ref() {
                DeValue::String(text) => Ok(text.to_string()),
                other => Err(refuse(&format!("a list with {}", other.type_str()))),
            })
            .collect::<Result<_, _>>()
            .map(Value::List),
        other => Err(refuse(other.type_str())),
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Text(_) => "a text",
        Value::Number(_) => "a whole number",
        Value::Boolean(_) => "true or false",
        Value::List(_) => "a list of texts",
    }
}

/// `capacity.cores` is `OCEANUS_CAPACITY_CORES`.
fn variable_of(key: &str) -> String {
    format!("{VARIABLE_PREFIX}{}", key.to_uppercase().replace('.', "_"))
}

fn items(text: &str) -> Vec<String> {
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    items.map(str::to_string).collect()
}

/// The text as it may be shown: the values of keys with one of these words are covered, each byte by one.
fn without_secrets(text: &str) -> String {
    const WORDS: [&str; 4] = ["secret", "token", "access_key", "password"];
    let mut shown = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let lower = line.to_ascii_lowercase();
        let word = WORDS.iter().filter_map(|word| lower.find(word)).min();
        let from = word.map_or(line.len(), |at| {
            line[at..].find('=').map_or(line.len(), |equals| at + equals + 1)
        });
        shown.push_str(&line[..from]);
        for character in line[from..].chars() {
            match character.is_whitespace() {
                true => shown.push(character),
                false => shown.extend(std::iter::repeat_n('*', character.len_utf8())),
            }
        }
    }
    shown
}

fn fault_in(file: Named<'_>, diagnostic: Diagnostic) -> Fault {
    Fault {
        place: file.name.to_string(),
        text: without_secrets(file.text),
        diagnostic,
    }
}

fn fault_at(place: String, message: String, hint: Option<String>) -> Fault {
    Fault {
        place,
        text: String::new(),
        diagnostic: Diagnostic::error(ErrorKind::Validation, message).maybe_hint(hint),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFERENCE: &str = "listen = \"a\"\nhosts = []\n[capacity]\ncores = 0\n";

    fn read(file: &str, environment: &[(&str, &str)]) -> Result<(Layers, Vec<Fault>), Fault> {
        Layers::read(REFERENCE, Sources::of(file, environment))
    }

    #[test]
    fn each_source_lies_over_the_one_before() {
        let file = "listen = 'b'\nhosts = ['x']\n[capacity]\ncores = 0x10";
        let environment = [("OCEANUS_LISTEN", "c"), ("OCEANUS_HOSTS", "y, z,")];
        let sources = Sources {
            flags: vec![("listen", Value::Text("d".to_string()))],
            ..Sources::of(file, &environment)
        };
        let (layers, warnings) = Layers::read(REFERENCE, sources).unwrap();
        assert_eq!(warnings, []);
        assert_eq!(layers.text("listen"), "d");
        assert_eq!(layers.list("hosts"), ["y", "z"]);
        assert_eq!(layers.number("capacity.cores"), 16);
    }

    #[test]
    fn an_unknown_key_is_refused_at_its_place() {
        let fault = read("listen = 'b'\n[capacity]\ncroes = 2\n", &[]).unwrap_err();
        assert_eq!(
            fault.render(),
            "my.toml:3:1: error: unknown key 'capacity.croes'\n  |\n3 | croes = 2\n  | ^^^^^\n  = help: did you mean 'capacity.cores'?\n"
        );
    }

    #[test]
    fn a_value_of_another_type_is_refused_at_its_place() {
        let fault = read("listen = 7", &[]).unwrap_err();
        assert!(
            fault
                .render()
                .starts_with("my.toml:1:10: error: 'listen' must be a text, got a whole number\n"),
            "{}",
            fault.render()
        );
        let fault = read("hosts = ['a', 1.5]", &[]).unwrap_err();
        assert!(
            fault.render().contains("got a list with float"),
            "{}",
            fault.render()
        );
        let fault = read("[capacity]\ncores = -1", &[]).unwrap_err();
        assert!(
            fault.render().starts_with("my.toml:2:9: error: "),
            "{}",
            fault.render()
        );
        let fault = read("listen = ", &[]).unwrap_err();
        assert!(fault.render().starts_with("my.toml:1:"), "{}", fault.render());
    }

    #[test]
    fn a_wrong_variable_is_named_and_an_unknown_one_is_told() {
        let fault = read("", &[("OCEANUS_CAPACITY_CORES", "many")]).unwrap_err();
        assert_eq!(
            fault.render(),
            "OCEANUS_CAPACITY_CORES: error: 'capacity.cores' must be a whole number, got 'many'\n"
        );
        let (_, warnings) = read(
            "",
            &[
                ("OCEANUS_LISTN", "c"),
                ("OCEANUS_TEST_SEEDS", "1"),
                ("LISTEN", "x"),
            ],
        )
        .unwrap();
        let told: Vec<String> = warnings.iter().map(Fault::render).collect();
        assert_eq!(
            told,
            [
                "OCEANUS_LISTN: warning: names no setting and is ignored\n  = help: did you mean 'OCEANUS_LISTEN'?\n"
            ]
        );
    }

    #[test]
    fn secrets_of_a_file_are_not_shown_with_what_is_wrong_beside_them() {
        for (file, shown) in [
            ("[capacity]\nsecret_key = 'höhle'", "2 | secret_key = ********\n"),
            (
                "capacity = { x = 1, Access_Key = 'abc', cores = 'b' }",
                "Access_Key = ****** ***** * *** *\n",
            ),
            ("[capacity]\nsession_token = 'abc", "2 | session_token = ****\n"),
            ("[capacity]\ncroes = 2 # no token", "2 | croes = 2 # no token\n"),
        ] {
            let told = read(file, &[]).unwrap_err().render();
            assert!(told.contains(shown), "{told}");
            assert!(!told.contains("abc") && !told.contains("höhle"), "{told}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_value_is_told_where_it_comes_from() {
        let (layers, _) = read("listen = 'nowhere'", &[("OCEANUS_CAPACITY_CORES", "9")]).unwrap();
        let fault = layers.fault("listen", "must be HOST:PORT", None);
        assert!(
            fault
                .render()
                .starts_with("my.toml:1:10: error: 'listen' must be HOST:PORT\n")
        );
        let fault = layers.fault("capacity.cores", "is too much", Some("take less"));
        assert_eq!(
            fault.render(),
            "OCEANUS_CAPACITY_CORES: error: 'capacity.cores' is too much\n  = help: take less\n"
        );
    }
}
