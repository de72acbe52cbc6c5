//! What is to be known of `(a, b) OVERLAPS (c, d)` on periods of time.

use crate::definition::{Scalar, written_out};

pub(crate) const LIST: &[Scalar] = &[Scalar {
    name: "OVERLAPS",
    signatures: &[
        "(start, end) OVERLAPS (start, end)",
        "(start, interval) OVERLAPS (start, interval)",
    ],
    doc: "Whether two periods have a point in common; a period is given by two times or by a time and an interval.",
    example: (
        "(TIME '2:55:00', INTERVAL '1' HOUR) OVERLAPS (TIME '3:30:00', INTERVAL '2' HOUR)",
        "TRUE",
    ),
    category: "temporal",
    bind: written_out,
}];
