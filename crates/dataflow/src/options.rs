//! The `WITH` options of a table, read with their types.
//!
//! Every option that was given must be taken by somebody: [`Options::finish`] names the first that was not.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::time::Duration;

use indexmap::IndexMap;
use model::suggest::{did_you_mean, nearest};

use crate::OptionError;

/// Options in the order they were written, and which of them have been taken.
#[derive(Debug, Clone, Default)]
pub struct Options {
    entries: IndexMap<String, String>,
    /// Keys that somebody asked for, present or not: they are what can be suggested.
    known: RefCell<BTreeSet<String>>,
    /// Put before a key when it is asked for, such as `json.`.
    prefix: String,
}

impl Options {
    pub fn new(entries: IndexMap<String, String>) -> Self {
        Options {
            entries,
            known: RefCell::default(),
            prefix: String::new(),
        }
    }

    pub fn entries(&self) -> &IndexMap<String, String> {
        &self.entries
    }

    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    pub fn get(&self, key: &str) -> Option<&str> {
        let key = self.key(key);
        let value = self.entries.get(&key).map(String::as_str);
        self.known.borrow_mut().insert(key);
        value
    }

    pub fn require(&self, key: &str) -> Result<&str, OptionError> {
        self.get(key).ok_or_else(|| {
            let key = self.key(key);
            let known = self.known.borrow();
            let others = self.entries.keys().filter(|other| !known.contains(*other));
            let missing = OptionError::missing(&key);
            match nearest(&key, others.map(String::as_str)) {
                Some(given) => missing.hint(format!("there is '{given}': did you mean '{key}'?")),
                None => missing,
            }
        })
    }

    fn parsed<T>(
        &self,
        key: &str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, OptionError> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        match parse(value.trim()) {
            Some(parsed) => Ok(Some(parsed)),
            None => {
                let key = self.key(key);
                let message = format!("option '{key}' must be {expected}, got '{value}'");
                Err(OptionError::new(&key, message))
            }
        }
    }

    pub fn boolean(&self, key: &str) -> Result<Option<bool>, OptionError> {
        self.parsed(key, "'true' or 'false'", parse_boolean)
    }

    pub fn integer(&self, key: &str) -> Result<Option<i64>, OptionError> {
        self.parsed(key, "a whole number", |value| value.parse().ok())
    }

    pub fn number(&self, key: &str) -> Result<Option<f64>, OptionError> {
        self.parsed(key, "a number", |value| value.parse().ok())
    }

    /// Flink's durations: `200 ms`, `5 s`, `1 min`, `2 h`, `1 d`; a bare number is milliseconds.
    pub fn duration(&self, key: &str) -> Result<Option<Duration>, OptionError> {
        self.parsed(key, "a duration such as '5 s' or '200 ms'", parse_duration)
    }

    /// Flink's memory sizes: `64 kb`, `128mb`, `1 g`; a bare number is bytes.
    pub fn memory_bytes(&self, key: &str) -> Result<Option<u64>, OptionError> {
        self.parsed(key, "a size such as '64 mb'", parse_memory)
    }

    /// One of a fixed set of values, compared without regard to case.
    pub fn one_of<T: Copy>(&self, key: &str, choices: &[(&str, T)]) -> Result<Option<T>, OptionError> {
        let Some(value) = self.get(key) else {
            return Ok(None);
        };
        if let Some((_, choice)) = choices
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(value.trim()))
        {
            return Ok(Some(*choice));
        }
        let key = self.key(key);
        let names: Vec<String> = choices.iter().map(|(name, _)| format!("'{name}'")).collect();
        let message = format!(
            "option '{key}' must be one of {}, got '{value}'",
            names.join(", ")
        );
        let mut error = OptionError::new(&key, message);
        error.hint = did_you_mean(value, choices.iter().map(|(name, _)| *name));
        Err(error)
    }

    /// Reads with `prefix` before every key, and counts what was taken there as taken here.
    pub fn prefixed<T>(
        &self,
        prefix: &str,
        read: impl FnOnce(&Options) -> Result<T, OptionError>,
    ) -> Result<T, OptionError> {
        let inner = Options {
            entries: self.entries.clone(),
            known: RefCell::default(),
            prefix: format!("{}{prefix}", self.prefix),
        };
        let outcome = read(&inner);
        self.known.borrow_mut().append(&mut inner.known.borrow_mut());
        outcome
    }

    /// Options that start with `prefix`, the prefix removed; they count as taken.
    pub fn starting_with(&self, prefix: &str) -> Vec<(String, String)> {
        let prefix = self.key(prefix);
        let found: Vec<(String, String)> = self
            .entries
            .iter()
            .filter_map(|(key, value)| {
                key.strip_prefix(&prefix)
                    .map(|rest| (rest.to_string(), value.clone()))
            })
            .collect();
        let mut known = self.known.borrow_mut();
        for (rest, _) in &found {
            known.insert(format!("{prefix}{rest}"));
        }
        found
    }

    /// Refuses the first option that nobody took.
    pub fn finish(&self) -> Result<(), OptionError> {
        let known = self.known.borrow();
        let Some(unknown) = self.entries.keys().find(|key| !known.contains(*key)) else {
            return Ok(());
        };
        let mut error = OptionError::new(unknown, format!("option '{unknown}' is not known here"));
        error.hint = did_you_mean(unknown, known.iter().map(String::as_str)).or_else(|| {
            let names: Vec<&str> = known.iter().map(String::as_str).collect();
            Some(format!("known options: {}", names.join(", ")))
        });
        Err(error)
    }
}

pub fn parse_boolean(value: &str) -> Option<bool> {
    if value.eq_ignore_ascii_case("true") {
        Some(true)
    } else if value.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

fn split_unit(value: &str) -> Option<(u64, String)> {
    let value = value.trim();
    let digits = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
    let number = value[..digits].parse().ok()?;
    Some((number, value[digits..].trim().to_ascii_lowercase()))
}

pub fn parse_duration(value: &str) -> Option<Duration> {
    let (number, unit) = split_unit(value)?;
    let nanos: u64 = match unit.as_str() {
        "" | "ms" | "milli" | "millis" | "millisecond" | "milliseconds" => 1_000_000,
        "ns" | "nano" | "nanos" | "nanosecond" | "nanoseconds" => 1,
        "us" | "µs" | "micro" | "micros" | "microsecond" | "microseconds" => 1_000,
        "s" | "sec" | "secs" | "second" | "seconds" => 1_000_000_000,
        "m" | "min" | "minute" | "minutes" => 60_000_000_000,
        "h" | "hour" | "hours" => 3_600_000_000_000,
        "d" | "day" | "days" => 86_400_000_000_000,
        _ => return None,
    };
    number.checked_mul(nanos).map(Duration::from_nanos)
}

pub fn parse_memory(value: &str) -> Option<u64> {
    let (number, unit) = split_unit(value)?;
    let factor: u64 = match unit.as_str() {
        "" | "b" | "bytes" => 1,
        "k" | "kb" | "kibibytes" => 1 << 10,
        "m" | "mb" | "mebibytes" => 1 << 20,
        "g" | "gb" | "gibibytes" => 1 << 30,
        "t" | "tb" | "tebibytes" => 1 << 40,
        _ => return None,
    };
    number.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(entries: &[(&str, &str)]) -> Options {
        Options::new(
            entries
                .iter()
                .map(|(k, v)| (k.to_string(), v.to_string()))
                .collect(),
        )
    }

    #[test]
    fn a_mistyped_option_names_its_neighbour() {
        let options = options(&[("connector", "filesystem"), ("pth", "/data")]);
        options.get("connector");
        options.get("path");
        let error = options.finish().unwrap_err();
        assert_eq!(error.key.as_deref(), Some("pth"));
        assert_eq!(error.hint.as_deref(), Some("did you mean 'path'?"));
    }

    #[test]
    fn options_under_a_prefix_count_as_taken() {
        let options = options(&[("json.ignore-parse-errors", "TRUE")]);
        let ignored = options
            .prefixed("json.", |json| json.boolean("ignore-parse-errors"))
            .unwrap();
        assert_eq!(ignored, Some(true));
        options.finish().unwrap();
    }

    #[test]
    fn a_wrong_value_says_what_is_allowed() {
        let options = options(&[("interval", "5 parsecs")]);
        let error = options.duration("interval").unwrap_err();
        assert_eq!(
            error.message,
            "option 'interval' must be a duration such as '5 s' or '200 ms', got '5 parsecs'"
        );
    }
}
