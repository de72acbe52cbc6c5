//! Dates, times and timestamps.
