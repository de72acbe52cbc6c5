//! What time it is. In a stream these are asked anew for every chunk of rows.

use arrow_array::types::{Date32Type, Int64Type, Time32MillisecondType, TimestampMicrosecondType};
use dataflow::{Argument, BoundScalar, Error, SignatureError};
use model::TypeKind;

use super::MS_PER_DAY;
use crate::build;
use crate::definition::Scalar;
use crate::kernel::{Call, Kernel};
use crate::signature::{bound, bound_as, check_count, mismatch};
use crate::zone;

pub(super) const LIST: &[Scalar] = &[
    clock(
        "CURRENT_TIMESTAMP",
        &["CURRENT_TIMESTAMP"],
        "The current instant.",
        |a| instant("CURRENT_TIMESTAMP", a),
    ),
    clock(
        "CURRENT_ROW_TIMESTAMP",
        &["CURRENT_ROW_TIMESTAMP()"],
        "The current instant.",
        |a| instant("CURRENT_ROW_TIMESTAMP", a),
    ),
    clock("NOW", &["NOW()"], "The current instant.", |a| instant("NOW", a)),
    clock(
        "PROCTIME",
        &["PROCTIME()"],
        "The processing-time attribute: the current instant.",
        |a| instant("PROCTIME", a),
    ),
    Scalar {
        name: "CURRENT_WATERMARK",
        signatures: &["CURRENT_WATERMARK(rowtime)"],
        doc: "The watermark where the row is, as a time of the event-time attribute's kind; NULL before the first one.",
        example: ("CURRENT_WATERMARK(ts)", "the stream's"),
        category: "temporal",
        bind: bind_watermark,
    },
    Scalar {
        name: "SOURCE_WATERMARK",
        signatures: &["SOURCE_WATERMARK()"],
        doc: "In the declaration of a table: the watermarks that its source has of its own.",
        example: ("WATERMARK FOR ts AS SOURCE_WATERMARK()", "the source's"),
        category: "temporal",
        bind: bind_source_watermark,
    },
    clock(
        "LOCALTIMESTAMP",
        &["LOCALTIMESTAMP"],
        "The current time in the session's zone.",
        bind_local_timestamp,
    ),
    clock(
        "CURRENT_DATE",
        &["CURRENT_DATE"],
        "The current date in the session's zone.",
        bind_date,
    ),
    clock(
        "CURRENT_TIME",
        &["CURRENT_TIME"],
        "The current time of day in the session's zone.",
        |a| bind_time("CURRENT_TIME", a),
    ),
    clock(
        "LOCALTIME",
        &["LOCALTIME"],
        "The current time of day in the session's zone.",
        |a| bind_time("LOCALTIME", a),
    ),
];

const fn clock(
    name: &'static str,
    signatures: &'static [&'static str],
    doc: &'static str,
    bind: fn(&[Argument]) -> Result<BoundScalar, SignatureError>,
) -> Scalar {
    Scalar {
        name,
        signatures,
        doc,
        example: (signatures[0], "the clock's"),
        category: "temporal",
        bind,
    }
}

fn instant(name: &'static str, arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    check_count(name, arguments, 0, 0)?;
    let kind = TypeKind::TimestampLtz(3);
    let arrow = kind.arrow();
    let function = Kernel::new(name, move |call: &Call<'_>| {
        let now_us = call.context.clock.now_ms() * 1000;
        build::numbers_as::<TimestampMicrosecondType>(call.rows, &arrow, |_| Ok(Some(now_us)))
    });
    Ok(bound(Vec::new(), kind, function.volatile().function()))
}

/// The argument only says of which kind the result is.
fn bind_watermark(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    check_count("CURRENT_WATERMARK", arguments, 1, 1)?;
    let given = &arguments[0].data_type;
    let kind = match given.kind {
        TypeKind::Timestamp(_) => TypeKind::Timestamp(3),
        TypeKind::TimestampLtz(_) => TypeKind::TimestampLtz(3),
        _ => return Err(mismatch("CURRENT_WATERMARK", 0, "an event-time attribute", given)),
    };
    let arrow = kind.arrow();
    let function = Kernel::new("CURRENT_WATERMARK", move |call: &Call<'_>| {
        let watermark_us = call.context.watermark_ms.map(|ms| ms.saturating_mul(1000));
        build::numbers_as::<TimestampMicrosecondType>(call.rows, &arrow, |_| Ok(watermark_us))
    });
    Ok(bound_as(
        vec![given.clone()],
        kind.nullable(),
        function.volatile().function(),
    ))
}

/// Stands for what a source gives; it has no value of its own.
fn bind_source_watermark(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    check_count("SOURCE_WATERMARK", arguments, 0, 0)?;
    let function = Kernel::new("SOURCE_WATERMARK", |_: &Call<'_>| {
        Err(Error::evaluation(
            "SOURCE_WATERMARK stands for the watermarks of a source, and this source gives none of its own",
        ))
    });
    Ok(bound_as(
        Vec::new(),
        TypeKind::Timestamp(3).nullable(),
        function.volatile().fallible().function(),
    ))
}

/// Milliseconds of the session's local time.
fn local_ms(call: &Call<'_>) -> i64 {
    let now_ms = call.context.clock.now_ms();
    now_ms + zone::offset_at(call.context.time_zone, now_ms.div_euclid(1000)) * 1000
}

fn bind_local_timestamp(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    check_count("LOCALTIMESTAMP", arguments, 0, 0)?;
    let function = Kernel::new("LOCALTIMESTAMP", |call: &Call<'_>| {
        let now_us = local_ms(call) * 1000;
        let arrow = TypeKind::Timestamp(3).arrow();
        build::numbers_as::<TimestampMicrosecondType>(call.rows, &arrow, |_| Ok(Some(now_us)))
    });
    Ok(bound(
        Vec::new(),
        TypeKind::Timestamp(3),
        function.volatile().function(),
    ))
}

fn bind_date(arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    check_count("CURRENT_DATE", arguments, 0, 0)?;
    let function = Kernel::new("CURRENT_DATE", |call: &Call<'_>| {
        let day = local_ms(call).div_euclid(MS_PER_DAY) as i32;
        build::numbers_as::<Date32Type>(call.rows, &TypeKind::Date.arrow(), |_| Ok(Some(day)))
    });
    Ok(bound(Vec::new(), TypeKind::Date, function.volatile().function()))
}

fn bind_time(name: &'static str, arguments: &[Argument]) -> Result<BoundScalar, SignatureError> {
    check_count(name, arguments, 0, 0)?;
    let function = Kernel::new(name, |call: &Call<'_>| {
        let ms = local_ms(call).rem_euclid(MS_PER_DAY) as i32;
        build::numbers_as::<Time32MillisecondType>(call.rows, &TypeKind::Time(0).arrow(), |_| Ok(Some(ms)))
    });
    Ok(bound(
        Vec::new(),
        TypeKind::Time(0),
        function.volatile().function(),
    ))
}

/// `UNIX_TIMESTAMP()` without arguments.
pub(super) fn unix_now() -> BoundScalar {
    let function = Kernel::new("UNIX_TIMESTAMP", |call: &Call<'_>| {
        let now = call.context.clock.now_ms().div_euclid(1000);
        build::numbers_as::<Int64Type>(call.rows, &TypeKind::BigInt.arrow(), |_| Ok(Some(now)))
    });
    bound_as(
        Vec::new(),
        TypeKind::BigInt.not_null(),
        function.volatile().function(),
    )
}
