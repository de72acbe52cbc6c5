//! A workspace as a folder: exported, applied elsewhere, compared.

use std::fs;

use crate::support::Home;

#[test]
fn what_is_exported_and_applied_elsewhere_is_the_same() {
    let home = Home::new();
    let server = home.serve();
    let demo = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/demo");
    let (one, two) = (["--workspace", "one"], ["--workspace", "two"]);
    for name in ["one", "two"] {
        server.run(&["workspaces", "create", name]).expect(0);
    }
    server
        .run(&[&["diff", "-f", demo, "--exit-code"], &one[..]].concat())
        .expect(1)
        .shows("+ job Hot auctions\n")
        .shows("    + INSERT INTO hot_auctions\n");
    server
        .run(&[&["apply", "-f", demo], &one[..]].concat())
        .expect(0)
        .shows("+ job Hot auctions\n");
    let again = [&["apply", "-f", demo], &one[..]].concat();
    server.run(&again).expect(0).shows("nothing to change\n");

    let folder = home.path("bundle").display().to_string();
    server
        .run(&[&["export", &folder], &one[..]].concat())
        .expect(0)
        .shows("files written");
    let text = fs::read_to_string(home.path("bundle/jobs/hot-auctions.sql")).unwrap();
    assert_eq!(
        text,
        fs::read_to_string(format!("{demo}/jobs/hot-auctions.sql")).unwrap()
    );
    let diff = [&["diff", "-f", &folder, "--prune", "--exit-code"], &one[..]].concat();
    server.run(&diff).expect(0).shows("nothing to change\n");

    server
        .run(&[&["apply", "-f", &folder], &two[..]].concat())
        .expect(0);
    let other = home.path("other").display().to_string();
    server.run(&[&["export", &other], &two[..]].concat()).expect(0);
    for file in [
        "workspace.yaml",
        "catalog.sql",
        "jobs/hot-auctions.yaml",
        "jobs/category-prices.sql",
    ] {
        let read = |folder: &str| fs::read_to_string(format!("{folder}/{file}")).unwrap();
        assert_eq!(read(&folder), read(&other), "{file}");
    }

    // A job that is gone goes from the folder at the next export, and the folder prunes the other workspace.
    home.write("bundle/README.md", "ours");
    fs::remove_file(home.path("bundle/jobs/big-bids.sql")).unwrap();
    fs::remove_file(home.path("bundle/jobs/big-bids.yaml")).unwrap();
    server
        .run(&[&["apply", "-f", &folder], &two[..]].concat())
        .expect(0)
        .shows("nothing to change\n");
    server
        .run(&[&["apply", "-f", &folder, "--prune"], &two[..]].concat())
        .expect(0)
        .shows("- job Big bids\n");
    server
        .run(&[&["export", &other], &two[..]].concat())
        .expect(0)
        .shows("2 files removed");
    assert!(!home.path("other/jobs/big-bids.sql").exists());
    assert!(home.path("bundle/README.md").exists());
    for workspace in [one, two] {
        server
            .run(&[&["stop", "hot-auctions"], &workspace[..]].concat())
            .expect(0);
    }
    server.end();
}

#[test]
fn a_wrong_bundle_is_refused_at_its_place_and_changes_nothing() {
    let home = Home::new();
    let server = home.serve();
    server.run(&["workspaces", "create", "w"]).expect(0);
    let folder = home.path("bundle").display().to_string();
    server
        .run(&["apply", "-f", &folder])
        .expect(2)
        .tells("cannot read");
    home.write("bundle/jobs/a.sql", "SELECT 1;\n");
    server
        .run(&["apply", "-f", &folder])
        .expect(2)
        .tells("it has no workspace.yaml");
    home.write("bundle/workspace.yaml", "format: 1\n");
    home.write("bundle/jobs/a.yaml", "name: a\nsetings: {}\n");
    server
        .run(&["apply", "-f", &folder])
        .expect(2)
        .tells("jobs/a.yaml:2:1: error: key 'setings' is not known here\n  |\n2 | setings: {}\n  | ^^^^^^^\n")
        .tells("did you mean 'settings'?");
    home.write("bundle/jobs/a.yaml", "name: a\nversioned: false\n");
    home.write("bundle/job/b.sql", "SELECT 1;\n");
    server
        .run(&["diff", "-f", &folder])
        .expect(2)
        .tells("did you mean 'jobs'?");
    assert_eq!(server.json(&["jobs"]).as_array().unwrap().len(), 0);

    // Nothing is written among other people's files.
    let other = home.path("photos").display().to_string();
    home.write("photos/cat.jpg", "meow");
    server.run(&["export", &other]).expect(2).tells("--force");
    server.run(&["export", &other, "--force"]).expect(0);
    assert!(home.path("photos/cat.jpg").exists());
    server.end();
}
