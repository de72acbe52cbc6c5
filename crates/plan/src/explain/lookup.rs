//! Lookup joins in EXPLAIN.

use std::fmt::Write as _;

use graph::{KeyValue, LookupJoin, OnTimeout};
use model::{Field, Schema};

use super::expression;

/// What options stand for is told where it differs from what is usual; values of options are not.
pub(super) fn text(join: &LookupJoin, input: &Schema, schema: &Schema) -> String {
    let keys: Vec<String> = join
        .keys
        .iter()
        .map(|key| {
            let value = match &key.value {
                KeyValue::Column(column) => input.fields[*column].name.clone(),
                KeyValue::Constant(literal) => expression(literal, input),
            };
            format!("{}={value}", key.name)
        })
        .collect();
    let mut text = format!(
        "LookupJoin(table=[{}], type=[{}], lookup=[{}]",
        join.table,
        join.kind.name(),
        keys.join(", ")
    );
    let columns = join.columns.iter().enumerate().map(|(number, column)| {
        let name = match (join.tells_timeout, number) {
            (true, 0) => "timed_out".to_string(),
            _ => expression(column, &join.given),
        };
        Field::new(name, column.data_type())
    });
    let both = Schema::new(input.fields.iter().cloned().chain(columns).collect());
    if let Some(asks) = &join.asks {
        let _ = write!(text, ", asks where=[{}]", expression(asks, input));
    }
    if let Some(filter) = &join.filter {
        let _ = write!(text, ", of rows where=[{}]", expression(filter, &join.given));
    }
    if let Some(condition) = &join.condition {
        let _ = write!(text, ", where=[{}]", expression(condition, &both));
    }
    let settings = &join.settings;
    let order = if settings.ordered { "ordered" } else { "unordered" };
    let _ = write!(
        text,
        ", {order}, capacity={}, timeout=[{} ms",
        settings.capacity,
        settings.timeout.as_millis()
    );
    if settings.timeout_attempts > 1 {
        let _ = write!(text, ", {} attempts", settings.timeout_attempts);
    }
    let _ = match settings.on_timeout {
        OnTimeout::Fail => write!(text, "]"),
        policy => write!(text, ", then {policy}]"),
    };
    if let Some(retry) = &settings.on_miss {
        let _ = write!(
            text,
            ", on miss=[again after {} ms, {} attempts]",
            retry.delay.as_millis(),
            retry.attempts
        );
    }
    if settings.whole.is_some() {
        text.push_str(", read whole");
    }
    if let Some(cache) = &settings.cache {
        let _ = write!(text, ", cache=[{} keys]", cache.keys_max);
    }
    let selected: Vec<String> = join
        .outputs
        .iter()
        .zip(&schema.fields)
        .map(|(output, field)| match both.fields[*output].name == field.name {
            true => field.name.clone(),
            false => format!("{} AS {}", both.fields[*output].name, field.name),
        })
        .collect();
    let _ = write!(text, ", select=[{}])", selected.join(", "));
    text
}
