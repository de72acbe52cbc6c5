//! Which objects of a catalog a job stands on.
//!
//! A version keeps the whole catalog, but a table that a job does not name cannot change what the job does: it would
//! be wrong to make new versions of all jobs, and to restart them, because somebody added a table. An object counts
//! as used if its name stands anywhere in the job's text or in an object that is used: more may count than is
//! needed, never less.

use std::collections::HashSet;

use plan::CatalogStatement;
use sql::TokenKind;

/// Those of the statements that the text stands on, in their order.
pub fn used<'a>(text: &str, statements: &'a [CatalogStatement]) -> Vec<&'a CatalogStatement> {
    let mut names = HashSet::new();
    add_names(text, &mut names);
    let mut is_used = vec![false; statements.len()];
    loop {
        let before = names.len();
        let mut found = false;
        for (statement, is_used) in statements.iter().zip(&mut is_used) {
            let name = statement.path.last().map(String::as_str).unwrap_or_default();
            if !*is_used && names.contains(name) {
                *is_used = true;
                found = true;
                add_names(&statement.ddl, &mut names);
            }
        }
        if !found || names.len() == before {
            break;
        }
    }
    let used = statements.iter().zip(is_used).filter(|(_, is_used)| *is_used);
    used.map(|(statement, _)| statement).collect()
}

/// Every word that could be a name.
fn add_names(text: &str, names: &mut HashSet<String>) {
    for token in sql::tokenize(text) {
        let written = token.text(text);
        match token.kind {
            TokenKind::Word => {
                names.insert(written.to_string());
                // Names of functions are kept in lower case.
                names.insert(written.to_lowercase());
            }
            TokenKind::QuotedName => {
                names.insert(written.trim_matches('`').replace("``", "`"));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use plan::CatalogKind;

    use super::*;

    fn statement(kind: CatalogKind, name: &str, ddl: &str) -> CatalogStatement {
        CatalogStatement {
            kind,
            path: vec!["c".to_string(), "d".to_string(), name.to_string()],
            ddl: ddl.to_string(),
        }
    }

    #[test]
    fn what_a_job_names_is_used_through_views_and_whatever_the_order() {
        let statements = [
            statement(
                CatalogKind::View,
                "v",
                "CREATE VIEW `c`.`d`.`v` AS SELECT a FROM `c`.`d`.`w`",
            ),
            statement(
                CatalogKind::View,
                "w",
                "CREATE VIEW `c`.`d`.`w` AS SELECT a FROM `c`.`d`.`odd``name`",
            ),
            statement(
                CatalogKind::Table,
                "odd`name",
                "CREATE TABLE `c`.`d`.`odd``name` (a INT)",
            ),
            statement(CatalogKind::Table, "t", "CREATE TABLE `c`.`d`.`t` (a INT)"),
            statement(
                CatalogKind::Table,
                "other",
                "CREATE TABLE `c`.`d`.`other` (a INT)",
            ),
        ];
        let names = |text: &str| -> Vec<&str> {
            used(text, &statements)
                .iter()
                .map(|one| one.path[2].as_str())
                .collect()
        };
        assert_eq!(
            names("INSERT INTO t SELECT a FROM v"),
            ["v", "w", "odd`name", "t"]
        );
        assert_eq!(names("INSERT INTO `t` SELECT 'other' -- other"), ["t"]);
        assert_eq!(names("SELECT 1"), Vec::<&str>::new());
    }
}
