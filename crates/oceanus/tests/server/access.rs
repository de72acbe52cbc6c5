//! Who may do what from the command line: logins, roles, users, secrets.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::{Home, Server};

fn users(home: &Home) -> (Server<'_>, String) {
    let server = home.serve_with(&[]);
    let password = fs::read_to_string(home.path("data/initial-password")).unwrap();
    (server, password.trim().to_string())
}

#[test]
fn a_login_lasts_until_the_logout() {
    let home = Home::new();
    let (server, password) = users(&home);
    server
        .run(&["workspaces"])
        .expect(4)
        .tells("not signed in")
        .tells("= help: sign in with `oceanus login`");
    server
        .run_with(&["login", "--name", "admin", "--password-stdin"], &password)
        .expect(0)
        .shows(&format!("signed in to {} as admin", server.url));
    let kept = home.path(".config/oceanus/logins.json");
    assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    let text = fs::read_to_string(&kept).unwrap();
    assert!(text.contains("oct_") && !text.contains(&password), "{text}");
    // The server of the login is the one that is meant.
    home.run(&["workspaces", "create", "w"]).expect(0);
    home.run(&["workspaces"]).expect(0).shows("w ");

    let token = text
        .split('"')
        .find(|part| part.starts_with("oct_"))
        .unwrap()
        .to_string();
    home.run(&["logout"]).expect(0).shows("signed out");
    server.run(&["workspaces"]).expect(4);
    // The token has ended with it.
    server
        .run_with(&["login", "--token-stdin"], &token)
        .expect(4)
        .tells("the token is unknown");
    home.run(&["logout"]).expect(2).tells("not signed in to");
    server.end();
}

#[test]
fn a_password_does_not_travel_in_the_clear() {
    let home = Home::new();
    home.run_with(
        &[
            "login",
            "http://oceanus.example.com",
            "--name",
            "ada",
            "--password-stdin",
        ],
        "secret",
    )
    .expect(2)
    .tells("use https");
    home.run(&["login", "--password", "secret"])
        .expect(2)
        .tells("unexpected argument '--password'");
}

#[test]
fn a_login_holds_back_what_it_was_told_to() {
    let home = Home::new();
    let (server, password) = users(&home);
    let login = ["login", "--name", "admin", "--password-stdin"];
    server.run_with(&login, &password).expect(0);
    server.run(&["workspaces", "create", "w"]).expect(0);
    server
        .run_with(&[&login[..], &["--role", "viewer"]].concat(), &password)
        .expect(0);
    server.run(&["jobs"]).expect(0);
    let file = home.write("a.sql", "SELECT 1;");
    server
        .run(&["deploy", &file])
        .expect(4)
        .tells("this needs the role developer");
    server
        .run_with(&["secrets", "set", "s", "--stdin"], "x")
        .expect(4);
    server.run(&["users", "list"]).expect(4);
    server
        .run_with(&[&login[..], &["--role", "emperor"]].concat(), &password)
        .expect(2);
    server.end();
}

#[test]
fn users_are_added_and_given_passwords() {
    let home = Home::new();
    let (server, password) = users(&home);
    server
        .run_with(&["login", "--name", "admin", "--password-stdin"], &password)
        .expect(0);
    let add = ["users", "add", "ada", "--password-stdin"];
    server
        .run_with(&add, "short")
        .expect(2)
        .tells("at least 8 characters");
    server
        .run_with(&add, "countess of lovelace\n")
        .expect(0)
        .shows("user 'ada' added");
    server
        .run_with(&add, "countess of lovelace\n")
        .expect(5)
        .tells("already exists");
    server
        .run(&["users", "list"])
        .expect(0)
        .shows("admin  yes")
        .shows("ada ");
    server
        .run_with(
            &["users", "passwd", "ada", "--password-stdin"],
            "analytical engine\n",
        )
        .expect(0);

    let login = ["login", "--name", "ada", "--password-stdin"];
    server.run_with(&login, "countess of lovelace").expect(4);
    server.run_with(&login, "analytical engine").expect(0);
    server.run(&["users", "list"]).expect(4).tells("administrator");
    server
        .run_with(&["users", "passwd", "--password-stdin"], "wrong\nanother engine")
        .expect(2);
    server
        .run_with(
            &["users", "passwd", "--password-stdin"],
            "analytical engine\nanother engine",
        )
        .expect(0);
    server.end();
}

#[test]
fn a_secret_goes_in_and_never_comes_out() {
    let home = Home::new();
    let server = home.serve();
    server.run(&["workspaces", "create", "w"]).expect(0);
    server
        .run_with(&["secrets", "set", "db", "--stdin"], "hunter2\n")
        .expect(0)
        .shows("secret 'db' set");
    let list = server.run(&["secrets", "list"]).expect(0).shows("db ");
    assert!(!list.out.contains("hunter2"));
    server
        .run(&["secrets", "set", "db", "hunter2"])
        .expect(2)
        .tells("unexpected argument");
    // Without a terminal it says how else.
    server
        .run(&["secrets", "set", "db"])
        .expect(2)
        .tells("standard input");
    server.run(&["secrets", "delete", "db"]).expect(0);
    assert_eq!(server.json(&["secrets", "list"]).as_array().unwrap().len(), 0);
    server
        .run(&["secrets", "delete", "db"])
        .expect(2)
        .tells("not found");
    server.end();
}

#[test]
fn a_workspace_is_named_where_there_are_several() {
    let home = Home::new();
    let server = home.serve();
    server
        .run(&["jobs"])
        .expect(2)
        .tells("there is no workspace")
        .tells("oceanus workspaces create");
    server.run(&["workspaces", "create", "one"]).expect(0);
    server.run(&["jobs"]).expect(0);
    server.run(&["workspaces", "create", "two"]).expect(0);
    server
        .run(&["jobs"])
        .expect(2)
        .tells("say which one with --workspace")
        .tells("they are one, two");
    server.run(&["jobs", "--workspace", "two"]).expect(0);
    server
        .run(&["jobs", "--workspace", "three"])
        .expect(2)
        .tells("workspace 'three' not found");
    // A login can settle it.
    server
        .run(&["login", "--workspace", "two"])
        .expect(0)
        .shows("needs no sign-in");
    server.run(&["jobs"]).expect(0);
    server
        .run(&["workspaces", "delete", "two"])
        .expect(2)
        .tells("no terminal");
    server.run(&["workspaces", "delete", "two", "--yes"]).expect(0);
    server.end();
}

#[test]
fn a_lost_password_is_replaced_at_the_data_folder() {
    let home = Home::new();
    let (server, password) = users(&home);
    let data = home.data().display().to_string();
    let reset = ["reset-password", "admin", "--password-stdin", "--data", &data];
    home.run_with(&reset, "a new and long one")
        .expect(5)
        .tells("another server works with the data folder");
    server.end();
    home.run_with(&reset, "short")
        .expect(2)
        .tells("at least 8 characters");
    home.run_with(&reset, "a new and long one").expect(0);
    let nobody = ["reset-password", "ada", "--password-stdin", "--data", &data];
    home.run_with(&nobody, "a new and long one")
        .expect(2)
        .tells("user 'ada' not found");
    let elsewhere = [
        "reset-password",
        "admin",
        "--password-stdin",
        "--data",
        "elsewhere",
    ];
    home.run_with(&elsewhere, "a new and long one")
        .expect(2)
        .tells("there is no database");
    assert!(!home.path("elsewhere").exists());
    let server = home.serve_with(&[]);
    let login = ["login", "--name", "admin", "--password-stdin"];
    server.run_with(&login, &password).expect(4);
    server.run_with(&login, "a new and long one").expect(0);
    server.end();
}
