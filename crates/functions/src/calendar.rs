//! Months and units of the calendar, on days since 1970.

use values::temporal::{civil_from_days, days_from_civil, days_in_month};

/// The same day of another month, or that month's last.
pub(crate) fn add_months(day: i64, months: i64) -> i64 {
    let (year, month, day) = civil_from_days(day);
    let total = year * 12 + i64::from(month) - 1 + months;
    let (year, month) = (total.div_euclid(12), total.rem_euclid(12) as u32 + 1);
    days_from_civil(year, month, day.min(days_in_month(year, month)))
}

/// Whole months from `from` to `to`: the time of day is left out.
pub(crate) fn months_between(to: i64, from: i64) -> i64 {
    if to < from {
        return -months_between(from, to);
    }
    let ((y1, m1, _), (y0, m0, _)) = (civil_from_days(to), civil_from_days(from));
    let months = (y1 - y0) * 12 + i64::from(m1) - i64::from(m0);
    // The last of these months may not be whole.
    if add_months(from, months) > to {
        months - 1
    } else {
        months
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> i64 {
        values::temporal::parse_date(text.as_bytes()).map_or(0, i64::from)
    }

    #[test]
    fn months_end_where_they_end() {
        assert_eq!(add_months(day("2024-01-31"), 1), day("2024-02-29"));
        assert_eq!(add_months(day("2024-03-31"), -1), day("2024-02-29"));
        assert_eq!(add_months(day("2024-03-15"), -15), day("2022-12-15"));
        assert_eq!(add_months(day("1969-12-31"), 2), day("1970-02-28"));
        assert_eq!(months_between(day("2024-03-01"), day("2024-02-01")), 1);
        assert_eq!(months_between(day("2024-02-29"), day("2024-01-31")), 1);
        assert_eq!(months_between(day("2024-02-28"), day("2024-01-31")), 0);
        assert_eq!(months_between(day("2024-01-31"), day("2024-03-01")), -1);
    }
}
