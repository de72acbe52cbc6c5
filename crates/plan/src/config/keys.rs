//! The keys that are known, what their values look like, and which of them do nothing yet.

/// More shards than this help nobody on one machine.
pub const PARALLELISM_MAX: i64 = 1024;

#[derive(Debug, Clone, Copy)]
pub struct Key {
    pub name: &'static str,
    pub kind: Kind,
    /// What holds if it is not set: as Flink documents it, or in words where it is another here. Empty if there is
    /// none.
    pub default: &'static str,
    pub support: Support,
}

/// Whether a key does here what it does in Flink.
#[derive(Debug, Clone, Copy)]
pub enum Support {
    /// It does, or what it would do makes no difference to anybody.
    Honoured,
    /// Not yet, which is worth a warning: `instead` tells what happens. `idle` values ask for nothing else.
    Ignored {
        instead: &'static str,
        idle: &'static [&'static str],
    },
    /// By some operators, which is worth a warning: `others` tells what the others do. `idle` values ask for nothing.
    Partly {
        others: &'static str,
        idle: &'static [&'static str],
    },
    /// Not yet, and to go on without it would be wrong.
    Refused { instead: &'static str },
}

#[derive(Debug, Clone, Copy)]
pub enum Kind {
    Text,
    Boolean,
    Integer {
        min: i64,
    },
    /// A number greater than one.
    Factor,
    Duration,
    Memory,
    TimeZone,
    /// Compared without regard to case.
    OneOf(&'static [&'static str]),
    /// `STREAMING` and nothing else.
    Streaming,
}

const fn key(name: &'static str, kind: Kind, default: &'static str) -> Key {
    Key {
        name,
        kind,
        default,
        support: Support::Honoured,
    }
}

impl Key {
    const fn ignored(mut self, instead: &'static str, idle: &'static [&'static str]) -> Key {
        self.support = Support::Ignored { instead, idle };
        self
    }

    const fn partly(mut self, others: &'static str, idle: &'static [&'static str]) -> Key {
        self.support = Support::Partly { others, idle };
        self
    }

    const fn refused(mut self, instead: &'static str) -> Key {
        self.support = Support::Refused { instead };
        self
    }
}

pub const KEYS: &[Key] = &[
    key("table.local-time-zone", Kind::TimeZone, "default"),
    key("table.dml-sync", Kind::Boolean, "false"),
    key("table.plan.force-recompile", Kind::Boolean, "false"),
    key("table.sql-dialect", Kind::OneOf(&["default"]), "default"),
    key("table.builtin-catalog-name", Kind::Text, "default_catalog"),
    key("table.builtin-database-name", Kind::Text, "default_database"),
    key("table.column-expansion-strategy", Kind::Text, ""),
    key("table.display.max-column-width", Kind::Integer { min: 1 }, "30"),
    key("table.dynamic-table-options.enabled", Kind::Boolean, "true"),
    key(
        "table.generated-code.max-length",
        Kind::Integer { min: 1 },
        "4000",
    ),
    key(
        "table.exec.resource.default-parallelism",
        Kind::Integer { min: -1 },
        "-1",
    ),
    key("table.exec.source.idle-timeout", Kind::Duration, "0 ms"),
    key("table.exec.source.cdc-events-duplicate", Kind::Boolean, "false"),
    key("table.exec.emit.early-fire.enabled", Kind::Boolean, "false"),
    key("table.exec.emit.early-fire.delay", Kind::Duration, ""),
    key("table.exec.emit.late-fire.enabled", Kind::Boolean, "false"),
    key("table.exec.emit.late-fire.delay", Kind::Duration, ""),
    key("table.exec.emit.allow-lateness", Kind::Duration, ""),
    key("table.exec.state.ttl", Kind::Duration, "0 ms").partly(
        "the values that DISTINCT has seen of a key are kept as long as the key",
        &["0 ms"],
    ),
    key("table.exec.mini-batch.enabled", Kind::Boolean, "false"),
    key("table.exec.mini-batch.allow-latency", Kind::Duration, "0 ms"),
    key("table.exec.mini-batch.size", Kind::Integer { min: -1 }, "-1"),
    key(
        "table.exec.async-lookup.buffer-capacity",
        Kind::Integer { min: 1 },
        "100",
    ),
    key("table.exec.async-lookup.timeout", Kind::Duration, "3 min"),
    key(
        "table.exec.async-lookup.output-mode",
        Kind::OneOf(&["ORDERED", "ALLOW_UNORDERED"]),
        "ORDERED",
    ),
    key(
        "table.exec.legacy-cast-behaviour",
        Kind::OneOf(&["ENABLED", "DISABLED", "true", "false"]),
        "DISABLED",
    ),
    key(
        "table.exec.sink.not-null-enforcer",
        Kind::OneOf(&["ERROR", "DROP"]),
        "ERROR",
    ),
    key(
        "table.exec.sink.type-length-enforcer",
        Kind::OneOf(&["IGNORE", "TRIM_PAD", "ERROR"]),
        "IGNORE",
    ),
    key(
        "table.exec.sink.upsert-materialize",
        Kind::OneOf(&["NONE", "AUTO", "FORCE"]),
        "AUTO",
    ),
    key(
        "table.exec.sink.keyed-shuffle",
        Kind::OneOf(&["NONE", "AUTO", "FORCE"]),
        "AUTO",
    ),
    key(
        "table.exec.sink.rowtime-inserter",
        Kind::OneOf(&["ENABLED", "DISABLED"]),
        "ENABLED",
    ),
    key(
        "table.exec.rank.topn-cache-size",
        Kind::Integer { min: 1 },
        "10000",
    ),
    key(
        "table.exec.deduplicate.insert-update-after-sensitive-enabled",
        Kind::Boolean,
        "true",
    ),
    key(
        "table.exec.window-agg.buffer-size-limit",
        Kind::Integer { min: 1 },
        "100000",
    ),
    key("table.exec.simplify-operator-name-enabled", Kind::Boolean, "true"),
    key(
        "table.optimizer.agg-phase-strategy",
        Kind::OneOf(&["AUTO", "TWO_PHASE", "ONE_PHASE"]),
        "AUTO",
    ),
    key(
        "table.optimizer.distinct-agg.split.enabled",
        Kind::Boolean,
        "false",
    ),
    key(
        "table.optimizer.distinct-agg.split.bucket-num",
        Kind::Integer { min: 1 },
        "1024",
    ),
    key("table.optimizer.incremental-agg-enabled", Kind::Boolean, "true"),
    key("table.optimizer.join-reorder-enabled", Kind::Boolean, "false"),
    key("table.optimizer.reuse-sub-plan-enabled", Kind::Boolean, "true"),
    key("table.optimizer.reuse-source-enabled", Kind::Boolean, "true"),
    key(
        "table.optimizer.source.predicate-pushdown-enabled",
        Kind::Boolean,
        "true",
    ),
    key("table.optimizer.multi-join.enabled", Kind::Boolean, "false"),
    key(
        "table.optimizer.delta-join.strategy",
        Kind::OneOf(&["AUTO", "FORCE", "NONE"]),
        "AUTO",
    ),
    key(
        "table.optimizer.nondeterministic-update.strategy",
        Kind::OneOf(&["TRY_RESOLVE", "IGNORE"]),
        "IGNORE",
    ),
    key(
        "parallelism.default",
        Kind::Integer { min: 1 },
        "one shard a core, at most 128",
    ),
    key("pipeline.name", Kind::Text, ""),
    key("pipeline.auto-watermark-interval", Kind::Duration, "200 ms"),
    key("pipeline.max-parallelism", Kind::Integer { min: -1 }, "-1")
        .ignored("a job has 128 key groups", &["-1", "128"]),
    key("pipeline.object-reuse", Kind::Boolean, "false"),
    key("pipeline.operator-chaining.enabled", Kind::Boolean, "true"),
    key("pipeline.jars", Kind::Text, ""),
    key("execution.runtime-mode", Kind::Streaming, "STREAMING"),
    key("execution.attached", Kind::Boolean, "false"),
    key("execution.target", Kind::Text, ""),
    key("execution.buffer-timeout", Kind::Duration, "100 ms"),
    key(
        "execution.checkpointing.interval",
        Kind::Duration,
        "10 s; the first ones come sooner",
    ),
    key("execution.checkpointing.min-pause", Kind::Duration, "0 ms"),
    key("execution.checkpointing.timeout", Kind::Duration, "10 min"),
    key(
        "execution.checkpointing.num-retained",
        Kind::Integer { min: 1 },
        "2",
    ),
    key(
        "execution.checkpointing.max-concurrent-checkpoints",
        Kind::Integer { min: 1 },
        "1",
    ),
    key(
        "execution.checkpointing.tolerable-failed-checkpoints",
        Kind::Integer { min: 0 },
        "0",
    ),
    key(
        "execution.checkpointing.mode",
        Kind::OneOf(&["EXACTLY_ONCE", "AT_LEAST_ONCE"]),
        "EXACTLY_ONCE",
    ),
    key(
        "execution.checkpointing.unaligned.enabled",
        Kind::Boolean,
        "false",
    ),
    key(
        "execution.checkpointing.incremental",
        Kind::Boolean,
        "where state is large",
    ),
    key("execution.checkpointing.dir", Kind::Text, ""),
    key("execution.checkpointing.savepoint-dir", Kind::Text, ""),
    key("execution.state-recovery.path", Kind::Text, "").refused("the job would start without its state"),
    key(
        "execution.state-recovery.ignore-unclaimed-state",
        Kind::Boolean,
        "false",
    ),
    key("state.backend.type", Kind::Text, "hashmap"),
    key("state.backend.incremental", Kind::Boolean, "false"),
    key(
        "restart-strategy.type",
        Kind::OneOf(&[
            "none",
            "off",
            "disable",
            "fixed-delay",
            "fixeddelay",
            "failure-rate",
            "failurerate",
            "exponential-delay",
            "exponentialdelay",
        ]),
        "exponential-delay, twice the time after each failure, at most nine times in a row",
    ),
    key(
        "restart-strategy.fixed-delay.attempts",
        Kind::Integer { min: 0 },
        "1",
    ),
    key("restart-strategy.fixed-delay.delay", Kind::Duration, "1 s"),
    key(
        "restart-strategy.failure-rate.max-failures-per-interval",
        Kind::Integer { min: 0 },
        "1",
    ),
    key(
        "restart-strategy.failure-rate.failure-rate-interval",
        Kind::Duration,
        "1 min",
    ),
    key("restart-strategy.failure-rate.delay", Kind::Duration, "1 s"),
    key(
        "restart-strategy.exponential-delay.initial-backoff",
        Kind::Duration,
        "1 s",
    ),
    key(
        "restart-strategy.exponential-delay.max-backoff",
        Kind::Duration,
        "1 min",
    ),
    key(
        "restart-strategy.exponential-delay.backoff-multiplier",
        Kind::Factor,
        "1.5",
    ),
    key(
        "restart-strategy.exponential-delay.reset-backoff-threshold",
        Kind::Duration,
        "1 h",
    ),
    key(
        "restart-strategy.exponential-delay.attempts-before-reset-backoff",
        Kind::Integer { min: 0 },
        "without end",
    ),
    key("taskmanager.memory.process.size", Kind::Memory, ""),
    key(
        "taskmanager.memory.managed.size",
        Kind::Memory,
        "half of the memory that the deployment may have",
    ),
    key("taskmanager.numberOfTaskSlots", Kind::Integer { min: 1 }, "1"),
    key(
        "sql-client.execution.result-mode",
        Kind::OneOf(&["TABLE", "CHANGELOG", "TABLEAU"]),
        "TABLE",
    ),
    key(
        "sql-client.execution.max-table-result.rows",
        Kind::Integer { min: 0 },
        "1000000",
    ),
    key("sql-client.verbose", Kind::Boolean, "false"),
    key("sql-client.display.print-time-cost", Kind::Boolean, "true"),
    key("sql-client.display.color-schema", Kind::Text, "DEFAULT"),
    key("sql-client.prompt", Kind::Text, ""),
];
