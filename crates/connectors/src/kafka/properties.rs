//! `properties.*`: settings of Kafka's Java client, as Flink hands them on, for the client that is used here.
//!
//! Names and meaning are the Java client's. What would be passed over there (a producer's setting on a table that is
//! read) is passed over here; what cannot be honoured is refused. No property names a file, a program or a class: a
//! table reaches outside only through what it was granted.

mod known;

use dataflow::{OptionError, Options};
use model::address::Host;
use model::suggest::did_you_mean;

use self::known::{NO_COMMIT, Of, PROPERTIES, Use};
use super::client::{Kind, Settings};

const PREFIX: &str = "properties.";
const BOOTSTRAP_SERVERS: &str = "properties.bootstrap.servers";

/// Bytes that a producer holds back at most, as `buffer.memory` of Java's.
const PRODUCER_BUFFER_BYTES: u64 = 32 << 20;
/// Within this time a record is delivered or has failed, as in Java.
const DELIVERY_TIMEOUT_MS: &str = "120000";
/// How long the cluster keeps a transaction open: as long as brokers allow if they are told nothing else
/// (`transaction.max.timeout.ms`). Flink's default, an hour, is refused by them.
const TRANSACTION_TIMEOUT_MS: u64 = 15 * 60 * 1000;
/// Within this time a broker answers, as long as nothing else is said.
const SOCKET_TIMEOUT_MS: u64 = 60 * 1000;

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

    /// The same for the same servers, in whatever order they are named.
    pub fn sorted_servers(&self) -> Vec<(String, u16)> {
        let mut servers = self.servers.clone();
        servers.sort();
        servers.dedup();
        servers
    }

    pub fn settings(&self, kind: Kind) -> Settings {
        match kind {
            Kind::Consumer => self.consumer.clone(),
            Kind::Producer => self.producer.clone(),
        }
    }

    /// Those of a producer with transactions.
    pub fn transactional(&self, id: &str) -> Settings {
        let mut settings = self.producer.clone();
        let number = |name| settings.get(name).and_then(|value| value.parse::<u64>().ok());
        let timeout_ms = number("transaction.timeout.ms").unwrap_or(TRANSACTION_TIMEOUT_MS);
        // A record cannot be delivered behind the end of its transaction.
        let delivery_ms = number("delivery.timeout.ms").filter(|ms| (1..timeout_ms).contains(ms));
        // Without, the client waits for an answer as long as for the transaction.
        let socket_ms = number("socket.timeout.ms").unwrap_or(SOCKET_TIMEOUT_MS);
        settings.set("transactional.id", id);
        settings.set("transaction.timeout.ms", timeout_ms.to_string());
        settings.set(
            "delivery.timeout.ms",
            delivery_ms.unwrap_or(timeout_ms).to_string(),
        );
        settings.set("socket.timeout.ms", socket_ms.min(timeout_ms).to_string());
        settings
    }

    /// Those of a consumer that asks for what a group has committed, whatever transactions are under way.
    pub fn of_group(&self, group: &str) -> Settings {
        let mut settings = self.consumer.clone();
        settings.set("group.id", group);
        settings.set("isolation.level", "read_committed");
        settings
    }

    /// Transactions are of no use if records may be lost or written twice within them.
    pub fn check_transactional(&self) -> Result<(), OptionError> {
        let producer = &self.producer;
        let asked = producer.get("enable.idempotence");
        if asked == Some("true") && allows_idempotence(producer) {
            return Ok(());
        }
        let of = [
            ("acks", "all"),
            ("retries", "2147483647"),
            ("max.in.flight.requests.per.connection", "5"),
        ];
        let (name, needed) = match asked {
            Some("false") => ("enable.idempotence", "true"),
            _ => of
                .into_iter()
                .find(|(name, _)| !allows_idempotence(&producer.only(name)))
                .unwrap_or(("enable.idempotence", "true")),
        };
        let key = format!("{PREFIX}{name}");
        let message =
            format!("option '{key}' does not go together with 'sink.delivery-guarantee' = 'exactly-once'");
        Err(OptionError::new(&key, message).hint(format!("remove it, or set it to {needed}")))
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
        let names: Vec<String> = PROPERTIES
            .iter()
            .map(|(known, ..)| format!("{PREFIX}{known}"))
            .collect();
        error.hint = did_you_mean(&key, names.iter().map(String::as_str))
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
                        _ => refusal.hint(format!("remove '{key}'")),
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
    let given = value.split(',').map(str::trim);
    for (index, server) in given.filter(|server| !server.is_empty()).enumerate() {
        let address = server.split_once("://").map_or(server, |(_, address)| address);
        let parsed = address
            .rsplit_once(':')
            .and_then(|(host, port)| Some((host, port.parse().ok()?)))
            .filter(|(host, _)| host.parse::<Host>().is_ok());
        let Some((host, port)) = parsed else {
            // It is not repeated: it may be anything, a secret too.
            let message = format!(
                "option '{BOOTSTRAP_SERVERS}' must be a list of 'host:port', which number {} is not",
                index + 1
            );
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
mod tests;
