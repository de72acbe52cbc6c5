//! A backup while it is made: what it must hold at least, and whether it does.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Stdio};

use super::client::{Client, number, text};
use super::server::{Place, Server};
use super::until;

/// The name of the master key beside the data folder.
const KEY: &str = "data.key";

pub struct Backup {
    process: Child,
    copy: PathBuf,
    workspace: String,
    client: Client,
    /// Revisions of what was there when it began.
    known: BTreeMap<String, u64>,
}

impl Backup {
    /// Begins to copy the data of the server that the client reaches.
    pub fn start(place: &Place, client: Client, workspace: &str, copy: &str) -> Backup {
        let copy = place.beside(copy);
        let known = revisions(&client, workspace);
        let process = command(place, &copy).spawn().expect("the program can be started");
        Backup {
            process,
            copy,
            workspace: workspace.to_string(),
            client,
            known,
        }
    }

    /// Ends it as `kill -9` does; false if it had come to its end.
    pub fn kill(&mut self) -> bool {
        let ended = self.process.try_wait().expect("it is a child of this process");
        if ended.is_none() {
            self.process.kill().expect("it is a child of this process");
        }
        ended.is_none()
    }

    /// Panics if the copy is not whole. One that was broken off leaves none, and can be made again.
    pub fn check(mut self, place: &Place, was_killed: bool) {
        let status = until("the backup ends", || {
            self.process.try_wait().expect("it is a child of this process")
        });
        assert!(was_killed || status.success(), "the backup ended with {status}");
        if was_killed && !self.copy.exists() {
            let again = command(place, &self.copy)
                .status()
                .expect("the program can be started");
            assert!(again.success(), "the backup cannot be made again: {again}");
        }
        self.check_copy(place);
    }

    /// Puts the copy into another data folder, where another server shows what is in it.
    fn check_copy(&self, place: &Place) {
        let elsewhere = place.another();
        fs::copy(place.beside(KEY), elsewhere.beside(KEY)).expect("the key can be copied");
        let restored = elsewhere
            .command()
            .arg("restore")
            .arg(&self.copy)
            .arg("--data")
            .arg(elsewhere.data())
            .stdout(Stdio::null())
            .status()
            .expect("the program can be started");
        assert!(restored.success(), "the copy cannot be restored: {restored}");
        let server = Server::start(&elsewhere);
        // The session that the backup was made in is part of it.
        let found = revisions(&self.client.moved_to(server.address()), &self.workspace);
        for (id, revision) in &self.known {
            assert!(
                found.get(id).is_some_and(|found| found >= revision),
                "{id} was at revision {revision} before the backup began; in it: {:?}",
                found.get(id)
            );
        }
    }
}

fn command(place: &Place, copy: &PathBuf) -> std::process::Command {
    let mut command = place.command();
    command.arg("backup").arg(copy).arg("--data").arg(place.data());
    command.stdout(Stdio::null());
    command
}

fn revisions(client: &Client, workspace: &str) -> BTreeMap<String, u64> {
    let drafts = client.list(&format!("/workspaces/{workspace}/drafts"));
    let deployments = client.list(&format!("/workspaces/{workspace}/deployments"));
    let all = drafts.iter().chain(&deployments);
    all.map(|one| (text(one, "id"), number(one, "revision")))
        .collect()
}
