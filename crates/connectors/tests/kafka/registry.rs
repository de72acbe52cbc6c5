//! A schema registry in memory, over HTTP: the parts of Confluent's documented interface that are asked for.
//!
//! `OCEANUS_TEST_REGISTRY=http://host:port/path` has the tests ask a real one instead.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, OnceLock};

/// Schemas by their numbers, which count from one, and whoever has registered them.
type Schemas = Arc<Mutex<Vec<(String, String)>>>;

/// Where the registry is that all tests share.
pub fn url() -> &'static str {
    static URL: OnceLock<String> = OnceLock::new();
    URL.get_or_init(|| match std::env::var("OCEANUS_TEST_REGISTRY") {
        Ok(url) => url,
        Err(_) => {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            let schemas = Schemas::default();
            std::thread::spawn(move || {
                while let Ok((stream, _)) = listener.accept() {
                    let schemas = schemas.clone();
                    std::thread::spawn(move || serve(stream, &schemas));
                }
            });
            url
        }
    })
}

/// Answers the requests of a connection.
fn serve(mut stream: TcpStream, schemas: &Schemas) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let (mut line, mut length) = (String::new(), 0);
        reader.read_line(&mut line).ok()?;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).ok()?;
            match header.trim_end().split_once(": ") {
                None => break,
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.parse().ok()?;
                }
                Some(_) => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let (method, rest) = line.split_once(' ')?;
        let path = rest.split(' ').next()?;
        let (status, answer) = answer(method, path, &body, schemas)?;
        let head = format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n", answer.len());
        stream.write_all(format!("{head}{answer}").as_bytes()).ok()?;
    }
}

fn answer(method: &str, path: &str, body: &[u8], schemas: &Schemas) -> Option<(u16, String)> {
    let mut schemas = schemas.lock().ok()?;
    let steps: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    match (method, steps.as_slice()) {
        ("GET", ["schemas", "ids", id]) => {
            let schema = id
                .parse::<usize>()
                .ok()?
                .checked_sub(1)
                .and_then(|id| schemas.get(id));
            Some(match schema {
                Some((_, schema)) => (200, serde_json::json!({ "schema": schema }).to_string()),
                None => (
                    404,
                    r#"{"error_code": 40403, "message": "Schema not found"}"#.to_string(),
                ),
            })
        }
        ("POST", ["subjects", subject, "versions"]) => {
            let body: serde_json::Value = serde_json::from_slice(body).ok()?;
            let schema = body["schema"].as_str()?;
            let entry = (subject.to_string(), schema.to_string());
            let known = schemas.iter().position(|(_, known)| *known == entry.1);
            let id = known.unwrap_or_else(|| {
                schemas.push(entry);
                schemas.len() - 1
            });
            Some((200, serde_json::json!({ "id": id + 1 }).to_string()))
        }
        _ => Some((
            404,
            r#"{"error_code": 404, "message": "HTTP 404 Not Found"}"#.to_string(),
        )),
    }
}

/// Registers a schema as somebody else would.
pub fn register(subject: &str, schema: &str) -> u32 {
    let place = url().trim_start_matches("http://");
    let (host, path) = place.split_once('/').unwrap_or((place, ""));
    let path = if path.is_empty() {
        String::new()
    } else {
        format!("/{path}")
    };
    let mut stream = TcpStream::connect(host).unwrap();
    let body = serde_json::json!({ "schema": schema }).to_string();
    let head = format!(
        "POST {path}/subjects/{subject}/versions HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
    let mut answer = Vec::new();
    // The connection stays open: the number is all that is waited for.
    while !answer.ends_with(b"}") {
        let mut bytes = [0; 1024];
        let count = stream.read(&mut bytes).unwrap();
        assert!(count > 0, "{}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&bytes[..count]);
    }
    let answer = String::from_utf8(answer).unwrap();
    let json = &answer[answer.find('{').unwrap()..];
    serde_json::from_str::<serde_json::Value>(json).unwrap()["id"]
        .as_u64()
        .unwrap() as u32
}
