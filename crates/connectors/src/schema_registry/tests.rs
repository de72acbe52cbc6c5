//! The registry over HTTP, against a server of the test's own that speaks the documented interface.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use model::AddressRules;

use super::*;

/// What a server was asked: method, path, the header of who asks, and the body.
type Asked = Arc<Mutex<Vec<(String, String, String)>>>;

/// Answers each request with the next of these, over one connection after the other.
fn server(answers: &[(u16, &str)]) -> (String, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let asked = Asked::default();
    let mut answers: VecDeque<(u16, String)> = answers
        .iter()
        .map(|(status, body)| (*status, body.to_string()))
        .collect();
    let noted = asked.clone();
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut line = String::new();
            let (mut user, mut length) = (String::new(), 0);
            reader.read_line(&mut line).unwrap();
            loop {
                let mut header = String::new();
                reader.read_line(&mut header).unwrap();
                let Some((name, value)) = header.trim_end().split_once(": ") else {
                    break;
                };
                match name.to_ascii_lowercase().as_str() {
                    "authorization" => user = value.to_string(),
                    "content-length" => length = value.parse().unwrap(),
                    _ => {}
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let request = line.trim_end().trim_end_matches(" HTTP/1.1").to_string();
            noted
                .lock()
                .unwrap()
                .push((request, user, String::from_utf8(body).unwrap()));
            let Some((status, body)) = answers.pop_front() else {
                return;
            };
            let head = format!(
                "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        }
    });
    (address, asked)
}

fn options(entries: &[(&str, &str)]) -> Options {
    let entries = entries
        .iter()
        .map(|(key, value)| (key.to_string(), value.to_string()));
    Options::new(entries.collect())
}

fn registry(entries: &[(&str, &str)]) -> Result<RestRegistry, OptionError> {
    RestRegistry::read(&options(entries), &NetworkAccess::everything())
}

fn first(asked: &Asked) -> (String, String, String) {
    asked.lock().unwrap()[0].clone()
}

#[test]
fn a_schema_is_asked_for_by_its_number() {
    let answer = r#"{"schema": "{\"type\": \"int\"}"}"#;
    let (address, asked) = server(&[(200, answer)]);
    let found = registry(&[("url", &format!("{address}/apis/ccompat/v7/"))])
        .unwrap()
        .schema(7);
    assert_eq!(
        found.unwrap(),
        Registered::Schema(r#"{"type": "int"}"#.to_string())
    );
    assert_eq!(first(&asked).0, "GET /apis/ccompat/v7/schemas/ids/7");
}

#[test]
fn a_number_that_is_not_known_is_no_failure_and_another_place_is() {
    let unknown = r#"{"error_code": 40403, "message": "Schema not found"}"#;
    let unfit = |fault: &str| Ok(Registered::Unfit(fault.to_string()));
    for (answer, expected) in [
        ((404, unknown), Ok(Registered::Unknown)),
        (
            (200, r#"{"schemaType": "PROTOBUF", "schema": "x"}"#),
            unfit("it is one of PROTOBUF, not of Avro"),
        ),
        (
            (200, r#"{"subject": "x"}"#),
            Err("knows a number and gives no schema"),
        ),
        (
            (404, r#"{"error_code": 404, "message": "HTTP 404 Not Found"}"#),
            Err("answers 404 when it is asked for a schema: HTTP 404 Not Found"),
        ),
        ((404, "<html>"), Err("gives an answer that is no JSON")),
        (
            (401, r#"{"error_code": 401, "message": "Unauthorized"}"#),
            Err("answers 401"),
        ),
        ((302, ""), Err("answers 302")),
        (
            (
                200,
                r#"{"schema": "{}", "references": [{"name": "a", "subject": "b", "version": 1}]}"#,
            ),
            unfit("it has references to others, which are not followed"),
        ),
    ] {
        let (address, _) = server(&[answer]);
        let found = registry(&[("url", &address)]).unwrap().schema(7);
        match (found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected),
            (Err(error), Err(expected)) => assert!(error.to_string().contains(expected), "{error}"),
            (found, _) => panic!("{answer:?}: {found:?}"),
        }
    }
}

#[test]
fn a_schema_is_registered_under_its_subject_by_whoever_may() {
    let (address, asked) = server(&[
        (200, r#"{"id": 12}"#),
        (409, r#"{"error_code": 409, "message": "incompatible"}"#),
    ]);
    let entries = [
        ("url", address.as_str()),
        ("basic-auth.credentials-source", "USER_INFO"),
        ("basic-auth.user-info", "shop:pass word"),
    ];
    let registry = registry(&entries).unwrap();
    assert_eq!(registry.register("a topic/x-value", "\"int\"").unwrap(), 12);
    let expected = (
        "POST /subjects/a%20topic%2Fx-value/versions".to_string(),
        "Basic c2hvcDpwYXNzIHdvcmQ=".to_string(),
        r#"{"schema":"\"int\""}"#.to_string(),
    );
    assert_eq!(first(&asked), expected);
    let refused = registry.register("s", "\"int\"").unwrap_err().to_string();
    assert!(
        refused.contains("answers 409 when a schema is registered under 's': incompatible"),
        "{refused}"
    );
    assert!(!format!("{registry:?}").contains("c2hvc"));
}

#[test]
fn what_fails_is_asked_again_at_the_next_place() {
    let (away, _) = server(&[(503, "")]);
    let (address, asked) = server(&[(200, r#"{"schema": "\"int\""}"#)]);
    let registry = registry(&[
        ("url", &format!("{away}, {address}")),
        ("bearer-auth.credentials-source", "STATIC_TOKEN"),
        ("bearer-auth.token", "abc"),
    ])
    .unwrap();
    assert_eq!(
        registry.schema(1).unwrap(),
        Registered::Schema("\"int\"".to_string())
    );
    assert_eq!(first(&asked).1, "Bearer abc");
}

#[test]
fn an_answer_is_not_waited_for_longer_than_in_all() {
    // Takes requests, and answers none.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", silent.local_addr().unwrap());
    let registry = RestRegistry {
        patience: Duration::from_millis(700),
        ..registry(&[("url", &address)]).unwrap()
    };
    let start = Instant::now();
    let fault = registry.schema(1).unwrap_err().to_string();
    assert!(fault.contains("no answer in"), "{fault}");
    assert!(start.elapsed() < REQUEST_PATIENCE);
}

#[test]
fn an_address_that_is_not_granted_is_not_dialled() {
    let (address, asked) = server(&[(200, r#"{"schema": "\"int\""}"#)]);
    let network = NetworkAccess::only(AddressRules::default());
    let registry = RestRegistry::read(&options(&[("url", &address)]), &network).unwrap();
    let Err(Error::Option(error)) = registry.schema(1) else {
        panic!("it was asked");
    };
    assert_eq!(error.key.as_deref(), Some("avro-confluent.url"));
    assert!(asked.lock().unwrap().is_empty());
}

#[test]
fn wrong_options_are_named() {
    let url = ("url", "http://registry:8081");
    let cases: [(&[(&str, &str)], &str, &str); 8] = [
        (&[], "", "option 'url' is missing"),
        (&[("url", "registry:8081")], "avro-confluent.url", "has no '://'"),
        (
            &[("url", "http://a?b=c")],
            "avro-confluent.url",
            "must not have parameters",
        ),
        (
            &[url, ("basic-auth.user-info", "a:b")],
            "avro-confluent.basic-auth.user-info",
            "needs 'avro-confluent.basic-auth.credentials-source'",
        ),
        (
            &[url, ("basic-auth.credentials-source", "USER_INFO")],
            "avro-confluent.basic-auth.credentials-source",
            "needs 'avro-confluent.basic-auth.user-info'",
        ),
        (
            &[url, ("basic-auth.credentials-source", "SASL_INHERIT")],
            "basic-auth.credentials-source",
            "must be one of 'USER_INFO'",
        ),
        (
            &[url, ("ssl.truststore.location", "/x.jks")],
            "avro-confluent.ssl.truststore.location",
            "stores of Java are not read",
        ),
        (
            &[url, ("properties.use.latest.version", "true")],
            "avro-confluent.properties.use.latest.version",
            "is not supported",
        ),
    ];
    for (entries, key, message) in cases {
        let error = registry(entries).unwrap_err();
        assert_eq!(error.key.as_deref().unwrap_or_default(), key, "{}", error.message);
        assert!(error.message.contains(message), "{}", error.message);
    }
}
