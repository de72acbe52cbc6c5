//! How a server starts, refuses to, and ends.

use std::fs;
use std::io::Read;
use std::net::TcpListener;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use crate::support::{Home, until};

#[test]
fn a_server_answers_when_it_says_so_and_ends_in_order() {
    let home = Home::new();
    let server = home.serve();
    assert_eq!(server.greeting, "");
    let (status, kind, page) = server.page("/", "content-type");
    assert_eq!((status, kind.as_str()), (200, "text/html; charset=utf-8"));
    assert!(page.starts_with("<!doctype html>"), "{page}");
    // A page of the console has an address of its own; a file that there is not is not found.
    assert_eq!(server.page("/w/demo/jobs", "content-type").0, 200);
    assert_eq!(server.page("/assets/nothing.js", "content-type").0, 404);
    let (status, kind, health) = server.page("/api/v1/health", "content-type");
    assert_eq!((status, kind.as_str()), (200, "application/json"));
    assert!(health.contains("\"ok\""), "{health}");
    let (code, log) = server.end();
    assert_eq!(code, Some(0));
    assert!(log.contains("shutting down"), "{log}");
}

#[test]
fn what_the_server_keeps_is_its_owners_alone() {
    let home = Home::new();
    let server = home.serve();
    let mode = |path: &str| fs::metadata(home.path(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("data"), 0o700);
    assert_eq!(mode("data/oceanus.db"), 0o600);
    assert_eq!(mode("data/oceanus.db-wal"), 0o600);
    assert_eq!(mode("data.key"), 0o600);
    server.end();
}

#[test]
fn single_user_mode_stays_on_this_machine() {
    let home = Home::new();
    home.try_serve(&["--single-user", "--listen", "0.0.0.0:0"])
        .expect(2)
        .tells("'listen' must be an address of this machine only in single-user mode, got '0.0.0.0:0'")
        .tells("= help: listen on 127.0.0.1");
    assert!(!home.data().exists());
}

#[test]
fn a_taken_port_is_told_and_nothing_is_made() {
    let home = Home::new();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    home.try_serve(&["--single-user", "--listen", &address])
        .expect(1)
        .tells(&format!("error: another program listens on {address}"))
        .tells("--listen 127.0.0.1:PORT");
    assert!(!home.data().exists());
}

#[test]
fn a_data_folder_has_one_server() {
    let home = Home::new();
    let server = home.serve();
    home.try_serve(&["--single-user", "--listen", "127.0.0.1:0"])
        .expect(1)
        .tells("error: another server works with the data folder")
        .tells("--data DIR");
    server.end();
}

#[test]
fn settings_come_from_file_environment_and_flags() {
    let home = Home::new();
    let wrong = home.write("wrong.toml", "mode = 'single-user'\n\n[capacity]\ncors = 2\n");
    home.try_serve(&["--config", &wrong])
        .expect(2)
        .tells(&format!("{wrong}:4:1: error: unknown key 'capacity.cors'"))
        .tells("= help: did you mean 'capacity.cores'?");
    home.try_serve(&["--config", "nowhere.toml"])
        .expect(2)
        .tells("nowhere.toml: error: No such file");

    let file = home.write(
        "right.toml",
        "mode = 'single-user'\nlisten = '0.0.0.0:1'\n[log]\nlevel = 'warn'\n",
    );
    let server = home.serve_with(&["--config", &file]);
    assert!(server.url.starts_with("http://127.0.0.1:"));
    let (_, log) = server.end();
    assert_eq!(log, "");

    let reference = home.run(&["serve", "--print-config"]).expect(0);
    let reference = home.write("reference.toml", &reference.out);
    home.serve_with(&["--config", &reference, "--single-user"]).end();
}

#[test]
fn the_first_start_makes_an_administrator_once() {
    let home = Home::new();
    let server = home.serve_with(&[]);
    let file = home.path("data/initial-password");
    assert_eq!(
        server.greeting,
        format!(
            "The first start has made the user 'admin'; the password is in {}\n",
            file.display()
        )
    );
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let password = fs::read_to_string(&file).unwrap();
    let password = password.trim();
    let login = ["login", "--name", "admin", "--password-stdin"];
    server.run_with(&login, password).expect(0).shows("as admin");
    server
        .run_with(&login, "another-password")
        .expect(4)
        .tells("error: ");
    let (code, log) = server.end();
    assert_eq!(code, Some(0));
    assert!(!log.contains(password));

    let server = home.serve_with(&[]);
    assert_eq!(server.greeting, "");
    assert!(file.exists());
    server.run_with(&login, password).expect(0);
    let both = format!("{password}\nsomething new and long");
    server
        .run_with(&["users", "passwd", "--password-stdin"], &both)
        .expect(0);
    server.end();
    // It is of no use any more.
    let server = home.serve_with(&[]);
    assert!(!file.exists());
    server.end();
}

#[test]
fn on_a_terminal_the_first_password_is_shown_and_written_nowhere() {
    let home = Home::new();
    let (mut ours, theirs) = terminal();
    let data = home.data().display().to_string();
    let mut child = home
        .command(&["serve", "--data", &data, "--listen", "127.0.0.1:0"])
        .stdout(Stdio::from(theirs))
        .spawn()
        .unwrap();
    let mut shown = String::new();
    let mut bytes = [0; 1024];
    until("the server is not ready", || {
        let read = ours.read(&mut bytes).unwrap();
        shown.push_str(&String::from_utf8_lossy(&bytes[..read]));
        shown.contains("Oceanus is ready at ")
    });
    // SAFETY: the process is this test's own child.
    unsafe { libc::kill(child.id() as i32, libc::SIGTERM) };
    let mut log = String::new();
    child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let (_, rest) = shown.split_once("with the password ").unwrap();
    let password = rest.split_whitespace().next().unwrap();
    assert_eq!(password.len(), 23);
    assert!(!log.contains(password), "{log}");
    assert!(!home.path("data/initial-password").exists());
}

/// Both ends of a terminal that nobody sits at.
fn terminal() -> (fs::File, OwnedFd) {
    let (mut ours, mut theirs) = (0, 0);
    let (name, form, size) = (std::ptr::null_mut(), std::ptr::null_mut(), std::ptr::null_mut());
    // SAFETY: two numbers are written; null means that nothing else is wanted.
    let opened = unsafe { libc::openpty(&mut ours, &mut theirs, name, form, size) };
    assert_eq!(opened, 0);
    // SAFETY: both were opened above and belong to nobody else.
    let (ours, theirs) = unsafe { (fs::File::from_raw_fd(ours), OwnedFd::from_raw_fd(theirs)) };
    // SAFETY: a flag of a descriptor of ours. The child must not hold the end that we read.
    unsafe { libc::fcntl(ours.as_raw_fd(), libc::F_SETFD, libc::FD_CLOEXEC) };
    (ours, theirs)
}

#[test]
fn tls_is_spoken_and_checked() {
    let home = Home::new();
    let names = vec!["localhost".to_string(), "127.0.0.1".to_string()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let certificate = home.write("certificate.pem", &made.cert.pem());
    let key = home.write("key.pem", &made.signing_key.serialize_pem());
    home.try_serve(&["--listen", "127.0.0.1:0", "--tls-certificate", &certificate])
        .expect(2)
        .tells("'tls.certificate' needs 'tls.key' beside it");
    home.try_serve(&[
        "--listen",
        "127.0.0.1:0",
        "--tls-certificate",
        &key,
        "--tls-key",
        &key,
    ])
    .expect(1)
    .tells("error: no TLS: ");

    let server = home.serve_with(&[
        "--single-user",
        "--tls-certificate",
        &certificate,
        "--tls-key",
        &key,
    ]);
    assert!(server.url.starts_with("https://127.0.0.1:"), "{}", server.url);
    server.run(&["workspaces"]).expect(3).tells("--ca-file FILE");
    server.run(&["workspaces", "--ca-file", &certificate]).expect(0);
    // A login remembers whom to trust.
    server.run(&["login", "--ca-file", &certificate]).expect(0);
    server.run(&["workspaces"]).expect(0);
    server.end();
}

#[test]
fn the_demo_is_there_from_the_first_start_and_stays_as_people_leave_it() {
    let home = Home::new();
    let server = home.serve_with(&["--single-user", "--demo"]);
    until("the demo's job does not run", || {
        let deployments = server.json(&["deployments"]);
        deployments[0]["name"] == "hot-auctions" && deployments[0]["phase"] == "running"
    });
    assert_eq!(server.json(&["jobs"]).as_array().unwrap().len(), 5);
    server.run(&["stop", "hot-auctions"]).expect(0);
    server.run(&["delete", "hot-auctions"]).expect(0);
    server.end();
    let server = home.serve_with(&["--single-user", "--demo"]);
    assert_eq!(server.json(&["deployments"]).as_array().unwrap().len(), 0);
    server.end();
}
