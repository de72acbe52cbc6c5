//! Reads a record along the schema, straight into columns.
//!
//! One pass: what is wanted is converted where it stands, what is not is stepped over. Both are checked to be JSON.
//! Every value has a short way for the form it mostly comes in, and one common long way for all others.
//!
//! As Flink's parser does, an object whose wanted fields have all been met is only stepped over from there on, so
//! that of a key written twice the first counts if nothing else was wanted and the last otherwise; and what stands
//! behind the end of the record's value is not looked at.

use model::{DataType, Schema, TypeKind};
use values::temporal::{Instant, truncate_nanos};

use super::convert::{self, Scalar};
use super::fault::{Fault, FaultBody, syntax, wrong_value};
use super::keys::{Keys, START, UNWANTED};
use super::scan::{self, DayMemo, Literal, Place};
use super::tree;
use crate::column::{Column, Columns, List, Map, Row};

/// What the options of the table ask for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Rules {
    /// A value that cannot be converted is NULL.
    pub ignore_errors: bool,
    pub fail_on_missing: bool,
    /// Of a key written twice the last always counts, as with `json.decode.json-parser.enabled` = `false`.
    pub last_key_counts: bool,
    /// Timestamps as `2026-01-05T12:30:05`.
    pub iso_timestamps: bool,
    /// Fractions inside of an object that is read as text keep their digits; without, they pass through a double.
    pub exact_fractions: bool,
}

/// What goes with a column: its type for messages, and for a row the keys.
#[derive(Debug)]
pub struct Shape {
    type_text: String,
    names: Vec<String>,
    keys: Keys,
    children: Vec<Shape>,
}

impl Shape {
    pub fn of_schema(schema: &Schema) -> Shape {
        Shape {
            type_text: String::new(),
            names: schema.names().map(str::to_string).collect(),
            keys: Keys::new(schema.names()),
            children: schema
                .fields
                .iter()
                .map(|field| Shape::new(&field.data_type))
                .collect(),
        }
    }

    fn new(data_type: &DataType) -> Shape {
        let (names, children) = match &data_type.kind {
            TypeKind::Array(element) => (Vec::new(), vec![Shape::new(element)]),
            TypeKind::Map(key, value) => (Vec::new(), vec![Shape::new(key), Shape::new(value)]),
            TypeKind::Multiset(element) => {
                let count = Shape::new(&TypeKind::Int.nullable());
                (Vec::new(), vec![Shape::new(element), count])
            }
            TypeKind::Row(fields) => (
                fields.iter().map(|field| field.name.clone()).collect(),
                fields.iter().map(|field| Shape::new(&field.data_type)).collect(),
            ),
            _ => (Vec::new(), Vec::new()),
        };
        Shape {
            type_text: data_type.kind.to_string(),
            keys: Keys::new(names.iter().map(String::as_str)),
            names,
            children,
        }
    }
}

/// What is kept between records.
#[derive(Debug, Default)]
pub struct Walk {
    pub rules: Rules,
    days: DayMemo,
    scratch: Vec<u8>,
}

impl Walk {
    pub fn new(rules: Rules) -> Walk {
        Walk {
            rules,
            ..Walk::default()
        }
    }
}

/// What a record gave.
#[derive(Debug, Clone, Copy, Default)]
pub struct Outcome {
    /// Elements of an array of rows that are no rows and were passed over.
    pub skipped: u64,
}

/// Reads the record at `place` into rows: an object is one, an array one for each of its elements.
///
/// # Safety
/// `place` lies in a record of UTF-8.
#[inline(always)]
pub unsafe fn record(
    walk: &mut Walk,
    columns: &mut Columns,
    shape: &mut Shape,
    place: Place,
) -> Result<(Place, Outcome), Fault> {
    // SAFETY: as the caller says.
    unsafe {
        if *place != b'{' {
            return unusual_record(walk, columns, shape, place);
        }
        let row = columns.rows;
        let end = object(walk, &mut columns.fields, shape, row, place.add(1))?;
        columns.rows += 1;
        Ok((end, Outcome::default()))
    }
}

#[cold]
#[inline(never)]
unsafe fn unusual_record(
    walk: &mut Walk,
    columns: &mut Columns,
    shape: &mut Shape,
    place: Place,
) -> Result<(Place, Outcome), Fault> {
    const BYTE_ORDER_MARK: [u8; 3] = [0xef, 0xbb, 0xbf];
    let mut outcome = Outcome::default();
    // SAFETY: as the caller says; three bytes may be read everywhere in a record.
    unsafe {
        let marked = std::slice::from_raw_parts(place, 3) == BYTE_ORDER_MARK;
        let mut place = scan::blanks(if marked { place.add(3) } else { place });
        if *place == b'{' {
            let row = columns.rows;
            let end = object(walk, &mut columns.fields, shape, row, place.add(1))?;
            columns.rows += 1;
            return Ok((end, outcome));
        }
        if *place != b'[' {
            return Err(syntax(place, "expected an object"));
        }
        place = scan::blanks(place.add(1));
        if *place == b']' {
            return Ok((place.add(1), outcome));
        }
        loop {
            match *place {
                b'{' => {
                    let row = columns.rows;
                    place = object(walk, &mut columns.fields, shape, row, place.add(1))?;
                    columns.rows += 1;
                }
                b'n' => {
                    place = scan::literal(place)?.1;
                    outcome.skipped += 1;
                }
                _ if walk.rules.ignore_errors => {
                    place = scan::skip_value(place)?;
                    outcome.skipped += 1;
                }
                _ => {
                    scan::skip_value(place)?;
                    return Err(wrong_value(
                        place,
                        "an array of records must hold objects only".to_string(),
                    ));
                }
            }
            place = scan::blanks(place);
            match *place {
                b',' => place = scan::blanks(place.add(1)),
                b']' => return Ok((place.add(1), outcome)),
                _ => return Err(syntax(place, "expected ',' or ']'")),
            }
        }
    }
}

/// Reads an object's fields into the columns, which hold `row` rows so far. `place` stands behind the brace.
///
/// # Safety
/// `place` lies in a record of UTF-8.
unsafe fn object(
    walk: &mut Walk,
    columns: &mut [Column],
    shape: &mut Shape,
    row: usize,
    mut place: Place,
) -> Result<Place, Fault> {
    let wanted = columns.len();
    let Shape { keys, children, .. } = shape;
    let mut met = 0;
    // Fields met, by the lowest 64 numbers; further ones are looked up in their columns.
    let mut seen = 0u64;
    let mut repeated = false;
    let mut previous = START;
    // SAFETY: as the caller says; only bytes that are not the end of the record are stepped over.
    unsafe {
        if let Some(end) = empty_object(place) {
            place = end;
        } else {
            loop {
                let (key, field, value_place) = keys.read(previous, place)?;
                previous = key;
                if field == UNWANTED || (met >= wanted && !walk.rules.last_key_counts) {
                    place = scan::skip_value(value_place)?;
                } else {
                    let column = &mut columns[field];
                    if field < 64 {
                        let bit = 1 << field;
                        if seen & bit != 0 {
                            repeated = true;
                            column.truncate(row);
                        }
                        seen |= bit;
                    } else if column.len() > row {
                        repeated = true;
                        column.truncate(row);
                    }
                    met += 1;
                    place = match value(walk, column, &mut children[field], value_place) {
                        Ok(place) => place,
                        Err(mut fault) => {
                            if fault.syntax || !walk.rules.ignore_errors {
                                fault.path.push(shape.names[field].clone());
                                return Err(fault);
                            }
                            column.truncate(row);
                            column.push_null();
                            scan::skip_value(value_place)?
                        }
                    };
                }
                match *place {
                    b',' => place = place.add(1),
                    b'}' => {
                        place = place.add(1);
                        break;
                    }
                    _ => {
                        place = scan::blanks(place);
                        match *place {
                            b',' => place = place.add(1),
                            b'}' => {
                                place = place.add(1);
                                break;
                            }
                            _ => return Err(syntax(place, "expected ',' or '}'")),
                        }
                    }
                }
            }
        }
    }
    if met < wanted || repeated {
        if met < wanted && walk.rules.fail_on_missing {
            return Err(missing(columns, &shape.names, row, place));
        }
        for column in columns {
            if column.len() == row {
                column.push_null();
            }
        }
    }
    Ok(place)
}

#[inline(always)]
unsafe fn empty_object(place: Place) -> Option<Place> {
    // SAFETY: as the caller says.
    unsafe {
        if *place == b'"' {
            return None;
        }
        let end = scan::blanks(place);
        (*end == b'}').then(|| end.add(1))
    }
}

#[cold]
#[inline(never)]
fn missing(columns: &[Column], names: &[String], row: usize, place: Place) -> Fault {
    let index = columns.iter().position(|column| column.len() == row);
    Box::new(FaultBody {
        address: place.addr(),
        syntax: false,
        message: "is missing".to_string(),
        path: index.map(|index| names[index].clone()).into_iter().collect(),
    })
}

/// Reads a value into a column.
///
/// # Safety
/// `place` lies in a record of UTF-8.
#[inline(always)]
unsafe fn value(
    walk: &mut Walk,
    column: &mut Column,
    shape: &mut Shape,
    place: Place,
) -> Result<Place, Fault> {
    // SAFETY: as the caller says.
    unsafe {
        match column {
            Column::BigInt(column) => {
                if let Some((number, end)) = scan::short_integer(place) {
                    column.push(number);
                    return Ok(end);
                }
            }
            Column::Int(column) => {
                if let Some((number, end)) = scan::short_integer(place)
                    && let Ok(number) = i32::try_from(number)
                {
                    column.push(number);
                    return Ok(end);
                }
            }
            Column::Text(column) if *place == b'"' => {
                let end = scan::copy_string(place.add(1), &mut column.bytes)?;
                column.close();
                return Ok(end);
            }
            Column::Timestamp { values, precision } if *place == b'"' => {
                let separator = if walk.rules.iso_timestamps { b'T' } else { b' ' };
                if let Some((seconds, nanos, end)) = scan::timestamp(place.add(1), separator, &mut walk.days)
                    && *end == b'"'
                    && let Some(time) = to_unit(seconds, nanos, *precision)
                {
                    values.push(time);
                    return Ok(end.add(1));
                }
            }
            Column::TimestampLtz { values, precision } if *place == b'"' => {
                let separator = if walk.rules.iso_timestamps { b'T' } else { b' ' };
                if let Some((seconds, nanos, end)) = scan::timestamp(place.add(1), separator, &mut walk.days)
                    && *end == b'Z'
                    && *end.add(1) == b'"'
                    && let Some(time) = to_unit(seconds, nanos, *precision)
                {
                    values.push(time);
                    return Ok(end.add(2));
                }
            }
            Column::Row(column) if *place == b'{' => return nested_row(walk, column, shape, place),
            _ => {}
        }
        any_value(walk, column, shape, place)
    }
}

#[inline(always)]
fn to_unit(seconds: i64, nanos: u32, precision: u8) -> Option<i64> {
    match precision {
        // The short form has four digits of year: no overflow.
        3 => Some(seconds * 1_000_000 + i64::from(nanos / 1_000_000 * 1000)),
        6 => Some(seconds * 1_000_000 + i64::from(nanos / 1000)),
        _ => Instant {
            seconds,
            nanos: truncate_nanos(nanos, precision),
        }
        .to_unit(precision),
    }
}

/// Reads a value of any form.
#[inline(never)]
unsafe fn any_value(
    walk: &mut Walk,
    column: &mut Column,
    shape: &mut Shape,
    place: Place,
) -> Result<Place, Fault> {
    // SAFETY: as the caller of `value` says.
    unsafe {
        let place = scan::blanks(place);
        match *place {
            b'"' => {
                if let Column::Text(column) = column {
                    let end = scan::copy_string(place.add(1), &mut column.bytes)?;
                    column.close();
                    return Ok(end);
                }
                walk.scratch.clear();
                let end = scan::copy_string(place.add(1), &mut walk.scratch)?;
                scalar(walk.rules, column, shape, place, Scalar::Text(&walk.scratch))?;
                Ok(end)
            }
            b'-' | b'0'..=b'9' => {
                let (end, whole) = scan::number_end(place)?;
                let text = std::slice::from_raw_parts(place, end.offset_from_unsigned(place));
                let number = if whole {
                    Scalar::Whole(text)
                } else {
                    Scalar::Fraction(text)
                };
                scalar(walk.rules, column, shape, place, number)?;
                Ok(end)
            }
            b'{' | b'[' => nested(walk, column, shape, place),
            _ => {
                let (literal, end) = scan::literal(place)?;
                match literal {
                    Literal::Null => column.push_null(),
                    Literal::True => scalar(walk.rules, column, shape, place, Scalar::True)?,
                    Literal::False => scalar(walk.rules, column, shape, place, Scalar::False)?,
                }
                Ok(end)
            }
        }
    }
}

fn scalar(
    rules: Rules,
    column: &mut Column,
    shape: &Shape,
    place: Place,
    value: Scalar,
) -> Result<(), Fault> {
    if convert::push(column, value, rules.iso_timestamps) {
        return Ok(());
    }
    let mut fault = wrong_kind(shape, place, &value.to_string());
    fault.message.push_str(time_advice(rules, shape, value));
    Err(fault)
}

/// What helps where a time is written as ISO 8601 has it.
#[cold]
fn time_advice(rules: Rules, shape: &Shape, value: Scalar) -> &'static str {
    let Scalar::Text(text) = value else {
        return "";
    };
    let is_time = shape.type_text.starts_with("TIMESTAMP");
    let (has_t, has_z) = (text.get(10) == Some(&b'T'), text.last() == Some(&b'Z'));
    match (is_time && has_t, rules.iso_timestamps, has_z) {
        (true, false, _) => "; 'json.timestamp-format.standard' = 'ISO-8601' reads it",
        (true, true, true) if !shape.type_text.contains("LTZ") => "; a time with a Z is a TIMESTAMP_LTZ",
        _ => "",
    }
}

#[cold]
#[inline(never)]
fn wrong_kind(shape: &Shape, place: Place, got: &str) -> Fault {
    wrong_value(place, format!("must be {}, got {got}", shape.type_text))
}

/// Reads an object or array.
unsafe fn nested(
    walk: &mut Walk,
    column: &mut Column,
    shape: &mut Shape,
    place: Place,
) -> Result<Place, Fault> {
    // SAFETY: as the caller of `value` says.
    unsafe {
        match (column, *place) {
            (Column::Row(column), b'{') => nested_row(walk, column, shape, place),
            (Column::Array(column), b'[') => list(walk, column, shape, place),
            (Column::Map(column), b'{') => map(walk, column, shape, place),
            (Column::Text(column), _) => {
                let end = tree::write(place, walk.rules.exact_fractions, &mut column.bytes)?;
                column.close();
                Ok(end)
            }
            (Column::Null(length), _) => {
                let end = scan::skip_value(place)?;
                *length += 1;
                Ok(end)
            }
            (_, open) => {
                // Broken JSON is worse than a value of the wrong kind.
                scan::skip_value(place)?;
                let got = if open == b'{' { "an object" } else { "an array" };
                Err(wrong_kind(shape, place, got))
            }
        }
    }
}

unsafe fn nested_row(
    walk: &mut Walk,
    column: &mut Row,
    shape: &mut Shape,
    place: Place,
) -> Result<Place, Fault> {
    let row = column.len();
    // SAFETY: as the caller of `value` says.
    let end = unsafe { object(walk, &mut column.fields, shape, row, place.add(1))? };
    column.close();
    Ok(end)
}

/// Reads the element or entry value that `column` is to hold next; NULL if it may be ignored and is wrong.
unsafe fn element(
    walk: &mut Walk,
    column: &mut Column,
    shape: &mut Shape,
    place: Place,
) -> Result<Place, Fault> {
    let length = column.len();
    // SAFETY: as the caller of `value` says.
    unsafe {
        match any_value(walk, column, shape, place) {
            Err(fault) if !fault.syntax && walk.rules.ignore_errors => {
                column.truncate(length);
                column.push_null();
                scan::skip_value(place)
            }
            outcome => outcome,
        }
    }
}

unsafe fn list(walk: &mut Walk, column: &mut List, shape: &mut Shape, place: Place) -> Result<Place, Fault> {
    // An array's shape has one child.
    let shape = &mut shape.children[0];
    // SAFETY: as the caller of `value` says.
    unsafe {
        let mut place = scan::blanks(place.add(1));
        if *place != b']' {
            loop {
                place = scan::blanks(element(walk, &mut column.elements, shape, place)?);
                match *place {
                    b',' => place = place.add(1),
                    b']' => break,
                    _ => return Err(syntax(place, "expected ',' or ']'")),
                }
            }
        }
        column.ends.push(column.elements.len());
        Ok(place.add(1))
    }
}

unsafe fn map(walk: &mut Walk, column: &mut Map, shape: &mut Shape, start: Place) -> Result<Place, Fault> {
    // SAFETY: as the caller of `value` says.
    unsafe {
        let mut end = map_entries(walk, column, shape, start, None)?;
        if let Some(keep) = column.kept_entries() {
            let entries = column.ends.last();
            column.keys.truncate(entries);
            column.values.truncate(entries);
            end = map_entries(walk, column, shape, start, Some(&keep))?;
        }
        column.ends.push(column.keys.len());
        Ok(end)
    }
}

/// Reads the entries of a map, or those of them that are to be kept.
unsafe fn map_entries(
    walk: &mut Walk,
    column: &mut Map,
    shape: &mut Shape,
    place: Place,
    keep: Option<&[bool]>,
) -> Result<Place, Fault> {
    // A map's shape has two children.
    let shape = &mut shape.children[1];
    // SAFETY: as the caller of `value` says.
    unsafe {
        let mut place = scan::blanks(place.add(1));
        if *place == b'}' {
            return Ok(place.add(1));
        }
        for entry in 0.. {
            if *place != b'"' {
                return Err(syntax(place, "expected a field name in quotes"));
            }
            let kept = keep.is_none_or(|keep| keep[entry]);
            // Only maps with keys of text are made.
            if let Column::Text(keys) = &mut column.keys
                && kept
            {
                place = scan::copy_string(place.add(1), &mut keys.bytes)?;
                keys.close();
            } else {
                place = scan::skip_string(place.add(1))?;
            }
            place = scan::blanks(place);
            if *place != b':' {
                return Err(syntax(place, "expected ':' after the field name"));
            }
            place = if kept {
                element(walk, &mut column.values, shape, place.add(1))?
            } else {
                scan::skip_value(place.add(1))?
            };
            place = scan::blanks(place);
            match *place {
                b',' => place = scan::blanks(place.add(1)),
                b'}' => break,
                _ => return Err(syntax(place, "expected ',' or '}'")),
            }
        }
        Ok(place.add(1))
    }
}
