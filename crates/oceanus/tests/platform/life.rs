//! Drafted, checked, versioned, deployed, killed, adopted, changed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jobs::{DeploymentChange, Error, NewDeployment};
use model::phase::{DesiredState, PhaseName};
use runner::{Runner, RunnerError};
use store::PageRequest;

use crate::support::{NUMBERS, PATIENCE, Server, rows_below, until, worker_of};

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_becomes_a_version_and_its_rows_flow_from_file_to_file() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let server = Server::start(data).await;
    server.workspace().await;
    let files = data.join("files/w");
    std::fs::create_dir_all(files.join("in")).unwrap();
    std::fs::write(files.join("in/a.csv"), "1,one\n2,two\n3,three\n").unwrap();
    server.jobs.execute_catalog("tester", "w", NUMBERS).await.unwrap();
    let tree = server.jobs.catalog("w").await.unwrap();
    let names: Vec<&str> = tree.catalogs[0].databases[0]
        .tables
        .iter()
        .map(|table| table.name.as_str())
        .collect();
    assert_eq!(names, ["copied", "numbers", "seen", "ticks"]);

    let wrong = "INSERT INTO copied\nSELECT id, nam FROM numbers WHERE id > 1";
    let draft = server.draft("copy", wrong).await;
    let report = server.jobs.validate("w", wrong, &BTreeMap::new()).await.unwrap();
    let place = report.diagnostics[0].span.as_ref().unwrap();
    assert_eq!((place.line, place.column), (2, 12), "{:?}", report.diagnostics);
    let refused = server.jobs.create_version("tester", "w", draft, "").await;
    assert!(
        matches!(&refused, Err(Error::Invalid { diagnostics, .. }) if !diagnostics.is_empty()),
        "{refused:?}"
    );

    server
        .edit(
            draft,
            "INSERT INTO copied SELECT id, name FROM numbers WHERE id > 1",
        )
        .await;
    let version = server
        .jobs
        .create_version("tester", "w", draft, "first")
        .await
        .unwrap();
    assert_eq!(version.number, 1);
    let estimate = server.jobs.estimate("w", draft, 1).await.unwrap();
    assert!(
        estimate.parallelism == 1 && !estimate.reasons.is_empty(),
        "{estimate:?}"
    );
    let deployment = server.deploy("copy", draft, 1).await;
    server.reach(deployment.id, PhaseName::Finished).await;
    assert_eq!(rows_below(&files.join("out")), ["2,two", "3,three"]);
    let metrics = server.jobs.metrics("w", deployment.id).await.unwrap();
    assert_eq!((metrics.rows_in, metrics.rows_out), (3, 2));
    assert!(
        !server
            .jobs
            .plan("w", deployment.id)
            .await
            .unwrap()
            .nodes
            .is_empty()
    );

    // Started anew, it reads and writes once more.
    let again = DeploymentChange {
        desired: Some(DesiredState::Running),
        ..DeploymentChange::default()
    };
    server.change(deployment.id, again).await;
    server.reach(deployment.id, PhaseName::Finished).await;
    assert_eq!(server.run_ids(deployment.id).await.len(), 2);
    assert_eq!(rows_below(&files.join("out")).len(), 4);

    let read = server.store.deployments().get("w", deployment.id).await.unwrap();
    server
        .jobs
        .delete_deployment("tester", "w", deployment.id, read.revision)
        .await
        .unwrap();
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_outlives_its_server_and_is_made_anew_when_it_dies() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let server = Server::start(data).await;
    server.workspace().await;
    server.jobs.execute_catalog("tester", "w", NUMBERS).await.unwrap();
    let draft = server
        .draft("count", "INSERT INTO seen SELECT n FROM ticks")
        .await;
    server
        .jobs
        .create_version("tester", "w", draft, "")
        .await
        .unwrap();
    let id = server.deploy("count", draft, 1).await.id;
    server.reach(id, PhaseName::Running).await;
    let seen = data.join("files/w/seen");
    until("no rows", || !rows_below(&seen).is_empty()).await;
    let first = server.run_ids(id).await;
    let process = worker_of(data, &first[0]);
    server.stop().await;

    // Nobody looks after it, and it goes on.
    let before = rows_below(&seen).len();
    until("it stands still", || rows_below(&seen).len() > before).await;
    let server = Server::start(data).await;
    server.reach(id, PhaseName::Running).await;
    assert_eq!(server.run_ids(id).await, first);
    assert_eq!(worker_of(data, &first[0]), process);

    // SAFETY: the process is the worker of this test's own run.
    unsafe { libc::kill(process, libc::SIGKILL) };
    let started = Instant::now();
    loop {
        let runs = server.run_ids(id).await;
        let read = server.store.deployments().get("w", id).await.unwrap();
        if runs.len() == 2 && read.phase == PhaseName::Running {
            assert!(read.last_error.is_none());
            break;
        }
        assert!(started.elapsed() < PATIENCE, "{read:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let runs = server
        .store
        .runs()
        .list(id, &PageRequest::default())
        .await
        .unwrap();
    let lost = runs
        .items
        .iter()
        .find(|run| run.id.to_string() == first[0])
        .unwrap();
    assert_eq!(lost.phase, PhaseName::Failed);
    assert!(lost.failure.is_some());

    // Another version takes the place of the one that runs, and the draft goes back.
    server.edit(draft, "INSERT INTO seen SELECT -n FROM ticks").await;
    server
        .jobs
        .create_version("tester", "w", draft, "negative")
        .await
        .unwrap();
    let diff = server.jobs.diff("w", draft, 2, 1).await.unwrap();
    assert_eq!(diff.iter().map(|line| line.op).collect::<String>(), "-+");
    let upgrade = DeploymentChange {
        version: Some(2),
        ..DeploymentChange::default()
    };
    server.change(id, upgrade).await;
    let running = server.reach(id, PhaseName::Running).await;
    assert_eq!(running.version, 2);
    until("no rows of the new version", || {
        rows_below(&seen).iter().any(|row| row.starts_with('-'))
    })
    .await;
    let back = server.jobs.roll_back("tester", "w", draft, 1).await.unwrap();
    assert_eq!(back.sql, "INSERT INTO seen SELECT n FROM ticks");

    let stop = DeploymentChange {
        desired: Some(DesiredState::Stopped),
        ..DeploymentChange::default()
    };
    server.change(id, stop).await;
    server.reach(id, PhaseName::Stopped).await;
    let latest = server.store.runs().latest(id).await.unwrap().unwrap();
    assert_eq!(latest.phase, PhaseName::Stopped);
    let key = runner::RunKey {
        run_id: latest.id.to_string(),
        epoch: latest.epoch,
    };
    assert!(server.runner.observe(&key).unwrap().is_over());
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deployment_waits_for_room_and_gets_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();
    let server = Server::start(data).await;
    server.workspace().await;
    server.jobs.execute_catalog("tester", "w", NUMBERS).await.unwrap();
    let draft = server
        .draft("count", "INSERT INTO seen SELECT n FROM ticks")
        .await;
    server
        .jobs
        .create_version("tester", "w", draft, "")
        .await
        .unwrap();
    let deploy = |name: &str| {
        let new = NewDeployment {
            name: name.to_string(),
            draft_id: draft,
            version: 1,
            cluster: None,
            parallelism: Some(2),
            desired: DesiredState::Running,
            savepoint: None,
            allow_reset: false,
        };
        server.jobs.create_deployment("tester", "w", new)
    };
    let first = deploy("first").await.unwrap().id;
    server.reach(first, PhaseName::Running).await;
    let second = deploy("second").await.unwrap().id;
    let started = Instant::now();
    loop {
        let read = server.store.deployments().get("w", second).await.unwrap();
        if let Some(condition) = read.conditions.first() {
            assert_eq!(read.phase, PhaseName::Pending);
            assert!(
                condition.message.starts_with("the workspace may use 2 cores"),
                "{condition:?}"
            );
            break;
        }
        assert!(started.elapsed() < PATIENCE, "{read:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let stop = || DeploymentChange {
        desired: Some(DesiredState::Stopped),
        ..DeploymentChange::default()
    };
    server.change(first, stop()).await;
    server.reach(second, PhaseName::Running).await;
    server.change(second, stop()).await;
    server.reach(second, PhaseName::Stopped).await;
    let too_many = NewDeployment {
        name: "third".to_string(),
        draft_id: draft,
        version: 1,
        cluster: None,
        parallelism: Some(3),
        desired: DesiredState::Running,
        savepoint: None,
        allow_reset: false,
    };
    let refused = server.jobs.create_deployment("tester", "w", too_many).await;
    assert_eq!(
        refused.unwrap_err().to_string(),
        "parallelism must be from 1 to 2, got 3"
    );
    server.stop().await;
}

#[tokio::test]
async fn a_run_goes_on_until_there_is_room_for_what_follows_it() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    server.workspace().await;
    server.jobs.execute_catalog("tester", "w", NUMBERS).await.unwrap();
    let draft = server
        .draft("count", "INSERT INTO seen SELECT n FROM ticks")
        .await;
    server
        .jobs
        .create_version("tester", "w", draft, "")
        .await
        .unwrap();
    let first = server.deploy("first", draft, 1).await.id;
    let second = server.deploy("second", draft, 1).await.id;
    server.reach(first, PhaseName::Running).await;
    server.reach(second, PhaseName::Running).await;
    let wider = DeploymentChange {
        parallelism: Some(Some(2)),
        ..DeploymentChange::default()
    };
    server.change(first, wider).await;
    let started = Instant::now();
    let condition = loop {
        let read = server.store.deployments().get("w", first).await.unwrap();
        assert_eq!(read.phase, PhaseName::Running);
        if let Some(condition) = read.conditions.first() {
            break condition.message.clone();
        }
        assert!(started.elapsed() < PATIENCE, "{read:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    assert!(
        condition.starts_with("the workspace may use 2 cores")
            && condition.ends_with("until there is room, the run of before goes on"),
        "{condition}"
    );
    let stop = || DeploymentChange {
        desired: Some(DesiredState::Stopped),
        ..DeploymentChange::default()
    };
    assert_eq!(server.run_ids(first).await.len(), 1);
    server.change(second, stop()).await;
    let read = server.reach(first, PhaseName::Running).await;
    assert_eq!(read.conditions, []);
    assert_eq!(server.run_ids(first).await.len(), 2);
    server.change(first, stop()).await;
    server.reach(first, PhaseName::Stopped).await;
    server.reach(second, PhaseName::Stopped).await;
    server.stop().await;
}

#[test]
fn what_the_runner_refuses_is_said_in_the_platforms_words() {
    let error = Error::from(RunnerError::Busy("too many previews".to_string()));
    assert!(matches!(error, Error::Busy(message) if message == "too many previews"));
}

#[tokio::test]
async fn a_job_that_fails_is_tried_again_as_its_settings_say() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path()).await;
    server.workspace().await;
    server.jobs.execute_catalog("tester", "w", NUMBERS).await.unwrap();
    let fails = "INSERT INTO seen SELECT n / (n - 3) FROM ticks";
    let twice = format!(
        "SET 'restart-strategy.type' = 'fixed-delay'; SET 'restart-strategy.fixed-delay.attempts' = '2';
         SET 'restart-strategy.fixed-delay.delay' = '10 ms'; {fails}"
    );
    let never = format!("SET 'restart-strategy.type' = 'none'; {fails}");
    for (name, text, attempts) in [("twice", twice, 3), ("never", never, 1)] {
        let draft = server.draft(name, &text).await;
        let versions = server.jobs.create_version("tester", "w", draft, "");
        versions.await.unwrap();
        let id = server.deploy(name, draft, 1).await.id;
        let failed = server.reach(id, PhaseName::Failed).await;
        assert!(failed.last_error.is_some());
        assert_eq!(server.run_ids(id).await.len(), attempts, "{name}");
    }
    let later = format!(
        "SET 'restart-strategy.type' = 'fixed-delay'; SET 'restart-strategy.fixed-delay.delay' = '1 h'; {fails}"
    );
    let draft = server.draft("later", &later).await;
    let versions = server.jobs.create_version("tester", "w", draft, "");
    versions.await.unwrap();
    let id = server.deploy("later", draft, 1).await.id;
    let read = server.reach(id, PhaseName::Recovering).await;
    let message = &read.conditions[0].message;
    assert!(
        message.starts_with("attempt 1 failed (") && message.contains("zero); the next follows within"),
        "{message}"
    );
}
