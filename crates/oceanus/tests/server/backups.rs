//! Copies of the database, made beside a server and put back without one.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::Home;

#[test]
fn a_backup_of_a_running_server_is_restored() {
    let home = Home::new();
    let data = home.data().display().to_string();
    let copy = home.path("copy.db").display().to_string();
    let backup = ["backup", &copy, "--data", &data];
    let restore = ["restore", &copy, "--data", &data];
    home.run(&backup).expect(2).tells("there is no database");

    let server = home.serve();
    server.run(&["workspaces", "create", "before"]).expect(0);
    server
        .run_with(&["secrets", "set", "s", "--stdin"], "value")
        .expect(0);
    home.run(&backup).expect(0).shows("not in it: the master key");
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    home.run(&backup).expect(5).tells("already exists");
    server.run(&["workspaces", "create", "after"]).expect(0);
    home.run(&restore)
        .expect(5)
        .tells("a server has")
        .tells("stop it first");
    server.end();

    home.run(&restore).expect(0).shows("oceanus.db.replaced");
    assert_eq!(
        fs::metadata(home.path("data/oceanus.db"))
            .unwrap()
            .permissions()
            .mode()
            & 0o777,
        0o600
    );
    let server = home.serve();
    let workspaces = server.json(&["workspaces"]);
    assert_eq!(workspaces.as_array().unwrap().len(), 1);
    assert_eq!(workspaces[0]["name"], "before");
    assert_eq!(server.json(&["secrets", "list"])[0]["name"], "s");
    server.end();

    let nonsense = home.write("nonsense.db", "this is no database");
    home.run(&["restore", &nonsense, "--data", &data])
        .expect(2)
        .tells("is not a database of oceanus");
    home.run(&["restore", "nowhere.db", "--data", &data])
        .expect(2)
        .tells("not found");
}

#[test]
fn a_server_without_its_key_or_its_database_is_no_new_one() {
    let home = Home::new();
    home.serve().end();
    let refused = || {
        home.try_serve(&["--single-user", "--listen", "127.0.0.1:0"])
            .expect(1)
    };
    let (key, aside) = (home.path("data.key"), home.path("aside"));
    fs::rename(&key, &aside).unwrap();
    refused()
        .tells("the master key")
        .tells("is missing")
        .tells("put it back");
    assert!(!key.exists());
    fs::rename(&aside, &key).unwrap();

    let database = home.path("data/oceanus.db");
    fs::create_dir_all(home.path("data/runs/rn_1")).unwrap();
    fs::rename(&database, &aside).unwrap();
    refused()
        .tells("the database")
        .tells("is missing")
        .tells("oceanus restore FILE");
    assert!(!database.exists());
    fs::rename(&aside, &database).unwrap();
    home.serve().end();
}
