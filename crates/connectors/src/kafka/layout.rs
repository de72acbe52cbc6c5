//! Which columns of a table are wanted, and what of a message each of them comes from.

use std::sync::Arc;

use arrow_schema::{Field as ArrowField, Schema as ArrowSchema, SchemaRef};
use dataflow::{EvaluationContext, OnUnreadable, OptionError, Options, ScanRequest};
use model::{DataType, Schema};

use super::client::TopicPartition;
use super::fields::Fields;
use super::metadata::MetadataKey;
use super::rows::Rows;

/// Which columns are wanted, and where each of them comes from.
pub struct Layout {
    pub fields: Fields,
    physical: Schema,
    /// What is decoded of keys and of values.
    key: Schema,
    pub value: Schema,
    pub columns: Vec<Column>,
    pub schema: SchemaRef,
    pub upsert: bool,
    pub on_unreadable: OnUnreadable,
    context: Arc<EvaluationContext>,
}

#[derive(Debug, Clone)]
pub enum Column {
    Key(usize),
    Value(usize),
    /// Of the value; of the key where there is no value.
    Either {
        key: usize,
        value: usize,
    },
    Metadata(MetadataKey, DataType),
}

impl Layout {
    pub fn new(
        fields: Fields,
        physical: &Schema,
        request: &ScanRequest,
        upsert: bool,
        context: &Arc<EvaluationContext>,
    ) -> Result<Layout, OptionError> {
        let (mut key, mut value) = (Schema::default(), Schema::default());
        let mut columns = Vec::new();
        for field in &request.columns.fields {
            let index = physical.index_of(&field.name);
            let is_in_value = index.is_some_and(|index| fields.value_columns.contains(&index));
            let of_key = fields
                .key
                .as_ref()
                .filter(|key| index.is_some_and(|index| key.columns.contains(&index)));
            let mut in_key = None;
            // The value has it as well: its key is of interest only where there may be no value.
            if let Some(part) = of_key.filter(|_| upsert || !is_in_value) {
                in_key = Some(key.len());
                key.fields.push(part.field(field));
            }
            let mut in_value = None;
            if is_in_value {
                in_value = Some(value.len());
                value.fields.push(field.clone());
            }
            columns.push(match (in_key, in_value) {
                (Some(key), Some(value)) => Column::Either { key, value },
                (Some(key), None) => Column::Key(key),
                (None, Some(value)) => Column::Value(value),
                (None, None) => {
                    return Err(OptionError {
                        key: None,
                        message: format!("column '{}' stands neither in keys nor in values", field.name),
                        hint: None,
                    });
                }
            });
        }
        let mut arrow_fields = request.columns.arrow().fields().to_vec();
        for (name, data_type) in &request.metadata {
            columns.push(Column::Metadata(MetadataKey::parse(name)?, data_type.clone()));
            arrow_fields.push(Arc::new(ArrowField::new(name, data_type.arrow(), true)));
        }
        Ok(Layout {
            fields,
            physical: physical.clone(),
            key,
            value,
            columns,
            schema: Arc::new(ArrowSchema::new(arrow_fields)),
            upsert,
            on_unreadable: request.on_unreadable,
            context: Arc::clone(context),
        })
    }

    /// Has the formats read their options.
    pub fn check(self: &Arc<Self>, options: &Options) -> Result<(), OptionError> {
        let nowhere = TopicPartition {
            topic: String::new(),
            partition: 0,
        };
        self.rows(options, &nowhere).map(|_| ())
    }

    /// Its decoders, with nothing in them.
    pub fn rows(self: &Arc<Self>, options: &Options, place: &TopicPartition) -> Result<Rows, OptionError> {
        let value = &self.fields.value;
        let physical = self.fields.value_schema(&self.physical);
        let at_once = self.on_unreadable != OnUnreadable::Fail;
        let key = match &self.fields.key {
            Some(key) => {
                let physical = key.schema(&self.physical);
                Some(
                    key.part
                        .decoder(options, &self.key, &physical, &self.context, at_once)?,
                )
            }
            None => None,
        };
        let value = value.decoder(options, &self.value, &physical, &self.context, at_once)?;
        Ok(Rows::new(self, place, value, key))
    }
}
