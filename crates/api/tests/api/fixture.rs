//! A server over a folder of its own, whose time stands still, and clients of it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use api::{Console, Mode, Settings};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use embedded::wiring;
use jobs::{Jobs, JobsSettings};
use runner::NoClusters;
use serde_json::{Value, json};
use stdx::{ManualClock, Random};
use store::{Durability, MasterKey, NewUser, NewWorkspace, Options, Role, SecretString, Store};
use tempfile::TempDir;
use tower::ServiceExt;

use crate::stage;

pub const NOW_MS: i64 = 1_764_406_800_000;
pub const PASSWORD: &str = "correct horse";
/// How long anything may take here.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub struct Server {
    pub router: Router,
    pub jobs: Jobs,
    pub store: Store,
    pub clock: Arc<ManualClock>,
    folder: TempDir,
}

impl Server {
    /// With users: `ann` is the administrator, and `shop` the workspace of `vera` (viewer), `dev` (developer),
    /// `oper` (operator) and `olga` (owner). `other` is a workspace of `otto` alone.
    pub async fn with_users() -> Server {
        let server = Server::start(Settings::new(Mode::Users)).await;
        server.user("ann", true).await;
        server.workspace("shop").await;
        server.workspace("other").await;
        for (name, role) in [
            ("vera", Role::Viewer),
            ("dev", Role::Developer),
            ("oper", Role::Operator),
            ("olga", Role::Owner),
        ] {
            server.user(name, false).await;
            server.member("shop", name, role).await;
        }
        server.user("otto", false).await;
        server.member("other", "otto", Role::Owner).await;
        server
    }

    /// With one user, and the workspace `shop`.
    pub async fn single_user() -> Server {
        let server = Server::start(Settings::new(Mode::SingleUser)).await;
        server.workspace("shop").await;
        server
    }

    pub async fn start(settings: Settings) -> Server {
        Server::start_with(settings, None).await
    }

    pub async fn start_with(settings: Settings, console: Option<Arc<dyn Console>>) -> Server {
        let clock = Arc::new(ManualClock::at_ms(NOW_MS));
        Server::open(
            tempfile::tempdir().unwrap(),
            clock,
            Random::new(7),
            settings,
            console,
        )
        .await
    }

    /// Another server over the same data, after this one has died.
    pub async fn restarted(self) -> Server {
        let Server {
            store, clock, folder, ..
        } = self;
        store.close().await;
        Server::open(folder, clock, Random::new(8), Settings::new(Mode::Users), None).await
    }

    async fn open(
        folder: TempDir,
        clock: Arc<ManualClock>,
        random: Random,
        settings: Settings,
        console: Option<Arc<dyn Console>>,
    ) -> Server {
        let data = folder.path();
        let options = Options {
            durability: Durability::Process,
            ..Options::new(data, MasterKey::new([7; 32]))
        };
        let store = Store::open(options, clock.clone(), random).await.unwrap();
        let jobs_settings = JobsSettings {
            capacity_cores: 4,
            capacity_memory_bytes: 4 << 30,
            workspace_cores: 4,
            workspace_memory_bytes: 4 << 30,
            files: data.join("files"),
            file_roots: Vec::new(),
            denied: Vec::new(),
            network: model::AddressRules::default(),
        };
        let registry = Arc::new(wiring::registry(Arc::new(Mutex::new(std::io::sink()))));
        let jobs = Jobs::new(
            store.clone(),
            stage::runner(data),
            Arc::new(NoClusters),
            registry,
            clock.clone(),
            jobs_settings,
        );
        Server {
            router: api::router(jobs.clone(), settings, console),
            jobs,
            store,
            clock,
            folder,
        }
    }

    pub async fn workspace(&self, name: &str) {
        let new = NewWorkspace {
            name: name.to_string(),
            display_name: format!("The {name}"),
        };
        self.store.workspaces().create(new, "system").await.unwrap();
    }

    pub async fn user(&self, name: &str, is_admin: bool) {
        let new = NewUser {
            name: name.to_string(),
            password: Some(SecretString::from(PASSWORD)),
            is_admin,
        };
        self.store.users().create(new, "system").await.unwrap();
    }

    pub async fn member(&self, workspace: &str, user: &str, role: Role) {
        let user = self.store.users().by_name(user).await.unwrap().unwrap();
        let members = self.store.members();
        members.put(workspace, user.id, role, "system").await.unwrap();
    }

    /// Files that tables of a workspace may read and write.
    pub fn files(&self, workspace: &str) -> PathBuf {
        let files = self.folder.path().join("files").join(workspace);
        std::fs::create_dir_all(&files).unwrap();
        files
    }

    /// Somebody without any credential.
    pub fn client(&self) -> Client {
        Client {
            router: self.router.clone(),
            headers: HeaderMap::from_iter([(header::HOST, HeaderValue::from_static("127.0.0.1:8180"))]),
        }
    }

    /// The one user.
    pub fn local(&self) -> Client {
        self.client().with("x-csrf-token", "anything")
    }

    /// A browser in which this user has signed in.
    pub async fn signed_in(&self, name: &str) -> Client {
        let client = self.client();
        let body = json!({ "name": name, "password": PASSWORD });
        let answer = client.post("/session", body).await.expect(200);
        let cookie = answer.header("set-cookie");
        let pair = cookie.split(';').next().unwrap();
        client
            .with("cookie", pair)
            .with("x-csrf-token", answer.json["csrf_token"].as_str().unwrap())
    }

    /// A program with a token of this user.
    pub async fn token(
        &self,
        name: &str,
        workspace: Option<&str>,
        role: Role,
        expires_at: Option<i64>,
    ) -> Client {
        let user = self.store.users().by_name(name).await.unwrap().unwrap();
        let new = store::NewToken {
            name: "test".to_string(),
            user: user.id,
            workspace: workspace.map(str::to_string),
            role,
            expires_at,
        };
        let (_, text) = self.store.tokens().create(new, "system").await.unwrap();
        use store::ExposeSecret;
        self.client()
            .with("authorization", &format!("Bearer {}", text.expose_secret()))
    }
}

#[derive(Clone)]
pub struct Client {
    router: Router,
    headers: HeaderMap,
}

impl Client {
    pub fn with(&self, name: &'static str, value: &str) -> Client {
        let mut client = self.clone();
        let value = HeaderValue::from_str(value).unwrap();
        client.headers.insert(HeaderName::from_static(name), value);
        client
    }

    pub fn without(&self, name: &str) -> Client {
        let mut client = self.clone();
        client.headers.remove(name);
        client
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Method::POST, path, Some(body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PUT, path, Some(body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Method::PATCH, path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, None).await
    }

    /// With this revision as the one that was read.
    pub fn at(&self, revision: u64) -> Client {
        self.with("if-match", &format!("\"{revision}\""))
    }

    pub async fn send(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        match body {
            Some(body) => {
                let client = self.with("content-type", "application/json");
                client.raw(method, path, Body::from(body.to_string())).await
            }
            None => self.raw(method, path, Body::empty()).await,
        }
    }

    pub async fn raw(&self, method: Method, path: &str, body: Body) -> Answer {
        let label = format!("{method} {path}");
        let response = self.open(method, path, body).await;
        let (parts, body) = response.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            label,
            status: parts.status,
            headers: parts.headers,
            json: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
            bytes,
        }
    }

    /// The answer before its body has come.
    pub async fn open(&self, method: Method, path: &str, body: Body) -> axum::response::Response {
        let target = if path.starts_with("//") {
            path[1..].to_string()
        } else {
            format!("/api/v1{path}")
        };
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = target.parse().unwrap();
        *request.headers_mut() = self.headers.clone();
        self.router.clone().oneshot(request).await.unwrap()
    }
}

#[derive(Debug)]
pub struct Answer {
    label: String,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub json: Value,
    pub bytes: Bytes,
}

impl Answer {
    #[track_caller]
    pub fn expect(self, status: u16) -> Answer {
        assert_eq!(self.status.as_u16(), status, "{}: {}", self.label, self.text());
        if !self.status.is_success() && self.status != StatusCode::NOT_MODIFIED {
            assert_eq!(
                self.header("content-type"),
                "application/problem+json",
                "{}",
                self.label
            );
            assert_eq!(self.json["status"], status, "{}", self.label);
            assert!(self.json["title"].is_string(), "{}", self.label);
        }
        self
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn id(&self) -> &str {
        self.json["id"].as_str().unwrap()
    }

    pub fn revision(&self) -> u64 {
        self.json["revision"].as_u64().unwrap()
    }

    /// The names of a page's items.
    pub fn names(&self) -> Vec<&str> {
        let items = self.json["items"].as_array().unwrap();
        items.iter().map(|item| item["name"].as_str().unwrap()).collect()
    }
}

/// Waits until it is so.
pub async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let started = Instant::now();
    while !is_so().await {
        assert!(started.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A draft that counts to a thousand, and that can be deployed.
pub async fn draft(client: &Client, workspace: &str, name: &str) -> Answer {
    let sql = "CREATE TABLE numbers (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '50', \
               'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '1000');\n\
               CREATE TABLE seen (n BIGINT) WITH ('connector' = 'filesystem', 'path' = 'seen', 'format' = 'csv');\n\
               INSERT INTO seen SELECT n FROM numbers";
    let body = json!({ "name": name, "sql": sql, "settings": BTreeMap::<String, String>::new() });
    let path = format!("/workspaces/{workspace}/drafts");
    client.post(&path, body).await.expect(201)
}

/// A version of a draft, deployed without anything that runs.
pub async fn deployment(client: &Client, workspace: &str, name: &str) -> Answer {
    let draft = draft(client, workspace, name).await;
    let versions = format!("/workspaces/{workspace}/drafts/{}/versions", draft.id());
    client
        .post(&versions, json!({ "comment": "first" }))
        .await
        .expect(201);
    let body = json!({
        "name": name, "draft_id": draft.id(), "version": 1, "parallelism": null, "desired": "stopped"
    });
    let path = format!("/workspaces/{workspace}/deployments");
    client.post(&path, body).await.expect(201)
}

/// A JAR with one file in it: a zip archive that packs nothing.
pub fn jar(name: &str, content: &[u8]) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(content);
    let (length, name_length) = (content.len() as u32, name.len() as u16);
    // Version, flags, method and time are zeros but for the version and the day.
    let mut fields = vec![20, 0, 0, 0, 0, 0, 0, 0, 0x21, 0];
    for number in [crc.sum(), length, length] {
        fields.extend(number.to_le_bytes());
    }
    fields.extend(name_length.to_le_bytes());
    fields.extend([0, 0]);
    let mut bytes = b"PK\x03\x04".to_vec();
    bytes.extend(&fields);
    bytes.extend(name.as_bytes());
    bytes.extend(content);
    let directory_start = bytes.len() as u32;
    bytes.extend(b"PK\x01\x02\x14\x00");
    bytes.extend(&fields);
    bytes.extend([0; 14]);
    bytes.extend(name.as_bytes());
    let directory_length = bytes.len() as u32 - directory_start;
    bytes.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    bytes.extend(directory_length.to_le_bytes());
    bytes.extend(directory_start.to_le_bytes());
    bytes.extend([0, 0]);
    bytes
}
