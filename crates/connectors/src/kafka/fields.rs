//! Which columns stand in the key of a message and which in its value, and by what formats: `key.*`, `value.*`.

use std::sync::Arc;

use dataflow::{
    Decoder, DecoderRequest, Encoder, EncoderRequest, EvaluationContext, Format, OptionError, Options,
    TableDescriptor,
};
use model::{Field, Schema};

/// The options without the marks of what was taken, which cannot be shared between threads.
pub struct Entries(Box<dyn Fn() -> Options + Send + Sync>);

impl Entries {
    pub fn of(options: &Options) -> Entries {
        let entries = options.entries().clone();
        Entries(Box::new(move || Options::new(entries.clone())))
    }

    pub fn options(&self) -> Options {
        (self.0)()
    }
}

/// A format, and the front of its options' names: empty, `key.` or `value.`.
#[derive(Clone)]
pub struct Part {
    pub format: Arc<dyn Format>,
    front: &'static str,
}

impl Part {
    /// The format that option `key` asks for.
    fn read(
        table: &TableDescriptor<'_>,
        key: &str,
        front: &'static str,
    ) -> Result<Option<Part>, OptionError> {
        let Some(name) = table.options.get(key) else {
            return Ok(None);
        };
        let format = Arc::clone(table.registry.format(key, name)?);
        // A format's options count as known on the side that does not read them, too.
        for doc in format.options() {
            table.options.get(&format!("{front}{}", doc.key));
        }
        Ok(Some(Part { format, front }))
    }

    /// `schema` is wanted of what the data holds, `physical`.
    pub fn decoder(
        &self,
        options: &Options,
        schema: &Schema,
        physical: &Schema,
        context: &Arc<EvaluationContext>,
        faults_at_once: bool,
    ) -> Result<Box<dyn Decoder>, OptionError> {
        options.prefixed(self.front, |options| {
            self.format.decoder(&DecoderRequest {
                schema,
                physical,
                options,
                context,
                faults_at_once,
            })
        })
    }

    pub fn encoder(
        &self,
        options: &Options,
        schema: &Schema,
        context: &Arc<EvaluationContext>,
        subject: Option<&str>,
    ) -> Result<Box<dyn Encoder>, OptionError> {
        options.prefixed(self.front, |options| {
            self.format.encoder(&EncoderRequest {
                schema,
                options,
                context,
                subject,
            })
        })
    }
}

/// How the columns of a table are parted.
#[derive(Clone)]
pub struct Fields {
    pub key: Option<Key>,
    pub value: Part,
    /// Indices of the physical columns that stand in the value.
    pub value_columns: Vec<usize>,
}

#[derive(Clone)]
pub struct Key {
    pub part: Part,
    /// Indices of physical columns, in the order of the key.
    pub columns: Vec<usize>,
    /// What the columns are called more than the fields of the key.
    pub prefix: String,
}

impl Key {
    /// A column as the key's format knows it.
    pub fn field(&self, column: &Field) -> Field {
        let name = column.name.strip_prefix(&self.prefix).unwrap_or(&column.name);
        Field::new(name, column.data_type.clone())
    }

    pub fn schema(&self, physical: &Schema) -> Schema {
        let columns = self.columns.iter().map(|index| &physical.fields[*index]);
        Schema::new(columns.map(|column| self.field(column)).collect())
    }
}

impl Fields {
    /// Of a table of `kafka`, whose key stands in options.
    pub fn read(table: &TableDescriptor<'_>) -> Result<Fields, OptionError> {
        let options = table.options;
        let short = Part::read(table, "format", "")?;
        let long = Part::read(table, "value.format", "value.")?;
        let value = match (short, long) {
            (Some(_), Some(_)) => {
                let message = "options 'format' and 'value.format' mean the same";
                return Err(OptionError::new("value.format", message).hint("give one of them"));
            }
            (Some(part), None) | (None, Some(part)) => part,
            (None, None) => return Err(OptionError::missing("format")),
        };
        let part = Part::read(table, "key.format", "key.")?;
        let names = list(options.get("key.fields").unwrap_or_default());
        let part = match (part, names.is_empty()) {
            (None, false) => {
                let message = "option 'key.fields' needs 'key.format'";
                return Err(OptionError::new("key.fields", message).hint("such as 'key.format' = 'json'"));
            }
            (Some(_), true) => {
                let message = "option 'key.format' needs 'key.fields': the columns that stand in the key";
                return Err(OptionError::new("key.format", message).hint("such as 'key.fields' = 'id;name'"));
            }
            (part, _) => part,
        };
        Fields::parted(table, part, &names, value)
    }

    /// Of a table of `upsert-kafka`, whose key is the primary key.
    pub fn of_upsert(table: &TableDescriptor<'_>) -> Result<Fields, OptionError> {
        let missing = |part: Option<Part>, key| part.ok_or_else(|| OptionError::missing(key));
        let key = missing(Part::read(table, "key.format", "key.")?, "key.format")?;
        let value = missing(Part::read(table, "value.format", "value.")?, "value.format")?;
        for (key, format) in [("key.format", &key.format), ("value.format", &value.format)] {
            if !format.reads().is_insert_only() || !format.writes().is_insert_only() {
                let message = format!(
                    "option '{key}' = '{}' is not possible here: the format tells changes by itself",
                    format.name()
                );
                return Err(
                    OptionError::new(key, message).hint("use the connector 'kafka' for such a format")
                );
            }
        }
        if table.primary_key.is_empty() {
            return Err(OptionError {
                key: None,
                message: "a table of 'upsert-kafka' needs a primary key: it stands in the key of messages"
                    .into(),
                hint: Some("declare PRIMARY KEY (...) NOT ENFORCED in CREATE TABLE".to_string()),
            });
        }
        Fields::parted(table, Some(key), table.primary_key, value)
    }

    fn parted(
        table: &TableDescriptor<'_>,
        key: Option<Part>,
        names: &[String],
        value: Part,
    ) -> Result<Fields, OptionError> {
        let prefix = table.options.get("key.fields-prefix").unwrap_or_default();
        let includes = [("ALL", true), ("EXCEPT_KEY", false)];
        let all = table.options.one_of("value.fields-include", &includes)?;
        let all = all.unwrap_or(true);
        if all && !prefix.is_empty() {
            let message = "option 'key.fields-prefix' needs 'value.fields-include' = 'EXCEPT_KEY': \
                           otherwise the value would hold the prefixed columns, too";
            return Err(OptionError::new("key.fields-prefix", message)
                .hint("add 'value.fields-include' = 'EXCEPT_KEY'"));
        }
        let key = match key {
            Some(part) => Some(Key {
                columns: key_columns(table.physical, names, prefix)?,
                prefix: prefix.to_string(),
                part,
            }),
            None => None,
        };
        if let Some(key) = &key
            && !(key.part.format.reads().is_insert_only() && key.part.format.writes().is_insert_only())
        {
            let message = format!(
                "option 'key.format' = '{}' is not possible: a key tells no changes",
                key.part.format.name()
            );
            return Err(OptionError::new("key.format", message).hint("such as 'json' or 'raw'"));
        }
        let in_key = |index: &usize| key.as_ref().is_some_and(|key| key.columns.contains(index));
        let columns = 0..table.physical.len();
        Ok(Fields {
            value_columns: columns.filter(|index| all || !in_key(index)).collect(),
            key,
            value,
        })
    }

    pub fn value_schema(&self, physical: &Schema) -> Schema {
        let columns = self.value_columns.iter();
        Schema::new(columns.map(|index| physical.fields[*index].clone()).collect())
    }
}

fn key_columns(physical: &Schema, names: &[String], prefix: &str) -> Result<Vec<usize>, OptionError> {
    let mut columns = Vec::new();
    for name in names {
        let Some(index) = physical.index_of(name) else {
            let message = format!("option 'key.fields': the table has no physical column '{name}'");
            let known: Vec<&str> = physical.names().collect();
            return Err(
                OptionError::new("key.fields", message).hint(format!("columns: {}", known.join(", ")))
            );
        };
        if !name.starts_with(prefix) {
            let message =
                format!("column '{name}' of the key does not begin with 'key.fields-prefix' = '{prefix}'");
            return Err(OptionError::new("key.fields-prefix", message)
                .hint("all columns of the key begin with the prefix"));
        }
        columns.push(index);
    }
    Ok(columns)
}

/// Flink's lists: `a;b`.
pub fn list(text: &str) -> Vec<String> {
    text.split(';')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(str::to_string)
        .collect()
}
