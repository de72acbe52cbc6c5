//! A part of a bucket as a place for snapshots.
//!
//! An object is visible once all of it is there: the store sees to that, for one request as for an upload in parts.

mod answers;
mod client;
mod read;
mod upload;

use std::io::{self, BufReader, Write};
use std::sync::Arc;

use dataflow::Error;
use rusty_s3::Method;
use state::{Object, Storage};
use stdx::step;

use answers::Page;
use client::{Call, Fault};
use read::ObjectReader;
use upload::Upload;

pub use client::{Client, Patience};

/// Between the parts of a key.
const DELIMITER: &str = "/";

#[derive(Debug)]
pub struct S3Storage {
    client: Arc<Client>,
    /// Of all keys, with the slash at its end, if there is any.
    prefix: String,
}

impl S3Storage {
    /// For whoever only looks.
    pub fn at(client: Arc<Client>, prefix: String) -> S3Storage {
        S3Storage { client, prefix }
    }

    /// For the one that writes: what a death in the middle of an upload has left is given up.
    pub fn open(client: Arc<Client>, prefix: String) -> S3Storage {
        let storage = S3Storage::at(client, prefix);
        upload::abort_all(&storage.client, &storage.prefix);
        storage
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }
}

impl Storage for S3Storage {
    fn put(
        &self,
        name: &str,
        write: &mut dyn FnMut(&mut dyn Write) -> Result<(), Error>,
    ) -> Result<u64, Error> {
        let key = self.key(name);
        let mut upload = Upload::new(&self.client, &key);
        step("storage: a file is begun");
        let written = write(&mut upload).and_then(|()| {
            step("storage: a file is written");
            upload.finish()
        });
        step("storage: a file has its name");
        written.map_err(|error| upload.give_up(error))
    }

    fn open(&self, name: &str) -> Result<Object, Error> {
        let reader = ObjectReader::open(self.client.clone(), self.key(name))?;
        // Frames are read in small pieces.
        Ok(Box::new(BufReader::new(reader)))
    }

    fn list(&self) -> Result<Vec<(String, u64)>, Error> {
        let mut listed = Vec::new();
        each_page(&self.client, &self.prefix, |page| {
            for (key, bytes) in page.objects {
                // A store may have an object for the folder itself.
                if let Some(name) = key.strip_prefix(&self.prefix).filter(|name| !name.is_empty()) {
                    listed.push((name.to_string(), bytes));
                }
            }
        })?;
        Ok(listed)
    }

    fn remove(&self, name: &str) -> Result<(), Error> {
        step("storage: a file is about to go");
        let key = self.key(name);
        match self.client.call(&Call::new(Method::Delete, &key)) {
            Ok(_) => Ok(()),
            Err(fault) if fault.kind == io::ErrorKind::NotFound => Ok(()),
            Err(fault) => Err(self.client.told("remove", &key, fault)),
        }
    }
}

/// Names of what would be folders below a prefix.
pub fn folders(client: &Client, prefix: &str) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    each_page(client, prefix, |page| {
        let found = page.prefixes.iter();
        names.extend(found.filter_map(|key| {
            let name = key.strip_prefix(prefix)?.strip_suffix(DELIMITER)?;
            Some(name.to_string())
        }));
    })?;
    Ok(names)
}

/// Lists what lies right below a prefix.
fn each_page(client: &Client, prefix: &str, mut take: impl FnMut(Page)) -> Result<(), Error> {
    let mut next: Option<String> = None;
    loop {
        let mut query = vec![("delimiter", DELIMITER), ("list-type", "2"), ("prefix", prefix)];
        if let Some(token) = &next {
            query.insert(0, ("continuation-token", token));
        }
        let call = Call {
            query: &query,
            ..Call::new(Method::Get, "")
        };
        let page = client.ask(&call).and_then(|text| answers::page(&text));
        let mut page = page.map_err(|fault| client.told("list", prefix, fault))?;
        let token = page.next.take();
        take(page);
        if token.is_none() {
            return Ok(());
        }
        if token == next {
            let fault = Fault::strange("the object store's list does not come to an end");
            return Err(client.told("list", prefix, fault));
        }
        next = token;
    }
}
