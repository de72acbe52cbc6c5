//! The options as documentation and completion show them.

use dataflow::OptionDoc;

use super::options::Flavour;

pub fn options(flavour: Flavour) -> Vec<OptionDoc> {
    let doc = |key, required, default, doc| OptionDoc {
        key,
        required,
        default,
        doc,
    };
    let is_upsert = flavour == Flavour::Upsert;
    let mut docs = vec![
        doc("topic", false, "", "the topic; several with ';' between"),
        doc(
            "topic-pattern",
            false,
            "",
            "instead of 'topic': a regular expression that whole names match",
        ),
        doc(
            "properties.bootstrap.servers",
            true,
            "",
            "servers to begin with, 'host:port' with ',' between",
        ),
        doc(
            "properties.group.id",
            false,
            "",
            "the group whose committed offsets are looked at",
        ),
        doc(
            "properties.*",
            false,
            "",
            "settings of Kafka's Java client, such as 'properties.security.protocol'; files and classes are refused",
        ),
        doc("key.format", is_upsert, "", "how keys of messages are written"),
        doc(
            "value.format",
            is_upsert,
            "",
            "how values of messages are written; its options begin with 'value.'",
        ),
        doc(
            "key.fields-prefix",
            false,
            "",
            "what names of key columns begin with in the table and not in the message",
        ),
        doc(
            "value.fields-include",
            false,
            "ALL",
            "whether key columns stand in the value, too: ALL or EXCEPT_KEY",
        ),
        doc(
            "scan.bounded.mode",
            false,
            "unbounded",
            "where reading ends: unbounded, latest-offset, group-offsets, timestamp or specific-offsets",
        ),
        doc(
            "scan.bounded.timestamp-millis",
            false,
            "",
            "where it ends with 'timestamp'",
        ),
        doc(
            "scan.bounded.specific-offsets",
            false,
            "",
            "where it ends with 'specific-offsets', such as 'partition:0,offset:42;partition:1,offset:300'",
        ),
        doc(
            "sink.delivery-guarantee",
            false,
            "at-least-once",
            "none, at-least-once, or exactly-once: a transaction is committed behind each checkpoint",
        ),
        doc(
            "sink.transactional-id-prefix",
            false,
            "",
            "what 'exactly-once' needs: what the names of its transactions begin with; no other job may use it",
        ),
    ];
    if is_upsert {
        docs.extend([
            doc(
                "sink.buffer-flush.max-rows",
                false,
                "0",
                "hold back so many keys, and write the last change of each",
            ),
            doc(
                "sink.buffer-flush.interval",
                false,
                "0 s",
                "and no longer than this",
            ),
        ]);
        return docs;
    }
    docs.extend([
        doc("format", false, "", "the same as 'value.format', but its options have no prefix"),
        doc(
            "key.fields",
            false,
            "",
            "columns that stand in the key, with ';' between",
        ),
        doc(
            "scan.startup.mode",
            false,
            "group-offsets",
            "where reading begins: earliest-offset, latest-offset, group-offsets, timestamp or specific-offsets",
        ),
        doc(
            "scan.startup.timestamp-millis",
            false,
            "",
            "where it begins with 'timestamp'",
        ),
        doc(
            "scan.startup.specific-offsets",
            false,
            "",
            "where it begins with 'specific-offsets'",
        ),
        doc(
            "scan.topic-partition-discovery.interval",
            false,
            "5 min",
            "how often to look for new topics and partitions; 0 for never",
        ),
        doc(
            "sink.partitioner",
            false,
            "default",
            "default (by key, or in turn), fixed (a partition for each task) or round-robin",
        ),
    ]);
    docs
}
