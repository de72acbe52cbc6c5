//! Functions that are written in SQL.

use super::{refuses, run, run_in, session};

#[test]
fn a_function_takes_the_place_of_its_call() {
    let made = run(
        "CREATE FUNCTION Half(x INT) RETURNS INT RETURN x / 2; SHOW USER FUNCTIONS; SHOW CREATE FUNCTION half",
    );
    assert_eq!(
        made,
        "half\nCREATE FUNCTION `default_catalog`.`default_database`.`half` (`x` INT)\nRETURNS INT\nRETURN x / 2"
    );
}

#[test]
fn what_a_function_gives_must_be_what_it_declares() {
    refuses(
        "CREATE FUNCTION f(x INT) RETURNS INT RETURN y",
        "validation error: column 'y' not found (did you mean 'x'?) at \"y\"",
    );
    refuses(
        "CREATE FUNCTION f(x INT) RETURNS INT RETURN SUM(x)",
        "validation error: aggregate function SUM is not allowed in the body of a function (aggregate in a sub-query first) at \"SUM(x)\"",
    );
    refuses(
        "CREATE FUNCTION f(x INT, x STRING) RETURNS INT RETURN 1",
        "validation error: two parameters have the name 'x' at \"x\"",
    );
    refuses(
        "CREATE FUNCTION md5(x INT) RETURNS INT RETURN 1",
        "validation error: there is a built-in function 'md5' (give yours another name) at \"md5\"",
    );
}

#[test]
fn faults_in_a_call_stand_at_the_call() {
    let made = "CREATE FUNCTION f(x INT) RETURNS INT RETURN x + 1; ";
    let mut session = session();
    run_in(&mut session, made);
    assert_eq!(
        run_in(&mut session, "SELECT 1 + f(1, 2)"),
        "validation error: 'f' takes 1 argument, not 2 (it is f(x INT)) at \"f(1, 2)\""
    );
    let fault = run_in(&mut session, "SELECT f(ARRAY[1])");
    assert!(fault.ends_with("at \"ARRAY[1]\""), "{fault}");
    assert_eq!(
        run_in(
            &mut session,
            "CREATE FUNCTION f(x STRING) RETURNS STRING RETURN x"
        ),
        "validation error: function 'default_catalog.default_database.f' already exists (IF NOT EXISTS leaves it as it is) at \"f\""
    );
}

#[test]
fn a_function_never_calls_itself() {
    let mut session = session();
    run_in(
        &mut session,
        "CREATE FUNCTION f(x INT) RETURNS INT RETURN x; CREATE FUNCTION g(x INT) RETURNS INT RETURN f(x)",
    );
    run_in(
        &mut session,
        "DROP FUNCTION f; CREATE FUNCTION h(x INT) RETURNS INT RETURN x",
    );
    let fault = run_in(&mut session, "CREATE FUNCTION f(x INT) RETURNS INT RETURN g(x)");
    assert!(fault.contains("default_database.f' not found"), "{fault}");
    let fault = run_in(&mut session, "CREATE FUNCTION f(x INT) RETURNS INT RETURN f(x)");
    assert!(
        fault.starts_with("validation error: function 'F' not found"),
        "{fault}"
    );
}

#[test]
fn an_argument_that_differs_each_time_is_used_once() {
    let mut session = session();
    run_in(
        &mut session,
        "CREATE FUNCTION f(x DOUBLE) RETURNS DOUBLE RETURN x + x",
    );
    let fault = run_in(&mut session, "SELECT f(RAND())");
    assert!(
        fault.starts_with("validation error: 'f' uses an argument 2 times that is another each time"),
        "{fault}"
    );
}

#[test]
fn a_catalog_is_made_again_with_its_functions() {
    let mut first = session();
    run_in(
        &mut first,
        "CREATE FUNCTION b(x INT) RETURNS INT RETURN x * 2; CREATE FUNCTION a(x INT) RETURNS INT RETURN b(x); \
         CREATE VIEW v AS SELECT a(1) AS x; CREATE TEMPORARY FUNCTION t(x INT) RETURNS INT RETURN x",
    );
    let statements = crate::catalog_statements(&first);
    let named: Vec<String> = statements
        .iter()
        .map(|statement| statement.path.join("."))
        .collect();
    assert_eq!(
        named[named.len() - 3..],
        ["b", "a", "v"].map(|name| format!("default_catalog.default_database.{name}"))
    );
    let mut second = session();
    for statement in &statements[named.len() - 3..] {
        assert_eq!(run_in(&mut second, &statement.ddl), "");
    }
    assert_eq!(crate::catalog_statements(&second), statements);
}
