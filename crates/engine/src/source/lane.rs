//! A lane: splits that continue each other, with a watermark of their own.

use std::collections::VecDeque;

use arrow_buffer::NullBuffer;
use dataflow::{SplitReader, WATERMARK_MIN};
use state::{LaneState, SplitState};

pub(super) struct Lane {
    pub name: String,
    /// The first is being read.
    pub splits: VecDeque<SplitState>,
    pub reader: Option<Box<dyn SplitReader>>,
    /// Records that the reader has passed over, as far as they are counted.
    pub skipped: u64,
    pub generator: LaneState,
    /// The last watermark that was sent for it.
    pub watermark: i64,
    pub is_idle: bool,
    /// Not worth asking before this time.
    pub ready_us: i64,
    /// When a row last came, or reading began.
    pub last_row_us: Option<i64>,
    pub pause_began_us: Option<i64>,
    pub last_read: u64,
}

impl Lane {
    pub fn new(name: String, generator: LaneState) -> Lane {
        Lane {
            name,
            splits: VecDeque::new(),
            reader: None,
            skipped: 0,
            // Nothing sent yet is written as the beginning of 1970, as in Flink.
            watermark: if generator.sent == 0 {
                WATERMARK_MIN
            } else {
                generator.sent
            },
            generator,
            is_idle: false,
            ready_us: i64::MIN,
            last_row_us: None,
            pause_began_us: None,
            last_read: 0,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    Rows(usize, usize),
    Watermark(i64),
}

/// When a watermark is sent, and who is to see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rule {
    pub interval_ms: i64,
    pub seen_by_every_row: bool,
}

/// Cuts rows where a watermark must go between them.
///
/// Flink's rule (WatermarkAssignerOperator): the greatest watermark that any row has carried so far is sent
/// behind a row if it is more than the interval past the last one sent. Sent or not makes a difference only to a
/// row that lies at or before it, or directly behind it, where a session that ends there would still be open;
/// only there are the rows cut, unless every row is to see it. `others` is the least watermark of all other lanes: ours means nothing past it.
pub(super) fn pieces(
    times: &[i64],
    carried: &[i64],
    carried_nulls: Option<&NullBuffer>,
    rule: Rule,
    others: i64,
    generator: &mut LaneState,
) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let LaneState {
        mut current,
        mut sent,
    } = *generator;
    // The watermark that went out last.
    let mut told = sent;
    let mut from = 0;
    for (row, &time_ms) in times.iter().enumerate() {
        let due = sent.min(others);
        if due > told && (rule.seen_by_every_row || time_ms <= due.saturating_add(1)) {
            pieces.push(Piece::Rows(from, row));
            pieces.push(Piece::Watermark(sent));
            told = sent;
            from = row;
        }
        if carried_nulls.is_none_or(|nulls| nulls.is_valid(row)) {
            current = current.max(carried[row]);
        }
        if current.saturating_sub(sent) > rule.interval_ms {
            sent = current;
        }
    }
    if from < times.len() {
        pieces.push(Piece::Rows(from, times.len()));
    }
    if sent > told {
        pieces.push(Piece::Watermark(sent));
    }
    *generator = LaneState { current, sent };
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use stdx::Random;

    const RULE: Rule = Rule {
        interval_ms: 200,
        seen_by_every_row: false,
    };

    /// Row by row: what Flink's operator sends.
    fn one_by_one(times: &[i64], delay_ms: i64, interval_ms: i64) -> Vec<(i64, i64)> {
        let (mut current, mut sent) = (0, 0);
        let mut seen = WATERMARK_MIN;
        let mut rows = Vec::new();
        for &time_ms in times {
            rows.push((time_ms, seen));
            current = i64::max(current, time_ms - delay_ms);
            if current - sent > interval_ms {
                sent = current;
                seen = sent;
            }
        }
        rows
    }

    #[test]
    fn every_row_that_could_tell_sees_the_watermark_that_flink_would_have_sent() {
        for seed in 0..500 {
            let mut random = Random::new(seed);
            let delay_ms = random.between(0, 500);
            let mut now_ms = random.between(-2_000, 10_000);
            let times: Vec<i64> = (0..200)
                .map(|_| {
                    now_ms += random.between(0, 150);
                    now_ms - random.between(0, 800)
                })
                .collect();
            let expected = one_by_one(&times, delay_ms, 200);
            let chunk = random.between(1, 70) as usize;
            let mut generator = LaneState::default();
            let mut seen = WATERMARK_MIN;
            let mut row = 0;
            for part in times.chunks(chunk) {
                let carried: Vec<i64> = part.iter().map(|time_ms| time_ms - delay_ms).collect();
                for piece in pieces(part, &carried, None, RULE, i64::MAX, &mut generator) {
                    match piece {
                        Piece::Watermark(time_ms) => {
                            assert!(time_ms > seen, "seed {seed}");
                            seen = time_ms;
                        }
                        Piece::Rows(from, to) => {
                            for _ in from..to {
                                let (time_ms, due) = expected[row];
                                let same = seen == due || time_ms > due.saturating_add(1);
                                assert!(same && seen <= due, "seed {seed}, row {row}");
                                row += 1;
                            }
                        }
                    }
                }
            }
            assert_eq!(row, times.len(), "seed {seed}");
        }
    }

    #[test]
    fn rows_in_order_are_not_cut() {
        let times: Vec<i64> = (0..4096).map(|row| row * 10).collect();
        let mut generator = LaneState::default();
        let cut = pieces(&times, &times, None, RULE, i64::MAX, &mut generator);
        assert_eq!(cut, [Piece::Rows(0, 4096), Piece::Watermark(40_950)]);
    }
}
