//! Tokens: lossless, whatever the text.

use sql::TokenKind::{self, *};
use sql::tokenize;

fn check(text: &str, expected: &[(TokenKind, &str)]) {
    let tokens = tokenize(text);
    let got: Vec<(TokenKind, &str)> = tokens
        .iter()
        .map(|token| (token.kind, token.text(text)))
        .collect();
    assert_eq!(got, expected, "{text}");
    assert_eq!(
        tokens
            .iter()
            .map(|token| token.text(text))
            .collect::<std::string::String>(),
        text
    );
}

#[test]
fn every_kind_of_token_has_its_text() {
    check("", &[]);
    check(
        "a_1 $b é",
        &[
            (Word, "a_1"),
            (Whitespace, " "),
            (Word, "$b"),
            (Whitespace, " "),
            (Word, "é"),
        ],
    );
    check("`a``b`.c", &[(QuotedName, "`a``b`"), (Dot, "."), (Word, "c")]);
    check("'it''s'", &[(String, "'it''s'")]);
    check(
        "x'0A'N'b'U&'c'",
        &[
            (BinaryString, "x'0A'"),
            (NationalString, "N'b'"),
            (UnicodeString, "U&'c'"),
        ],
    );
    check(
        "_UTF-8'a' _b",
        &[(CharsetString, "_UTF-8'a'"), (Whitespace, " "), (Word, "_b")],
    );
    check(
        "1 1.5 .5 1. 1e5 1.5E-3",
        &[
            (Integer, "1"),
            (Whitespace, " "),
            (Decimal, "1.5"),
            (Whitespace, " "),
            (Decimal, ".5"),
            (Whitespace, " "),
            (Decimal, "1."),
            (Whitespace, " "),
            (Double, "1e5"),
            (Whitespace, " "),
            (Double, "1.5E-3"),
        ],
    );
    check("1e+", &[(Integer, "1"), (Word, "e"), (Plus, "+")]);
    check(
        "<>!=<=>=<>",
        &[
            (NotEqual, "<>"),
            (BangEqual, "!="),
            (LessOrEqual, "<="),
            (GreaterOrEqual, ">="),
            (NotEqual, "<>"),
        ],
    );
    check(
        "=>||,;:?",
        &[
            (Arrow, "=>"),
            (Concat, "||"),
            (Comma, ","),
            (Semicolon, ";"),
            (Colon, ":"),
            (Question, "?"),
        ],
    );
    check(
        "([{}])",
        &[
            (LeftParen, "("),
            (LeftBracket, "["),
            (LeftBrace, "{"),
            (RightBrace, "}"),
            (RightBracket, "]"),
            (RightParen, ")"),
        ],
    );
    check(
        "+-*/%|^=<>",
        &[
            (Plus, "+"),
            (Minus, "-"),
            (Star, "*"),
            (Slash, "/"),
            (Percent, "%"),
            (Bar, "|"),
            (Caret, "^"),
            (Equal, "="),
            (NotEqual, "<>"),
        ],
    );
}

#[test]
fn comments_and_hints_are_tokens_of_their_own() {
    check(
        "a--b\n//c\r\n/*d;*/e",
        &[
            (Word, "a"),
            (LineComment, "--b"),
            (Whitespace, "\n"),
            (LineComment, "//c"),
            (Whitespace, "\r\n"),
            (BlockComment, "/*d;*/"),
            (Word, "e"),
        ],
    );
    check(
        "/**/a/*+ B */",
        &[(BlockComment, "/**/"), (Word, "a"), (Hint, "/*+ B */")],
    );
    check(
        "/*+ A('p' = '*/') */b",
        &[(Hint, "/*+ A('p' = '*/') */"), (Word, "b")],
    );
}

#[test]
fn what_is_no_sql_is_a_token_all_the_same() {
    check("'a;b", &[(UnterminatedString, "'a;b")]);
    check("a/*b*", &[(Word, "a"), (UnterminatedComment, "/*b*")]);
    check("/*/", &[(UnterminatedComment, "/*/")]);
    check(
        "`a\nb",
        &[(UnterminatedName, "`a"), (Whitespace, "\n"), (Word, "b")],
    );
    check("``a", &[(EmptyName, "``"), (Word, "a")]);
    check("\"a\"b", &[(DoubleQuoted, "\"a\""), (Word, "b")]);
    check(
        "a#\u{a0}~€!",
        &[
            (Word, "a"),
            (Unknown, "#"),
            (Unknown, "\u{a0}"),
            (Unknown, "~"),
            (Unknown, "€"),
            (Unknown, "!"),
        ],
    );
}
