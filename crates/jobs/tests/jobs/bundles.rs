//! Workspaces to files and back.

use jobs::Bundle;
use model::phase::DesiredState;
use store::PageRequest;

use crate::fixture::{ACTOR, Place, bundle, changes, faults, map};

const TABLES: &str = "
    CREATE TABLE numbers (id INT, name STRING) COMMENT 'it''s'
      WITH ('connector' = 'filesystem', 'connection' = 'lake', 'format' = 'csv');
    CREATE TABLE copied (id INT, name STRING)
      WITH ('connector' = 'filesystem', 'path' = 'out', 'format' = 'csv');
    CREATE VIEW z AS SELECT id, name FROM numbers;
    CREATE VIEW a AS SELECT id FROM z;
    CREATE CATALOG `odd name` WITH ('type' = 'generic_in_memory');
    CREATE TABLE `odd name`.`default`.`t``x` (a INT) WITH ('connector' = 'datagen');";
const COPY: &str = "INSERT INTO copied\r\nSELECT id, name FROM numbers";

/// A workspace with something of everything.
async fn furnished() -> Place {
    let place = Place::new().await;
    place.secret("folder").await;
    place
        .connection("lake", "filesystem", &[("path", "in/${secret.folder}")])
        .await;
    place.connection("Lake", "filesystem", &[]).await;
    place.define(TABLES).await;
    let copy = place
        .draft("Copy all", COPY, &[("pipeline.name", "copy: \"all\"\n")])
        .await;
    place.version(copy).await;
    place.deploy("copy", copy, 1).await;
    let old = place.draft("copy ALL", COPY, &[]).await;
    place.version(old).await;
    place
        .edit(old, "INSERT INTO copied SELECT id + 1, name FROM numbers")
        .await;
    place.version(old).await;
    place.deploy("still the first", old, 1).await;
    place.draft("Größe", "SELECT nothing that is there", &[]).await;
    place
}

#[tokio::test(flavor = "multi_thread")]
async fn applying_what_was_exported_changes_nothing() {
    let place = furnished().await;
    let exported = place.export("w").await;
    let paths: Vec<&str> = exported.files.keys().map(String::as_str).collect();
    assert_eq!(
        paths,
        [
            "catalog.sql",
            "connections/lake-520827.yaml",
            "connections/lake.yaml",
            "jobs/copy-all-96e3f0.sql",
            "jobs/copy-all-96e3f0.yaml",
            "jobs/copy-all-f65309.sql",
            "jobs/copy-all-f65309.yaml",
            "jobs/gr-e.sql",
            "jobs/gr-e.yaml",
            "secrets.yaml",
            "workspace.yaml",
        ]
    );
    let before = place.revisions("w").await;
    for prune in [false, true] {
        let report = place.apply("w", &exported, prune).await;
        assert!(
            report.applied && !report.diff.has_changes(),
            "{:?}",
            faults(&report.diff)
        );
        assert_eq!(place.revisions("w").await, before);
    }
    assert_eq!(place.export("w").await, exported);
    assert!(exported.files.values().all(|text| !text.contains("hunter2")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_is_the_same_in_another_place() {
    let place = Place::new().await;
    place.connection("lake", "filesystem", &[("path", "in")]).await;
    place.define(TABLES).await;
    let copy = place
        .draft("Copy all", COPY, &[("parallelism.default", "2")])
        .await;
    place.version(copy).await;
    place.deploy("copy", copy, 1).await;
    let exported = place.export("w").await;
    assert_eq!(
        exported.files["jobs/copy-all.yaml"],
        "name: Copy all\nsettings:\n  parallelism.default: \"2\"\ndeployments:\n  - name: copy\n    desired: stopped\n"
    );
    assert_eq!(exported.files["jobs/copy-all.sql"], COPY);
    assert_eq!(
        exported.files["connections/lake.yaml"],
        "name: lake\nkind: filesystem\noptions:\n  path: in\n"
    );
    let report = place.apply("v", &exported, true).await;
    assert!(report.applied, "{:?}", faults(&report.diff));
    assert_eq!(
        changes(&report.diff)[7..],
        [
            "create connection lake",
            "create job Copy all",
            "create version Copy all v1",
            "create deployment copy"
        ]
    );
    assert_eq!(place.export("v").await, exported);
    assert!(!place.diff("v", &exported, true).await.has_changes());
    let audited = place
        .store
        .audit()
        .list(Some("v"), &PageRequest::default())
        .await
        .unwrap();
    assert_eq!(audited.items[0].action, "workspace.import");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_is_kept_only_where_the_job_differs() {
    let place = Place::new().await;
    place.connection("lake", "filesystem", &[("path", "in")]).await;
    place.define(TABLES).await;
    let copy = place.draft("copy", COPY, &[]).await;
    place.version(copy).await;
    let deployment = place.deploy("copy", copy, 1).await;
    let mut edited = place.export("w").await;

    // Nobody uses it.
    let catalog = edited.files.get_mut("catalog.sql").unwrap();
    catalog.push_str("CREATE TABLE unused (a INT) WITH ('connector' = 'datagen');\n");
    let report = place.apply("w", &edited, false).await;
    assert_eq!(
        changes(&report.diff),
        ["create table default_catalog.default_database.unused"]
    );

    // The connection is read at each start.
    edited.files.insert(
        "connections/lake.yaml".to_string(),
        "kind: filesystem\noptions: {path: elsewhere}\n".to_string(),
    );
    let report = place.apply("w", &edited, false).await;
    assert_eq!(changes(&report.diff), ["update connection lake"]);
    let lines: Vec<String> = report
        .diff
        .changes
        .iter()
        .flat_map(|change| &change.lines)
        .filter(|line| line.op != ' ')
        .map(|line| format!("{}{}", line.op, line.text))
        .collect();
    assert_eq!(lines, ["-  path: in", "+  path: elsewhere"]);

    // A table that the job reads.
    let catalog = edited.files.get_mut("catalog.sql").unwrap();
    *catalog = catalog.replace("it''s", "it was");
    let report = place.apply("w", &edited, false).await;
    assert_eq!(
        changes(&report.diff),
        [
            "update table default_catalog.default_database.numbers",
            "create version copy v2",
            "update deployment copy"
        ]
    );
    let read = place.store.deployments().get("w", deployment).await.unwrap();
    assert_eq!((read.version, read.desired), (2, DesiredState::Stopped));

    // The text itself, and what is deployed of it.
    edited.files.insert(
        "jobs/copy.sql".to_string(),
        "INSERT INTO copied SELECT id, 'x' FROM numbers".to_string(),
    );
    edited.files.insert(
        "jobs/copy.yaml".to_string(),
        "deployments:\n- {name: copy, desired: suspended, parallelism: 2}\n- {name: old, desired: stopped, version: 1}\n"
            .to_string(),
    );
    let report = place.apply("w", &edited, false).await;
    assert_eq!(
        changes(&report.diff),
        [
            "update job copy",
            "create version copy v3",
            "update deployment copy",
            "create deployment old"
        ]
    );
    let read = place.store.deployments().get("w", deployment).await.unwrap();
    assert_eq!(
        (read.version, read.parallelism, read.desired),
        (3, Some(2), DesiredState::Suspended)
    );
    assert!(!place.diff("w", &edited, false).await.has_changes());

    // Still being worked on: it may be wrong, and nobody runs it.
    edited
        .files
        .insert("jobs/copy.sql".to_string(), "INSERT INTO".to_string());
    edited
        .files
        .insert("jobs/copy.yaml".to_string(), "versioned: false\n".to_string());
    let report = place.apply("w", &edited, false).await;
    assert_eq!(changes(&report.diff), ["update job copy"]);
    assert_eq!(report.diff.diagnostics.len(), 1, "{:?}", faults(&report.diff));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_fault_anywhere_and_nothing_changes() {
    let place = furnished().await;
    let before = place.revisions("w").await;
    let good = [
        (
            "catalog.sql",
            "CREATE TABLE fresh (a INT) WITH ('connector' = 'blackhole');",
        ),
        ("jobs/good.sql", "INSERT INTO fresh SELECT id FROM numbers"),
        ("connections/new.yaml", "kind: filesystem"),
    ];
    let broken: [(&[(&str, &str)], &[&str]); 8] = [
        (
            &[("jobs/bad.sql", "INSERT INTO fresh\nSELECT i FROM numbers")],
            &["jobs/bad.sql:2:8: column 'i' not found (did you mean 'id'?)"],
        ),
        (
            &[
                ("jobs/bad.sql", "INSERT INTO fresh SELECT id FROM numbers"),
                (
                    "jobs/bad.yaml",
                    "nmae: x\nsettings: {parallelism.defualt: 1}\ndeployments:\n- name: d\n  desired: runing\n",
                ),
            ],
            &[
                "jobs/bad.yaml:1:1: key 'nmae' is not known here (did you mean 'name'?)",
                "jobs/bad.yaml:5:12: 'runing' is nothing that can be desired (did you mean 'running'?)",
            ],
        ),
        (
            &[
                ("jobs/bad.sql", "INSERT INTO fresh SELECT id FROM numbers"),
                (
                    "jobs/bad.yaml",
                    "settings: {parallelism.defualt: 1}\ndeployments:\n- {name: copy, desired: running, parallelism: 3}\n- {name: d, desired: running, version: 7}\n",
                ),
            ],
            &[
                "jobs/bad.yaml:1:12: configuration key 'parallelism.defualt' is not known (did you mean 'parallelism.default'?)",
                "jobs/bad.yaml:3:47: parallelism must be from 1 to 2, got 3 (leave it out: it stays as it was, one at first)",
                "jobs/bad.yaml:4:40: version 7 is not there (leave 'version' out to run the text that stands in the bundle)",
                "jobs/bad.yaml:3:10: deployment 'copy' belongs to the job 'Copy all' (give it another name, or delete the other one first)",
            ],
        ),
        (
            &[("jobs/lost.yaml", "name: x")],
            &["jobs/lost.yaml:1:1: the job's text jobs/lost.sql is missing"],
        ),
        (
            &[(
                "catalog.sql",
                "CREATE TABLE fresh (a INT) WITH ('connector' = 'blackhole');\nDROP TABLE numbers;",
            )],
            &[
                "catalog.sql:2:1: catalog.sql declares what there is, and this does not (it takes CREATE of catalogs, databases, tables, views and functions, and USE)",
            ],
        ),
        (
            &[("catalog.sql", "CREATE VIEW fresh AS SELECT nam FROM numbers")],
            &["catalog.sql:1:29: column 'nam' not found (did you mean 'name'?)"],
        ),
        (
            &[(
                "catalog.sql",
                "CREATE TABLE fresh (a INT) WITH ('connector' = 'blackhole');\nCREATE TABLE numbers (b INT) WITH ('connector' = 'datagen')",
            )],
            &[
                "catalog.sql: view 'default_catalog.default_database.z', which the bundle does not declare, would not hold any more: column 'id' not found (declare it too, or drop it first)",
                "catalog.sql: view 'default_catalog.default_database.a', which the bundle does not declare, would not hold any more: object 'z' not found (declare it too, or drop it first)",
            ],
        ),
        (
            &[("workspace.yaml", "format: 2")],
            &[
                "workspace.yaml:1:9: format 2 is not known here, only 1 (the bundle was written by a newer version of oceanus)",
            ],
        ),
    ];
    for (files, expected) in broken {
        let mut all = map(&good);
        all.extend(map(files));
        let mut bad = bundle(&[]);
        bad.files.extend(all);
        let report = place.apply("w", &bad, false).await;
        assert!(!report.applied);
        assert_eq!(faults(&report.diff), expected);
        assert_eq!(place.revisions("w").await, before);
    }
    let report = place.apply("w", &bundle(&good), false).await;
    assert!(report.applied, "{:?}", faults(&report.diff));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_named_stays_unless_it_is_pruned() {
    let place = furnished().await;
    let small = bundle(&[
        (
            "catalog.sql",
            "CREATE TABLE copied (id INT) WITH ('connector' = 'blackhole');",
        ),
        ("jobs/new.sql", "INSERT INTO copied VALUES (1)"),
    ]);
    let report = place.apply("w", &small, false).await;
    assert_eq!(
        changes(&report.diff),
        [
            "update table default_catalog.default_database.copied",
            "create job new",
            "create version new v1"
        ]
    );
    let report = place.apply("w", &small, true).await;
    assert_eq!(
        changes(&report.diff),
        [
            "delete view default_catalog.default_database.a",
            "delete table default_catalog.default_database.numbers",
            "delete view default_catalog.default_database.z",
            "delete catalog odd name",
            "delete database odd name.default",
            "delete table odd name.default.t`x",
            "delete deployment copy",
            "delete job Copy all",
            "delete job Größe",
            "delete deployment still the first",
            "delete job copy ALL",
            "delete connection Lake",
            "delete connection lake",
        ]
    );
    assert!(report.diff.diagnostics.is_empty(), "{:?}", faults(&report.diff));
    // Secrets cannot be brought back, and stay.
    let left = place.export("w").await;
    let paths: Vec<&str> = left.files.keys().map(String::as_str).collect();
    assert_eq!(
        paths,
        [
            "catalog.sql",
            "jobs/new.sql",
            "jobs/new.yaml",
            "secrets.yaml",
            "workspace.yaml"
        ]
    );
    assert_eq!(left.files["secrets.yaml"], "secrets:\n  - folder\n");
    let nothing = bundle(&[]);
    assert_eq!(
        faults(&place.diff("w", &nothing, true).await),
        [
            ": there is no catalog.sql, and pruning would drop the whole catalog (add catalog.sql; an empty one drops everything)"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn secrets_that_are_not_set_are_warned_of() {
    let place = Place::new().await;
    let asking = bundle(&[
        (
            "catalog.sql",
            "CREATE TABLE t (a INT) WITH ('connector' = 'filesystem', 'connection' = 'lake', 'format' = 'csv');",
        ),
        (
            "connections/lake.yaml",
            "kind: filesystem\noptions:\n  path: in/${secret.folder}\n",
        ),
        (
            "jobs/j.sql",
            "CREATE TABLE p (a INT) WITH ('connector' = 'print', 'print-identifier' = '${secret.word}');\nINSERT INTO p SELECT a FROM t",
        ),
        ("secrets.yaml", "secrets: [password]"),
    ]);
    let report = place.apply("w", &asking, false).await;
    assert!(report.applied, "{:?}", faults(&report.diff));
    let hint = "(an owner sets it; what refers to it fails until then)";
    assert_eq!(
        faults(&report.diff)[..3],
        [
            format!("secrets.yaml:1:11: secret 'password' is not set in this workspace {hint}"),
            format!("connections/lake.yaml:3:12: secret 'folder' is not set in this workspace {hint}"),
            format!("jobs/j.sql:1:75: secret 'word' is not set in this workspace {hint}"),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_view_is_no_obstacle_where_it_was_broken_before() {
    let place = Place::new().await;
    place
        .define("CREATE TABLE t (a INT) WITH ('connector' = 'datagen'); CREATE VIEW v AS SELECT a FROM t; DROP TABLE t;
                 CREATE TABLE good (a INT) WITH ('connector' = 'datagen');
                 CREATE TABLE out_ (v INT) WITH ('connector' = 'blackhole')")
        .await;
    let job = place
        .draft("j", "INSERT INTO out_ SELECT a AS v FROM good", &[])
        .await;
    place.version(job).await;
    let exported = place.export("w").await;
    for prune in [false, true] {
        let report = place.apply("w", &exported, prune).await;
        assert!(
            report.applied && !report.diff.has_changes(),
            "{:?}",
            faults(&report.diff)
        );
        assert_eq!(report.diff.diagnostics.len(), 1);
    }
    assert_eq!(place.export("w").await, exported);
    assert!(!place.apply("v", &exported, false).await.applied);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_elses_change_in_between_is_not_overwritten() {
    let place = furnished().await;
    let mut edited: Bundle = place.export("w").await;
    edited
        .files
        .insert("jobs/gr-e.sql".to_string(), "SELECT 1".to_string());
    let page = PageRequest::default();
    let draft = place.store.drafts().list("w", &page).await.unwrap();
    let draft = draft.items.iter().find(|draft| draft.name == "Größe").unwrap().id;
    // Both begin from what was exported; one of them comes second.
    let (first, second) = tokio::join!(
        place.jobs.apply(ACTOR, "w", edited.clone(), false),
        place.jobs.apply(ACTOR, "w", edited.clone(), false)
    );
    assert!(first.is_ok() || second.is_ok());
    let read = place.store.drafts().get("w", draft).await.unwrap();
    assert_eq!((read.sql.as_str(), read.revision), ("SELECT 1", 2));
}
