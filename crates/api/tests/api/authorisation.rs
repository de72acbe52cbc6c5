//! Every route of the OpenAPI document, called with every credential that should not do. A new route is here by itself.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};
use store::{NewCluster, Role};

use crate::fixture::{Client, NOW_MS, Server, deployment, jar};

/// What anybody may call. Nothing is added without a reason.
const PUBLIC: [&str; 4] = [
    "GET /health",
    "GET /health/ready",
    "GET /openapi.json",
    "POST /session",
];

/// A route of the document, with the ids of things that are there.
struct Route {
    method: Method,
    /// As it is written in the document.
    template: String,
    /// With the ids of things in the workspace `shop`, and what its query needs.
    path: String,
    needs: String,
    /// One that can be read.
    body: Option<Value>,
    has_if_match: bool,
}

impl Route {
    fn label(&self) -> String {
        format!("{} {}", self.method, self.template)
    }

    fn is_in_workspace(&self) -> bool {
        self.template.contains("{ws}")
    }

    fn role(&self) -> Option<Role> {
        self.needs.parse().ok()
    }

    /// The status alone: streams are not waited for.
    async fn status(&self, client: &Client, path: &str) -> u16 {
        let client = match self.has_if_match {
            true => client.at(1),
            false => client.clone(),
        };
        let (client, body) = match &self.body {
            Some(body) => (
                client.with("content-type", "application/json"),
                Body::from(body.to_string()),
            ),
            None => (client, Body::empty()),
        };
        client
            .open(self.method.clone(), path, body)
            .await
            .status()
            .as_u16()
    }

    async fn expect(&self, client: &Client, who: &str, status: u16) {
        let got = self.status(client, &self.path).await;
        assert_eq!(got, status, "{} as {who}", self.label());
    }
}

/// Things in `shop` that routes speak of.
struct Things {
    draft: String,
    deployment: String,
    savepoint: String,
    artifact: String,
    table: (String, String),
    token: String,
    user: String,
}

impl Things {
    async fn make(server: &Server) -> Things {
        let olga = server.signed_in("olga").await;
        let deployed = deployment(&olga, "shop", "count").await;
        // Of one that runs: it is done, or will be.
        let runs = json!({
            "name": "runs", "draft_id": deployed.json["draft_id"], "version": 1, "desired": "running"
        });
        let runs = olga.post("/workspaces/shop/deployments", runs).await.expect(201);
        let path = format!("/workspaces/shop/deployments/{}/savepoints", runs.id());
        let savepoint = olga.post(&path, json!({})).await.expect(202);
        let upload = olga.with("content-type", "application/octet-stream");
        let path = "/workspaces/shop/artifacts?name=rules.jar";
        let artifact = upload
            .raw(Method::POST, path, Body::from(jar("x", b"x")))
            .await
            .expect(201);
        olga.put("/workspaces/shop/secrets/thing", json!({ "value": "x" }))
            .await
            .expect(200);
        let connection = json!({ "kind": "filesystem", "options": {} });
        olga.put("/workspaces/shop/connections/thing", connection)
            .await
            .expect(200);
        let cluster = NewCluster {
            address: "http://localhost:8081".to_string(),
            storage: "file:///state".to_string(),
            workspaces: vec!["shop".to_string()],
        };
        server
            .store
            .clusters()
            .put("thing", cluster, "ann")
            .await
            .unwrap();
        std::fs::create_dir(server.files("shop").join("in")).unwrap();
        let sql =
            "CREATE TABLE thing (n INT) WITH ('connector' = 'filesystem', 'path' = 'in', 'format' = 'csv')";
        let statements = "/workspaces/shop/catalog/statements";
        olga.post(statements, json!({ "sql": sql })).await.expect(200);
        let tree = olga.get("/workspaces/shop/catalog").await.expect(200).json;
        let token = olga
            .post("/tokens", json!({ "name": "thing", "role": "viewer" }))
            .await
            .expect(201);
        let catalog = &tree["catalogs"][0];
        let name = |value: &Value| value["name"].as_str().unwrap().to_string();
        let user = server.store.users().by_name("olga").await.unwrap().unwrap();
        Things {
            draft: deployed.json["draft_id"].as_str().unwrap().to_string(),
            deployment: deployed.id().to_string(),
            savepoint: savepoint.id().to_string(),
            artifact: artifact.json["hash"].as_str().unwrap().to_string(),
            table: (name(catalog), name(&catalog["databases"][0])),
            token: token.id().to_string(),
            user: user.id.to_string(),
        }
    }

    /// What stands for a part of a path.
    fn part(&self, template: &str, name: &str) -> String {
        let of = |noun: &str| template.contains(&format!("/{noun}/{{{name}}}"));
        let found = match name {
            "ws" => "shop",
            "id" if of("drafts") => &self.draft,
            "id" if of("deployments") => &self.deployment,
            "id" if of("savepoints") => &self.savepoint,
            "id" if of("tokens") => &self.token,
            "id" if of("users") => &self.user,
            "id" if of("operations") => "op_01jd1kxa000000000000000007",
            "n" => "1",
            "hash" => &self.artifact,
            "user" => "vera",
            "name" | "table" => "thing",
            "catalog" => &self.table.0,
            "database" => &self.table.1,
            _ => panic!("say here what stands for {{{name}}} in {template}"),
        };
        found.to_string()
    }

    fn routes(&self) -> Vec<Route> {
        let document: Value = serde_json::from_str(&api::openapi().to_json().unwrap()).unwrap();
        let mut routes = Vec::new();
        for (template, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                routes.push(self.route(&document, template, method, operation));
            }
        }
        assert!(routes.len() > 50);
        routes
    }

    fn route(&self, document: &Value, template: &str, method: &str, operation: &Value) -> Route {
        let mut path = template.to_string();
        let mut query = Vec::new();
        let mut has_if_match = false;
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap();
            match parameter["in"].as_str().unwrap() {
                "path" => path = path.replace(&format!("{{{name}}}"), &self.part(template, name)),
                "query" if parameter["required"] == true => query.push(format!("{name}=1")),
                "header" => has_if_match |= name == "If-Match",
                _ => {}
            }
        }
        if !query.is_empty() {
            path = format!("{path}?{}", query.join("&"));
        }
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        Route {
            method: method.to_ascii_uppercase().parse().unwrap(),
            template: template.to_string(),
            path,
            needs: operation["x-needs"].as_str().unwrap().to_string(),
            body: (!schema.is_null()).then(|| self.example(document, "", schema)),
            has_if_match,
        }
    }

    /// A value of a schema, with ids of things in `shop`.
    fn example(&self, document: &Value, name: &str, schema: &Value) -> Value {
        if let Some(reference) = schema["$ref"].as_str() {
            let pointer = reference.trim_start_matches('#');
            return self.example(document, name, document.pointer(pointer).unwrap());
        }
        if let Some(values) = schema["enum"].as_array() {
            return values[0].clone();
        }
        match schema["type"].as_str() {
            Some("object") => {
                let mut object = serde_json::Map::new();
                let required = schema["required"].as_array().cloned().unwrap_or_default();
                for key in required.iter().map(|key| key.as_str().unwrap()) {
                    object.insert(
                        key.to_string(),
                        self.example(document, key, &schema["properties"][key]),
                    );
                }
                object.into()
            }
            Some("string") if name == "draft_id" => self.draft.clone().into(),
            Some("string") if name == "sql" => "SELECT 1".into(),
            Some("string") => "something-new".into(),
            Some("integer") => 1.into(),
            _ => panic!("say here what is an example of {name}: {schema}"),
        }
    }
}

#[tokio::test]
async fn nothing_but_a_short_list_is_open_to_everybody() {
    let server = Server::with_users().await;
    let routes = Things::make(&server).await.routes();
    let open: BTreeSet<String> = routes
        .iter()
        .filter(|route| route.needs == "nothing")
        .map(Route::label)
        .collect();
    assert_eq!(open.iter().map(String::as_str).collect::<Vec<_>>(), PUBLIC);
}

#[tokio::test]
async fn without_a_living_credential_every_route_is_closed() {
    let server = Server::with_users().await;
    let routes = Things::make(&server).await.routes();
    let ann = server.signed_in("ann").await;
    let gone = server.signed_in("ann").await;
    gone.delete("/session").await.expect(204);
    let expired_token = server.token("ann", None, Role::Owner, Some(NOW_MS + 1)).await;
    let deleted_token = server.token("ann", None, Role::Owner, None).await;
    let tokens = ann.get("/tokens").await.expect(200).json;
    let newest = tokens["items"][0]["id"].as_str().unwrap();
    ann.delete(&format!("/tokens/{newest}")).await.expect(204);
    server
        .clock
        .advance(std::time::Duration::from_secs(8 * 24 * 60 * 60));

    let client = server.client();
    let cases = [
        ("nobody", client.clone()),
        (
            "somebody with an unknown session",
            client
                .with("cookie", "oceanus_session=AAAA")
                .with("x-csrf-token", "AAAA"),
        ),
        (
            "somebody with an unknown token",
            client.with("authorization", "Bearer oct_AAAA"),
        ),
        (
            "somebody with a password in the header",
            client.with("authorization", "Basic YW5uOmNvcnJlY3QgaG9yc2U="),
        ),
        ("an expired session", ann),
        ("an ended session", gone),
        ("an expired token", expired_token),
        ("a deleted token", deleted_token),
    ];
    for route in routes.iter().filter(|route| route.needs != "nothing") {
        for (who, client) in &cases {
            route.expect(client, who, 401).await;
        }
    }
}

#[tokio::test]
async fn who_is_no_member_does_not_learn_that_there_is_a_workspace() {
    let server = Server::with_users().await;
    let routes = Things::make(&server).await.routes();
    let otto = server.signed_in("otto").await;
    let elsewhere = server.token("olga", Some("other"), Role::Owner, None).await;
    let nowhere = server.token("otto", Some("shop"), Role::Owner, None).await;
    for route in routes.iter().filter(|route| route.role().is_some()) {
        assert!(route.is_in_workspace(), "{}", route.label());
        route.expect(&otto, "a member of another workspace", 404).await;
        route
            .expect(&elsewhere, "a token for another workspace", 404)
            .await;
        route
            .expect(&nowhere, "a token of somebody who is no member", 404)
            .await;
        let unknown = route.path.replace("/shop", "/unknown");
        assert_eq!(route.status(&otto, &unknown).await, 404, "{}", route.label());
    }
}

#[tokio::test]
async fn a_role_that_is_too_small_is_refused_and_one_that_is_not_reads() {
    let server = Server::with_users().await;
    let routes = Things::make(&server).await.routes();
    let roles = [
        (Role::Viewer, "vera"),
        (Role::Developer, "dev"),
        (Role::Operator, "oper"),
        (Role::Owner, "olga"),
    ];
    let mut refused = 0;
    for (role, name) in roles {
        let session = server.signed_in(name).await;
        let token = server.token("ann", None, role, None).await;
        for route in &routes {
            match route.role() {
                Some(needed) if role < needed => {
                    refused += 1;
                    route.expect(&session, name, 403).await;
                    route
                        .expect(&token, "an administrator's token of a small role", 403)
                        .await;
                }
                Some(_) if route.method == Method::GET => {
                    let status = route.status(&session, &route.path).await;
                    // A deployment that never ran counts nothing.
                    let is_read = status == 200 || route.path.ends_with("/metrics");
                    assert!(is_read, "{} as {name}: {status}", route.label());
                }
                None if route.needs == "admin" => route.expect(&session, name, 403).await,
                _ => {}
            }
        }
    }
    assert!(refused > 20, "{refused}");
}

#[tokio::test]
async fn a_token_of_an_administrator_is_one_only_if_nothing_was_held_back() {
    let server = Server::with_users().await;
    let routes = Things::make(&server).await.routes();
    let bound = server.token("ann", Some("shop"), Role::Owner, None).await;
    let small = server.token("ann", None, Role::Operator, None).await;
    let whole = server.token("ann", None, Role::Owner, None).await;
    for route in routes.iter().filter(|route| route.needs == "admin") {
        route.expect(&bound, "a token for one workspace", 403).await;
        route.expect(&small, "a token of a smaller role", 403).await;
        if route.method == Method::GET {
            route.expect(&whole, "a token with everything", 200).await;
        }
    }
}

#[tokio::test]
async fn an_id_of_another_workspace_is_not_found() {
    let server = Server::with_users().await;
    let things = Things::make(&server).await;
    let otto = server.signed_in("otto").await;
    let olga = server.signed_in("olga").await;
    let before = snapshot(&olga, &things).await;
    let mut swapped = 0;
    for route in things.routes() {
        let has_own_id = ["{id}", "{hash}", "{name}", "{table}"]
            .iter()
            .any(|part| route.template.contains(part));
        // To put something under a name is to make one's own.
        let makes_own = route.method == Method::PUT && route.template.contains("{name}");
        let refers = route
            .body
            .as_ref()
            .is_some_and(|body| body.get("draft_id").is_some());
        if !route.is_in_workspace() || makes_own || !(has_own_id || refers) {
            continue;
        }
        swapped += 1;
        let path = route.path.replace("/workspaces/shop", "/workspaces/other");
        assert_eq!(route.status(&otto, &path).await, 404, "{}", route.label());
    }
    assert!(swapped > 20, "{swapped}");
    assert_eq!(snapshot(&olga, &things).await, before);
}

/// How things are in `shop`.
async fn snapshot(client: &Client, things: &Things) -> Vec<Value> {
    let mut found = Vec::new();
    for path in [
        format!("drafts/{}", things.draft),
        format!("drafts/{}/versions", things.draft),
        format!("deployments/{}", things.deployment),
        format!("artifacts/{}", things.artifact),
        "secrets".to_string(),
        "connections".to_string(),
        "members".to_string(),
        "catalog".to_string(),
    ] {
        let path = format!("/workspaces/shop/{path}");
        found.push(client.get(&path).await.expect(200).json);
    }
    found
}

#[tokio::test]
async fn other_peoples_tokens_users_and_operations_are_not_found_or_refused() {
    let server = Server::with_users().await;
    let things = Things::make(&server).await;
    let otto = server.signed_in("otto").await;
    otto.delete(&format!("/tokens/{}", things.token))
        .await
        .expect(404);
    let change = json!({ "current_password": crate::fixture::PASSWORD, "password": "another one" });
    otto.put(&format!("/users/{}/password", things.user), change)
        .await
        .expect(403);
    let olga = server.signed_in("olga").await;
    let import = json!({ "files": { "workspace.yaml": "format: 1\n" } });
    let begun = olga.post("/workspaces/shop/import", import).await.expect(202);
    let own = format!("/operations/{}", begun.id());
    assert_eq!(begun.header("location"), format!("/api/v1{own}"));
    olga.get(&own).await.expect(200);
    otto.get(&own).await.expect(404);
    server
        .token("olga", None, Role::Owner, None)
        .await
        .get(&own)
        .await
        .expect(404);
}

#[tokio::test]
async fn a_browser_changes_nothing_without_the_sessions_own_token() {
    let server = Server::with_users().await;
    let routes = Things::make(&server).await.routes();
    let ann = server.signed_in("ann").await;
    let other = server.signed_in("ann").await;
    let other_session = other.get("/session").await.expect(200).json;
    let cases = [
        ann.without("x-csrf-token"),
        ann.with("x-csrf-token", ""),
        ann.with("x-csrf-token", "single-user"),
        ann.with("x-csrf-token", other_session["csrf_token"].as_str().unwrap()),
    ];
    for route in &routes {
        if route.method == Method::GET || route.needs == "nothing" {
            continue;
        }
        for client in &cases {
            route.expect(client, "a forged request", 403).await;
        }
    }
}

#[tokio::test]
async fn one_user_is_asked_for_a_header_that_no_other_site_can_send() {
    let server = Server::single_user().await;
    let document: Value = serde_json::from_str(&api::openapi().to_json().unwrap()).unwrap();
    let client = server.client();
    for (template, item) in document["paths"].as_object().unwrap() {
        let path = template.replace("{ws}", "shop").replace(['{', '}'], "");
        for method in item.as_object().unwrap().keys().filter(|method| *method != "get") {
            let method: Method = method.to_ascii_uppercase().parse().unwrap();
            let refused = client
                .open(method.clone(), &path, Body::empty())
                .await
                .status()
                .as_u16();
            let expected = if template == "/session" && method == Method::POST {
                409
            } else {
                403
            };
            assert_eq!(refused, expected, "{method} {template}");
        }
    }
    // A token is asked for nothing more, and is no more than it is.
    server.local().get("/session").await.expect(200);
    let token = server.token(api::LOCAL_USER, None, Role::Viewer, None).await;
    token.get("/workspaces/shop/drafts").await.expect(200);
    let draft = json!({ "name": "x", "sql": "" });
    token.post("/workspaces/shop/drafts", draft).await.expect(403);
}
