//! Calls of functions, written back.

use sql::ast::{Argument, ArgumentValue, FunctionCall, JsonBehavior, JsonClauses, JsonWrapper};

use super::{Writer, literal, unit_text};

/// Functions that Flink's parser knows by name: their names stand without quotes, all others in back quotes.
const UNQUOTED: &[&str] = &[
    "ABS",
    "ACOS",
    "APPROX_COUNT_DISTINCT",
    "ARRAY_AGG",
    "ASCII",
    "ASIN",
    "ATAN",
    "ATAN2",
    "AVG",
    "BIN",
    "CARDINALITY",
    "CEIL",
    "CHARACTER_LENGTH",
    "CHAR_LENGTH",
    "CHR",
    "COALESCE",
    "COLLECT",
    "CONCAT",
    "CONCAT_WS",
    "CONVERT_TZ",
    "COS",
    "COSH",
    "COT",
    "COUNT",
    "CURRENT_DATABASE",
    "CURRENT_DATE",
    "CURRENT_ROW_TIMESTAMP",
    "CURRENT_TIME",
    "CURRENT_TIMESTAMP",
    "DATE_FORMAT",
    "DAYOFMONTH",
    "DAYOFWEEK",
    "DAYOFYEAR",
    "DECODE",
    "DEGREES",
    "DENSE_RANK",
    "E",
    "ELEMENT",
    "ENCODE",
    "EXP",
    "FIRST_VALUE",
    "FLOOR",
    "FROM_BASE64",
    "FROM_UNIXTIME",
    "GROUPING",
    "GROUPING_ID",
    "GROUP_ID",
    "HASH_CODE",
    "HEX",
    "HOUR",
    "IF",
    "INITCAP",
    "INSTR",
    "IS_ALPHA",
    "IS_DECIMAL",
    "IS_DIGIT",
    "JSON_ARRAY",
    "JSON_EXISTS",
    "JSON_OBJECT",
    "JSON_QUERY",
    "JSON_VALUE",
    "LAG",
    "LAST_VALUE",
    "LEAD",
    "LEFT",
    "LISTAGG",
    "LN",
    "LOCALTIME",
    "LOCALTIMESTAMP",
    "LOCATE",
    "LOG",
    "LOG10",
    "LOG2",
    "LOWER",
    "LPAD",
    "LTRIM",
    "MAX",
    "MD5",
    "MIN",
    "MINUTE",
    "MOD",
    "MONTH",
    "NOW",
    "NTILE",
    "OVERLAY",
    "PARSE_URL",
    "PERCENT_RANK",
    "PI",
    "POWER",
    "PROCTIME",
    "QUARTER",
    "RADIANS",
    "RAND",
    "RAND_INTEGER",
    "RANK",
    "REGEXP",
    "REGEXP_EXTRACT",
    "REGEXP_REPLACE",
    "REPEAT",
    "REPLACE",
    "REVERSE",
    "RIGHT",
    "ROUND",
    "ROW_NUMBER",
    "RPAD",
    "RTRIM",
    "SECOND",
    "SHA1",
    "SHA2",
    "SHA224",
    "SHA256",
    "SHA384",
    "SHA512",
    "SIGN",
    "SIN",
    "SINH",
    "SPLIT_INDEX",
    "SQRT",
    "STDDEV",
    "STDDEV_POP",
    "STDDEV_SAMP",
    "STR_TO_MAP",
    "SUBSTR",
    "SUBSTRING",
    "SUM",
    "TAN",
    "TANH",
    "TIMESTAMPADD",
    "TIMESTAMPDIFF",
    "TO_BASE64",
    "TO_DATE",
    "TO_TIMESTAMP",
    "TRUNCATE",
    "TRY_PARSE_JSON",
    "UNIX_TIMESTAMP",
    "UPPER",
    "UUID",
    "VARIANCE",
    "VAR_POP",
    "VAR_SAMP",
    "WEEK",
    "YEAR",
];

impl Writer<'_> {
    pub fn call(&self, call: &FunctionCall) -> String {
        let more = !call.order_by.is_empty()
            || !call.within_group.is_empty()
            || call.null_treatment.is_some()
            || call.over.is_some();
        if more {
            return self.as_written(call.span);
        }
        let last = call.name.parts.last().map_or("", |part| &part.name);
        let name = match last.to_uppercase() {
            ceiling if ceiling == "CEILING" => "CEIL".to_string(),
            other => other,
        };
        let arguments: Vec<String> = call
            .arguments
            .iter()
            .map(|argument| self.argument(argument))
            .collect();
        match (name.as_str(), arguments.as_slice(), call.arguments.as_slice()) {
            ("NULLIF", [value, _], [left, right]) => {
                if let (ArgumentValue::Expression(left), ArgumentValue::Expression(right)) =
                    (&left.value, &right.value)
                {
                    let condition = self.equals(left, right);
                    return format!("CASE WHEN {condition} THEN NULL ELSE {value} END");
                }
            }
            ("OVERLAY", [value, placed, from, rest @ ..], _) => {
                let length = rest
                    .first()
                    .map_or(String::new(), |length| format!(" FOR {length}"));
                return format!("OVERLAY({value} PLACING {placed} FROM {from}{length})");
            }
            _ => {}
        }
        let shown = if UNQUOTED.binary_search(&name.as_str()).is_ok() {
            name.clone()
        } else {
            sql::quote_identifier(&name)
        };
        if !call.parentheses {
            return shown;
        }
        let distinct = if call.distinct { "DISTINCT " } else { "" };
        let clauses = clauses(self, &name, call.json.as_ref());
        let filter = call.filter.as_ref().map_or_else(String::new, |filter| {
            format!(" FILTER (WHERE {})", self.top(filter))
        });
        format!("{shown}({distinct}{}{clauses}){filter}", arguments.join(", "))
    }

    fn argument(&self, argument: &Argument) -> String {
        let value = match &argument.value {
            ArgumentValue::Expression(expression) => self.top(expression),
            ArgumentValue::Wildcard => "*".to_string(),
            ArgumentValue::Unit(unit) => unit_text(*unit).to_string(),
            ArgumentValue::Default => "DEFAULT".to_string(),
            ArgumentValue::KeyValue { key, value } => {
                format!("KEY {} VALUE {}", self.top(key), self.top(value))
            }
            ArgumentValue::Descriptor(columns) => {
                let columns: Vec<String> = columns
                    .iter()
                    .map(|column| sql::quote_identifier(&column.name))
                    .collect();
                format!("DESCRIPTOR({})", columns.join(", "))
            }
            // A table as an argument does not stand in the definition of a table.
            ArgumentValue::Table { .. } => self.as_written(argument.span),
        };
        match &argument.name {
            Some(name) => format!("{} => {value}", sql::quote_identifier(&name.name)),
            None => value,
        }
    }

    fn behavior(&self, behavior: &JsonBehavior) -> String {
        match behavior {
            JsonBehavior::Null => "NULL".to_string(),
            JsonBehavior::Error => "ERROR".to_string(),
            JsonBehavior::True => "TRUE".to_string(),
            JsonBehavior::False => "FALSE".to_string(),
            JsonBehavior::Unknown => "UNKNOWN".to_string(),
            JsonBehavior::EmptyArray => "EMPTY ARRAY".to_string(),
            JsonBehavior::EmptyObject => "EMPTY OBJECT".to_string(),
            JsonBehavior::Default(value) => format!("DEFAULT {}", self.top(value)),
        }
    }
}

/// What stands behind the arguments of a JSON function. Some of them show their defaults too.
fn clauses(writer: &Writer<'_>, name: &str, json: Option<&JsonClauses>) -> String {
    let none = JsonClauses::default();
    let json = json.unwrap_or(&none);
    let mut text = String::new();
    if let Some(returning) = &json.returning {
        text.push_str(&format!(
            " RETURNING {}",
            literal::type_text(returning, writer.source)
        ));
    }
    let is_query = name == "JSON_QUERY";
    if is_query || json.wrapper.is_some() {
        text.push_str(match json.wrapper {
            None | Some(JsonWrapper::Without) => " WITHOUT ARRAY WRAPPER",
            Some(JsonWrapper::WithConditional) => " WITH CONDITIONAL ARRAY WRAPPER",
            Some(JsonWrapper::WithUnconditional) => " WITH UNCONDITIONAL ARRAY WRAPPER",
        });
    }
    for (behavior, place) in [(&json.on_empty, "EMPTY"), (&json.on_error, "ERROR")] {
        match behavior {
            Some(behavior) => text.push_str(&format!(" {} ON {place}", writer.behavior(behavior))),
            None if is_query => text.push_str(&format!(" NULL ON {place}")),
            None => {}
        }
    }
    let on_null = match (name, json.null_on_null) {
        ("JSON_OBJECT", None) => Some(true),
        ("JSON_ARRAY", None) => Some(false),
        (_, written) => written,
    };
    match on_null {
        Some(true) => text.push_str(" NULL ON NULL"),
        Some(false) => text.push_str(" ABSENT ON NULL"),
        None => {}
    }
    text
}
