//! Tables that a test lets be looked up: `'connector' = 'looked'`. It decides what each key answers, and when.
//!
//! With `'keys-max' = 'n'` requests have up to so many keys, and are as slow as the slowest.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use arrow_array::{Array, RecordBatch, UInt32Array};
use arrow_select::take::take_record_batch;
use dataflow::{
    Connector, DecoderRequest, Error, EvaluationContext, Found, Looking, Lookup, LookupRequest, OptionDoc,
    Options, Registry, ScanRequest, Sink, SinkRequest, Source, TableDescriptor,
};
use model::Schema;

/// How a key is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    AtOnce,
    After(Duration),
    Never,
    /// So many requests fail before one is answered.
    Failing(usize),
}

/// What tables hold and how they answer.
#[derive(Debug, Default)]
pub struct Looked {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// By table: JSON objects, and their text.
    rows: BTreeMap<String, Vec<(serde_json::Value, String)>>,
    /// By the text of the first key.
    how: BTreeMap<String, How>,
    /// The first keys of each request, in order.
    asked: Vec<String>,
    wakers: Vec<Waker>,
}

impl Looked {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets what a table holds.
    pub fn hold(&self, table: &str, rows: &[String]) {
        let parsed = |row: &String| (serde_json::from_str(row).unwrap_or_default(), row.clone());
        let rows = rows.iter().map(parsed).collect();
        self.state().rows.insert(table.to_string(), rows);
    }

    pub fn answer(&self, key: &str, how: How) {
        self.state().how.insert(key.to_string(), how);
    }

    /// The first keys of each request since this was asked last.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.state().asked)
    }

    /// Tells all that wait that time has passed.
    pub fn wake(&self) {
        let wakers = std::mem::take(&mut self.state().wakers);
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// The connector.
pub struct LookedConnector(pub Arc<Looked>);

impl Connector for LookedConnector {
    fn name(&self) -> &'static str {
        "looked"
    }

    fn options(&self) -> Vec<OptionDoc> {
        Vec::new()
    }

    fn source(&self, _: &TableDescriptor<'_>, _: &ScanRequest) -> Result<Option<Arc<dyn Source>>, Error> {
        Ok(None)
    }

    fn sink(&self, _: &TableDescriptor<'_>, _: &SinkRequest) -> Result<Option<Arc<dyn Sink>>, Error> {
        Ok(None)
    }

    fn looks_up(&self) -> bool {
        true
    }

    fn lookup(
        &self,
        table: &TableDescriptor<'_>,
        request: &LookupRequest,
    ) -> Result<Option<Arc<dyn Lookup>>, Error> {
        table.options.get("connector");
        let keys_max = table.options.integer("keys-max")?.unwrap_or(1);
        table.options.finish()?;
        Ok(Some(Arc::new(LookedTable {
            table: crate::live::name_of(table),
            physical: table.physical.clone(),
            request: request.clone(),
            keys_max: keys_max as usize,
            registry: table.registry.clone(),
            context: table.context.clone(),
            looked: self.0.clone(),
        })))
    }
}

#[derive(Debug, Clone)]
struct LookedTable {
    table: String,
    physical: Schema,
    request: LookupRequest,
    keys_max: usize,
    registry: Registry,
    context: Arc<EvaluationContext>,
    looked: Arc<Looked>,
}

impl Lookup for LookedTable {
    fn keys_max(&self) -> usize {
        self.keys_max
    }

    fn look_up(&self, keys: RecordBatch) -> Looking {
        let texts: Vec<String> = (0..keys.num_rows()).map(|row| text(&keys, row)).collect();
        let mut state = self.looked.state();
        state.asked.push(texts.join(" "));
        let mut until_us = Some(self.context.clock.now_us());
        let mut fails = false;
        for text in &texts {
            match state.how.get_mut(text) {
                None | Some(How::AtOnce | How::Failing(0)) => {}
                Some(How::After(delay)) => {
                    let own_us = self.context.clock.now_us() + delay.as_micros() as i64;
                    until_us = until_us.map(|until_us| until_us.max(own_us));
                }
                Some(How::Never) => until_us = None,
                Some(How::Failing(times)) => {
                    *times -= 1;
                    fails = true;
                }
            }
        }
        Box::pin(Request {
            table: self.clone(),
            keys,
            until_us,
            fails,
        })
    }
}

fn text(keys: &RecordBatch, row: usize) -> String {
    let column = keys.column(0);
    if let Some(numbers) = column.as_primitive_opt::<Int64Type>() {
        return numbers.value(row).to_string();
    }
    if let Some(numbers) = column.as_primitive_opt::<Int32Type>() {
        return numbers.value(row).to_string();
    }
    column.as_string::<i32>().value(row).to_string()
}

struct Request {
    table: LookedTable,
    keys: RecordBatch,
    /// `None`: never.
    until_us: Option<i64>,
    fails: bool,
}

impl Future for Request {
    type Output = Result<Found, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let now_us = self.table.context.clock.now_us();
        if self.until_us.is_none_or(|until_us| until_us > now_us) {
            self.table.looked.state().wakers.push(context.waker().clone());
            return Poll::Pending;
        }
        if self.fails {
            let cause = std::io::Error::other("it is out of order");
            return Poll::Ready(Err(Error::io("ask the table", cause)));
        }
        Poll::Ready(self.table.find(&self.keys))
    }
}

impl LookedTable {
    fn find(&self, keys: &RecordBatch) -> Result<Found, Error> {
        let wanted: Vec<String> = (0..keys.num_rows()).map(|row| text(keys, row)).collect();
        let first = &self.request.keys.fields[0].name;
        let is_wanted = |(value, _): &&(serde_json::Value, String)| match &value[first] {
            serde_json::Value::String(text) => wanted.contains(text),
            other => wanted.contains(&other.to_string()),
        };
        let state = self.looked.state();
        let held = state.rows.get(&self.table).map_or(&[][..], Vec::as_slice);
        let rows: Vec<String> = held
            .iter()
            .filter(is_wanted)
            .map(|(_, row)| row.clone())
            .collect();
        drop(state);
        let of_keys = self.decode(&self.request.keys, &rows)?;
        let mut chosen: Vec<u32> = Vec::new();
        let mut places = Vec::new();
        for key in 0..keys.num_rows() {
            for row in 0..of_keys.num_rows() {
                let mut columns = keys.columns().iter().zip(of_keys.columns());
                if columns
                    .all(|(key_of, row_of)| key_of.slice(key, 1).to_data() == row_of.slice(row, 1).to_data())
                {
                    chosen.push(row as u32);
                    places.push(key as u32);
                }
            }
        }
        let rows = self.decode(&self.request.columns, &rows)?;
        let rows = take_record_batch(&rows, &UInt32Array::from(chosen));
        Ok(Found {
            rows: rows.map_err(|error| Error::internal(error.to_string()))?,
            keys: places,
        })
    }

    fn decode(&self, schema: &Schema, rows: &[String]) -> Result<RecordBatch, Error> {
        let options = Options::default();
        // What is a key may be NULL in a row.
        let fields = schema.fields.iter().map(|field| model::Field {
            data_type: field.data_type.clone().with_nullable(true),
            ..field.clone()
        });
        let nullable = Schema::new(fields.collect());
        let mut decoder = self.registry.format("format", "json")?.decoder(&DecoderRequest {
            schema: &nullable,
            physical: &self.physical,
            options: &options,
            context: &self.context,
            faults_at_once: false,
        })?;
        for row in rows {
            let decoded = decoder.decode_message(row.as_bytes());
            decoded.map_err(|error| Error::internal(format!("{row}: {error}")))?;
        }
        decoder.take()
    }
}
