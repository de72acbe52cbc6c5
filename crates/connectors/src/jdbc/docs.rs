//! The options as documentation and completion show them.

use dataflow::OptionDoc;
use dataflow::lookup::option_docs;

pub fn options() -> Vec<OptionDoc> {
    let doc = |key, required, default, doc| OptionDoc {
        key,
        required,
        default,
        doc,
    };
    let mut docs = vec![
        doc(
            "url",
            true,
            "",
            "the database: 'jdbc:postgresql://host:port/database', 'jdbc:mysql://...' or 'jdbc:mariadb://...'",
        ),
        doc(
            "table-name",
            true,
            "",
            "the table there, with its schema before a point if need be",
        ),
        doc(
            "username",
            false,
            "",
            "the user there; needed if there is a password",
        ),
        doc("password", false, "", "the user's password"),
        doc(
            "driver",
            false,
            "",
            "Java's driver; said for Flink, of no effect here",
        ),
        doc(
            "connection.max-retry-timeout",
            false,
            "60 s",
            "how long it may take to connect, and to answer what is written",
        ),
        doc(
            "sink.buffer-flush.max-rows",
            false,
            "100",
            "rows that are written at once; only the last change of a key counts among them",
        ),
        doc(
            "sink.buffer-flush.interval",
            false,
            "1 s",
            "how long rows wait to be written with others, while more come; '0' for no such limit",
        ),
        doc(
            "sink.max-retries",
            false,
            "3",
            "how often a write that failed is made again",
        ),
    ];
    docs.extend(option_docs());
    docs
}
