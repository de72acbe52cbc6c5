//! What the condition of a join says about the times of its rows.
//!
//! As in Flink, an inner or outer join whose condition bounds the event times of both inputs against each other, or
//! their processing times, is an interval join, and a join of rows of equal windows is a window join. All others are
//! regular joins, behind which no column tells the time of its row.

use arrow_array::Array;
use graph::{Expr, JoinInterval, JoinKind, JoinTime, JoinWindow, Window};
use model::{Diagnostic, Field, Span, TimeAttribute};

use super::query::Windowed;
use crate::join::{Side, equality};

/// The inputs of a join.
pub(super) struct Inputs<'a> {
    pub left: &'a [Field],
    pub right: &'a [Field],
    pub windows: [Option<&'a Windowed>; 2],
}

impl Inputs<'_> {
    fn width(&self) -> usize {
        self.left.len()
    }

    fn field(&self, column: usize) -> &Field {
        match column.checked_sub(self.width()) {
            None => &self.left[column],
            Some(column) => &self.right[column],
        }
    }

    /// What kind of join a condition makes, and what of the condition that does not say yet.
    pub fn join_time(
        &self,
        kind: JoinKind,
        conditions: Vec<Expr>,
        span: Span,
    ) -> Result<(JoinTime, Vec<Expr>), Diagnostic> {
        if kind.has_right()
            && let Some((interval, rest)) = self.interval(&conditions)
        {
            self.check_interval(interval, span)?;
            return Ok((JoinTime::Interval(interval), rest));
        }
        let time = match self.window(&conditions) {
            Some(window) => JoinTime::Window(window),
            None => JoinTime::Regular,
        };
        Ok((time, conditions))
    }

    fn interval(&self, conditions: &[Expr]) -> Option<(JoinInterval, Vec<Expr>)> {
        let mut bounds = Vec::new();
        let mut rest = Vec::new();
        for condition in conditions {
            match self.bound(condition) {
                Some(bound) => bounds.push(bound),
                None => rest.push(condition.clone()),
            }
        }
        let (lower, upper) = match bounds.as_slice() {
            [equal] if equal.is_equality => (equal, equal),
            [one, other] if one.is_equality || other.is_equality => return None,
            [one, other] if one.is_lower && !other.is_lower => (one, other),
            [one, other] if !one.is_lower && other.is_lower => (other, one),
            _ => return None,
        };
        let interval = JoinInterval {
            attribute: bounds[0].attribute,
            left: bounds[0].left,
            right: bounds[0].right - self.width(),
            lower_ms: lower.difference_ms?,
            upper_ms: upper.difference_ms?,
        };
        Some((interval, rest))
    }

    fn check_interval(&self, interval: JoinInterval, span: Span) -> Result<(), Diagnostic> {
        let (left, right) = (&self.left[interval.left], &self.right[interval.right]);
        let same =
            std::mem::discriminant(&left.data_type.kind) == std::mem::discriminant(&right.data_type.kind);
        if interval.attribute == TimeAttribute::Rowtime && !same {
            let message = format!(
                "the event times of an interval join are of different types, {} and {}",
                left.data_type.kind, right.data_type.kind
            );
            return Err(Diagnostic::validation(span, message)
                .hint("declare both as TIMESTAMP(3) or both as TIMESTAMP_LTZ(3)"));
        }
        Ok(())
    }

    /// What a comparison says about `left time - right time`.
    fn bound(&self, condition: &Expr) -> Option<Bound> {
        let Expr::Call {
            function, arguments, ..
        } = condition
        else {
            return None;
        };
        let [one, other] = arguments.as_slice() else {
            return None;
        };
        let operator = function.name();
        if !matches!(operator, "=" | "<" | "<=" | ">" | ">=") {
            return None;
        }
        let (one, other) = (self.shifted_time(one)?, self.shifted_time(other)?);
        let attribute = self.field(one.column).time_attribute?;
        if self.field(other.column).time_attribute != Some(attribute) {
            return None;
        }
        let width = self.width();
        let left_first = match (one.column < width, other.column < width) {
            (true, false) => true,
            (false, true) => false,
            _ => return None,
        };
        let (left, right) = if left_first { (one, other) } else { (other, one) };
        // left + a < right + b: left - right < b - a.
        let difference_ms = match (left.shift_ms, right.shift_ms) {
            (Some(a), Some(b)) => b.checked_sub(a),
            _ => None,
        };
        let is_lower = matches!(operator, ">" | ">=") == left_first;
        let step = match (operator, is_lower) {
            ("<" | ">", true) => 1,
            ("<" | ">", false) => -1,
            _ => 0,
        };
        Some(Bound {
            attribute,
            left: left.column,
            right: right.column,
            difference_ms: difference_ms.and_then(|difference| difference.checked_add(step)),
            is_lower,
            is_equality: operator == "=",
        })
    }

    /// A time attribute plus or minus intervals; `None` if it looks at anything else.
    fn shifted_time(&self, expression: &Expr) -> Option<ShiftedTime> {
        match expression {
            Expr::Column { index, .. } => {
                self.field(*index).time_attribute?;
                Some(ShiftedTime {
                    column: *index,
                    shift_ms: Some(0),
                })
            }
            Expr::Call {
                function, arguments, ..
            } => {
                let name = function.name();
                match (name, arguments.as_slice()) {
                    ("CAST", [operand]) if expression.data_type().kind.is_timestamp() => {
                        self.shifted_time(operand)
                    }
                    ("+" | "-", [time, interval]) if Side::of(interval, 0) == Side::Neither => {
                        let time = self.shifted_time(time)?;
                        let by = milliseconds(interval);
                        let by = if name == "-" { by.map(|by| -by) } else { by };
                        Some(time.moved(by))
                    }
                    ("+", [interval, time]) if Side::of(interval, 0) == Side::Neither => {
                        Some(self.shifted_time(time)?.moved(milliseconds(interval)))
                    }
                    _ => {
                        let mut column = None;
                        let mut columns = 0;
                        let mut others = false;
                        expression.visit_columns(&mut |index| {
                            column = Some(index);
                            columns += 1;
                            others |= self.field(index).time_attribute.is_none();
                        });
                        let column = column.filter(|_| columns == 1 && !others)?;
                        Some(ShiftedTime {
                            column,
                            shift_ms: None,
                        })
                    }
                }
            }
            _ => None,
        }
    }

    fn window(&self, conditions: &[Expr]) -> Option<JoinWindow> {
        let [Some(left), Some(right)] = self.windows else {
            return None;
        };
        let same = left.made_by == right.made_by
            && left.time.time_attribute == right.time.time_attribute
            && left.time_zone == right.time_zone;
        // By the clock, results of windows come when their window is over: no join of the window would wait for them.
        let attribute = left.time.time_attribute?;
        let comes_late = attribute == TimeAttribute::Proctime
            && [left, right]
                .iter()
                .any(|side| matches!(side.window, Window::Attached { .. }));
        if !same || comes_late {
            return None;
        }
        let width = self.width();
        let equal_columns = |lefts: &[usize], rights: &[usize]| {
            conditions
                .iter()
                .find_map(|condition| match equality(condition, width)? {
                    (Expr::Column { index: l, .. }, Expr::Column { index: r, .. }, false) => {
                        (lefts.contains(&l) && rights.contains(&(r - width))).then_some((l, r - width))
                    }
                    _ => None,
                })
        };
        equal_columns(&left.starts, &right.starts)?;
        let (left_end, right_end) = equal_columns(&left.ends, &right.ends)?;
        Some(JoinWindow {
            attribute,
            left_end,
            right_end,
            time_zone: left.time_zone,
        })
    }
}

/// `left time - right time` is at least this, or at most.
struct Bound {
    attribute: TimeAttribute,
    left: usize,
    right: usize,
    /// `None` if it is not known before the job runs.
    difference_ms: Option<i64>,
    is_lower: bool,
    is_equality: bool,
}

struct ShiftedTime {
    column: usize,
    shift_ms: Option<i64>,
}

impl ShiftedTime {
    fn moved(self, by: Option<i64>) -> ShiftedTime {
        ShiftedTime {
            shift_ms: self
                .shift_ms
                .zip(by)
                .and_then(|(shift, by)| shift.checked_add(by)),
            ..self
        }
    }
}

/// A constant interval.
fn milliseconds(interval: &Expr) -> Option<i64> {
    match interval {
        Expr::Literal { value, .. } => {
            let value = value
                .as_any()
                .downcast_ref::<arrow_array::DurationMillisecondArray>()?;
            (!value.is_null(0)).then(|| value.value(0))
        }
        Expr::Call {
            function, arguments, ..
        } if function.name() == "NEGATE" => milliseconds(arguments.first()?).map(|ms| -ms),
        _ => None,
    }
}
