//! `properties.*`: settings of Kafka's Java client, as Flink hands them on, for the client that is used here.
//!
//! Names and meaning are the Java client's. What would be passed over there (a producer's setting on a table that is
//! read) is passed over here; what cannot be honoured is refused. No property names a file, a program or a class: a
//! table reaches outside only through what it was granted.

use dataflow::{OptionError, Options};
use model::address::Host;
use model::suggest::did_you_mean;

use super::client::{Kind, Settings};

const PREFIX: &str = "properties.";
const BOOTSTRAP_SERVERS: &str = "properties.bootstrap.servers";

/// Bytes that a producer holds back at most, as `buffer.memory` of Java's.
const PRODUCER_BUFFER_BYTES: u64 = 32 << 20;
/// Within this time a record is delivered or has failed, as in Java.
const DELIVERY_TIMEOUT_MS: &str = "120000";

/// What is done with a property.
#[derive(Debug, Clone, Copy)]
enum Use {
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
enum Of {
    Both,
    Consumer,
    Producer,
}

const NO_FILE: &str = "it names a file, which tables do not open by themselves";
const NO_CLASS: &str = "it names a class of Java";
const NO_COMMIT: &str = "offsets are kept in checkpoints and not committed to the group";

const PROPERTIES: &[(&str, Of, Use)] = {
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
        ("transaction.timeout.ms", Producer, Nothing),
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

/// What the properties of a table say, for both sides.
#[derive(Debug, Clone)]
pub struct Properties {
    /// `host:port`, as they are checked and then dialled.
    pub servers: Vec<(String, u16)>,
    pub group: Option<String>,
    pub reset: Option<Reset>,
    consumer: Settings,
    producer: Settings,
}

/// Where to begin if there is nothing at the place where reading should go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reset {
    Earliest,
    Latest,
    Fail,
}

impl Properties {
    pub fn read(options: &Options) -> Result<Properties, OptionError> {
        let servers = servers(options.require(BOOTSTRAP_SERVERS)?)?;
        let resets = [
            ("earliest", Reset::Earliest),
            ("latest", Reset::Latest),
            ("none", Reset::Fail),
        ];
        let mut properties = Properties {
            servers,
            group: options.get("properties.group.id").map(str::to_string),
            reset: options.one_of("properties.auto.offset.reset", &resets)?,
            consumer: Settings::default(),
            producer: Settings::default(),
        };
        properties.set_defaults();
        for (name, value) in options.starting_with(PREFIX) {
            properties.apply(&name, &value)?;
        }
        // Java gives up idempotence if other settings do not allow it, unless it is asked for.
        let producer = &mut properties.producer;
        if producer.get("enable.idempotence").is_none() && allows_idempotence(producer) {
            producer.set("enable.idempotence", "true");
        }
        properties.consumer.check()?;
        properties.producer.check()?;
        Ok(properties)
    }

    /// The servers as the client takes them, and as messages show them.
    pub fn server_list(&self) -> String {
        let servers: Vec<String> = self
            .servers
            .iter()
            .map(|(host, port)| format!("{host}:{port}"))
            .collect();
        servers.join(",")
    }

    pub fn settings(&self, kind: Kind) -> Settings {
        match kind {
            Kind::Consumer => self.consumer.clone(),
            Kind::Producer => self.producer.clone(),
        }
    }

    fn set_defaults(&mut self) {
        let servers = self.server_list();
        for settings in [&mut self.consumer, &mut self.producer] {
            settings.set("bootstrap.servers", servers.as_str());
            settings.set("client.id", "oceanus");
            settings.set("enable.metrics.push", "false");
        }
        if let Some(group) = &self.group {
            self.consumer.set_by("properties.group.id", "group.id", group);
        }
        // As Java's consumer, and so Flink's source, reads if nothing else is said.
        self.consumer.set("isolation.level", "read_uncommitted");
        self.consumer.set("enable.auto.commit", "false");
        self.consumer.set("enable.auto.offset.store", "false");
        self.consumer.set("enable.partition.eof", "true");
        // Java's partitioner: by the hash of the key, and without a key in turn, a batch each.
        self.producer.set("partitioner", "murmur2_random");
        self.producer.set("delivery.report.only.error", "true");
        self.producer.set("delivery.timeout.ms", DELIVERY_TIMEOUT_MS);
        let buffer_kib = PRODUCER_BUFFER_BYTES >> 10;
        self.producer
            .set("queue.buffering.max.kbytes", buffer_kib.to_string());
    }

    fn apply(&mut self, name: &str, value: &str) -> Result<(), OptionError> {
        let mut is_known = false;
        for (known, of, used) in PROPERTIES {
            if *known == name {
                is_known = true;
                self.apply_as(name, value, *of, *used)?;
            }
        }
        if is_known {
            return Ok(());
        }
        let key = format!("{PREFIX}{name}");
        let mut error = OptionError::new(&key, format!("option '{key}' is not known here"));
        error.hint = did_you_mean(name, PROPERTIES.iter().map(|(known, ..)| *known))
            .or_else(|| Some("properties are those of Kafka's Java client that can be honoured".to_string()));
        Err(error)
    }

    fn apply_as(&mut self, name: &str, value: &str, of: Of, used: Use) -> Result<(), OptionError> {
        let key = format!("{PREFIX}{name}");
        let refused = |reason: String| OptionError::new(&key, format!("option '{key}' {reason}"));
        match used {
            Use::Same => self.set(of, &key, name, value),
            Use::As(other) => self.set(of, &key, other, value),
            Use::Kibibytes(other) => {
                let bytes: u64 = value
                    .trim()
                    .parse()
                    .map_err(|_| refused(format!("must be a number of bytes, got '{value}'")))?;
                self.set(of, &key, other, &bytes.div_ceil(1024).max(1).to_string());
            }
            Use::OrSystem(other) => {
                let value = if value.trim() == "-1" { "0" } else { value };
                self.set(of, &key, other, value);
            }
            Use::Nothing => {}
            Use::Only(allowed) => {
                if !value.trim().eq_ignore_ascii_case(allowed) {
                    let refusal = refused(format!("= '{value}' is not supported, only '{allowed}' is"));
                    return Err(match name {
                        "enable.auto.commit" | "commit.offsets.on.checkpoint" => refusal.hint(NO_COMMIT),
                        _ => refusal,
                    });
                }
            }
            Use::Refused(why, hint) => {
                return Err(refused(format!("is not supported: {why}")).hint(hint));
            }
            Use::Special => match name {
                "sasl.jaas.config" => self.sign_in(&key, value)?,
                "sasl.mechanism" => self.mechanism(&key, value)?,
                "ssl.endpoint.identification.algorithm" => {
                    // Java's word for not to look is none at all.
                    let value = if value.trim().is_empty() { "none" } else { value };
                    self.set(of, &key, name, value);
                }
                // Read before.
                _ => {}
            },
        }
        Ok(())
    }

    fn set(&mut self, of: Of, key: &str, name: &str, value: &str) {
        if of != Of::Producer {
            self.consumer.set_by(key, name, value.trim());
        }
        if of != Of::Consumer {
            self.producer.set_by(key, name, value.trim());
        }
    }

    fn mechanism(&mut self, key: &str, value: &str) -> Result<(), OptionError> {
        const MECHANISMS: [&str; 3] = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"];
        if !MECHANISMS.contains(&value.trim()) {
            let message = format!("option '{key}' = '{value}' is not supported");
            return Err(OptionError::new(key, message).hint(format!("use one of {}", MECHANISMS.join(", "))));
        }
        self.set(Of::Both, key, "sasl.mechanism", value);
        Ok(())
    }

    /// Java's login: `...PlainLoginModule required username="a" password="b";`
    fn sign_in(&mut self, key: &str, value: &str) -> Result<(), OptionError> {
        // The value holds a password: no message repeats it.
        let refused = |reason: &str| {
            OptionError::new(key, format!("option '{key}' {reason}")).hint(
                "write '...PlainLoginModule required username=\"...\" password=\"...\";' or the same with \
                 ScramLoginModule",
            )
        };
        let module = value.split_whitespace().next().unwrap_or_default();
        if !module.ends_with("PlainLoginModule") && !module.ends_with("ScramLoginModule") {
            return Err(refused("must name PlainLoginModule or ScramLoginModule"));
        }
        let fields = login_fields(value).ok_or_else(|| refused("cannot be read"))?;
        for (field, setting) in [("username", "sasl.username"), ("password", "sasl.password")] {
            let Some((_, found)) = fields.iter().find(|(name, _)| name == field) else {
                return Err(refused(&format!("lacks {field}=\"...\"")));
            };
            // Not trimmed: blanks may belong to it.
            self.consumer.set_by(key, setting, found.as_str());
            self.producer.set_by(key, setting, found.as_str());
        }
        Ok(())
    }
}

fn allows_idempotence(producer: &Settings) -> bool {
    let number = |name| {
        producer
            .get(name)
            .and_then(|value| value.trim().parse::<i64>().ok())
    };
    let acks = producer.get("acks").unwrap_or("all");
    matches!(acks, "all" | "-1")
        && number("retries") != Some(0)
        && number("max.in.flight.requests.per.connection").is_none_or(|count| count <= 5)
}

/// The fields behind the name of a login and its flag, their escapes undone.
fn login_fields(text: &str) -> Option<Vec<(String, String)>> {
    let mut rest = text.trim();
    for _ in ["module", "flag"] {
        rest = rest.split_once(char::is_whitespace)?.1.trim_start();
    }
    let mut fields = Vec::new();
    while !rest.is_empty() && rest != ";" {
        let (name, value) = rest.split_once('=')?;
        let mut characters = value.chars();
        let quote = characters
            .next()
            .filter(|character| matches!(character, '"' | '\''))?;
        let mut found = String::new();
        loop {
            match characters.next()? {
                '\\' => found.push(characters.next()?),
                character if character == quote => break,
                character => found.push(character),
            }
        }
        fields.push((name.trim().to_string(), found));
        rest = characters.as_str().trim_start();
    }
    Some(fields)
}

/// `host:port`, with commas between; a protocol before it is passed over, as in Java.
fn servers(value: &str) -> Result<Vec<(String, u16)>, OptionError> {
    let mut servers = Vec::new();
    for server in value
        .split(',')
        .map(str::trim)
        .filter(|server| !server.is_empty())
    {
        let address = server.split_once("://").map_or(server, |(_, address)| address);
        let parsed = address
            .rsplit_once(':')
            .and_then(|(host, port)| Some((host, port.parse().ok()?)))
            .filter(|(host, _)| host.parse::<Host>().is_ok());
        let Some((host, port)) = parsed else {
            let message =
                format!("option '{BOOTSTRAP_SERVERS}' must be a list of 'host:port', got '{server}'");
            return Err(OptionError::new(BOOTSTRAP_SERVERS, message).hint("Kafka's own port is 9092"));
        };
        servers.push((host.to_string(), port));
    }
    if servers.is_empty() {
        let message = format!("option '{BOOTSTRAP_SERVERS}' must name a server");
        return Err(OptionError::new(BOOTSTRAP_SERVERS, message).hint("such as 'localhost:9092'"));
    }
    Ok(servers)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(entries: &[(&str, &str)]) -> Result<Properties, OptionError> {
        let mut all = vec![(BOOTSTRAP_SERVERS, "localhost:9092")];
        all.extend(entries);
        let all = all
            .into_iter()
            .map(|(key, value)| (key.to_string(), value.to_string()));
        Properties::read(&Options::new(all.collect()))
    }

    #[test]
    fn names_and_units_of_java_become_those_of_the_client() {
        let properties = read(&[
            ("properties.buffer.memory", "1048577"),
            ("properties.fetch.max.wait.ms", "7"),
            ("properties.receive.buffer.bytes", "-1"),
            ("properties.request.timeout.ms", "9000"),
            ("properties.max.poll.records", "500"),
            ("properties.group.id", "g"),
        ])
        .unwrap();
        let (consumer, producer) = (&properties.consumer, &properties.producer);
        assert_eq!(producer.get("queue.buffering.max.kbytes"), Some("1025"));
        assert_eq!(consumer.get("fetch.wait.max.ms"), Some("7"));
        assert_eq!(consumer.get("socket.receive.buffer.bytes"), Some("0"));
        assert_eq!(consumer.get("socket.timeout.ms"), Some("9000"));
        assert_eq!(producer.get("request.timeout.ms"), Some("9000"));
        assert_eq!(consumer.get("group.id"), Some("g"));
        assert_eq!(consumer.get("isolation.level"), Some("read_uncommitted"));
        assert_eq!(producer.get("enable.idempotence"), Some("true"));
    }

    #[test]
    fn idempotence_gives_way_to_settings_that_do_not_allow_it() {
        for (key, value) in [
            ("properties.acks", "1"),
            ("properties.retries", "0"),
            ("properties.max.in.flight.requests.per.connection", "6"),
        ] {
            let properties = read(&[(key, value)]).unwrap();
            assert_eq!(properties.producer.get("enable.idempotence"), None, "{key}");
        }
    }

    #[test]
    fn a_login_is_read_and_never_shown() {
        let login = r#"org.apache.kafka.common.security.scram.ScramLoginModule required username="me" password="a \"b\" c";"#;
        let properties = read(&[
            ("properties.security.protocol", "SASL_SSL"),
            ("properties.sasl.mechanism", "SCRAM-SHA-512"),
            ("properties.sasl.jaas.config", login),
        ])
        .unwrap();
        assert_eq!(properties.consumer.get("sasl.username"), Some("me"));
        assert_eq!(properties.producer.get("sasl.password"), Some(r#"a "b" c"#));
        assert!(!format!("{properties:?}").contains("a \\\"b"));
        let error = read(&[(
            "properties.sasl.jaas.config",
            "x.PlainLoginModule required password=\"hush\";",
        )])
        .unwrap_err();
        assert_eq!(
            error.message,
            "option 'properties.sasl.jaas.config' lacks username=\"...\""
        );
    }

    #[test]
    fn what_opens_files_or_runs_code_is_refused() {
        for (name, value) in [
            ("plugin.library.paths", "/tmp/x.so"),
            ("ssl.truststore.location", "/etc/passwd"),
            ("ssl.keystore.location", "/etc/passwd"),
            ("ssl.ca.location", "/etc/passwd"),
            ("ssl.key.location", "/etc/passwd"),
            ("ssl.engine.location", "/tmp/x.so"),
            ("ssl.providers", "x"),
            ("sasl.kerberos.kinit.cmd", "sh"),
            ("sasl.oauthbearer.token.endpoint.url", "http://169.254.169.254/"),
            ("sasl.oauthbearer.assertion.file", "/etc/passwd"),
            ("sasl.mechanism", "GSSAPI"),
            ("sasl.mechanism", "OAUTHBEARER"),
            ("offset.store.path", "/tmp"),
            ("offset.store.method", "file"),
            ("metadata.broker.list", "elsewhere:9092"),
            ("interceptor.classes", "x"),
            ("debug", "all"),
        ] {
            let key = format!("properties.{name}");
            let error = read(&[(&key, value)]).unwrap_err();
            assert_eq!(error.key.as_deref(), Some(key.as_str()));
            assert!(error.hint.is_some(), "{key}");
        }
    }

    #[test]
    fn a_wrong_value_is_found_before_anything_is_dialled() {
        let error = read(&[("properties.linger.ms", "soon")]).unwrap_err();
        assert_eq!(error.key.as_deref(), Some("properties.linger.ms"));
        let error = read(&[("properties.isolation.level", "none")]).unwrap_err();
        assert_eq!(error.key.as_deref(), Some("properties.isolation.level"));
        let error = read(&[("properties.linger.mss", "5")]).unwrap_err();
        assert_eq!(error.hint.as_deref(), Some("did you mean 'linger.ms'?"));
    }

    #[test]
    fn servers_are_read_as_java_reads_them() {
        let expected = vec![("a".to_string(), 1), ("[::1]".to_string(), 2)];
        assert_eq!(servers("a:1, PLAINTEXT://[::1]:2,").unwrap(), expected);
        for wrong in ["", "a", "a:b", ":1", "a:1;b:2"] {
            assert!(servers(wrong).is_err(), "{wrong}");
        }
    }
}
