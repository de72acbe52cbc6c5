use super::*;

fn timestamp_text(instant: Instant, digits: FractionDigits) -> String {
    let mut out = String::new();
    write_timestamp(instant, ' ', digits, &mut out);
    out
}

#[test]
fn days_and_dates_are_inverse() {
    for days in (-800_000..3_000_000).step_by(37) {
        let (year, month, day) = civil_from_days(days);
        assert_eq!(days_from_civil(year, month, day), days);
        assert!(day >= 1 && day <= days_in_month(year, month));
    }
    assert_eq!(civil_from_days(0), (1970, 1, 1));
    assert_eq!(civil_from_days(-1), (1969, 12, 31));
    assert_eq!(days_from_civil(2000, 2, 29), 11_016);
}

#[test]
fn dates_are_read_as_flink_casts_them() {
    let day = |year, month, day| Some(days_from_civil(year, month, day) as i32);
    for (text, expected) in [
        ("2026-01-05", day(2026, 1, 5)),
        ("2026-1-5", day(2026, 1, 5)),
        ("2026-1", day(2026, 1, 1)),
        ("2026", day(2026, 1, 1)),
        ("2026-01-05 12:30:00", day(2026, 1, 5)),
        ("2026-01-05 nonsense", day(2026, 1, 5)),
        ("0000-01-01", day(0, 1, 1)),
        ("9999-12-31", day(9999, 12, 31)),
        ("2024-02-29", day(2024, 2, 29)),
        ("2026-02-29", None),
        ("2026-13-01", None),
        ("2026-00-01", None),
        ("2026-04-31", None),
        ("10000-01-01", None),
        ("-2026-01-01", None),
        ("2026-01-05T00:00:00", None),
        ("2026/01/05", None),
        ("99999999999", None),
        ("", None),
        ("-", None),
        ("--", None),
    ] {
        assert_eq!(parse_date(text.as_bytes()), expected, "{text}");
    }
}

#[test]
fn times_are_read_as_flink_casts_them() {
    for (text, expected) in [
        ("12:30:05", Some(45_005_000)),
        ("12:30:05.1", Some(45_005_100)),
        ("12:30:05.1234", Some(45_005_123)),
        ("12:30:05.1235", Some(45_005_124)),
        ("12:30", Some(45_000_000)),
        ("12", Some(43_200_000)),
        ("1:2:3", Some(3_723_000)),
        ("01:02:03.9999", Some(3_724_000)),
        (" 01:02:03 ", Some(3_723_000)),
        ("24:00:00", None),
        ("12:60:00", None),
        ("12:00:60", None),
        ("23:00:00+02:00", None),
        ("12:00:00+01:00", Some(46_800_000)),
        ("12:00:00-1", Some(39_600_000)),
        ("99999:00:00", None),
        ("12:30:05.1:2", Some(45_005_102)),
        ("", None),
        (":", None),
        ("a", None),
        ("12:", None),
        ("-12", None),
    ] {
        assert_eq!(parse_time_ms(text.as_bytes()), expected, "{text}");
    }
}

#[test]
fn timestamps_are_read_as_flink_casts_them() {
    for (text, expected) in [
        ("2026-01-05 12:30:05", Some("2026-01-05 12:30:05")),
        (
            "2026-01-05 12:30:05.123456789",
            Some("2026-01-05 12:30:05.123456789"),
        ),
        ("2026-01-05 12:30:05.", Some("2026-01-05 12:30:05")),
        ("2026-01-05", Some("2026-01-05 00:00:00")),
        ("2026-1-5 1:2:3.5", Some("2026-01-05 01:02:03.5")),
        ("1969-12-31 23:59:59.9", Some("1969-12-31 23:59:59.9")),
        ("2026-01-05 24:00:00", Some("2026-01-06 00:00:00")),
        ("2026-02-31 00:00:00", Some("2026-02-28 00:00:00")),
        ("0001-01-01 00:00:00", Some("0001-01-01 00:00:00")),
        ("+12026-01-01 00:00:00", Some("+12026-01-01 00:00:00")),
        ("12026-01-01 00:00:00", None),
        ("0000-01-01 00:00:00", None),
        ("2026-01-05 24:00:01", None),
        ("2026-01-32 00:00:00", None),
        ("2026-01-05 12:30:60", None),
        ("2026-01-05 12:60:00", None),
        ("2026-01-05 12:30", None),
        ("2026-01-05 ", None),
        ("2026-01-05T12:30:05", None),
        ("2026-01-05 12:30:05.1234567890", None),
        ("2026-01-05 12:30:05Z", None),
        ("26-01-05 12:30:05", None),
        ("", None),
    ] {
        let read = parse_timestamp(text.as_bytes()).map(|i| timestamp_text(i, FractionDigits::Shortest));
        assert_eq!(read.as_deref(), expected, "{text}");
    }
}

#[test]
fn formats_read_their_own_standards() {
    let shortest = |instant: Option<Instant>| instant.map(|i| timestamp_text(i, FractionDigits::Shortest));
    for (text, sql, iso) in [
        ("2026-01-05 12:30:05.5", Some("2026-01-05 12:30:05.5"), None),
        ("2026-01-05T12:30:05.5", None, Some("2026-01-05 12:30:05.5")),
        ("2026-01-05T12:30", None, Some("2026-01-05 12:30:00")),
        ("2026-01-05t12:30:00", None, Some("2026-01-05 12:30:00")),
        ("2026-01-05", None, None),
        ("2026-1-5 12:30:05", None, None),
        ("2026-02-30 00:00:00", Some("2026-02-28 00:00:00"), None),
        ("2026-02-30T00:00:00", None, None),
        ("2026-01-05T24:00:00", None, None),
        ("2026-99-05T24:00:00", None, None),
    ] {
        assert_eq!(
            shortest(parse_timestamp_sql(text.as_bytes())).as_deref(),
            sql,
            "{text}"
        );
        assert_eq!(
            shortest(parse_timestamp_iso(text.as_bytes())).as_deref(),
            iso,
            "{text}"
        );
    }
    assert_eq!(strip_utc_suffix(b"12Z"), Some(&b"12"[..]));
    assert_eq!(strip_utc_suffix(b"12"), None);
}

#[test]
fn instants_become_units_of_their_precision() {
    let instant = parse_timestamp(b"1969-12-31 23:59:59.123456789").unwrap();
    assert_eq!(instant.to_unit(0), Some(-1_000_000));
    assert_eq!(instant.to_unit(3), Some(-877_000));
    assert_eq!(instant.to_unit(6), Some(-876_544));
    assert_eq!(instant.to_unit(9), Some(-876_543_211));
    assert_eq!(Instant::from_unit(-876_543_211, 9), instant);
    assert_eq!(parse_timestamp(b"9999-12-31 00:00:00").unwrap().to_unit(9), None);
    for value in [i64::MIN, i64::MAX, 0, -1] {
        for precision in [6, 9] {
            assert_eq!(
                Instant::from_unit(value, precision).to_unit(precision),
                Some(value)
            );
        }
    }
}

#[test]
fn times_are_written_with_the_digits_asked_for() {
    let mut out = String::new();
    write_time_ms(45_005_120, 3, &mut out);
    out.push(' ');
    write_time_ms(45_005_000, 3, &mut out);
    out.push(' ');
    write_time_ms(45_005_999, 0, &mut out);
    out.push(' ');
    write_time_ms_with(45_005_120, FractionDigits::Exactly(3), &mut out);
    assert_eq!(out, "12:30:05.12 12:30:05.0 12:30:05 12:30:05.120");
    let instant = Instant {
        seconds: 0,
        nanos: 120_000_000,
    };
    assert_eq!(
        timestamp_text(instant, FractionDigits::Exactly(3)),
        "1970-01-01 00:00:00.120"
    );
    assert_eq!(
        timestamp_text(instant, FractionDigits::Exactly(0)),
        "1970-01-01 00:00:00"
    );
    assert_eq!(
        timestamp_text(instant, FractionDigits::Exactly(6)),
        "1970-01-01 00:00:00.120000"
    );
    let mut out = String::new();
    write_date(days_from_civil(-5, 3, 1) as i32, &mut out);
    assert_eq!(out, "-0005-03-01");
}
