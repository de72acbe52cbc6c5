//! Server-sent events, read line by line.
//!
//! By the rules of WHATWG as far as this server uses them: fields `event` and `data`, comments skipped, a blank line
//! ends an event, and an unfinished one at the end of the stream is dropped.

use std::io::{self, BufRead, Read};

/// Far more than the server puts into one event.
const LINE_BYTES_MAX: u64 = 16 << 20;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub name: String,
    pub data: String,
}

/// The events of a stream, until it ends or breaks off.
pub struct Events<R> {
    reader: R,
}

impl<R: BufRead> Events<R> {
    pub fn new(reader: R) -> Events<R> {
        Events { reader }
    }

    fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = Vec::new();
        let read = self
            .reader
            .by_ref()
            .take(LINE_BYTES_MAX)
            .read_until(b'\n', &mut line)?;
        if read == 0 {
            return Ok(None);
        }
        if line.pop_if(|last| *last == b'\n').is_none() && read as u64 == LINE_BYTES_MAX {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "a line of the stream is too long",
            ));
        }
        line.pop_if(|last| *last == b'\r');
        String::from_utf8(line)
            .map(Some)
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
    }
}

impl<R: BufRead> Iterator for Events<R> {
    type Item = io::Result<Event>;

    fn next(&mut self) -> Option<io::Result<Event>> {
        let mut name = String::from("message");
        let mut data: Option<String> = None;
        loop {
            let line = match self.line() {
                Ok(Some(line)) => line,
                Ok(None) => return None,
                Err(error) => return Some(Err(error)),
            };
            if line.is_empty() {
                match data {
                    Some(data) => return Some(Ok(Event { name, data })),
                    None => {
                        name = String::from("message");
                        continue;
                    }
                }
            }
            let (field, value) = line.split_once(':').unwrap_or((&line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => name = value.to_string(),
                "data" => match &mut data {
                    Some(data) => {
                        data.push('\n');
                        data.push_str(value);
                    }
                    None => data = Some(value.to_string()),
                },
                // Comments, and fields that are not needed here.
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_and_comments_are_not() {
        let text = ": hello\n\nevent: rows\ndata: {\"a\":1}\n\ndata:x\r\ndata: y\r\n\r\nid: 7\n\nevent: end\ndata: cut";
        let events: Vec<Event> = Events::new(text.as_bytes()).map(Result::unwrap).collect();
        let event = |name: &str, data: &str| Event {
            name: name.to_string(),
            data: data.to_string(),
        };
        assert_eq!(events, [event("rows", "{\"a\":1}"), event("message", "x\ny")]);
    }
}
