//! A small seeded generator of random numbers (SplitMix64): good enough for test data and schedules, never for secrets.

#[derive(Debug, Clone)]
pub struct Random {
    state: u64,
}

impl Random {
    pub fn new(seed: u64) -> Self {
        Random { state: seed }
    }

    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number in `0..bound`; `bound` must not be zero.
    pub fn below(&mut self, bound: u64) -> u64 {
        // The high half of the product is uniform to within 2^-64 * bound.
        ((u128::from(self.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    /// A number in `low..=high`.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = (high as i128 - low as i128 + 1) as u128;
        let offset = (u128::from(self.next_u64()) * span) >> 64;
        (low as i128 + offset as i128) as i64
    }

    /// A number in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_in_range_and_a_seed_repeats_itself() {
        let mut random = Random::new(7);
        let first: Vec<i64> = (0..1000).map(|_| random.between(-3, 3)).collect();
        assert!(first.iter().all(|n| (-3..=3).contains(n)));
        assert!((-3..=3).all(|n| first.contains(&n)));
        let mut again = Random::new(7);
        assert!(first.iter().all(|&n| n == again.between(-3, 3)));
        assert_eq!(
            random.between(i64::MIN, i64::MAX),
            again.between(i64::MIN, i64::MAX)
        );
    }
}
