//! What an operator computes, as a number: the same work has the same number wherever it stands in a query.

use std::fmt;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(pub u64);

impl Fingerprint {
    /// Of an operator's description and of what its inputs compute. FNV-1a: stable across builds and machines.
    pub fn of(description: &str, inputs: impl IntoIterator<Item = Fingerprint>) -> Fingerprint {
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        let mut mix = |byte: u8| hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        description.bytes().for_each(&mut mix);
        for input in inputs {
            mix(0xff);
            input.0.to_le_bytes().into_iter().for_each(&mut mix);
        }
        Fingerprint(hash)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}
