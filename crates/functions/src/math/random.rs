//! Randomness: RAND, RAND_INTEGER, UUID. Seeded forms give the sequence that `java.util.Random` gives.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::types::{Float64Type, Int32Type};
use dataflow::{Argument, BoundScalar, Error, EvaluationContext, SignatureError};
use model::TypeKind;
use stdx::Random;

use crate::build;
use crate::definition::Scalar;
use crate::kernel::Kernel;
use crate::signature::{Slot, bound, check_count, coerce, literal_int};

pub(super) const LIST: &[Scalar] = &[
    Scalar {
        name: "RAND",
        signatures: &["RAND([seed])"],
        doc: "A random number of at least 0 and below 1; the same sequence for the same seed.",
        example: ("RAND() < 1", "TRUE"),
        category: "math",
        bind: bind_rand,
    },
    Scalar {
        name: "RAND_INTEGER",
        signatures: &["RAND_INTEGER(bound)", "RAND_INTEGER(seed, bound)"],
        doc: "A random whole number of at least 0 and below the bound.",
        example: ("RAND_INTEGER(1)", "0"),
        category: "math",
        bind: bind_rand_integer,
    },
    Scalar {
        name: "UUID",
        signatures: &["UUID()"],
        doc: "A random universally unique identifier (version 4).",
        example: ("CHAR_LENGTH(UUID())", "36"),
        category: "string",
        bind: bind_uuid,
    },
];

/// `java.util.Random`: a linear congruential generator of 48 bits.
struct JavaRandom {
    state: u64,
}

impl JavaRandom {
    const MULTIPLIER: u64 = 0x5_DEEC_E66D;
    const MASK: u64 = (1 << 48) - 1;

    fn new(seed: i64) -> Self {
        JavaRandom {
            state: (seed as u64 ^ Self::MULTIPLIER) & Self::MASK,
        }
    }

    fn next(&mut self, bits: u32) -> i32 {
        self.state = (self.state.wrapping_mul(Self::MULTIPLIER).wrapping_add(0xB)) & Self::MASK;
        (self.state >> (48 - bits)) as i32
    }

    fn next_double(&mut self) -> f64 {
        let high = i64::from(self.next(26)) << 27;
        (high + i64::from(self.next(27))) as f64 / (1u64 << 53) as f64
    }

    /// A number in `0..bound`; `bound` is positive.
    fn next_int(&mut self, bound: i32) -> i32 {
        if bound & (bound - 1) == 0 {
            return ((i64::from(bound) * i64::from(self.next(31))) >> 31) as i32;
        }
        loop {
            let bits = self.next(31);
            let value = bits % bound;
            // Numbers from the last, incomplete stretch are drawn again.
            if bits.wrapping_sub(value).wrapping_add(bound - 1) >= 0 {
                return value;
            }
        }
    }
}

/// Calls without a seed bound so far: the number of a call tells it apart from others of the same time.
static CALLS: AtomicU64 = AtomicU64::new(0);

/// What a call without a seed begins with.
struct Seed {
    call: u64,
}

impl Seed {
    fn new() -> Self {
        Seed {
            call: CALLS.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// By the clock at hand, so that a test can hold it.
    fn at(&self, context: &EvaluationContext) -> u64 {
        let mut mixed = Random::new(context.clock.now_us() as u64 ^ self.call.rotate_left(32));
        mixed.next_u64()
    }
}

/// A generator shared by the rows of one call; seeded on first use.
struct Shared {
    given: Option<i64>,
    fresh: Seed,
    generator: Mutex<Option<JavaRandom>>,
}

impl Shared {
    fn new(given: Option<i64>) -> Self {
        Shared {
            given,
            fresh: Seed::new(),
            generator: Mutex::new(None),
        }
    }

    fn with<T>(
        &self,
        context: &EvaluationContext,
        draw: impl FnOnce(&mut JavaRandom) -> Result<T, Error>,
    ) -> Result<T, Error> {
        // A panic cannot leave a generator half changed.
        let mut guard = self.generator.lock().unwrap_or_else(PoisonError::into_inner);
        let generator = guard.get_or_insert_with(|| {
            JavaRandom::new(self.given.unwrap_or_else(|| self.fresh.at(context) as i64))
        });
        draw(generator)
    }
}

fn bind_rand(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let types = coerce("RAND", arguments, 0, &[Slot::Int])?;
    let shared = Shared::new(seed("RAND", arguments, 0, arguments.len() == 1)?);
    let function = Kernel::new("RAND", move |call: &crate::kernel::Call<'_>| {
        shared.with(call.context, |random| {
            let numbers = build::numbers::<Float64Type>(call.rows, |_| Ok(Some(random.next_double())))?;
            Ok(Arc::new(numbers) as arrow_array::ArrayRef)
        })
    });
    Ok(bound(types, TypeKind::Double, function.volatile().function()))
}

fn bind_rand_integer(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    let types = coerce("RAND_INTEGER", arguments, 1, &[Slot::Int, Slot::Int])?;
    let bound_at = types.len() - 1;
    let shared = Shared::new(seed("RAND_INTEGER", arguments, 0, arguments.len() == 2)?);
    let function = Kernel::new("RAND_INTEGER", move |call: &crate::kernel::Call<'_>| {
        let bounds = call.numbers::<Int32Type>(bound_at)?;
        shared.with(call.context, |random| {
            let numbers = build::numbers::<Int32Type>(call.rows, |row| match bounds.get(row) {
                None => Ok(None),
                Some(bound @ 1..) => Ok(Some(random.next_int(bound))),
                Some(bound) => Err(Error::evaluation(format!(
                    "RAND_INTEGER needs a positive bound, got {bound}"
                ))),
            })?;
            Ok(Arc::new(numbers) as arrow_array::ArrayRef)
        })
    });
    Ok(bound(
        types,
        TypeKind::Int,
        function.fallible().volatile().function(),
    ))
}

fn seed(
    name: &str,
    arguments: &[Argument],
    index: usize,
    given: bool,
) -> Result<Option<i64>, SignatureError> {
    if !given {
        return Ok(None);
    }
    let seed = arguments.get(index).and_then(literal_int);
    let missing = || SignatureError::new(format!("the seed of {name} must be a whole number written out"));
    seed.map(Some).ok_or_else(|| missing().argument(index))
}

fn bind_uuid(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    check_count("UUID", arguments, 0, 0)?;
    let seed = Seed::new();
    let generator: Mutex<Option<Random>> = Mutex::new(None);
    let function = Kernel::new("UUID", move |call: &crate::kernel::Call<'_>| {
        let mut guard = generator.lock().unwrap_or_else(PoisonError::into_inner);
        let random = guard.get_or_insert_with(|| Random::new(seed.at(call.context)));
        build::strings(call.rows, |_, out| {
            let (high, low) = (random.next_u64(), random.next_u64());
            let version = (high & !0xF000) | 0x4000;
            let variant = (low & !(0b11 << 62)) | (0b10 << 62);
            out.push_str(&format!(
                "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
                version >> 32,
                (version >> 16) & 0xFFFF,
                version & 0xFFFF,
                variant >> 48,
                variant & 0xFFFF_FFFF_FFFF
            ));
            Ok(Some(()))
        })
    });
    Ok(bound(
        Vec::new(),
        TypeKind::Char(36),
        function.volatile().function(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeded_sequences_are_javas() {
        let mut random = JavaRandom::new(42);
        assert_eq!(random.next_int(10), 0);
        assert_eq!(random.next_int(10), 3);
        // As Flink answers to RAND(1).
        assert_eq!(JavaRandom::new(1).next_double(), 0.730_878_190_703_290_9);
    }

    #[test]
    fn a_call_is_random_by_its_number_and_the_clock_alone() {
        let at = |ms: i64| EvaluationContext::new(chrono_tz::UTC, Arc::new(stdx::ManualClock::at_ms(ms)));
        let (first, second) = (Seed { call: 1 }, Seed { call: 2 });
        assert_eq!(first.at(&at(5)), first.at(&at(5)));
        assert_ne!(first.at(&at(5)), second.at(&at(5)));
        assert_ne!(first.at(&at(5)), first.at(&at(6)));
    }
}
