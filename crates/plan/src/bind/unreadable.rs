//! What becomes of records that a source cannot read: the options `scan.unreadable-rows.*` of a table.

use dataflow::{OnUnreadable, OptionError, Options};
use indexmap::IndexMap;

/// Options of a table that speak of it.
pub(crate) const OPTIONS: &str = "scan.unreadable-rows.";
pub(crate) const POLICY: &str = "scan.unreadable-rows.policy";
const TABLE: &str = "scan.unreadable-rows.table";
/// Ends the options of formats by which they hide what they cannot read.
const IGNORE: &str = "ignore-parse-errors";

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum UnreadableRows {
    /// The job fails.
    #[default]
    Fail,
    /// They are passed over and counted.
    Skip,
    /// They go to a table.
    Redirect(String),
}

impl UnreadableRows {
    /// Takes the options out that speak of it.
    pub fn of_options(options: &mut IndexMap<String, String>) -> Result<UnreadableRows, OptionError> {
        let (own, others): (IndexMap<String, String>, IndexMap<String, String>) = std::mem::take(options)
            .into_iter()
            .partition(|(key, _)| key.starts_with(OPTIONS));
        *options = others;
        let own = Options::new(own);
        let policies = [
            ("fail", OnUnreadable::Fail),
            ("skip", OnUnreadable::Skip),
            ("redirect", OnUnreadable::Keep),
        ];
        let policy = own.one_of(POLICY, &policies)?;
        // A hint may choose another policy, and cannot take the name of the table away.
        let table = own.get(TABLE).map(str::to_string);
        own.finish()?;
        let policy = match (policy, table) {
            (None, None) => return Ok(UnreadableRows::Fail),
            (None, Some(_)) => {
                return Err(OptionError::new(TABLE, format!("'{POLICY}' is missing"))
                    .hint(format!("add '{POLICY}' = 'redirect'")));
            }
            (Some(OnUnreadable::Keep), None) => {
                return Err(OptionError::new(
                    POLICY,
                    format!("'redirect' needs '{TABLE}', where records go that cannot be read"),
                )
                .hint(format!("add '{TABLE}' = 'the name of a table'")));
            }
            (Some(OnUnreadable::Fail), _) => return Ok(UnreadableRows::Fail),
            (Some(OnUnreadable::Skip), _) => UnreadableRows::Skip,
            (Some(OnUnreadable::Keep), Some(table)) => UnreadableRows::Redirect(table),
        };
        let hides = |(key, value): &(&String, &String)| {
            key.ends_with(IGNORE) && value.trim().eq_ignore_ascii_case("true")
        };
        match options.iter().find(hides) {
            None => Ok(policy),
            Some((key, _)) => Err(OptionError::new(
                POLICY,
                format!("'{POLICY}' is of no meaning where '{key}' is 'true': the format hides what it cannot read"),
            )
            .hint("take one of the two out")),
        }
    }
}
