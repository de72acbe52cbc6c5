//! Addresses in options, whoever's options they are: `bootstrap.servers`, `url`, `hostname` with `port`.
//!
//! Knows the habits of the field, not single connectors: a key that ends in one of the words of [`LISTS`] holds
//! addresses or URLs, parted by commas or semicolons.
//!
//! Addresses are found in options as they are written: a reference to a secret is not looked into, so that no part of
//! a secret is ever taken for a host.

use std::collections::BTreeMap;

use model::secret;

/// Last words of keys that hold addresses.
const LISTS: [&str; 12] = [
    "address",
    "addresses",
    "broker",
    "brokers",
    "endpoint",
    "endpoints",
    "hosts",
    "nodes",
    "quorum",
    "servers",
    "uri",
    "url",
];
/// Last words of keys that hold one host, whose port stands under the same words and `port`.
const HOSTS: [&str; 2] = ["host", "hostname"];

/// The port of a scheme, for URLs that leave it out.
const PORTS: [(&str, u16); 22] = [
    ("amqp", 5672),
    ("amqps", 5671),
    ("clickhouse", 8123),
    ("ftp", 21),
    ("hdfs", 8020),
    ("http", 80),
    ("https", 443),
    ("kafka", 9092),
    ("ldap", 389),
    ("mariadb", 3306),
    ("mongodb", 27017),
    ("mqtt", 1883),
    ("mqtts", 8883),
    ("mysql", 3306),
    ("nats", 4222),
    ("oracle", 1521),
    ("postgres", 5432),
    ("postgresql", 5432),
    ("pulsar", 6650),
    ("redis", 6379),
    ("rediss", 6379),
    ("sqlserver", 1433),
];

/// An address that stands in the options.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The option it stands in.
    pub key: String,
    /// It may have references to secrets in it.
    pub host: String,
    /// A number, or a reference to a secret. `None` if it is neither written nor known from the scheme.
    pub port: Option<String>,
}

/// All of them, each once, in the order of the keys. What is neither address nor URL is passed over: the connector
/// says what is wrong with it.
pub fn addresses(options: &BTreeMap<String, String>) -> Vec<Address> {
    let mut found: Vec<Address> = Vec::new();
    for (key, value) in options {
        let last = last_word(key);
        let of_option = if LISTS.contains(&last) {
            of_list(key, value)
        } else if HOSTS.contains(&last) {
            of_host(key, value, options)
        } else {
            Vec::new()
        };
        for address in of_option {
            let is_known = found
                .iter()
                .any(|known| known.host == address.host && known.port == address.port);
            if !is_known {
                found.push(address);
            }
        }
    }
    found
}

fn last_word(key: &str) -> &str {
    key.rsplit(['.', '-', '_']).next().unwrap_or(key)
}

fn of_host(key: &str, value: &str, options: &BTreeMap<String, String>) -> Vec<Address> {
    let before = &key[..key.len() - last_word(key).len()];
    let port = options
        .get(&format!("{before}port"))
        .and_then(|port| port_of(port.trim()));
    let mut found = of_list(key, value);
    for address in &mut found {
        address.port = address.port.take().or_else(|| port.clone());
    }
    found
}

fn of_list(key: &str, value: &str) -> Vec<Address> {
    let value = value.trim();
    // A list of URLs: what parts them may also part options of one.
    let is_between = |character: char| matches!(character, ',' | ';');
    let urls: Vec<&str> = value
        .split(is_between)
        .filter(|part| part.contains("://"))
        .collect();
    if urls.len() > 1 {
        return urls.into_iter().flat_map(|url| of_list(key, url)).collect();
    }
    let (scheme, rest) = scheme(value);
    // Options of the driver stand behind the path, or right behind the address.
    let authorities = match scheme {
        Some(_) => rest.split(['/', '?', '#', ';']).next().unwrap_or_default(),
        None => rest,
    };
    let default = scheme.and_then(|scheme| {
        let known = PORTS.iter().find(|(known, _)| scheme.eq_ignore_ascii_case(known));
        known.map(|(_, port)| port.to_string())
    });
    let mut found = Vec::new();
    for part in authorities.split([',', ';']).map(str::trim) {
        let part = part.split('/').next().unwrap_or_default();
        // Whoever signs in stands before the last '@'.
        let part = part.rsplit('@').next().unwrap_or_default();
        if let Some((host, port)) = host_and_port(part) {
            found.push(Address {
                key: key.to_string(),
                host: host.to_string(),
                port: port.or_else(|| default.clone()),
            });
        }
    }
    found
}

/// The scheme next to the address (`mysql` of `jdbc:mysql://`), and what stands behind it. Drivers that need no
/// slashes (`jdbc:oracle:thin:@`) have none.
fn scheme(value: &str) -> (Option<&str>, &str) {
    match value.split_once("://") {
        Some((scheme, rest)) if !scheme.contains([',', ';', '/', '@', '[']) => {
            (Some(scheme.rsplit(':').next().unwrap_or(scheme)), rest)
        }
        _ => (None, value),
    }
}

fn host_and_port(part: &str) -> Option<(&str, Option<String>)> {
    if part.starts_with('[') {
        let (host, rest) = part.split_at(part.find(']')? + 1);
        return Some((host, rest.strip_prefix(':').and_then(port_of)));
    }
    if part.is_empty() {
        return None;
    }
    match part.split_once(':') {
        // An address of IPv6 without brackets has no port.
        Some((_, rest)) if rest.contains(':') => Some((part, None)),
        Some((host, port)) => Some((host, port_of(port))),
        None => Some((part, None)),
    }
}

fn port_of(text: &str) -> Option<String> {
    let is_port = text.parse::<u16>().is_ok() || secret::is_reference(text);
    is_port.then(|| text.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(options: &[(&str, &str)]) -> Vec<String> {
        let options = options
            .iter()
            .map(|(key, value)| (key.to_string(), value.to_string()))
            .collect();
        addresses(&options)
            .into_iter()
            .map(|address| match address.port {
                Some(port) => format!("{}:{port}", address.host),
                None => address.host,
            })
            .collect()
    }

    #[test]
    fn addresses_are_found_in_the_options_of_many_systems() {
        let expected: [(&[(&str, &str)], &[&str]); 17] = [
            (
                &[("properties.bootstrap.servers", "a:9092, b:9093")],
                &["a:9092", "b:9093"],
            ),
            (&[("hostname", "db"), ("port", "3306")], &["db:3306"]),
            (
                &[("source.host", "db"), ("source.port", "1"), ("port", "2")],
                &["db:1"],
            ),
            (&[("url", "jdbc:mysql://db:3307/shop?user=x;y")], &["db:3307"]),
            (&[("url", "jdbc:postgresql://db/shop")], &["db:5432"]),
            (&[("url", "jdbc:sqlserver://db;databaseName=a")], &["db:1433"]),
            (&[("uri", "mongodb://me:p@ss@a:1,b/db")], &["a:1", "b:27017"]),
            (
                &[("schema-registry.url", "https://user:pw@registry")],
                &["registry:443"],
            ),
            (
                &[("hosts", "http://es1:9200;http://es2:9200")],
                &["es1:9200", "es2:9200"],
            ),
            (&[("service-url", "pulsar://[::1]:6650")], &["[::1]:6650"]),
            (
                &[("zookeeper.quorum", "z1:2181,z2:2181,z1:2181")],
                &["z1:2181", "z2:2181"],
            ),
            (&[("endpoint", "fd00::7")], &["fd00::7"]),
            (&[("path", "/data"), ("format", "csv"), ("password", "a:1")], &[]),
            (&[("url", "jdbc:mysql://db/a?x=http://y")], &["db:3306"]),
            (&[("url", "http://169.254.169.254\\@ok.com/")], &["ok.com:80"]),
            (
                &[("url", "http://me:${secret.a}@${secret.b}:${secret.c}/${secret.d}")],
                &["${secret.b}:${secret.c}"],
            ),
            (
                &[("hostname", "${secret.a}"), ("port", "${secret.b}")],
                &["${secret.a}:${secret.b}"],
            ),
        ];
        for (options, addresses) in expected {
            assert_eq!(found(options), addresses, "{options:?}");
        }
    }

    #[test]
    fn a_name_of_whoever_signs_in_is_no_address() {
        assert_eq!(
            found(&[("url", "http://good.com:80@evil.com:81/")]),
            ["evil.com:81"]
        );
        assert_eq!(
            found(&[("url", "http://good.com/@evil.com:81/")]),
            ["good.com:80"]
        );
    }
}
