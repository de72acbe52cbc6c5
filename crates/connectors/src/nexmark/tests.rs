//! Events through the connector.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::types::{Int32Type, Int64Type, TimestampMicrosecondType};
use dataflow::{Boundedness, Position, ReadOutcome};
use model::DataType;
use stdx::ManualClock;

use super::*;
use crate::testing::{START_MS, TestTable, read_source, rows_text};

fn table(options: &[(&str, &str)]) -> TestTable {
    TestTable::new("nexmark", schema(), options)
}

fn types(schema: &Schema) -> Vec<DataType> {
    schema
        .fields
        .iter()
        .map(|field| field.data_type.clone())
        .collect()
}

fn events(options: &[(&str, &str)]) -> Vec<String> {
    let source = table(options).scan().unwrap();
    rows_text(&types(&schema()), &read_source(&*source, 700).unwrap())
}

#[test]
fn events_come_in_their_proportions_and_ids_count_up() {
    let source = table(&[("events.num", "10000")]).scan().unwrap();
    assert_eq!(source.boundedness(), Boundedness::Bounded);
    let batches = read_source(&*source, 4096).unwrap();
    let mut counts = HashMap::new();
    let (mut people, mut auctions) = (Vec::new(), Vec::new());
    for batch in &batches {
        let kinds = batch.column(0).as_primitive::<Int32Type>();
        for row in 0..batch.num_rows() {
            let kind = kinds.value(row) as usize;
            *counts.entry(kind).or_insert(0) += 1;
            // Of person, auction and bid, the one of the event's type is there.
            let present: Vec<usize> = (0..3)
                .filter(|&other| batch.column(1 + other).is_valid(row))
                .collect();
            assert_eq!(present, [kind]);
        }
        let ids = |column: usize| {
            let rows = batch.column(column).as_struct();
            let ids = rows.column(0).as_primitive::<Int64Type>().clone();
            (0..rows.len())
                .filter(|&row| rows.is_valid(row))
                .map(|row| ids.value(row))
                .collect::<Vec<i64>>()
        };
        people.extend(ids(1));
        auctions.extend(ids(2));
    }
    assert_eq!(counts, HashMap::from([(0, 200), (1, 600), (2, 9200)]));
    assert_eq!(people, (1000..1200).collect::<Vec<i64>>());
    assert_eq!(auctions, (1000..1600).collect::<Vec<i64>>());
}

#[test]
fn bids_find_auctions_and_people_and_prefer_the_hot_ones() {
    let batches = batches(&Settings::default(), Stream::Only(Kind::Bid), 0..500_000).unwrap();
    let (mut bids, mut hot_auctions, mut hot_bidders, mut early) = (0, 0, 0, 0);
    for batch in batches {
        let batch = batch.unwrap();
        let column = |index: usize| batch.column(index).as_primitive::<Int64Type>();
        let (auctions, bidders, prices) = (column(0), column(1), column(2));
        for row in 0..batch.num_rows() {
            bids += 1;
            let last_auction = 1000 + bids / 46 * 3 + 2;
            let last_person = 1000 + bids / 46;
            assert!((1000..=last_auction + 13).contains(&auctions.value(row)));
            assert!((1000..=last_person + 11).contains(&bidders.value(row)));
            assert!((100..=100_000_000).contains(&prices.value(row)));
            hot_auctions += i64::from(auctions.value(row) % 100 == 0);
            hot_bidders += i64::from(bidders.value(row) % 100 == 1);
            early += i64::from(auctions.value(row) > last_auction);
        }
    }
    assert_eq!(bids, 460_000);
    let share = |count: i64| count as f64 / bids as f64;
    assert!(
        (0.49..0.53).contains(&share(hot_auctions)),
        "{}",
        share(hot_auctions)
    );
    assert!(
        (0.74..0.78).contains(&share(hot_bidders)),
        "{}",
        share(hot_bidders)
    );
    // Half of the bids choose among about 111 auctions, ten of which are still to come.
    assert!((0.03..0.06).contains(&share(early)), "{}", share(early));
}

#[test]
fn texts_have_the_shapes_of_the_benchmark() {
    let mut states = std::collections::BTreeSet::new();
    let mut lengths = HashMap::new();
    for kind in [Kind::Person, Kind::Auction, Kind::Bid] {
        let stream = Stream::Only(kind);
        for batch in batches(&Settings::default(), stream, 0..50_000).unwrap() {
            let batch = batch.unwrap();
            let rows = rows_text(&types(&stream.schema()), std::slice::from_ref(&batch));
            if kind == Kind::Person {
                states.extend(
                    batch
                        .column(5)
                        .as_string::<i32>()
                        .iter()
                        .flatten()
                        .map(str::to_string),
                );
                let card = batch.column(3).as_string::<i32>().value(0);
                assert!(
                    card.len() == 19 && card.split(' ').all(|group| group.len() == 4),
                    "{card}"
                );
            }
            let (sum, count) = lengths.entry(kind).or_insert((0, 0));
            *sum += rows.iter().map(String::len).sum::<usize>();
            *count += rows.len();
            if kind == Kind::Bid {
                for url in batch.column(4).as_string::<i32>().iter().flatten() {
                    let path = url.strip_prefix("https://www.nexmark.com/").unwrap();
                    let parts: Vec<&str> = path.split('/').collect();
                    assert_eq!(parts.len(), 4);
                    assert!(parts[3].starts_with("item.htm?query=1"), "{url}");
                    assert!(
                        parts[..3].iter().all(|part| (3..5).contains(&part.len())),
                        "{url}"
                    );
                }
            }
        }
    }
    assert_eq!(
        states.into_iter().collect::<Vec<_>>(),
        ["AZ", "CA", "ID", "OR", "WA", "WY"]
    );
    let mean = |kind| lengths[&kind].0 as f64 / lengths[&kind].1 as f64;
    // Numbers count as eight bytes but are shown with more or fewer digits.
    assert!(
        (200.0..240.0).contains(&mean(Kind::Person)),
        "{}",
        mean(Kind::Person)
    );
    assert!(
        (500.0..550.0).contains(&mean(Kind::Auction)),
        "{}",
        mean(Kind::Auction)
    );
    assert!((170.0..210.0).contains(&mean(Kind::Bid)), "{}", mean(Kind::Bid));
}

#[test]
fn the_same_seed_gives_the_same_events_at_any_parallelism_and_projection() {
    let options = [
        ("events.num", "5000"),
        ("random-seed", "42"),
        ("max-disorder", "3 s"),
    ];
    let all = events(&options);
    assert_eq!(all, events(&options));
    assert_ne!(
        all,
        events(&[
            ("events.num", "5000"),
            ("random-seed", "43"),
            ("max-disorder", "3 s")
        ])
    );
    let source = table(&options).scan().unwrap();
    let mut dealt = Vec::new();
    for split in source.splits(3).unwrap() {
        let batches = crate::testing::read_split(&*source, &split, 100).unwrap();
        dealt.push(rows_text(&types(&schema()), &batches).into_iter());
    }
    let merged: Vec<String> = (0..5000)
        .map(|number| dealt[number % 3].next().unwrap())
        .collect();
    assert_eq!(merged, all);
    // One field of one column, in a table that declares it alone.
    let price = Schema::new(vec![Field::new(
        "bid",
        TypeKind::Row(vec![RowField::new("price", TypeKind::BigInt.nullable())]).nullable(),
    )]);
    let source = table(&options).source(price.clone(), &[]).unwrap();
    let prices = rows_text(&types(&price), &read_source(&*source, 999).unwrap());
    for (event, price) in all.iter().zip(prices) {
        match event.strip_prefix("2, null, null, ") {
            Some(bid) => assert_eq!(price, format!("+I[{}]", bid.split(", ").nth(2).unwrap())),
            None => assert_eq!(price, "null"),
        }
    }
    // Nothing but a count.
    let source = table(&options).source(Schema::default(), &[]).unwrap();
    let rows: usize = read_source(&*source, 999)
        .unwrap()
        .iter()
        .map(RecordBatch::num_rows)
        .sum();
    assert_eq!(rows, 5000);
}

#[test]
fn reading_resumes_at_any_event() {
    let source = table(&[("events.num", "1000")]).scan().unwrap();
    let split = &source.splits(2).unwrap()[1];
    let all = rows_text(
        &types(&schema()),
        &crate::testing::read_split(&*source, split, 1000).unwrap(),
    );
    let mut found = Vec::new();
    let mut position: Option<Position> = None;
    loop {
        let mut reader = source.open(split, position.as_ref()).unwrap();
        let ReadOutcome::Rows(batch) = reader.read(7).unwrap() else {
            break;
        };
        found.extend(rows_text(&types(&schema()), &[batch]));
        position = Some(reader.position());
        reader.read(5).unwrap();
    }
    assert_eq!(found, all);
    assert_eq!(all.len(), 500);
}

fn times(options: &[(&str, &str)]) -> Vec<i64> {
    let source = table(options).scan().unwrap();
    let mut times = Vec::new();
    for batch in read_source(&*source, 4096).unwrap() {
        for (column, place) in [(1, 6), (2, 5), (3, 5)] {
            let rows = batch.column(column).as_struct();
            let dates = rows.column(place).as_primitive::<TimestampMicrosecondType>();
            times.extend(
                (0..rows.len())
                    .filter(|&row| rows.is_valid(row))
                    .map(|row| dates.value(row) / 1000),
            );
        }
    }
    times.sort_unstable();
    times
}

#[test]
fn times_advance_with_the_rate_and_disorder_stays_in_its_bounds() {
    let start = START_MS;
    let even = times(&[("events.num", "1000"), ("first-event.rate", "1000")]);
    assert_eq!(even, (start..start + 1000).collect::<Vec<i64>>());
    let set = times(&[
        ("events.num", "2"),
        ("first-event.rate", "1"),
        ("base-time", "1970-01-01 00:00:05"),
    ]);
    assert_eq!(set, [5_000, 6_000]);
    let options = [
        ("events.num", "1000"),
        ("first-event.rate", "1000"),
        ("max-disorder", "100 ms"),
    ];
    let disordered = times(&options);
    assert!(disordered[0] >= start - 100 && disordered[999] < start + 1000);
    assert_ne!(disordered, even);
    let source = table(&options).scan().unwrap();
    let batch = &read_source(&*source, 1000).unwrap()[0];
    let dates = batch
        .column(3)
        .as_struct()
        .column(5)
        .as_primitive::<TimestampMicrosecondType>();
    for row in (0..1000).filter(|&row| batch.column(3).is_valid(row)) {
        let late = start + row as i64 - dates.value(row) / 1000;
        assert!((0..=100).contains(&late), "event {row} is {late} ms late");
    }
}

#[test]
fn a_rate_limit_holds_events_back_until_they_are_due() {
    let clock = Arc::new(ManualClock::at_ms(START_MS + 77));
    let table = table(&[("first-event.rate", "100")]).with_clock(clock.clone());
    let source = table.scan().unwrap();
    assert_eq!(source.boundedness(), Boundedness::Unbounded);
    let split = &source.splits(1).unwrap()[0];
    let mut reader = source.open(split, None).unwrap();
    let rows = |reader: &mut dyn dataflow::SplitReader| match reader.read(1000).unwrap() {
        ReadOutcome::Rows(batch) => Ok(batch.num_rows()),
        ReadOutcome::Pending(wait) => Err(wait),
        ReadOutcome::Changes(_) | ReadOutcome::End => panic!("there are inserts without end"),
    };
    assert_eq!(rows(&mut *reader), Ok(1));
    assert_eq!(rows(&mut *reader), Err(Duration::from_millis(10)));
    clock.advance(Duration::from_secs(2));
    assert_eq!(rows(&mut *reader), Ok(200));
    // A job that was down catches up, and times go on from where they began.
    clock.advance(Duration::from_secs(1));
    let later = TestTable::new("nexmark", schema(), &[("first-event.rate", "100")]).with_clock(clock);
    let mut resumed = later
        .scan()
        .unwrap()
        .open(split, Some(&reader.position()))
        .unwrap();
    let ReadOutcome::Rows(batch) = resumed.read(1000).unwrap() else {
        panic!("events are due");
    };
    assert_eq!(batch.num_rows(), 100);
    let bid = batch.column(3).as_struct();
    let dates = bid.column(5).as_primitive::<TimestampMicrosecondType>();
    let row = (0..100).find(|&row| bid.is_valid(row)).unwrap();
    assert_eq!(dates.value(row) / 1000, START_MS + 77 + (201 + row as i64) * 10);
}

#[test]
fn wrong_options_and_columns_are_refused() {
    let fault = |options: &[(&str, &str)]| table(options).scan().unwrap_err().to_string();
    assert_eq!(
        fault(&[("events.number", "5")]),
        "option 'events.number' is not known here"
    );
    assert_eq!(
        fault(&[("next-event.rate", "5")]),
        "option 'next-event.rate' must be 10000, as 'first-event.rate' is: the rate does not change"
    );
    assert_eq!(
        fault(&[("first-event.rate", "0")]),
        "option 'first-event.rate' must be between 1 and 1000000000, got 0"
    );
    assert_eq!(
        fault(&[("base-time", "yesterday")]),
        "option 'base-time' must be a timestamp such as '2026-01-01 00:00:00', got 'yesterday'"
    );
    let none = [
        ("person.proportion", "0"),
        ("auction.proportion", "0"),
        ("bid.proportion", "0"),
    ];
    assert_eq!(fault(&none), "the proportions must not all be 0");
    let column = |name: &str, kind: TypeKind| {
        let schema = Schema::new(vec![Field::new(name, kind.nullable())]);
        TestTable::new("nexmark", schema, &[]).scan().unwrap_err()
    };
    assert_eq!(
        column("bidder", TypeKind::BigInt).to_string(),
        "column 'bidder' is none of a nexmark event"
    );
    assert_eq!(
        column("event_type", TypeKind::BigInt).to_string(),
        "column 'event_type' of a nexmark event must be INT, got BIGINT"
    );
    let bid = TypeKind::Row(vec![RowField::new("prise", TypeKind::BigInt.nullable())]);
    let Error::Option(error) = column("bid", bid) else {
        panic!("a wrong field is a fault of the table");
    };
    assert_eq!(error.message, "field 'bid.prise' is none of a nexmark event");
    assert_eq!(error.hint.as_deref(), Some("did you mean 'price'?"));
}

#[test]
fn proportions_of_zero_are_possible() {
    let bids = [
        ("events.num", "500"),
        ("person.proportion", "0"),
        ("auction.proportion", "0"),
    ];
    assert!(
        events(&bids)
            .iter()
            .all(|event| event.starts_with("2, null, null, +I[1"))
    );
    let auctions = [
        ("events.num", "500"),
        ("person.proportion", "0"),
        ("bid.proportion", "0"),
    ];
    assert!(
        events(&auctions)
            .iter()
            .all(|event| event.starts_with("1, null, +I[1"))
    );
    let people = [
        ("events.num", "500"),
        ("auction.proportion", "0"),
        ("bid.proportion", "0"),
    ];
    assert!(events(&people).iter().all(|event| event.starts_with("0, +I[1")));
}

/// Time on a core, so that other work on the machine does not count.
fn busy_ns() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split(' ').next().unwrap().parse().unwrap()
}

/// Run with `--release --ignored --nocapture` to measure.
#[test]
#[ignore = "measures"]
fn speed() {
    let bid = |fields: &[&str]| {
        let kept = super::fields(Kind::Bid)
            .into_iter()
            .filter(|field| fields.contains(&field.name.as_str()));
        Schema::new(vec![Field::new("bid", TypeKind::Row(kept.collect()).nullable())])
    };
    let cases = [
        ("auction, price", bid(&["auction", "price"])),
        (
            "auction, bidder, price, dateTime",
            bid(&["auction", "bidder", "price", "dateTime"]),
        ),
        ("channel, url", bid(&["channel", "url"])),
        ("all", schema()),
    ];
    for (name, wanted) in cases {
        let made = Batches::new(Settings::default(), &wanted).unwrap();
        let started = busy_ns();
        let rows = 4_000_000;
        for first in (0..rows).step_by(8_192) {
            made.make(first, 1, 8_192).unwrap();
        }
        let rate = rows as f64 * 1e3 / (busy_ns() - started) as f64;
        let line = format!("{name}: {rate:.1} M events/s\n");
        std::io::stderr().write_all(line.as_bytes()).unwrap();
    }
}

#[test]
fn a_batch_of_long_events_has_fewer_of_them() {
    let options = [("events.num", "30"), ("person.avg-size", "1 mb")];
    let source = table(&options).scan().unwrap();
    let rows: Vec<usize> = read_source(&*source, 4096)
        .unwrap()
        .iter()
        .map(|batch| batch.num_rows())
        .collect();
    assert_eq!(rows, [26, 4]);
}
