//! However a stream is cut, its rows are the same.

use dataflow::Decoder;
use stdx::Random;

use crate::kit::{decode_all, decoder, rows, schema};

const JSON_COLUMNS: &str = "a INT, s STRING, r ROW<x BIGINT, l ARRAY<STRING>>, t TIMESTAMP(3)";
const CSV_COLUMNS: &str = "a INT, s STRING, l ARRAY<STRING>";

fn json_lines(random: &mut Random) -> String {
    let mut lines = String::new();
    for row in 0..200 {
        match random.below(6) {
            0 => lines.push_str("{\"a\":1}"),
            1 => lines.push_str("{ \"s\" : \"é\\n😀\\\"\", \"skip\":[{\"a\":[]}], \"a\":null }"),
            2 => {
                let text = "x".repeat(random.below(300) as usize);
                lines.push_str(&format!(
                    "{{\"a\":{row},\"s\":\"{text}\",\"r\":{{\"x\":{row},\"l\":[\"a\",null]}}}}"
                ));
            }
            3 => lines.push_str("{\"t\":\"2026-01-05 12:30:05.123\",\"s\":\"日本\"}"),
            4 => {}
            _ => lines.push_str(&format!("{{\"a\":-{row},\"t\":null}} ignored")),
        }
        lines.push_str(if random.chance(0.3) { "\r\n" } else { "\n" });
    }
    lines.push_str("{\"a\":12345678}");
    lines
}

fn csv_lines(random: &mut Random) -> String {
    let mut lines = String::new();
    for row in 0..200 {
        match random.below(5) {
            0 => lines.push_str(&format!("{row},\"line\nbreak, and \"\"quotes\"\"\",a;b")),
            1 => lines.push_str(&format!("{row},{},", "é".repeat(random.below(90) as usize))),
            2 => lines.push_str(&format!("\"{row}\" ,x\"y,\"a;\r\nb\"")),
            3 => lines.push_str(&format!("# a comment, \"{row}")),
            _ => lines.push_str(&format!("{row},x\\,y\\\nz,\"q\\\"\"")),
        }
        lines.push_str(["\n", "\r\n", "\r"][random.below(3) as usize]);
    }
    lines.push_str("7,end,x");
    lines
}

fn raw_lines(random: &mut Random) -> String {
    let lines: Vec<String> = (0..200).map(|_| "ß".repeat(random.below(40) as usize)).collect();
    lines.join(if random.chance(0.5) { "\n" } else { "\r\n" })
}

/// Feeds the stream piece by piece, as a caller with a buffer does, and collects the rows of all batches.
fn in_pieces(
    decoder: &mut dyn Decoder,
    stream: &[u8],
    columns: &str,
    rows_max: usize,
    mut piece: impl FnMut() -> usize,
) -> Vec<String> {
    let schema = schema(columns);
    let mut all = Vec::new();
    let (mut start, mut end) = (0, 0);
    loop {
        let used = decoder
            .decode_stream(&stream[start..end], end == stream.len(), rows_max)
            .unwrap();
        start += used;
        if decoder.rows() >= rows_max {
            assert_eq!(decoder.rows(), rows_max);
            all.extend(rows(&decoder.take().unwrap(), &schema));
        } else if end == stream.len() {
            assert_eq!(start, end);
            all.extend(rows(&decoder.take().unwrap(), &schema));
            return all;
        } else {
            end = stream.len().min(end + piece());
        }
    }
}

#[test]
fn every_cut_of_a_stream_gives_the_same_rows() {
    let csv_options = [("csv.escape-character", "\\"), ("csv.allow-comments", "true")];
    for seed in 0..5 {
        let mut random = Random::new(seed);
        let cases = [
            ("json", &[][..], JSON_COLUMNS, json_lines(&mut random)),
            ("csv", &csv_options[..], CSV_COLUMNS, csv_lines(&mut random)),
            ("raw", &[][..], "a STRING", raw_lines(&mut random)),
        ];
        for (format, options, columns, stream) in cases {
            let whole = decode_all(decoder(format, options, columns).as_mut(), stream.as_bytes()).unwrap();
            let expected = rows(&whole, &schema(columns));
            assert!(expected.len() > 50, "{format}");
            for rows_max in [1, 3, 4096] {
                for piece_max in [1, 7, 80, 5000] {
                    let mut decoder = decoder(format, options, columns);
                    let got = in_pieces(decoder.as_mut(), stream.as_bytes(), columns, rows_max, || {
                        1 + random.below(piece_max) as usize
                    });
                    assert_eq!(
                        got, expected,
                        "{format} seed {seed} rows {rows_max} pieces {piece_max}"
                    );
                }
            }
        }
    }
}

#[test]
fn messages_of_several_lines_are_one_record() {
    let mut decoder = decoder("json", &[], "a INT, s STRING");
    decoder
        .decode_message(b"{\n  \"a\": 1,\r\n  \"s\": \"x\ny\"\n}\n")
        .unwrap();
    decoder.decode_message(b"").unwrap();
    decoder.decode_message(b"[{\"a\":2},\n{\"a\":3}]").unwrap();
    assert!(decoder.decode_message(b"{\"a\":4,\"s\":\"\\\n\"}").is_err());
    let batch = decoder.take().unwrap();
    assert_eq!(
        rows(&batch, &schema("a INT, s STRING")),
        ["(1, 'x\\ny')", "(2, NULL)", "(3, NULL)"]
    );
}
