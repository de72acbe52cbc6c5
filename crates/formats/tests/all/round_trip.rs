//! What is written is read back the same.

use stdx::Random;

use crate::kit::{decode_all, decoder, encode, schema};

const SIMPLE: &str = "a BOOLEAN, b TINYINT, c SMALLINT, d INT, e BIGINT, f FLOAT, g DOUBLE, h DECIMAL(20, 5), \
                      i DECIMAL(38, 0), j STRING, k BYTES, l DATE, m TIME(3), n TIMESTAMP(3), o TIMESTAMP(9), \
                      p TIMESTAMP_LTZ(6), q TIMESTAMP(0)";
const NESTED: &str = "r INTERVAL YEAR TO MONTH, s INTERVAL DAY TO SECOND, t ARRAY<ROW<x INT, y ARRAY<STRING>>>, \
                      u MAP<STRING, ROW<z DOUBLE>>, v MULTISET<STRING>, w ROW<a ROW<b DECIMAL(4, 2)>>";

fn text(random: &mut Random) -> String {
    let pieces = [
        "a",
        "é",
        "😀",
        "\\\"",
        "\\\\",
        "\\n",
        "\\r",
        ",",
        ";",
        " ",
        "\\u0001",
        "'",
        "#",
        "long text that goes on",
        "0",
    ];
    (0..1 + random.below(6))
        .map(|_| pieces[random.below(pieces.len() as u64) as usize])
        .collect()
}

fn digits(random: &mut Random, count: u64) -> String {
    let digits = 1 + random.below(count);
    let number: String = (0..digits)
        .map(|_| char::from(b'0' + random.below(10) as u8))
        .collect();
    let number = number.trim_start_matches('0');
    if number.is_empty() {
        "0".to_string()
    } else {
        number.to_string()
    }
}

fn time(random: &mut Random) -> String {
    format!(
        "{:02}:{:02}:{:02}",
        random.below(24),
        random.below(60),
        random.below(60)
    )
}

fn date(random: &mut Random, from: i64, to: i64) -> String {
    format!(
        "{:04}-{:02}-{:02}",
        random.between(from, to),
        random.between(1, 12),
        random.between(1, 28)
    )
}

/// A row of the columns as JSON; columns are left out or NULL by chance.
fn json_row(random: &mut Random, nested: bool) -> String {
    let sign = if random.chance(0.5) { "-" } else { "" };
    let mut fields = vec![
        ("a", random.chance(0.5).to_string()),
        ("b", random.between(-128, 127).to_string()),
        ("c", random.between(-32768, 32767).to_string()),
        ("d", random.between(i32::MIN.into(), i32::MAX.into()).to_string()),
        ("e", (random.next_u64() as i64 >> random.below(64)).to_string()),
        ("f", format!("{}e{}", random.unit(), random.between(-40, 38))),
        (
            "g",
            format!("{sign}{}e{}", random.unit(), random.between(-320, 300)),
        ),
        ("h", format!("{sign}{}.{}", digits(random, 15), digits(random, 8))),
        ("i", format!("{sign}{}", digits(random, 38))),
        ("j", format!("\"{}\"", text(random))),
        (
            "k",
            ["\"\"", "\"AA==\"", "\"aGVsbG8=\"", "\"+/+/\""][random.below(4) as usize].to_string(),
        ),
        ("l", format!("\"{}\"", date(random, 1, 9999))),
        ("m", format!("\"{}.{:03}\"", time(random), random.below(1000))),
        (
            "n",
            format!(
                "\"{} {}.{}\"",
                date(random, 1, 9999),
                time(random),
                digits(random, 9)
            ),
        ),
        (
            "o",
            format!(
                "\"{} {}.{}\"",
                date(random, 1680, 2260),
                time(random),
                digits(random, 9)
            ),
        ),
        (
            "p",
            format!(
                "\"{} {}.{}Z\"",
                date(random, 1, 9999),
                time(random),
                digits(random, 9)
            ),
        ),
        ("q", format!("\"{} {}\"", date(random, 1900, 2100), time(random))),
    ];
    if nested {
        fields.extend([
            ("r", random.between(-1000, 1000).to_string()),
            ("s", random.between(-100_000, 100_000).to_string()),
            (
                "t",
                format!(
                    "[{{\"x\":1,\"y\":[\"{}\",null]}},null,{{\"y\":[]}}]",
                    text(random)
                ),
            ),
            ("u", format!("{{\"{}\":{{\"z\":1.5}},\"k\":null}}", text(random))),
            ("v", format!("{{\"{}\":3}}", text(random))),
            ("w", "{\"a\":{\"b\":1.25}}".to_string()),
        ]);
    }
    let fields: Vec<String> = fields
        .into_iter()
        .filter_map(|(name, value)| {
            if random.chance(0.05) {
                return None;
            }
            let value = if random.chance(0.05) { "null" } else { &value };
            Some(format!("\"{name}\":{value}"))
        })
        .collect();
    format!("{{{}}}", fields.join(","))
}

fn lines(seed: u64, nested: bool) -> String {
    let mut random = Random::new(seed);
    (0..300).map(|_| json_row(&mut random, nested) + "\n").collect()
}

#[test]
fn json_comes_back_as_it_went() {
    let columns = format!("{SIMPLE}, {NESTED}");
    let schema = schema(&columns);
    for seed in 0..8 {
        for entries in [
            &[][..],
            &[("json.timestamp-format.standard", "ISO-8601")],
            &[
                ("json.encode.decimal-as-plain-number", "true"),
                ("json.encode.ignore-null-fields", "true"),
            ],
        ] {
            let lines = lines(seed, true);
            let batch = decode_all(decoder("json", &[], &columns).as_mut(), lines.as_bytes()).unwrap_or_else(
                |error| panic!("seed {seed}: {error} {}", &lines[error.offset..error.offset + 40]),
            );
            assert_eq!(batch.num_rows(), 300);
            let written = encode("json", entries, &schema, &batch);
            let back = decode_all(decoder("json", entries, &columns).as_mut(), &written).unwrap();
            assert_eq!(batch, back, "seed {seed}");
        }
    }
}

#[test]
fn csv_comes_back_as_it_went() {
    let schema = schema(SIMPLE);
    for seed in 0..8 {
        for entries in [
            &[("csv.null-literal", "<null>")][..],
            &[
                ("csv.null-literal", "<null>"),
                ("csv.field-delimiter", "|"),
                ("csv.quote-character", "'"),
                ("csv.escape-character", "\\"),
            ],
            &[
                ("csv.null-literal", "<null>"),
                ("csv.write-bigdecimal-in-scientific-notation", "false"),
                ("csv.field-delimiter", "\\t"),
            ],
        ] {
            let lines = lines(seed, false);
            let batch = decode_all(decoder("json", &[], SIMPLE).as_mut(), lines.as_bytes()).unwrap();
            let written = encode("csv", entries, &schema, &batch);
            let back = decode_all(decoder("csv", entries, SIMPLE).as_mut(), &written).unwrap();
            assert_eq!(batch, back, "seed {seed}");
        }
    }
}

#[test]
fn a_batch_of_columns_taken_twice_starts_anew() {
    let mut decoder = decoder("json", &[], "a INT, s STRING, l ARRAY<INT>");
    let line = b"{\"a\":1,\"s\":null,\"l\":[1,2]}\n";
    let first = decode_all(decoder.as_mut(), line).unwrap();
    let second = decode_all(decoder.as_mut(), line).unwrap();
    assert_eq!(first, second);
    assert_eq!(decoder.take().unwrap().num_rows(), 0);
}
