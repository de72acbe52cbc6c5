//! Deep, long and large texts: an error or a tree, never an overflow. All of it on a small stack, as in a thread.

use model::Diagnostic;
use sql::ast::{Expr, ExprKind, QueryBody, StatementKind};
use sql::{
    NESTING_MAX, SCRIPT_BYTES_MAX, TREE_HEIGHT_MAX, parse_expression, parse_query, parse_script,
    parse_statement,
};

const STACK_BYTES: usize = 2 * 1024 * 1024;

fn on_small_stack(test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new()
        .stack_size(STACK_BYTES)
        .spawn(test)
        .expect("a thread");
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

/// Walks the tree in all the ways that derives give.
fn walk<T: Clone + PartialEq + std::fmt::Debug>(tree: T) {
    let copy = tree.clone();
    assert_eq!(copy, tree);
    assert!(!format!("{copy:?}").is_empty());
}

fn nested(open: &str, inner: &str, close: &str, times: usize) -> String {
    format!("{}{inner}{}", open.repeat(times), close.repeat(times))
}

/// Finds the largest `text(n)` that is taken, walks its tree, and returns its size and the refusal of the next.
fn largest<T: Clone + PartialEq + std::fmt::Debug>(
    text: impl Fn(usize) -> String,
    parse: impl Fn(&str) -> Result<T, Diagnostic>,
) -> (usize, Diagnostic) {
    let (mut taken, mut refused) = (1, 1000);
    while taken + 1 < refused {
        let middle = (taken + refused) / 2;
        *(if parse(&text(middle)).is_ok() {
            &mut taken
        } else {
            &mut refused
        }) = middle;
    }
    walk(parse(&text(taken)).expect("the smallest tree is fine"));
    assert!(parse(&text(5_000)).is_err());
    match parse(&text(refused)) {
        Err(refusal) => (taken, refusal),
        Ok(_) => panic!("a text of any depth is taken: {}", text(2)),
    }
}

#[test]
fn every_kind_of_nesting_is_bounded() {
    on_small_stack(|| {
        let kinds: &[(&str, &str, &str)] = &[
            ("(", "a", ")"),
            ("f(", "a", ")"),
            ("f(x => ", "a", ")"),
            ("NOT ", "a", ""),
            ("- ", "a", ""),
            ("a + (", "a", ")"),
            ("a = NOT ", "a", ""),
            ("a AND (b OR ", "a", ")"),
            ("a LIKE ", "a", ""),
            ("a BETWEEN ", "1", " AND 2"),
            ("a[", "1", "]"),
            ("ARRAY[", "1", "]"),
            ("ROW(1, ", "1", ")"),
            ("CASE WHEN a THEN ", "1", " END"),
            ("CASE ", "1", " WHEN 1 THEN 2 END"),
            ("CAST(", "1", " AS INT)"),
            ("(SELECT ", "1", ")"),
            ("EXISTS (SELECT * FROM t WHERE ", "a", ")"),
            ("a IN (SELECT * FROM t WHERE ", "a", ")"),
            ("SUM(a) OVER (ORDER BY ", "a", ")"),
            ("JSON_OBJECT(KEY 'a' VALUE ", "a", ")"),
            ("TRIM(", "a", ")"),
            ("INTERVAL (", "a", ") DAY"),
            ("FINAL LAST(", "a", ")"),
        ];
        for (open, inner, close) in kinds {
            let (depth, refusal) = largest(|n| nested(open, inner, close, n), parse_expression);
            assert!(
                depth >= 20,
                "{open}{inner}{close} is refused at {depth}: {refusal}"
            );
            if *open == "(" {
                let limit = format!("the statement is nested more than {NESTING_MAX} levels deep");
                assert_eq!((depth, refusal.message), (NESTING_MAX - 1, limit));
                assert_eq!(refusal.hint.as_deref(), Some("split it with views or WITH"));
            }
        }
        let queries: &[(&str, &str, &str)] = &[
            ("SELECT * FROM (", "SELECT 1", ")"),
            ("(", "SELECT 1", ")"),
            ("SELECT 1 UNION (", "SELECT 1", ")"),
            ("WITH x AS (", "SELECT 1", ") SELECT * FROM x"),
            ("SELECT * FROM a JOIN (", "SELECT 1", ") ON TRUE"),
            ("SELECT * FROM f((", "SELECT 1", "))"),
            ("SELECT * FROM UNNEST((", "SELECT 1", "))"),
        ];
        for (open, inner, close) in queries {
            let (depth, refusal) = largest(|n| nested(open, inner, close, n), parse_query);
            assert!(
                depth >= 20,
                "{open}{inner}{close} is refused at {depth}: {refusal}"
            );
        }
        let (depth, _) = largest(|n| nested("ARRAY<", "INT", ">", n), sql::parse_data_type);
        assert!(depth >= 20);
        largest(|n| nested("ROW<a ", "INT", ">", n), sql::parse_data_type);
        largest(|n| format!("INT{}", " ARRAY".repeat(n)), sql::parse_data_type);
        largest(
            |n| {
                format!(
                    "SELECT * FROM {} a JOIN b ON TRUE{}",
                    "(".repeat(n),
                    " JOIN c ON TRUE)".repeat(n)
                )
            },
            parse_query,
        );
        largest(
            |n| {
                let pattern = nested("(", "A", ")+", n);
                format!("SELECT * FROM t MATCH_RECOGNIZE (PATTERN ({pattern}) DEFINE A AS TRUE)")
            },
            parse_query,
        );
        largest(
            |n| {
                format!(
                    "SELECT 1 FROM t GROUP BY {}",
                    nested("GROUPING SETS (", "a", ")", n)
                )
            },
            parse_query,
        );
    });
}

#[test]
fn chains_that_lean_to_the_left_are_bounded() {
    on_small_stack(|| {
        for operator in ["+", "-", "*", "||", "=", "IS DISTINCT FROM"] {
            let (length, refusal) = largest(
                |n| format!("a{}", format!(" {operator} a").repeat(n)),
                parse_expression,
            );
            assert!(length >= 150, "{operator} is refused at {length}");
            let limit =
                format!("a chain of more than {TREE_HEIGHT_MAX} operators, joins or queries is too long");
            assert_eq!(refusal.message, limit);
        }
        for suffix in [" IS NULL", "[1]", " IN (1)", " IS JSON"] {
            largest(|n| format!("(a){}", suffix.repeat(n)), parse_expression);
        }
        largest(|n| format!("f(a){}", ".b".repeat(n)), parse_expression);
        let (joins, _) = largest(|n| format!("SELECT * FROM a{}", ", b".repeat(n)), parse_query);
        assert!(joins >= 150);
        largest(
            |n| {
                format!(
                    "SELECT * FROM a{}",
                    " JOIN b ON a.x = b.x AND a.y = b.y".repeat(n)
                )
            },
            parse_query,
        );
        largest(
            |n| format!("SELECT 1{}", " EXCEPT SELECT 2".repeat(n)),
            parse_query,
        );
        // High trees in high trees are no way around it.
        largest(|n| nested("(", "a", " + a + a + a + a)", n), parse_expression);
    });
}

#[test]
fn long_chains_of_and_or_and_union_all_become_balanced_trees() {
    on_small_stack(|| {
        let text = format!("a = 0{}", " OR a = 1".repeat(10_000));
        let tree = parse_expression(&text).expect("a chain of OR");
        assert_eq!(tree.span.text(&text), text);
        assert!(height(&tree) <= 16, "height {}", height(&tree));
        walk(tree);
        let text = format!("SELECT 0{}", " UNION ALL SELECT 1".repeat(10_000));
        let query = parse_query(&text).expect("a chain of UNION ALL");
        assert!(matches!(query.body, QueryBody::SetOperation { all: true, .. }));
        walk(query);
        // Order is kept.
        let text = (0..100)
            .map(|n| format!("a{n}"))
            .collect::<Vec<_>>()
            .join(" AND ");
        let mut names = Vec::new();
        leaves(&parse_expression(&text).expect("a chain of AND"), &mut names);
        assert_eq!(names.join(" AND "), text);
    });
}

fn height(tree: &Expr) -> usize {
    match &tree.kind {
        ExprKind::Binary { left, right, .. } => 1 + height(left).max(height(right)),
        _ => 0,
    }
}

fn leaves(tree: &Expr, names: &mut Vec<String>) {
    match &tree.kind {
        ExprKind::Binary { left, right, .. } => {
            leaves(left, names);
            leaves(right, names);
        }
        ExprKind::Name(name) => names.push(name.parts[0].name.clone()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn wide_trees_are_fine() {
    let list = (0..20_000).map(|n| n.to_string()).collect::<Vec<_>>().join(", ");
    assert!(parse_expression(&format!("a IN ({list})")).is_ok());
    let rows = (0..20_000)
        .map(|n| format!("({n}, 'x')"))
        .collect::<Vec<_>>()
        .join(", ");
    let statement = parse_statement(&format!("INSERT INTO t VALUES {rows}")).expect("many rows");
    assert!(matches!(statement.kind, StatementKind::Insert(_)));
    let script = parse_script(&"SELECT 1;".repeat(20_000));
    assert_eq!((script.statements.len(), script.diagnostics.len()), (20_000, 0));
}

#[test]
fn a_text_that_is_too_long_is_refused_as_a_whole() {
    let text = "SELECT 1;".repeat(SCRIPT_BYTES_MAX / 9 + 1);
    let script = parse_script(&text);
    assert!(script.statements.is_empty());
    assert_eq!(script.diagnostics.len(), 1);
    assert_eq!(
        script.diagnostics[0].message,
        format!(
            "the text has {} bytes, more than the {SCRIPT_BYTES_MAX} allowed",
            text.len()
        )
    );
    assert_eq!(sql::tokenize(&text).len(), 1);
}

#[test]
fn odd_texts_take_time_in_proportion_to_their_length() {
    for part in [
        "`a", "'a", "\"", "\"a", "/*+", "/*", "_UTF8'", "((", "`a`", "(SELECT ", "CASE ", "BEGIN ", "BEGIN;",
        "a;END;", ";", "a.",
    ] {
        let started = std::time::Instant::now();
        let text = part.repeat(50_000);
        let tokens = sql::tokenize(&text);
        assert_eq!(
            tokens.last().map(|token| token.span.end as usize),
            Some(text.len())
        );
        parse_script(&text);
        sql::statement_complete(&text);
        assert!(
            started.elapsed().as_secs() < 10,
            "{part} took {:?}",
            started.elapsed()
        );
    }
}
