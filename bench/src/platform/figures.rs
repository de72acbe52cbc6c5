//! Samples, what they say, and whether that is good enough.

use std::fmt;
use std::time::Duration;

/// Durations in milliseconds.
#[derive(Debug, Clone, Default)]
pub struct Samples {
    ms: Vec<f64>,
}

impl Samples {
    pub fn add(&mut self, duration: Duration) {
        self.ms.push(duration.as_secs_f64() * 1000.0);
    }

    /// The least value that this share of all values does not exceed; NaN without any.
    pub fn quantile(&self, share: f64) -> f64 {
        let mut sorted = self.ms.clone();
        sorted.sort_by(f64::total_cmp);
        let rank = (share * sorted.len() as f64).ceil() as usize;
        sorted.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
    }

    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// The middle, and where the last hundredth begins.
    pub fn in_words(&self) -> String {
        let (median, tail) = (self.median(), self.quantile(0.99));
        format!("p50 {median:.1} ms, p99 {tail:.1} ms, {} times", self.ms.len())
    }
}

/// What was measured, line by line.
#[derive(Debug, Default)]
pub struct Table {
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    what: String,
    measured: String,
    goal: Option<(String, bool)>,
}

impl Table {
    /// Something that must stay below a number; what is no number does not.
    pub fn goal(&mut self, what: impl Into<String>, measured: f64, below: f64, unit: &str, detail: &str) {
        let detail = if detail.is_empty() {
            String::new()
        } else {
            format!(" ({detail})")
        };
        self.lines.push(Line {
            what: what.into(),
            measured: format!("{measured:.1} {unit}{detail}"),
            goal: Some((format!("< {below:.0} {unit}"), measured < below)),
        });
    }

    /// Something that is worth knowing.
    pub fn fact(&mut self, what: impl Into<String>, measured: impl Into<String>) {
        self.lines.push(Line {
            what: what.into(),
            measured: measured.into(),
            goal: None,
        });
    }

    pub fn is_met(&self) -> bool {
        let mut goals = self.lines.iter().filter_map(|line| line.goal.as_ref());
        goals.all(|(_, is_met)| *is_met)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("| what | measured | goal | verdict |\n| --- | --- | --- | --- |\n")?;
        for Line { what, measured, goal } in &self.lines {
            let (goal, verdict) = match goal {
                Some((goal, true)) => (goal.as_str(), "met"),
                Some((goal, false)) => (goal.as_str(), "MISSED"),
                None => ("", ""),
            };
            writeln!(f, "| {what} | {measured} | {goal} | {verdict} |")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_one_of_the_samples_and_nothing_is_no_success() {
        let mut samples = Samples::default();
        for ms in (1..=200).rev() {
            samples.add(Duration::from_millis(ms));
        }
        assert_eq!(
            (samples.median(), samples.quantile(0.99), samples.quantile(1.0)),
            (100.0, 198.0, 200.0)
        );
        let mut table = Table::default();
        table.goal("a", samples.median(), 101.0, "ms", "");
        assert!(table.is_met());
        table.goal("b", Samples::default().median(), 1.0, "ms", "");
        assert!(!table.is_met());
    }
}
