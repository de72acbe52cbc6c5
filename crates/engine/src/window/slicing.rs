//! Windows of fixed lengths, cut into slices that do not overlap.
//!
//! Every row lies in one slice; a window is a run of slices, and windows that overlap share them. All times are
//! local milliseconds. After Flink's SliceAssigners; sliding windows whose size is no multiple of the slide are
//! cut by the greatest common divisor.

use graph::Window;
use state::SliceId;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Slicing {
    kind: Kind,
    /// The length of slices and where they are aligned; of no meaning for attached windows.
    slice_ms: i64,
    offset_ms: i64,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    /// A slice is a window.
    Tumble,
    Hop {
        size_ms: i64,
        slide_ms: i64,
    },
    Cumulate {
        size_ms: i64,
        step_ms: i64,
    },
    /// As [`Kind::Tumble`], but rows say themselves where they belong.
    Attached,
}

impl Slicing {
    /// `None` for sessions, which have no slices.
    pub fn new(window: Window) -> Option<Slicing> {
        let (kind, slice_ms, offset_ms) = match window {
            Window::Tumble { size_ms, offset_ms } => (Kind::Tumble, size_ms, offset_ms),
            Window::Hop {
                size_ms,
                slide_ms,
                offset_ms,
            } => (
                Kind::Hop { size_ms, slide_ms },
                greatest_common_divisor(size_ms, slide_ms),
                offset_ms,
            ),
            Window::Cumulate {
                size_ms,
                step_ms,
                offset_ms,
            } => (Kind::Cumulate { size_ms, step_ms }, step_ms, offset_ms),
            Window::Attached { .. } => (Kind::Attached, 1, 0),
            Window::Session { .. } => return None,
        };
        Some(Slicing {
            kind,
            slice_ms: slice_ms.max(1),
            offset_ms,
        })
    }

    pub fn is_cumulate(self) -> bool {
        matches!(self.kind, Kind::Cumulate { .. })
    }

    pub fn is_attached(self) -> bool {
        matches!(self.kind, Kind::Attached)
    }

    /// Whether windows share slices.
    pub fn is_shared(self) -> bool {
        matches!(self.kind, Kind::Hop { .. } | Kind::Cumulate { .. })
    }

    /// The slice in which a time lies.
    pub fn slice(self, time_ms: i64) -> SliceId {
        let start = floor(time_ms, self.slice_ms, self.offset_ms);
        SliceId {
            start,
            end: start.saturating_add(self.slice_ms),
        }
    }

    /// The end of the first window that covers a slice.
    pub fn first_window_end(self, slice: SliceId) -> i64 {
        match self.kind {
            Kind::Hop { size_ms, slide_ms } => {
                let phase = self.offset_ms.saturating_add(size_ms);
                floor(slice.end.saturating_sub(1), slide_ms, phase).saturating_add(slide_ms)
            }
            _ => slice.end,
        }
    }

    /// The end of the last window that covers a slice. Before the first, if none does.
    pub fn last_window_end(self, slice: SliceId) -> i64 {
        match self.kind {
            Kind::Hop { size_ms, slide_ms } => {
                let phase = self.offset_ms.saturating_add(size_ms);
                floor(slice.start.saturating_add(size_ms), slide_ms, phase)
            }
            Kind::Cumulate { size_ms, .. } => self.window_start(slice).saturating_add(size_ms),
            _ => slice.end,
        }
    }

    /// The start of the window that ends with a slice.
    pub fn window_start(self, last: SliceId) -> i64 {
        match self.kind {
            Kind::Tumble | Kind::Attached => last.start,
            Kind::Hop { size_ms, .. } => last.end.saturating_sub(size_ms),
            Kind::Cumulate { size_ms, .. } => floor(last.end.saturating_sub(1), size_ms, self.offset_ms),
        }
    }

    /// The end of the first window after one that ends at `end`.
    pub fn next_window_end(self, end: i64) -> i64 {
        match self.kind {
            Kind::Tumble | Kind::Attached => end,
            Kind::Hop { slide_ms, .. } => end.saturating_add(slide_ms),
            Kind::Cumulate { step_ms, .. } => end.saturating_add(step_ms),
        }
    }

    /// The end of the last window that ends at or before a time.
    pub fn window_end_before(self, time_ms: i64) -> i64 {
        if time_ms == i64::MIN || time_ms == i64::MAX {
            return time_ms;
        }
        match self.kind {
            Kind::Tumble | Kind::Attached => time_ms,
            Kind::Hop { size_ms, slide_ms } => {
                floor(time_ms, slide_ms, self.offset_ms.saturating_add(size_ms))
            }
            Kind::Cumulate { step_ms, .. } => floor(time_ms, step_ms, self.offset_ms),
        }
    }

    /// Of cumulating windows: the slice in which what was counted since they opened is kept.
    pub fn opening_slice(self, slice: SliceId) -> SliceId {
        let start = self.window_start(slice);
        SliceId {
            start,
            end: start.saturating_add(self.slice_ms),
        }
    }

    /// Start and end of all windows in which a time lies.
    pub fn windows(self, time_ms: i64) -> Windows {
        let slice = self.slice(time_ms);
        Windows {
            slicing: self,
            next_end: Some(self.first_window_end(slice)),
            last_end: self.last_window_end(slice),
        }
    }
}

/// Windows in the order of their ends, as `(start, end)`.
#[derive(Debug, Clone)]
pub(crate) struct Windows {
    slicing: Slicing,
    next_end: Option<i64>,
    last_end: i64,
}

impl Iterator for Windows {
    type Item = (i64, i64);

    fn next(&mut self) -> Option<(i64, i64)> {
        let end = self.next_end.filter(|end| *end <= self.last_end)?;
        let window = SliceId {
            start: end.saturating_sub(self.slicing.slice_ms),
            end,
        };
        // Where no slice is shared a time lies in one window; and at the end of time there is no next.
        let next = self.slicing.next_window_end(end);
        self.next_end = (next > end).then_some(next);
        Some((self.slicing.window_start(window), end))
    }
}

/// The greatest `phase + n * step` at or before a time.
fn floor(time_ms: i64, step_ms: i64, phase_ms: i64) -> i64 {
    let past = time_ms.wrapping_sub(phase_ms).rem_euclid(step_ms);
    time_ms.saturating_sub(past)
}

fn greatest_common_divisor(mut a: i64, mut b: i64) -> i64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.abs().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use stdx::Random;

    fn windows(window: Window, time_ms: i64) -> Vec<(i64, i64)> {
        Slicing::new(window).unwrap().windows(time_ms).collect()
    }

    #[test]
    fn a_time_lies_in_every_window_that_covers_it() {
        let tumble = Window::Tumble {
            size_ms: 10,
            offset_ms: -3,
        };
        assert_eq!(windows(tumble, -4), [(-13, -3)]);
        let hop = Window::Hop {
            size_ms: 10,
            slide_ms: 4,
            offset_ms: 0,
        };
        assert_eq!(windows(hop, 1), [(-8, 2), (-4, 6), (0, 10)]);
        assert_eq!(windows(hop, 3), [(-4, 6), (0, 10)]);
        let sparse = Window::Hop {
            size_ms: 4,
            slide_ms: 10,
            offset_ms: 0,
        };
        assert_eq!(windows(sparse, 13), [(10, 14)]);
        assert_eq!(windows(sparse, 15), []);
        let cumulate = Window::Cumulate {
            size_ms: 6,
            step_ms: 2,
            offset_ms: 1,
        };
        assert_eq!(windows(cumulate, 4), [(1, 5), (1, 7)]);
    }

    #[test]
    fn windows_are_those_that_arithmetic_gives() {
        for seed in 0..200 {
            let mut random = Random::new(seed);
            let slide_ms = random.between(1, 20);
            let size_ms = random.between(1, 60);
            let offset_ms = random.between(-15, 15);
            let hop = Window::Hop {
                size_ms,
                slide_ms,
                offset_ms,
            };
            for time_ms in -70..70 {
                let expected: Vec<(i64, i64)> = (-200..200)
                    .map(|n| n * slide_ms + offset_ms)
                    .filter(|start| *start <= time_ms && time_ms < start + size_ms)
                    .map(|start| (start, start + size_ms))
                    .collect();
                assert_eq!(windows(hop, time_ms), expected, "seed {seed}, {hop} at {time_ms}");
            }
        }
    }
}
