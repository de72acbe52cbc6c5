//! Random texts: nothing panics, and no character is lost. A failure prints its seed; `FUZZ_SEED=n` repeats it, and
//! `FUZZ_MS=n` takes longer.

use std::time::{Duration, Instant};

use stdx::Random;

const CASES: &[&str] = &[
    include_str!("cases/expressions.txt"),
    include_str!("cases/queries.txt"),
    include_str!("cases/statements.txt"),
    include_str!("cases/types.txt"),
    include_str!("cases/slips.txt"),
];

const SOUP: &[&str] = &[
    "SELECT",
    "FROM",
    "WHERE",
    "GROUP",
    "BY",
    "ORDER",
    "(",
    ")",
    "(",
    ")",
    ",",
    ";",
    "[",
    "]",
    "<",
    ">",
    "a",
    "b",
    "`c`",
    "'x'",
    "1",
    "1.5",
    "2e3",
    "*",
    "+",
    "-",
    "||",
    "=",
    "=>",
    "AND",
    "OR",
    "NOT",
    "IS",
    "NULL",
    "CASE",
    "WHEN",
    "THEN",
    "END",
    "BEGIN",
    "STATEMENT",
    "SET",
    "INSERT",
    "INTO",
    "VALUES",
    "TABLE",
    "CREATE",
    "VIEW",
    "AS",
    "WITH",
    "IN",
    "BETWEEN",
    "LIKE",
    "INTERVAL",
    "DAY",
    "TO",
    "SECOND",
    "CAST",
    "ROW",
    "ARRAY",
    "MAP",
    "INT",
    "UNION",
    "ALL",
    "JOIN",
    "ON",
    "LATERAL",
    "UNNEST",
    "MATCH_RECOGNIZE",
    "PATTERN",
    "DEFINE",
    "{",
    "}",
    "|",
    "?",
    "/*+ A(b) */",
    "/*",
    "--",
    "\n",
    "'",
    "`",
    "\"",
    ".",
    "EXPLAIN",
    "JSON_OBJECT",
    "KEY",
    "VALUE",
    "OVER",
    "PARTITION",
    "FOR",
    "SYSTEM_TIME",
    "OF",
    "é",
    "\u{a0}",
    "GROUPING",
    "SETS",
    "ROLLUP",
    "EXISTS",
    "DISTINCT",
    "U&'\\00e9'",
    "X'0'",
];

fn run(text: &str) {
    let tokens = sql::tokenize(text);
    assert_eq!(
        tokens.iter().map(|token| token.text(text)).collect::<String>(),
        text
    );
    assert!(tokens.iter().all(|token| token.span.start < token.span.end));
    let script = sql::parse_script(text);
    for statement in &script.statements {
        assert!(!statement.span.text(text).is_empty());
    }
    for diagnostic in &script.diagnostics {
        let span = diagnostic.span.expect("a fault in a text has a place");
        assert!(span.start <= span.end && span.end as usize <= text.len());
        assert!(text.is_char_boundary(span.start as usize) && text.is_char_boundary(span.end as usize));
        assert!(!diagnostic.message.is_empty());
        diagnostic.render("text", text);
    }
    let one = sql::parse_statement(text);
    // What is one statement for itself is the one statement of a script.
    if let Ok(one) = one {
        assert_eq!(script.statements, [one]);
    }
    let _ = sql::parse_expression(text);
    let _ = sql::parse_query(text);
    let _ = sql::parse_data_type(text);
    sql::statement_complete(text);
}

fn mutated(random: &mut Random, texts: &[&str]) -> String {
    let pick = |random: &mut Random| texts[random.below(texts.len() as u64) as usize];
    let mut bytes = pick(random).as_bytes().to_vec();
    for _ in 0..=random.below(4) {
        if bytes.is_empty() {
            break;
        }
        let at = random.below(bytes.len() as u64) as usize;
        match random.below(6) {
            0 => bytes.truncate(at),
            1 => {
                let other = pick(random).as_bytes();
                let from = random.below(other.len() as u64 + 1) as usize;
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
            2 => {
                let other = random.below(bytes.len() as u64) as usize;
                bytes.swap(at, other);
            }
            3 => bytes[at] = random.below(128) as u8,
            4 => {
                bytes.remove(at);
            }
            _ => {
                let word = SOUP[random.below(SOUP.len() as u64) as usize];
                bytes.splice(at..at, format!(" {word} ").into_bytes());
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn soup(random: &mut Random) -> String {
    let words = random.below(60);
    (0..words)
        .map(|_| SOUP[random.below(SOUP.len() as u64) as usize])
        .collect::<Vec<_>>()
        .join(" ")
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

#[test]
fn random_texts_neither_panic_nor_lose_a_character() {
    let texts: Vec<&str> = CASES
        .iter()
        .flat_map(|file| file.split("\n\n"))
        .filter(|block| !block.starts_with("# "))
        .map(|block| block.split("\n=> ").next().unwrap_or(""))
        .filter(|text| !text.is_empty())
        .collect();
    texts.iter().for_each(|text| run(text));
    let first = number("FUZZ_SEED").unwrap_or(0x0CEA);
    let once = std::env::var("FUZZ_SEED").is_ok();
    let until = Instant::now() + Duration::from_millis(number("FUZZ_MS").unwrap_or(2_000));
    let mut seed = first;
    while Instant::now() < until {
        let mut random = Random::new(seed);
        let text = if random.chance(0.3) {
            soup(&mut random)
        } else {
            mutated(&mut random, &texts)
        };
        if let Err(panic) = std::panic::catch_unwind(|| run(&text)) {
            let why = panic.downcast_ref::<String>().cloned().unwrap_or_default();
            panic!("FUZZ_SEED={seed} fails with {why} on:\n{text}");
        }
        if once {
            break;
        }
        seed += 1;
    }
}
