//! Writes an object: by one request if it is small, else in parts that become visible together.

use std::fmt::Write as _;
use std::io::{self, Write};

use dataflow::Error;
use rusty_s3::Method;
use stdx::step;

use super::answers;
use super::client::{Call, Client, Fault};

/// What is kept in memory of an object that is written, and the size of a part.
pub const PART_BYTES: usize = 8 << 20;
/// No store takes more.
const PARTS_MAX: usize = 10_000;
/// Pages of uploads that are looked through when they are cleared away.
const UPLOAD_PAGES_MAX: usize = 100;

pub struct Upload<'a> {
    client: &'a Client,
    key: &'a str,
    part: Vec<u8>,
    /// Of parts that are there.
    tags: Vec<String>,
    /// `None` as long as all of it fits into one part.
    id: Option<String>,
    bytes: u64,
    /// Why it has failed, told better than by the one that writes.
    fault: Option<Error>,
}

impl<'a> Upload<'a> {
    pub fn new(client: &'a Client, key: &'a str) -> Upload<'a> {
        Upload {
            client,
            key,
            part: Vec::new(),
            tags: Vec::new(),
            id: None,
            bytes: 0,
            fault: None,
        }
    }

    /// Makes it visible; returns how many bytes it has.
    pub fn finish(&mut self) -> Result<u64, Error> {
        let finished = match self.id.take() {
            None => self.put(),
            Some(id) => {
                let finished = self.send_part(&id).and_then(|()| self.complete(&id));
                self.id = finished.is_err().then_some(id);
                finished
            }
        };
        match finished {
            Ok(()) => Ok(self.bytes),
            Err(fault) => {
                self.take_back();
                Err(self.client.told("write", self.key, fault))
            }
        }
    }

    /// The store may have done what it was not heard of: an object that was said to have failed shall not be there. It
    /// is asked once, and may yet do it later.
    fn take_back(&self) {
        match self.client.call_once(&Call::new(Method::Delete, self.key)) {
            Err(fault) if fault.kind != io::ErrorKind::NotFound => tracing::warn!(
                key = self.key,
                "an object that could not be written may be there all the same: {}",
                fault.message
            ),
            _ => {}
        }
    }

    fn put(&self) -> Result<(), Fault> {
        let call = Call {
            body: &self.part,
            ..Call::new(Method::Put, self.key)
        };
        self.client.call(&call).map(drop)
    }

    /// Leaves nothing of it, and says why.
    pub fn give_up(&mut self, error: Error) -> Error {
        if let Some(id) = self.id.take()
            && let Err(fault) = abort(self.client, self.key, &id)
        {
            tracing::warn!(
                key = self.key,
                "an upload that failed could not be given up: {}; whoever writes next tries it again",
                fault.message
            );
        }
        self.fault.take().unwrap_or(error)
    }

    /// The part is full, and there is more.
    fn flush_part(&mut self) -> Result<(), Fault> {
        let id = match self.id.take() {
            Some(id) => id,
            None => {
                let call = Call {
                    query: &[("uploads", "")],
                    ..Call::new(Method::Post, self.key)
                };
                let id = self
                    .client
                    .ask(&call)
                    .and_then(|text| answers::upload_id(&text))?;
                step("storage: an upload is begun");
                id
            }
        };
        let sent = self.send_part(&id);
        self.id = Some(id);
        sent
    }

    fn send_part(&mut self, id: &str) -> Result<(), Fault> {
        if self.tags.len() >= PARTS_MAX {
            return Err(Fault::strange(format!(
                "it has more than {PARTS_MAX} parts of {} MiB",
                PART_BYTES >> 20
            )));
        }
        let number = (self.tags.len() + 1).to_string();
        let call = Call {
            query: &[("partNumber", &number), ("uploadId", id)],
            body: &self.part,
            ..Call::new(Method::Put, self.key)
        };
        let answer = self.client.call(&call)?;
        let tag = answer.headers().get("etag").and_then(|tag| tag.to_str().ok());
        let tag = tag.ok_or_else(|| Fault::strange("the object store has given a part no tag"))?;
        self.tags.push(tag.to_string());
        self.part.clear();
        step("storage: a part is uploaded");
        Ok(())
    }

    fn complete(&self, id: &str) -> Result<(), Fault> {
        let mut body = "<CompleteMultipartUpload>".to_string();
        for (number, tag) in self.tags.iter().enumerate() {
            let tag = quick_xml::escape::escape(tag.as_str());
            // Writing to a text does not fail.
            let _ = write!(
                body,
                "<Part><PartNumber>{}</PartNumber><ETag>{tag}</ETag></Part>",
                number + 1
            );
        }
        body.push_str("</CompleteMultipartUpload>");
        let call = Call {
            query: &[("uploadId", id)],
            headers: &[("content-type", "application/xml")],
            body: body.as_bytes(),
            is_slow: true,
            ..Call::new(Method::Post, self.key)
        };
        let mut retries = self.client.retries();
        loop {
            let fault = match self.client.ask_once(&call) {
                Ok(text) if answers::is_completed(&text) => return Ok(()),
                // The store answers before it has done it, and may still fail.
                Ok(text) => match answers::error_code(&text) {
                    Some(code) => Fault::of_completion(&code),
                    None if self.is_there()? => return Ok(()),
                    None => Fault::of_unknown_completion(),
                },
                // An attempt whose answer was lost has done it.
                Err(fault) if fault.code == "NoSuchUpload" && retries.has_failed() => {
                    match self.is_there()? {
                        true => return Ok(()),
                        false => fault,
                    }
                }
                Err(fault) => fault,
            };
            retries.after(fault)?;
        }
    }

    /// Whether there is an object as long as this one.
    fn is_there(&self) -> Result<bool, Fault> {
        let answer = match self.client.call(&Call::new(Method::Head, self.key)) {
            Ok(answer) => answer,
            Err(fault) if fault.kind == io::ErrorKind::NotFound => return Ok(false),
            Err(fault) => return Err(fault),
        };
        let length = answer.headers().get("content-length");
        let bytes = length.and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
        Ok(bytes == Some(self.bytes))
    }
}

impl Write for Upload<'_> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if self.part.len() == PART_BYTES
            && let Err(fault) = self.flush_part()
        {
            let cause = io::Error::from(fault.kind);
            self.fault = Some(self.client.told("write", self.key, fault));
            return Err(cause);
        }
        let count = data.len().min(PART_BYTES - self.part.len());
        self.part.extend_from_slice(&data[..count]);
        self.bytes += count as u64;
        Ok(count)
    }

    /// Nothing: what is not a whole part can only be written at the end.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Gives up all uploads whose keys begin with a prefix. That they take room is all the harm they do: a store that
/// cannot say which there are, or does not let us ask, is left to clear them away by itself, and nothing that fails
/// keeps anybody from going on.
pub fn abort_all(client: &Client, prefix: &str) {
    let mut next: Option<(String, String)> = None;
    for _ in 0..UPLOAD_PAGES_MAX {
        let mut query = Vec::new();
        if let Some((key, _)) = &next {
            query.push(("key-marker", key.as_str()));
        }
        query.push(("prefix", prefix));
        if let Some((_, id)) = &next {
            query.push(("upload-id-marker", id.as_str()));
        }
        query.push(("uploads", ""));
        let call = Call {
            query: &query,
            ..Call::new(Method::Get, "")
        };
        let page = client.ask(&call).and_then(|text| answers::uploads(&text));
        let page = match page {
            Ok(page) => page,
            Err(fault) if matches!(fault.code.as_str(), "NotImplemented" | "AccessDenied") => {
                tracing::info!(
                    "uploads that were left behind cannot be listed: {}",
                    fault.message
                );
                return;
            }
            Err(fault) => {
                tracing::warn!(
                    prefix,
                    "uploads that were left behind cannot be listed, and stay: {}",
                    fault.message
                );
                return;
            }
        };
        for (key, id) in page.uploads.iter().filter(|(key, _)| key.starts_with(prefix)) {
            match abort(client, key, id) {
                Ok(()) => tracing::info!(key, "an upload that a death has left was given up"),
                Err(fault) => tracing::warn!(
                    key,
                    "an upload that a death has left could not be given up: {}",
                    fault.message
                ),
            }
        }
        if page.next.is_none() {
            return;
        }
        next = page.next;
    }
}

/// Asks once: whoever writes next asks again.
fn abort(client: &Client, key: &str, id: &str) -> Result<(), Fault> {
    let call = Call {
        query: &[("uploadId", id)],
        ..Call::new(Method::Delete, key)
    };
    match client.call_once(&call) {
        Err(fault) if fault.code != "NoSuchUpload" => Err(fault),
        _ => Ok(()),
    }
}
