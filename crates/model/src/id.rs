//! Ids: a prefix that says of what, and a ULID in lower case, such as `dr_01jcz5v2v8f0a6kq3m9t4y7w1x`.
//!
//! An id is 48 bits of time (milliseconds since 1970) and 80 bits of randomness, both handed in. Text in the
//! order of the alphabet is in the order of time. There is one spelling only: everything else is refused.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub type DraftId = Id<Draft>;
pub type DeploymentId = Id<Deployment>;
pub type RunId = Id<Run>;
pub type SavepointId = Id<Savepoint>;
pub type UserId = Id<User>;
pub type TokenId = Id<Token>;

/// What an id may name.
pub trait Noun: Copy {
    /// Stands before the id's text, with an underscore at its end.
    const PREFIX: &'static str;
    /// As messages name it.
    const NAME: &'static str;
}

/// The id of an `N`. Ids of different nouns are different types.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id<N> {
    value: u128,
    noun: PhantomData<N>,
}

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdError {
    noun: &'static str,
    prefix: &'static str,
    got: String,
}

macro_rules! nouns {
    ($($noun:ident $prefix:literal $name:literal),* $(,)?) => {$(
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $noun {}

        impl Noun for $noun {
            const PREFIX: &'static str = $prefix;
            const NAME: &'static str = $name;
        }
    )*};
}

nouns! {
    Draft "dr_" "draft",
    Deployment "dp_" "deployment",
    Run "rn_" "run",
    Savepoint "sp_" "savepoint",
    User "us_" "user",
    Token "tk_" "token",
}

/// Crockford's alphabet: no `i`, `l`, `o` and `u`.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// 26 digits of 5 bits hold 130 bits: the first digit holds three.
const DIGITS: usize = 26;
const RANDOM_BITS: u32 = 80;
const TIME_MS_MAX: i64 = (1 << 48) - 1;
/// How much of a wrong text a message repeats.
const SHOWN_CHARACTERS_MAX: usize = 40;

impl<N: Noun> Id<N> {
    /// An id of this time, made unique by the low 80 bits of `random`.
    ///
    /// ```
    /// let id = model::DraftId::new(1_732_000_000_000, 7);
    /// assert_eq!(id.to_string(), "dr_01jd1kxa000000000000000007");
    /// assert_eq!(id.to_string().parse(), Ok(id));
    /// assert_eq!(id.time_ms(), 1_732_000_000_000);
    /// ```
    pub fn new(time_ms: i64, random: u128) -> Self {
        let time = time_ms.clamp(0, TIME_MS_MAX) as u128;
        Id {
            value: (time << RANDOM_BITS) | (random & ((1 << RANDOM_BITS) - 1)),
            noun: PhantomData,
        }
    }

    /// When it was made, in milliseconds since 1970.
    pub fn time_ms(self) -> i64 {
        (self.value >> RANDOM_BITS) as i64
    }
}

impl<N: Noun> fmt::Display for Id<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(N::PREFIX)?;
        for digit in (0..DIGITS).rev() {
            let index = (self.value >> (digit * 5)) as usize & 31;
            f.write_str(char::from(ALPHABET[index]).encode_utf8(&mut [0; 4]))?;
        }
        Ok(())
    }
}

impl<N: Noun> fmt::Debug for Id<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<N: Noun> FromStr for Id<N> {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let refuse = || IdError {
            noun: N::NAME,
            prefix: N::PREFIX,
            got: text.chars().take(SHOWN_CHARACTERS_MAX).collect(),
        };
        let digits = text.strip_prefix(N::PREFIX).ok_or_else(refuse)?;
        // A first digit beyond 7 would not fit into 128 bits.
        if digits.len() != DIGITS || digits.as_bytes()[0] > b'7' {
            return Err(refuse());
        }
        let mut value = 0u128;
        for byte in digits.bytes() {
            let digit = ALPHABET.iter().position(|&one| one == byte).ok_or_else(refuse)?;
            value = (value << 5) | digit as u128;
        }
        Ok(Id {
            value,
            noun: PhantomData,
        })
    }
}

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a {}'s id is '{}' and {DIGITS} of 0-9 and a-z without i, l, o, u; got '{}'",
            self.noun,
            self.prefix,
            self.got.escape_debug()
        )
    }
}

impl std::error::Error for IdError {}

impl<N: Noun> Serialize for Id<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, N: Noun> Deserialize<'de> for Id<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_back_from_its_text() {
        for (time_ms, random) in [
            (0, 0),
            (1, 1),
            (TIME_MS_MAX, u128::MAX),
            (1_700_000_000_000, 0x1234_5678_9abc),
        ] {
            let id = RunId::new(time_ms, random);
            assert_eq!(id.to_string().parse::<RunId>(), Ok(id));
            assert_eq!(id.to_string().len(), 29);
            assert_eq!(id.time_ms(), time_ms);
        }
    }

    #[test]
    fn text_is_ordered_as_ids_are_by_time_first() {
        let early = DraftId::new(1_000, u128::MAX);
        let late = DraftId::new(1_001, 0);
        assert!(early < late);
        assert!(early.to_string() < late.to_string());
    }

    #[test]
    fn a_time_before_1970_or_beyond_the_range_is_clamped() {
        assert_eq!(DraftId::new(-5, 0).time_ms(), 0);
        assert_eq!(DraftId::new(i64::MAX, 0).time_ms(), TIME_MS_MAX);
    }

    #[test]
    fn everything_but_the_one_spelling_is_refused() {
        let right = "us_01jd1kxa000000000000000007";
        assert!(right.parse::<UserId>().is_ok());
        let wrong = [
            "",
            "us_",
            "01jd1kxa000000000000000007",
            "tk_01jd1kxa000000000000000007",
            "US_01jd1kxa000000000000000007",
            "us_01JD1D0VM00000000000000007",
            "us_01jd1kxa00000000000000000",
            "us_01jd1kxa0000000000000000077",
            "us_01jd1kxa00000000000000000l",
            "us_01jd1kxa00000000000000000u",
            "us_81jd1d0vm00000000000000007",
            "us_01jd1kxa0000000000000 0007",
            " us_01jd1kxa000000000000000007",
            "us_01jd1kxa00000000000000000é",
            "us_é1jd1d0vm000000000000000007",
            "us_01jd1kxa000000000000000007'; DROP TABLE users; --",
        ];
        for text in wrong {
            assert!(text.parse::<UserId>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_message_repeats_only_the_start_of_a_long_text() {
        let error = "x".repeat(10_000).parse::<DraftId>().unwrap_err();
        assert!(error.to_string().len() < 200, "{error}");
        assert!(error.to_string().starts_with("a draft's id is 'dr_' and 26"));
    }
}
