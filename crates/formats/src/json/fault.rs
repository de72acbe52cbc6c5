//! Why a record cannot be read.
//!
//! A fault is made once a bad record, so it may allocate; it is boxed to keep the result of every step small.

use super::scan::Place;

pub type Fault = Box<FaultBody>;

#[derive(Debug)]
pub struct FaultBody {
    /// The address of the byte at fault; only ever compared with where its record begins.
    pub address: usize,
    /// Whether the record is no JSON. Otherwise a value is of the wrong kind.
    pub syntax: bool,
    /// What is wrong; for a value of the wrong kind what it must be and what it is.
    pub message: String,
    /// Names of the fields around it, the innermost first.
    pub path: Vec<String>,
}

#[cold]
#[inline(never)]
pub fn syntax(place: Place, message: &str) -> Fault {
    Box::new(FaultBody {
        address: place.addr(),
        syntax: true,
        message: message.to_string(),
        path: Vec::new(),
    })
}

#[cold]
#[inline(never)]
pub fn wrong_value(place: Place, message: String) -> Fault {
    Box::new(FaultBody {
        address: place.addr(),
        syntax: false,
        message,
        path: Vec::new(),
    })
}

impl FaultBody {
    /// The sentence for people.
    pub fn message(&self) -> String {
        if self.syntax {
            return format!("invalid JSON: {}", self.message);
        }
        if self.path.is_empty() {
            return self.message.clone();
        }
        let path: Vec<&str> = self.path.iter().rev().map(String::as_str).collect();
        format!("field '{}' {}", path.join("."), self.message)
    }
}
