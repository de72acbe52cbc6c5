//! The properties that there are, and what is done with each.

/// What is done with a property.
#[derive(Debug, Clone, Copy)]
pub enum Use {
    /// It has the same name and values here.
    Same,
    /// It has another name here.
    As(&'static str),
    /// The same number in other units: bytes to kibibytes.
    Kibibytes(&'static str),
    /// A number whose -1 is 0 here.
    OrSystem(&'static str),
    /// It changes nothing about what is read and written.
    Nothing,
    /// It is allowed with this value only, which changes nothing.
    Only(&'static str),
    /// It is handled apart.
    Special,
    /// Why not, and what to do.
    Refused(&'static str, &'static str),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    Both,
    Consumer,
    Producer,
}

const NO_FILE: &str = "it names a file, which tables do not open by themselves";
const NO_CLASS: &str = "it names a class of Java";
pub const NO_COMMIT: &str = "offsets are kept in checkpoints and not committed to the group";

pub const PROPERTIES: &[(&str, Of, Use)] = {
    use Of::{Both, Consumer, Producer};
    use Use::{As, Kibibytes, Nothing, Only, OrSystem, Refused, Same, Special};
    &[
        ("bootstrap.servers", Both, Special),
        ("group.id", Consumer, Special),
        ("auto.offset.reset", Consumer, Special),
        ("sasl.jaas.config", Both, Special),
        ("sasl.mechanism", Both, Special),
        ("ssl.endpoint.identification.algorithm", Both, Special),
        // Connections.
        ("client.id", Both, Same),
        ("client.id.prefix", Both, As("client.id")),
        ("client.rack", Both, Same),
        ("client.dns.lookup", Both, Only("use_all_dns_ips")),
        ("connections.max.idle.ms", Both, Same),
        ("metadata.max.age.ms", Both, Same),
        (
            "receive.buffer.bytes",
            Both,
            OrSystem("socket.receive.buffer.bytes"),
        ),
        ("reconnect.backoff.max.ms", Both, Same),
        ("reconnect.backoff.ms", Both, Same),
        ("request.timeout.ms", Consumer, As("socket.timeout.ms")),
        ("request.timeout.ms", Producer, Same),
        ("retry.backoff.max.ms", Both, Same),
        ("retry.backoff.ms", Both, Same),
        ("security.protocol", Both, Same),
        ("send.buffer.bytes", Both, OrSystem("socket.send.buffer.bytes")),
        ("socket.connection.setup.timeout.ms", Both, Same),
        ("socket.connection.setup.timeout.max.ms", Both, Nothing),
        ("ssl.key.password", Both, Same),
        ("ssl.keystore.certificate.chain", Both, As("ssl.certificate.pem")),
        ("ssl.keystore.key", Both, As("ssl.key.pem")),
        ("ssl.keystore.type", Both, Only("PEM")),
        ("ssl.truststore.certificates", Both, As("ssl.ca.pem")),
        ("ssl.truststore.type", Both, Only("PEM")),
        // Reading.
        ("allow.auto.create.topics", Consumer, Only("false")),
        ("check.crcs", Consumer, Same),
        ("enable.auto.commit", Consumer, Only("false")),
        ("fetch.max.bytes", Consumer, Same),
        ("fetch.max.wait.ms", Consumer, As("fetch.wait.max.ms")),
        ("fetch.min.bytes", Consumer, Same),
        ("isolation.level", Consumer, Same),
        ("max.partition.fetch.bytes", Consumer, Same),
        ("commit.offsets.on.checkpoint", Consumer, Only("false")),
        // Partitions are dealt out by the engine, in chunks of its own.
        ("auto.commit.interval.ms", Consumer, Nothing),
        ("default.api.timeout.ms", Both, Nothing),
        ("group.protocol", Consumer, Nothing),
        ("heartbeat.interval.ms", Consumer, Nothing),
        ("max.poll.interval.ms", Consumer, Nothing),
        ("max.poll.records", Consumer, Nothing),
        ("session.timeout.ms", Consumer, Nothing),
        (
            "partition.discovery.interval.ms",
            Consumer,
            Refused(
                "it has an option of its own",
                "use 'scan.topic-partition-discovery.interval'",
            ),
        ),
        ("group.instance.id", Consumer, Refused(NO_COMMIT, "remove it")),
        // Writing.
        ("acks", Producer, Same),
        ("batch.size", Producer, Same),
        ("buffer.memory", Producer, Kibibytes("queue.buffering.max.kbytes")),
        ("compression.type", Producer, Same),
        ("compression.gzip.level", Producer, As("compression.level")),
        ("compression.lz4.level", Producer, As("compression.level")),
        ("compression.zstd.level", Producer, As("compression.level")),
        ("delivery.timeout.ms", Producer, Same),
        ("enable.idempotence", Producer, Same),
        ("linger.ms", Producer, Same),
        ("max.block.ms", Producer, Nothing),
        ("max.in.flight.requests.per.connection", Producer, Same),
        ("max.request.size", Producer, As("message.max.bytes")),
        ("retries", Producer, Same),
        ("transaction.timeout.ms", Producer, Same),
        (
            "transactional.id",
            Producer,
            Refused(
                "transactions are the sink's business",
                "use 'sink.transactional-id-prefix'",
            ),
        ),
        (
            "partitioner.class",
            Producer,
            Refused(NO_CLASS, "use 'sink.partitioner'"),
        ),
        // What both clients set by themselves.
        (
            "key.deserializer",
            Consumer,
            Only("org.apache.kafka.common.serialization.ByteArrayDeserializer"),
        ),
        (
            "value.deserializer",
            Consumer,
            Only("org.apache.kafka.common.serialization.ByteArrayDeserializer"),
        ),
        (
            "key.serializer",
            Producer,
            Only("org.apache.kafka.common.serialization.ByteArraySerializer"),
        ),
        (
            "value.serializer",
            Producer,
            Only("org.apache.kafka.common.serialization.ByteArraySerializer"),
        ),
        ("interceptor.classes", Both, Refused(NO_CLASS, "remove it")),
        ("metric.reporters", Both, Refused(NO_CLASS, "remove it")),
        (
            "ssl.truststore.location",
            Both,
            Refused(
                NO_FILE,
                "give the certificates themselves, in PEM, as 'properties.ssl.truststore.certificates'",
            ),
        ),
        (
            "ssl.truststore.password",
            Both,
            Refused(
                "certificates in PEM need no password",
                "give the certificates themselves, in PEM, as 'properties.ssl.truststore.certificates'",
            ),
        ),
        (
            "ssl.keystore.location",
            Both,
            Refused(
                NO_FILE,
                "give them as 'properties.ssl.keystore.key' and 'properties.ssl.keystore.certificate.chain', in PEM",
            ),
        ),
        (
            "ssl.keystore.password",
            Both,
            Refused(
                "a key in PEM has its password as 'properties.ssl.key.password'",
                "give them as 'properties.ssl.keystore.key' and 'properties.ssl.keystore.certificate.chain', in PEM",
            ),
        ),
    ]
};
