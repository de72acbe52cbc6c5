//! What is known of the keys of an object: which of them are wanted, and which follows which.
//!
//! Records of a stream mostly have the same keys in the same order, written the same way. Each key remembers the
//! key that followed it last and the exact bytes from the comma to its value, so that one comparison of at most 32
//! bytes recognises it. Whatever does not match is looked up by name, and remembered.

use std::collections::HashMap;

use super::block;
use super::fault::{Fault, syntax};
use super::scan::{self, Place};

/// The place of a key in [`Keys`].
pub type KeyId = usize;

/// A key whose value nobody wants.
pub const UNWANTED: usize = usize::MAX;

/// Where every object begins: the key before the first.
pub const START: KeyId = 0;

/// Unwanted keys that are remembered for each object of the schema; more are looked up again and again.
const REMEMBERED_MAX: usize = 1024;
/// Longer names are not remembered.
const REMEMBERED_BYTES_MAX: usize = 256;
/// Longer spellings are looked up by name.
const SPELLING_MAX: usize = 32;

#[derive(Debug)]
struct Key {
    /// From behind the comma or brace to the value: blanks, name, colon, blanks.
    spelling: [u8; SPELLING_MAX],
    /// One bit for each byte of the spelling. All bits for a key that has none, so that it never matches: no key
    /// of 32 bytes looks like the zeros it is filled with.
    mask: u32,
    length: usize,
    /// Which field of the schema takes its value.
    field: usize,
    /// The key that followed last.
    next: KeyId,
}

impl Key {
    fn new(field: usize) -> Key {
        Key {
            spelling: [0; SPELLING_MAX],
            mask: u32::MAX,
            length: 0,
            field,
            next: START,
        }
    }

    fn learn(&mut self, spelling: &[u8]) {
        if spelling.len() > SPELLING_MAX {
            return;
        }
        self.spelling = [0; SPELLING_MAX];
        self.spelling[..spelling.len()].copy_from_slice(spelling);
        self.length = spelling.len();
        self.mask = (u64::MAX >> (64 - spelling.len())) as u32;
    }
}

#[derive(Debug)]
pub struct Keys {
    /// Begins with one that stands for the start of the object.
    keys: Vec<Key>,
    by_name: HashMap<Box<[u8]>, KeyId>,
    unwanted: usize,
    /// A name whose escapes are resolved.
    scratch: Vec<u8>,
}

impl Keys {
    pub fn new<'a>(names: impl Iterator<Item = &'a str>) -> Keys {
        let mut keys = Keys {
            keys: vec![Key::new(UNWANTED)],
            by_name: HashMap::new(),
            unwanted: 0,
            scratch: Vec::new(),
        };
        for (field, name) in names.enumerate() {
            // Of two fields with the same name the later one is filled, as in Flink.
            keys.by_name.insert(name.as_bytes().into(), keys.keys.len());
            keys.keys.push(Key::new(field));
        }
        keys
    }

    /// Reads the key behind a comma or brace: which it is, which field it fills, and where its value stands.
    ///
    /// # Safety
    /// `place` lies in a record.
    #[inline(always)]
    pub unsafe fn read(&mut self, previous: KeyId, place: Place) -> Result<(KeyId, usize, Place), Fault> {
        // Ids are only ever made by this, and keys are never removed.
        let guess = self.keys[previous].next;
        let key = &self.keys[guess];
        // SAFETY: as the caller says; what matched holds no line break and thus lies within the record.
        unsafe {
            if block::begins_with(place, &key.spelling, key.mask) {
                return Ok((guess, key.field, place.add(key.length)));
            }
            self.look_up(previous, place)
        }
    }

    #[inline(never)]
    unsafe fn look_up(&mut self, previous: KeyId, place: Place) -> Result<(KeyId, usize, Place), Fault> {
        // SAFETY: only bytes of the record are stepped over.
        let (name, spelling, value) = unsafe {
            let quote = scan::blanks(place);
            if *quote != b'"' {
                return Err(syntax(quote, "expected a field name in quotes"));
            }
            self.scratch.clear();
            let end = scan::copy_string(quote.add(1), &mut self.scratch)?;
            let colon = scan::blanks(end);
            if *colon != b':' {
                return Err(syntax(colon, "expected ':' after the field name"));
            }
            let value = scan::blanks(colon.add(1));
            let length = value.offset_from_unsigned(place);
            (&self.scratch, std::slice::from_raw_parts(place, length), value)
        };
        let id = match self.by_name.get(name.as_slice()) {
            Some(&id) => id,
            None if self.unwanted >= REMEMBERED_MAX || name.len() > REMEMBERED_BYTES_MAX => {
                return Ok((previous, UNWANTED, value));
            }
            None => {
                let id = self.keys.len();
                self.keys.push(Key::new(UNWANTED));
                self.by_name.insert(name.as_slice().into(), id);
                self.unwanted += 1;
                id
            }
        };
        self.keys[id].learn(spelling);
        self.keys[previous].next = id;
        Ok((id, self.keys[id].field, value))
    }
}
