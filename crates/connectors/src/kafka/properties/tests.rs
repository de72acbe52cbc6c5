//! What becomes of properties.

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
    assert_eq!(
        error.hint.as_deref(),
        Some("did you mean 'properties.linger.ms'?")
    );
}

#[test]
fn servers_are_read_as_java_reads_them() {
    let expected = vec![("a".to_string(), 1), ("[::1]".to_string(), 2)];
    assert_eq!(servers("a:1, PLAINTEXT://[::1]:2,").unwrap(), expected);
    for wrong in ["", "a", "a:b", ":1", "a:1;b:2"] {
        assert!(servers(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn transactions_time_out_when_the_broker_allows_it_and_records_before_them() {
    let settings = |entries: &[(&str, &str)]| read(entries).unwrap().transactional("id");
    let of = |settings: &Settings, name| settings.get(name).map(str::to_string);
    let usual = settings(&[]);
    assert_eq!(usual.get("transactional.id"), Some("id"));
    assert_eq!(usual.get("transaction.timeout.ms"), Some("900000"));
    assert_eq!(usual.get("delivery.timeout.ms"), Some("120000"));
    assert_eq!(usual.get("socket.timeout.ms"), Some("60000"));
    let short = settings(&[("properties.transaction.timeout.ms", "5000")]);
    for name in [
        "transaction.timeout.ms",
        "delivery.timeout.ms",
        "socket.timeout.ms",
    ] {
        assert_eq!(of(&short, name), Some("5000".to_string()), "{name}");
    }
    let endless = settings(&[("properties.delivery.timeout.ms", "0")]);
    assert_eq!(endless.get("delivery.timeout.ms"), Some("900000"));
}

#[test]
fn what_differs_between_settings_is_named_by_its_option() {
    let settings = |entries: &[(&str, &str)]| read(entries).unwrap().transactional("id");
    let (usual, slow) = (settings(&[]), settings(&[("properties.linger.ms", "7")]));
    assert_eq!(usual.difference(&settings(&[]), ""), None);
    for (one, other) in [(&usual, &slow), (&slow, &usual)] {
        let difference = one.difference(other, "");
        assert_eq!(difference.as_deref(), Some("properties.linger.ms"));
    }
    assert_eq!(usual.difference(&slow, "linger.ms"), None);
}
