//! Windows over time.

use std::fmt;
use std::time::Duration;

use chrono_tz::Tz;
use model::TimeAttribute;

/// How rows are put into windows. All lengths are in milliseconds and positive; windows are half-open and
/// aligned to 1970-01-01 00:00:00 plus the offset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Window {
    Tumble {
        size_ms: i64,
        offset_ms: i64,
    },
    Hop {
        size_ms: i64,
        slide_ms: i64,
        offset_ms: i64,
    },
    /// Windows of one maximal size that open together and close step by step. The size is a multiple of the step.
    Cumulate {
        size_ms: i64,
        step_ms: i64,
        offset_ms: i64,
    },
    /// Rows of one key at most the gap apart: windows `[time, time + gap)` that touch are one, as in Flink.
    Session {
        gap_ms: i64,
    },
    /// The rows carry their window already, in these columns (TIMESTAMP(3) in local time, as `window_start`
    /// and `window_end` are).
    Attached {
        start: usize,
        end: usize,
    },
}

impl Window {
    pub fn is_session(self) -> bool {
        matches!(self, Window::Session { .. })
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Window::Tumble { size_ms, offset_ms } => {
                write!(f, "TUMBLE(size=[{size_ms} ms], offset=[{offset_ms} ms])")
            }
            Window::Hop {
                size_ms,
                slide_ms,
                offset_ms,
            } => {
                write!(
                    f,
                    "HOP(size=[{size_ms} ms], slide=[{slide_ms} ms], offset=[{offset_ms} ms])"
                )
            }
            Window::Cumulate {
                size_ms,
                step_ms,
                offset_ms,
            } => {
                write!(
                    f,
                    "CUMULATE(size=[{size_ms} ms], step=[{step_ms} ms], offset=[{offset_ms} ms])"
                )
            }
            Window::Session { gap_ms } => write!(f, "SESSION(gap=[{gap_ms} ms])"),
            Window::Attached { start, end } => write!(f, "ATTACHED(start=[${start}], end=[${end}])"),
        }
    }
}

/// The time that decides about windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WindowTime {
    pub attribute: TimeAttribute,
    /// The time column; of no meaning for processing time, where the clock decides when a row arrives.
    pub column: usize,
    /// Set if the time is an instant (TIMESTAMP_LTZ): windows are aligned to, and named in, local time of this
    /// zone, while watermarks remain instants.
    pub time_zone: Option<Tz>,
}

/// When a window tells results besides at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WindowEmit {
    /// Before its end: so long after rows have changed them, by the wall clock; zero with each chunk.
    pub early: Option<Duration>,
    /// After its end, for rows that come late.
    pub late: Option<Duration>,
    /// For how long after its end, in event time, a window takes rows.
    pub lateness_ms: i64,
    /// Rows can be taken back, so that a window can be left with none.
    pub takes_back: bool,
}

/// As Flink's plans name it.
impl fmt::Display for WindowEmit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pause = |pause: Duration| match pause.as_millis() {
            0 => "no delay".to_string(),
            ms => format!("delay {ms} millisecond"),
        };
        let early = self.early.map(|early| format!("early {}", pause(early)));
        let late = self.late.map(|late| {
            format!(
                "late {}, allowed lateness {} millisecond",
                pause(late),
                self.lateness_ms
            )
        });
        let parts: Vec<String> = early.into_iter().chain(late).collect();
        f.write_str(&parts.join(", "))
    }
}

/// A column that a window adds to its results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WindowProperty {
    /// TIMESTAMP(3) in local time.
    Start,
    /// TIMESTAMP(3) in local time, exclusive.
    End,
    /// The last millisecond of the window, a time attribute again: TIMESTAMP(3), or TIMESTAMP_LTZ(3) if the
    /// time column is one (see [`WindowTime::time_zone`]).
    Rowtime,
    /// The processing-time attribute, TIMESTAMP_LTZ(3).
    Proctime,
}
