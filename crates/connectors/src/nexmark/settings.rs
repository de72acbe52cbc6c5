//! The options of a table of events, with the names of Flink's benchmark.

use dataflow::{OptionDoc, OptionError, Options};
use values::temporal;

use crate::refuse;

/// 2026-01-01 00:00:00: when events begin if nothing ties them to the clock.
pub const FIXED_START_MS: i64 = 1_767_225_600_000;
/// The most events a stream can have: their times stay within 64 bits.
pub const EVENTS_MAX: u64 = 1 << 50;

/// What decides which events there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub seed: u64,
    /// The time of the first event.
    pub base_time_ms: i64,
    /// Events a second, in event time.
    pub rate: u64,
    /// Times are set back by up to this.
    pub disorder_ms_max: u64,
    pub person_proportion: u64,
    pub auction_proportion: u64,
    pub bid_proportion: u64,
    /// All but one of so many bids go to a hot auction.
    pub hot_auctions: u64,
    pub hot_bidders: u64,
    pub hot_sellers: u64,
    pub auctions_in_flight: u64,
    pub people_active: u64,
    /// The mean size of an event in bytes, reached by its `extra`.
    pub person_bytes: u64,
    pub auction_bytes: u64,
    pub bid_bytes: u64,
}

/// What an event takes at most beside its texts up to the mean size.
const EVENT_BYTES: u64 = 512;

impl Settings {
    /// About how many bytes the largest events take.
    pub fn event_bytes_max(&self) -> u64 {
        let mean = self.person_bytes.max(self.auction_bytes).max(self.bid_bytes);
        // The texts that fill an event up vary by a fifth.
        mean + mean / 5 + EVENT_BYTES
    }
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            seed: 0,
            base_time_ms: FIXED_START_MS,
            rate: 10_000,
            disorder_ms_max: 0,
            person_proportion: 1,
            auction_proportion: 3,
            bid_proportion: 46,
            hot_auctions: 2,
            hot_bidders: 4,
            hot_sellers: 4,
            auctions_in_flight: 100,
            people_active: 1_000,
            person_bytes: 200,
            auction_bytes: 500,
            bid_bytes: 100,
        }
    }
}

/// The settings, how many events there are, and whether they keep to the clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSettings {
    pub settings: Settings,
    /// `None` without end.
    pub events: Option<u64>,
    pub rate_limit: bool,
}

pub fn docs() -> Vec<OptionDoc> {
    let doc = |key, default, doc| OptionDoc {
        key,
        required: false,
        default,
        doc,
    };
    vec![
        doc("events.num", "0", "how many events there are; 0 is without end"),
        doc("first-event.rate", "10000", "events a second, in event time"),
        doc("next-event.rate", "", "the same number: the rate does not change"),
        doc(
            "rate-limit",
            "",
            "hold events back until they are due; true if there is no end, false if there is",
        ),
        doc(
            "base-time",
            "",
            "the time of the first event; the start of the job with a rate limit, else 2026-01-01 00:00:00",
        ),
        doc("max-disorder", "0 s", "set times back at random by up to this"),
        doc("random-seed", "0", "another seed gives other events"),
        doc("person.proportion", "1", "people among the events"),
        doc("auction.proportion", "3", "auctions among the events"),
        doc("bid.proportion", "46", "bids among the events"),
        doc(
            "bid.hot-ratio.auctions",
            "2",
            "all but one of so many bids go to a hot auction",
        ),
        doc(
            "bid.hot-ratio.bidders",
            "4",
            "all but one of so many bids come from a hot bidder",
        ),
        doc(
            "auction.hot-ratio.sellers",
            "4",
            "all but one of so many auctions have a hot seller",
        ),
        doc("person.avg-size", "200 b", "the mean size of a person"),
        doc("auction.avg-size", "500 b", "the mean size of an auction"),
        doc("bid.avg-size", "100 b", "the mean size of a bid"),
    ]
}

impl TableSettings {
    /// Reads all options and refuses others. `started_ms` is when the job started.
    pub fn read(options: &Options, started_ms: i64) -> Result<Self, OptionError> {
        options.get("connector");
        refuse::parallelism(options, "scan.parallelism")?;
        let standard = Settings::default();
        let events = number(options, "events.num", 0, EVENTS_MAX, 0)?;
        let events = (events > 0).then_some(events);
        let rate = number(options, "first-event.rate", 1, 1_000_000_000, standard.rate)?;
        if number(options, "next-event.rate", 1, 1_000_000_000, rate)? != rate {
            let message = format!(
                "option 'next-event.rate' must be {rate}, as 'first-event.rate' is: the rate does not change"
            );
            return Err(OptionError::new("next-event.rate", message).hint("remove 'next-event.rate'"));
        }
        let rate_limit = options.boolean("rate-limit")?.unwrap_or(events.is_none());
        let base_time_ms = match base_time(options)? {
            Some(base_time_ms) => base_time_ms,
            None if rate_limit => started_ms,
            None => FIXED_START_MS,
        };
        let proportion = |key, default| number(options, key, 0, 1_000_000, default);
        let ratio = |key, default| number(options, key, 1, 1_000_000, default);
        let size = |key, default| -> Result<u64, OptionError> {
            let bytes = options.memory_bytes(key)?.unwrap_or(default);
            if bytes > SIZE_BYTES_MAX {
                let message = format!(
                    "option '{key}' must be at most {} mb, got {bytes} bytes",
                    SIZE_BYTES_MAX >> 20
                );
                return Err(OptionError::new(key, message));
            }
            Ok(bytes)
        };
        let settings = Settings {
            seed: options.integer("random-seed")?.unwrap_or(0) as u64,
            base_time_ms,
            rate,
            disorder_ms_max: options.duration("max-disorder")?.unwrap_or_default().as_millis() as u64,
            person_proportion: proportion("person.proportion", standard.person_proportion)?,
            auction_proportion: proportion("auction.proportion", standard.auction_proportion)?,
            bid_proportion: proportion("bid.proportion", standard.bid_proportion)?,
            hot_auctions: ratio("bid.hot-ratio.auctions", standard.hot_auctions)?,
            hot_bidders: ratio("bid.hot-ratio.bidders", standard.hot_bidders)?,
            hot_sellers: ratio("auction.hot-ratio.sellers", standard.hot_sellers)?,
            person_bytes: size("person.avg-size", standard.person_bytes)?,
            auction_bytes: size("auction.avg-size", standard.auction_bytes)?,
            bid_bytes: size("bid.avg-size", standard.bid_bytes)?,
            ..standard
        };
        if settings.person_proportion + settings.auction_proportion + settings.bid_proportion == 0 {
            return Err(OptionError::new(
                "bid.proportion",
                "the proportions must not all be 0",
            ));
        }
        options.finish()?;
        Ok(TableSettings {
            settings,
            events,
            rate_limit,
        })
    }
}

/// The largest mean size of an event.
const SIZE_BYTES_MAX: u64 = 1 << 20;

fn number(options: &Options, key: &str, low: u64, high: u64, default: u64) -> Result<u64, OptionError> {
    let Some(value) = options.integer(key)? else {
        return Ok(default);
    };
    match u64::try_from(value) {
        Ok(value) if (low..=high).contains(&value) => Ok(value),
        _ => {
            let message = format!("option '{key}' must be between {low} and {high}, got {value}");
            Err(OptionError::new(key, message))
        }
    }
}

/// A timestamp, or milliseconds since 1970.
fn base_time(options: &Options) -> Result<Option<i64>, OptionError> {
    let Some(text) = options.get("base-time") else {
        return Ok(None);
    };
    let text = text.trim();
    let parsed = text.parse::<i64>().ok().or_else(|| {
        let instant = temporal::parse_timestamp(text.as_bytes())?;
        Some(instant.to_unit(3)?.div_euclid(1_000))
    });
    // Beyond this, times would not fit into microseconds.
    match parsed.filter(|ms| ms.unsigned_abs() < 1 << 52) {
        Some(ms) => Ok(Some(ms)),
        None => {
            let message =
                format!("option 'base-time' must be a timestamp such as '2026-01-01 00:00:00', got '{text}'");
            Err(OptionError::new("base-time", message))
        }
    }
}
