//! The table of connectors and formats, `docs/connectors.md`, is what they say of themselves.
//!
//! `OCEANUS_TEST_RECORD=1` writes it anew.

use std::fmt::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use dataflow::OptionDoc;

/// What no list of options tells.
const INTRODUCTION: &str = r#"# Connectors and formats

A table names its connector, and a connector that reads or writes bytes its format:

```sql
CREATE TABLE orders (
  id BIGINT, price DECIMAL(10, 2), ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = '/data/orders', 'format' = 'json');
```

- A path to read is a file, a folder or a pattern (`/data/2024-*/*.json`). A path to write is a folder: it gets a file for
  each part, which can be seen when it is whole.
- JSON stands one object a line. Times are written `2024-03-01 10:00:00`; for `2024-03-01T10:00:00` set
  `json.timestamp-format.standard` to `ISO-8601`, and for a `Z` behind it declare the column `TIMESTAMP_LTZ(3)`.
- CSV has no line of names: take it off before.
- Avro, with or without a schema registry: [avro.md](avro.md).
- Options of a table can be changed for one query: `SELECT * FROM orders /*+ OPTIONS('source.monitor-interval' = '1 s') */`.
- Any table that has a `WATERMARK` takes `scan.watermark.emit.strategy`, `scan.watermark.idle-timeout` and
  `scan.watermark.alignment.*` ([windows.md](windows.md)).
- Tables of `kafka`, `upsert-kafka` and `filesystem` take `scan.unreadable-rows.*`, which say what becomes of records that cannot be
  read ([unreadable.md](unreadable.md)).
"#;

#[test]
fn the_table_of_connectors_is_the_one_that_is_written_down() {
    let registry = embedded::wiring::registry(Arc::new(Mutex::new(std::io::sink())));
    let mut document = INTRODUCTION.to_string();
    for connector in registry.connectors() {
        section(&mut document, "Connector", connector.name(), &connector.options());
    }
    for format in registry.formats() {
        section(&mut document, "Format", format.name(), &format.options());
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/connectors.md");
    if std::env::var_os("OCEANUS_TEST_RECORD").is_some() {
        std::fs::write(&path, &document).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap_or_default() == document,
        "the table of connectors has changed: look at it, then write it down with OCEANUS_TEST_RECORD=1"
    );
}

fn section(document: &mut String, what: &str, name: &str, options: &[OptionDoc]) {
    write!(document, "\n## {what} `{name}`\n\n").unwrap();
    if options.is_empty() {
        document.push_str("Takes no options.\n");
        return;
    }
    document.push_str("| option | default | meaning |\n| --- | --- | --- |\n");
    for option in options {
        let default = match (option.required, option.default) {
            (true, _) => "required".to_string(),
            (false, "") => String::new(),
            (false, default) => format!("`{}`", escaped(default)),
        };
        let (key, doc) = (escaped(option.key), escaped(option.doc));
        writeln!(document, "| `{key}` | {default} | {doc} |").unwrap();
    }
}

/// A bar would end the cell.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
}
