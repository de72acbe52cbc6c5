//! Any script over a few known tables: planning gives a graph or a diagnostic with a place in the text.
#![no_main]

use std::sync::{Arc, LazyLock, Mutex};

use dataflow::Registry;
use libfuzzer_sys::fuzz_target;
use plan::session::Session;
use stdx::ManualClock;

const PRELUDE: &str = "
CREATE TABLE t (
  a INT, b BIGINT NOT NULL, c STRING, d DECIMAL(10, 2), e DOUBLE, f BOOLEAN, g DATE, h TIME, k BYTES,
  r ROW<x INT, y ROW<z STRING>>, l ARRAY<INT>, m MAP<STRING, INT>, ts TIMESTAMP(3), ltz TIMESTAMP_LTZ(3),
  p AS PROCTIME(), s AS a + 1, WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'datagen');
CREATE TABLE o (a INT, b STRING, c TIMESTAMP(3)) WITH ('connector' = 'blackhole');
CREATE VIEW v AS SELECT a, c AS name, ts FROM t WHERE a > 0;
";

static REGISTRY: LazyLock<Arc<Registry>> = LazyLock::new(|| {
    let mut registry = Registry::default();
    formats::all().into_iter().for_each(|format| registry.add_format(format));
    let nowhere: Arc<Mutex<dyn std::io::Write + Send>> = Arc::new(Mutex::new(std::io::sink()));
    connectors::all(nowhere).into_iter().for_each(|connector| registry.add_connector(connector));
    Arc::new(registry)
});

fuzz_target!(|text: &str| {
    let mut session = Session::new(Arc::clone(&REGISTRY), Arc::new(ManualClock::at_ms(0)));
    for statement in &sql::parse_script(PRELUDE).statements {
        session.execute(PRELUDE, statement).expect("the prelude is right");
    }
    session.begin_script();
    for statement in &sql::parse_script(text).statements {
        if let Err(diagnostic) = session.execute(text, statement) {
            if let Some(span) = diagnostic.span {
                assert!(span.start <= span.end && span.end as usize <= text.len(), "{diagnostic:?}");
            }
            diagnostic.render("fuzz.sql", text);
        }
    }
});
