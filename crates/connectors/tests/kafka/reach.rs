//! What may be reached, what is not there, and what comes back.

use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::Instant;

use connectors::NetworkAccess;
use dataflow::{Error, ReadOutcome};
use model::AddressRules;

use crate::support::*;

fn options(topic: &str) -> Vec<(&str, &str)> {
    vec![
        ("topic", topic),
        ("format", "json"),
        ("scan.startup.mode", "earliest-offset"),
    ]
}

#[test]
fn servers_that_are_not_granted_are_refused_before_they_are_dialled() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let server = listener.local_addr().unwrap().to_string();
    let table = Table::at(&server, "kafka", id_and_name(), &options("t"));
    let table = table.with_network(NetworkAccess::only(AddressRules::default()));
    for refused in [
        told(table.source().unwrap().splits(1)),
        told(table.sink().unwrap().writer(0, 1).map(|_| ())),
    ] {
        assert!(
            refused
                .0
                .starts_with("option 'properties.bootstrap.servers': address 127.0.0.1"),
            "{refused:?}"
        );
        assert!(refused.1.is_some());
    }
    assert!(listener.accept().is_err(), "somebody dialled");
}

/// Another port that leads to the broker, for as long as the test program runs.
fn way_in() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for client in listener.incoming() {
            let client = client.unwrap();
            let server = TcpStream::connect(address()).unwrap();
            for (mut from, mut to) in [
                (client.try_clone().unwrap(), server.try_clone().unwrap()),
                (server, client),
            ] {
                thread::spawn(move || {
                    // Either side may go at any time.
                    let _ = std::io::copy(&mut from, &mut to);
                    let _ = to.shutdown(Shutdown::Both);
                });
            }
        }
    });
    port
}

#[test]
fn a_broker_that_the_cluster_names_is_judged_before_it_is_dialled() {
    let topic = topic(1);
    put_values(&topic, 0, &[r#"{"id":1}"#]);
    let port = way_in();
    let server = format!("127.0.0.1:{port}");
    let mut options = options(&topic);
    options.push(("scan.bounded.mode", "latest-offset"));
    let source = |rules: &[&str]| {
        let rules = AddressRules::new(rules.iter().map(|rule| rule.parse().unwrap()).collect());
        let table = Table::at(&server, "kafka", id_and_name(), &options);
        table.with_network(NetworkAccess::only(rules)).source().unwrap()
    };
    // The way in is granted, the broker that is told of there is not.
    let (message, hint) = told(source(&[&server]).splits(1));
    assert_eq!(
        message,
        format!(
            "a broker of the cluster is out of reach: address 127.0.0.1 on port {} must not be reached: it is \
             this machine",
            address().rsplit_once(':').unwrap().1
        )
    );
    assert!(hint.is_some());
    let granted = source(&[&server, address()]);
    assert_eq!(read_bounded(&*granted).unwrap(), ["1|-"]);
}

#[test]
fn transactions_dial_no_broker_that_is_not_granted() {
    let topic = topic(1);
    let server = format!("127.0.0.1:{}", way_in());
    let prefix = unique("granted");
    let mut options = options(&topic);
    options.push(("sink.delivery-guarantee", "exactly-once"));
    options.push(("sink.transactional-id-prefix", &prefix));
    let begun = |rules: &[&str]| {
        let rules = AddressRules::new(rules.iter().map(|rule| rule.parse().unwrap()).collect());
        let table = Table::at(&server, "kafka", id_and_name(), &options);
        let table = table.with_network(NetworkAccess::only(rules));
        let transaction = table.sink().unwrap().transaction().unwrap();
        transaction.begin()
    };
    let (message, _) = told(begun(&[]));
    assert!(
        message.starts_with("option 'properties.bootstrap.servers'"),
        "{message}"
    );
    let (message, _) = told(begun(&[&server]));
    assert!(
        message.starts_with("a broker of the cluster is out of reach"),
        "{message}"
    );
    assert_eq!(begun(&[&server, address()]).unwrap(), None);
}

#[test]
fn a_server_where_nobody_listens_is_told() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let server = format!("127.0.0.1:{port}");
    let table = Table::at(&server, "kafka", id_and_name(), &options("t"));
    let error = table.source().unwrap().splits(1).unwrap_err();
    assert!(matches!(error, Error::Io { .. }));
    let error = error.to_string();
    assert!(
        error.starts_with(&format!(
            "look at the topics of Kafka: no broker at '{server}' answers: "
        )),
        "{error}"
    );
    assert!(error.contains("refused"), "{error}");
}

#[test]
fn a_topic_that_does_not_exist_is_told() {
    let table = Table::new("kafka", id_and_name(), &options("not-there"));
    let (message, hint) = told(table.source().unwrap().splits(1));
    assert_eq!(
        message,
        format!("topic 'not-there' does not exist at '{}'", address())
    );
    assert_eq!(hint.as_deref(), Some("create the topic, or correct its name"));
    // Nor one that is no more.
    let topic = topic(1);
    let source = Table::new("kafka", id_and_name(), &options(&topic))
        .source()
        .unwrap();
    source.splits(1).unwrap();
    delete(&topic);
    let (message, _) = told(source.splits(1));
    assert_eq!(
        message,
        format!("topic '{topic}' does not exist at '{}'", address())
    );
}

/// Reads a topic over TLS, signed in.
fn read_signed_in(
    topic: &str,
    mechanism: &str,
    password: &str,
    certificate: Option<&str>,
) -> Result<Vec<String>, Error> {
    let secure = std::fs::read_to_string(Broker::shared().folder.join("secure-address")).unwrap();
    let module = match mechanism {
        "PLAIN" => "plain.PlainLoginModule",
        _ => "scram.ScramLoginModule",
    };
    let login = format!(
        "org.apache.kafka.common.security.{module} required username=\"reader\" password=\"{password}\";"
    );
    let mut options = options(topic);
    options.extend([
        ("scan.bounded.mode", "latest-offset"),
        ("properties.security.protocol", "SASL_SSL"),
        ("properties.sasl.mechanism", mechanism),
        ("properties.sasl.jaas.config", &login),
    ]);
    options.extend(certificate.map(|pem| ("properties.ssl.truststore.certificates", pem)));
    let table = Table::at(secure.trim(), "kafka", id_and_name(), &options);
    read_bounded(&*table.source()?)
}

#[test]
fn a_table_signs_in_over_tls() {
    let topic = topic(1);
    put_values(&topic, 0, &[r#"{"id":1}"#]);
    let certificate = std::fs::read_to_string(Broker::shared().folder.join("certificate.pem")).unwrap();
    let password = r#"a \"secret\""#;
    for mechanism in ["PLAIN", "SCRAM-SHA-256"] {
        let rows = read_signed_in(&topic, mechanism, password, Some(&certificate)).unwrap();
        assert_eq!(rows, ["1|-"], "{mechanism}");
    }
    let error = read_signed_in(&topic, "SCRAM-SHA-256", "wrong", Some(&certificate)).unwrap_err();
    assert!(error.to_string().contains("uthentication"), "{error}");
    let error = read_signed_in(&topic, "PLAIN", password, None).unwrap_err();
    assert!(error.to_string().contains("certificate verify failed"), "{error}");
}

#[test]
fn reading_and_writing_go_on_when_a_broker_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let broker = Broker::start(Some(folder.path()));
    let address = broker.address.clone();
    create_topic_at(&address, "t", 1);
    let value = |value| Put {
        value: Some(value),
        ..Put::default()
    };
    put_at(&address, "t", &[value(r#"{"id":1}"#)]);
    let table = Table::at(&address, "kafka", id_and_name(), &options("t"));
    let source = table.source().unwrap();
    let split = source.splits(1).unwrap().remove(0);
    let mut reader = source.open(&split, None).unwrap();
    let readout = read_some(&mut *reader, 1, 10).unwrap();
    assert_eq!(rows_text(&readout.chunks), ["1|-"]);
    let mut writer = table.sink().unwrap().writer(0, 1).unwrap();
    drop(broker);
    // While it is away a reader has nothing, and a writer keeps what it is given.
    let began = Instant::now();
    while began.elapsed().as_millis() < 1_500 {
        match reader.read(10).unwrap() {
            ReadOutcome::Pending(wait) => std::thread::sleep(wait),
            other => panic!("{other:?}"),
        }
    }
    writer.write(&crate::sink::chunk(&[(2, "two")])).unwrap();
    assert!(matches!(source.splits(1), Err(Error::Io { .. })));
    let _broker = Broker::start(Some(folder.path()));
    writer.prepare(Some(1)).unwrap();
    let readout = read_some(&mut *reader, 1, 10).unwrap();
    assert_eq!(rows_text(&readout.chunks), ["2|two"]);
}
