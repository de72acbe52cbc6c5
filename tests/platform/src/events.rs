//! Server-sent events, as far as the platform sends them: a name and a line of JSON.

use std::fmt;
use std::io::{BufRead, BufReader};

use serde_json::Value;
use ureq::{Body, BodyReader};

/// Events of a stream, until it ends. Dropping it closes the connection.
pub struct Events {
    lines: BufReader<BodyReader<'static>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub name: String,
    pub data: Value,
}

impl Events {
    pub fn new(body: Body) -> Events {
        Events {
            lines: BufReader::new(body.into_reader()),
        }
    }

    /// The first event that fits; those before it are passed over. Panics if the stream ends before.
    #[track_caller]
    pub fn wait_for(&mut self, what: &str, fits: impl Fn(&Event) -> bool) -> Event {
        match self.find(fits) {
            Some(event) => event,
            None => panic!("the stream ended before {what}"),
        }
    }
}

impl Iterator for Events {
    type Item = Event;

    /// Panics if the stream breaks off in the middle of an event or takes too long.
    fn next(&mut self) -> Option<Event> {
        let mut event = Event {
            name: "message".to_string(),
            data: Value::Null,
        };
        let mut line = String::new();
        loop {
            line.clear();
            let length = self.lines.read_line(&mut line).expect("the stream can be read");
            if length == 0 {
                return None;
            }
            // What begins with a colon is a comment, which keeps the connection alive.
            match line.trim_end_matches(['\r', '\n']).split_once(':') {
                Some(("event", name)) => event.name = name.trim_start().to_string(),
                Some(("data", data)) => {
                    event.data = serde_json::from_str(data).expect("the data of an event is JSON");
                }
                Some(_) => {}
                None if event.data.is_null() => {}
                None => return Some(event),
            }
        }
    }
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Events")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn events_are_read_and_comments_passed_over() {
        let text = ":\n\nevent: rows\ndata: {\"a\":1}\n\n:\n\nevent: end\r\ndata: {\"b\": \"x:y\"}\r\n\r\n";
        let body = Body::builder().data(text);
        let events: Vec<Event> = Events::new(body).collect();
        let event = |name: &str, data| Event {
            name: name.to_string(),
            data,
        };
        assert_eq!(
            events,
            [
                event("rows", json!({ "a": 1 })),
                event("end", json!({ "b": "x:y" }))
            ]
        );
    }
}
