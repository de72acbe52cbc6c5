//! Several statements in one text: what is parsed, what is told, and where each stands.

mod print;

use sql::ast::{ColumnKind, Expr, ExprKind, QueryBody, SelectItem, StatementKind, TableElement};
use sql::{parse_script, parse_statement, statement_complete};

/// Statements as trees, then diagnostics as `!! text: message`.
fn check(text: &str, expected: &[&str]) {
    let script = parse_script(text);
    let mut got: Vec<String> = script.statements.iter().map(print::statement).collect();
    got.extend(script.diagnostics.iter().map(|diagnostic| {
        let place = diagnostic.span.map_or("", |span| span.text(text));
        format!("!! [{place}] {}", diagnostic.message)
    }));
    assert_eq!(got, expected, "{text}");
}

#[test]
fn every_statement_is_parsed_also_behind_a_broken_one() {
    check("", &[]);
    check(" ; -- nothing\n;", &[]);
    check("SELECT 1", &["SELECT 1"]);
    check("SELECT 1;\nSELECT 2;", &["SELECT 1", "SELECT 2"]);
    check(
        "SELECT ';' ; -- ; \n SELECT /* ; */ 2",
        &["SELECT ';'", "SELECT 2"],
    );
    check(
        "SELECT 1; SELECT FROM t; SELECT 2; CREATE TABLE t (a INT; USE d",
        &[
            "SELECT 1",
            "SELECT 2",
            "USE d",
            "!! [FROM] expected an expression, found 'FROM'",
            "!! [;] expected ',' or ')', found ';'",
        ],
    );
    check(
        "SELECT 1 SELECT 2; SELECT 3",
        &[
            "SELECT 3",
            "!! [SELECT] expected ';' or the end of the statement, found 'SELECT'",
        ],
    );
}

#[test]
fn a_statement_set_is_one_statement_in_all_its_spellings() {
    let set = "STATEMENT SET BEGIN INSERT INTO t SELECT 1; INSERT INTO u SELECT 2; END";
    for text in [
        "BEGIN STATEMENT SET; INSERT INTO t SELECT 1; INSERT INTO u SELECT 2; END;",
        "begin statement set;\nINSERT INTO t SELECT 1;\n\nINSERT INTO u SELECT 2;\nend",
        "EXECUTE STATEMENT SET BEGIN INSERT INTO t SELECT 1; INSERT INTO u SELECT 2; END;",
    ] {
        check(text, &[set]);
        assert_eq!(
            print::statement(&parse_statement(text).expect("a statement set")),
            set
        );
    }
    check(
        "EXPLAIN STATEMENT SET BEGIN INSERT INTO t SELECT 1; END; SELECT 1",
        &[
            "EXPLAIN STATEMENT SET BEGIN INSERT INTO t SELECT 1; END",
            "SELECT 1",
        ],
    );
    check(
        "BEGIN STATEMENT SET; INSERT INTO t SELECT CASE WHEN a THEN 1 END FROM s; END",
        &["STATEMENT SET BEGIN INSERT INTO t SELECT (CASE WHEN a THEN 1 END) FROM s; END"],
    );
}

#[test]
fn a_broken_statement_set_tells_all_its_faults_and_ends_at_its_end() {
    check(
        "BEGIN STATEMENT SET; INSERT INTO t SELEC 1; INSERT INTO u SELECT 2; SELECT 3; END; SELECT 4;",
        &[
            "SELECT 4",
            "!! [SELEC] expected SELECT, VALUES, TABLE or a query in parentheses, found 'SELEC'",
            "!! [SELECT] expected INSERT or END, found 'SELECT'",
        ],
    );
    check(
        "EXECUTE STATMENT SET BEGIN INSERT INTO t SELECT 1; INSERT INTO u SELECT 2; END; SELECT 3",
        &[
            "SELECT 3",
            "!! [STATMENT] expected STATEMENT SET, INSERT or SELECT, found 'STATMENT'",
        ],
    );
    check(
        "BEGIN; SELECT 1",
        &["SELECT 1", "!! [;] expected STATEMENT, found ';'"],
    );
    check(
        "BEGIN STATEMENT SET; INSERT INTO t SELECT 1;",
        &["!! [] expected INSERT or END, found the end of the text"],
    );
    check(
        "END; SELECT 1",
        &["SELECT 1", "!! [END] expected a statement, found 'END'"],
    );
}

#[test]
fn a_shell_sees_when_a_statement_is_complete() {
    let complete = [
        "SELECT 1;",
        "SELECT 1; -- done",
        "SELECT ';';",
        ";",
        "BEGIN STATEMENT SET; INSERT INTO t SELECT 1; END;",
        "EXECUTE STATEMENT SET BEGIN INSERT INTO t SELECT 1; END;",
        "SELECT CASE WHEN a THEN b END;",
    ];
    let open = [
        "",
        "SELECT 1",
        "-- SELECT 1;",
        "SELECT 1 /* ; */",
        "SELECT 1; SELECT 2",
        "SELECT ';",
        "SELECT 1 /* ;",
        "BEGIN STATEMENT SET;",
        "BEGIN STATEMENT SET; INSERT INTO t SELECT 1;",
        "begin statement set; INSERT INTO t SELECT 1; END",
        "EXECUTE STATEMENT SET BEGIN INSERT INTO t SELECT 1;",
        "EXPLAIN STATEMENT SET BEGIN INSERT INTO t SELECT 1;",
    ];
    for text in complete {
        assert!(statement_complete(text), "{text}");
    }
    for text in open {
        assert!(!statement_complete(text), "{text}");
    }
}

#[test]
fn every_node_knows_its_place() {
    let text = "  SELECT a.b + f( x ) AS s, (c) FROM t AS u WHERE NOT a IS NULL -- end\n ; CREATE TABLE v (\n  k INT NOT NULL COMMENT 'é',\n  m AS k + 1,\n  WATERMARK FOR m AS m)";
    let script = parse_script(text);
    assert_eq!(script.diagnostics, []);
    let at = |span: model::Span| span.text(text);
    let [select, create] = script.statements.as_slice() else {
        panic!("two statements")
    };
    assert_eq!(
        at(select.span),
        "SELECT a.b + f( x ) AS s, (c) FROM t AS u WHERE NOT a IS NULL"
    );
    let StatementKind::Query(query) = &select.kind else {
        panic!("a query")
    };
    let QueryBody::Select(select) = &query.body else {
        panic!("a select")
    };
    let SelectItem::Expression {
        expression: sum,
        alias: Some(alias),
    } = &select.items[0]
    else {
        panic!("an item")
    };
    assert_eq!((at(sum.span), at(alias.span)), ("a.b + f( x )", "s"));
    let ExprKind::Binary { left, right, .. } = &sum.kind else {
        panic!("a sum")
    };
    assert_eq!((at(left.span), at(right.span)), ("a.b", "f( x )"));
    let ExprKind::Name(name) = &left.kind else {
        panic!("a name")
    };
    assert_eq!(
        name.parts.iter().map(|part| at(part.span)).collect::<Vec<_>>(),
        ["a", "b"]
    );
    // Parentheses are no node of their own, but belong to the place of what stands in them.
    let SelectItem::Expression {
        expression: inner, ..
    } = &select.items[1]
    else {
        panic!("an item")
    };
    assert_eq!(at(inner.span), "(c)");
    assert_eq!(select.from.as_ref().map(|from| at(from.span)), Some("t AS u"));
    let Some(Expr {
        kind: ExprKind::Unary { operand, .. },
        span,
    }) = &select.filter
    else {
        panic!("a filter")
    };
    assert_eq!((at(*span), at(operand.span)), ("NOT a IS NULL", "a IS NULL"));
    let StatementKind::CreateTable(table) = &create.kind else {
        panic!("a table")
    };
    let [
        TableElement::Column(k),
        TableElement::Column(m),
        TableElement::Watermark(mark),
    ] = table.elements.as_slice()
    else {
        panic!("three elements")
    };
    assert_eq!(at(k.span), "k INT NOT NULL COMMENT 'é'");
    let ColumnKind::Physical { data_type, .. } = &k.kind else {
        panic!("a physical column")
    };
    assert_eq!(at(data_type.span), "INT NOT NULL");
    assert_eq!(
        k.comment
            .as_ref()
            .map(|comment| (at(comment.span), comment.value.as_str())),
        Some(("'é'", "é"))
    );
    assert_eq!(
        (at(m.span), at(mark.span)),
        ("m AS k + 1", "WATERMARK FOR m AS m")
    );
}

#[test]
fn quoted_names_come_back() {
    for name in ["a", "a`b", "``", "sel ect", "é"] {
        let quoted = sql::quote_identifier(name);
        let tree = sql::parse_expression(&quoted).expect("a name");
        let ExprKind::Name(parsed) = &tree.kind else {
            panic!("{tree:?}")
        };
        assert_eq!(parsed.parts[0].name, name);
        assert!(parsed.parts[0].quoted);
    }
}

#[test]
fn the_text_at_the_place_of_an_expression_reads_as_the_same() {
    for text in [
        "a * (b + c)",
        "(a + b) * c",
        "(((a)))",
        "((a + b) * (c))",
        "(a - b) DAY TO SECOND",
        "-(a)",
        "(a).b",
        "(a)[1] + (b)",
        "a IN ((1), (2))",
        "(a) BETWEEN (1) AND (2)",
        "NOT (a OR (b))",
        "(SELECT (1))",
        "((a, b)) = (c, d)",
        "CASE (a) WHEN (1) THEN (2) ELSE (3) END",
        "INTERVAL (a) DAY",
        "(a IS NULL)",
        "(a LIKE (b)) = (c)",
    ] {
        let padded = format!("  {text} ");
        let tree = sql::parse_expression(&padded).expect(text);
        assert_eq!(tree.span.text(&padded), text);
    }
}
