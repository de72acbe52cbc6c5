//! The life of a job, again and again, one step at a time.
//!
//! A cycle has tables, drafts and deployments of its own: one job that copies a file and is done, one that counts and is
//! stopped, changed, upgraded and rolled back. A step ends when the platform has acknowledged it or has come to what
//! was asked for, whoever was killed meanwhile. Jobs write at least once; what is checked of rows allows for that, and
//! for no more.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::client::number;
use super::person::Person;
use super::until;
use super::workers::{self, Watch};

const WRONG: &str = "INSERT INTO copied_{cycle}\nSELECT id, nam FROM numbers";
const COPY: &str = "INSERT INTO copied_{cycle} SELECT id, name FROM numbers WHERE id > 1";
const COUNT_UP: &str = "INSERT INTO seen_{cycle} SELECT n FROM ticks";
const COUNT_DOWN: &str = "INSERT INTO seen_{cycle} SELECT -n FROM ticks";
const TABLES: &str = "CREATE TABLE copied_{cycle} (id INT, name STRING)
  WITH ('connector' = 'filesystem', 'path' = 'copied_{cycle}', 'format' = 'csv');
CREATE TABLE seen_{cycle} (n BIGINT)
  WITH ('connector' = 'filesystem', 'path' = 'seen_{cycle}', 'format' = 'csv');";
const INPUT: &str = "CREATE TABLE numbers (id INT, name STRING)
  WITH ('connector' = 'filesystem', 'path' = 'numbers', 'format' = 'csv');
CREATE TABLE ticks (n BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '20',
  'fields.n.kind' = 'sequence', 'fields.n.start' = '1', 'fields.n.end' = '1000000');";

type Step = (&'static str, fn(&mut Story));

const STEPS: &[Step] = &[
    ("the tables", Story::make_tables),
    ("the first draft", Story::draft_copy),
    ("its check", Story::check_wrong_text),
    ("its correction", Story::correct_copy),
    ("its version", Story::keep_copy),
    ("its deployment", Story::deploy_copy),
    ("the second draft", Story::draft_count),
    ("its version", Story::keep_count),
    ("its deployment", Story::deploy_count),
    ("the copied rows", Story::see_copied_rows),
    ("the counted rows", Story::see_rows_up),
    ("the stop", Story::stop_count),
    ("the edit", Story::edit_count),
    ("the second version", Story::keep_count),
    ("the upgrade", Story::upgrade_count),
    ("the rows of the upgrade", Story::see_rows_down),
    ("the roll back", Story::roll_count_back),
    ("the draft's roll back", Story::roll_draft_back),
    ("the rows of the roll back", Story::see_rows_up_again),
    ("the end", Story::stop_count),
    ("the deletion", Story::delete_copy),
];

pub struct Story {
    pub person: Person,
    /// Where tables of the workspace lie.
    files: PathBuf,
    data: PathBuf,
    cycle: u64,
    step: usize,
    copy_draft: String,
    copy: String,
    count_draft: String,
    count: String,
    /// Rows that counted up before the roll back.
    up_before: usize,
}

impl Story {
    /// Makes what all cycles share.
    pub fn begin(mut person: Person, data: &Path) -> Story {
        person.execute(INPUT);
        let sql = "INSERT INTO numbers VALUES (1, 'one'), (2, 'two'), (3, 'three')";
        let draft = person.create_draft("fill", sql);
        let version = person.create_version(&draft, "");
        let fill = person.deploy("fill", &draft, version);
        person.reach(&fill, "finished");
        Story {
            files: data.join("files").join(person.workspace()),
            data: data.to_path_buf(),
            person,
            cycle: 1,
            step: 0,
            copy_draft: String::new(),
            copy: String::new(),
            count_draft: String::new(),
            count: String::new(),
            up_before: 0,
        }
    }

    /// The next step. Behind the last one a new cycle begins.
    pub fn step(&mut self) {
        let (_, step) = STEPS[self.step];
        step(self);
        self.step += 1;
        if self.step == STEPS.len() {
            self.step = 0;
            self.cycle += 1;
        }
    }

    pub fn finish_cycle(&mut self) {
        while self.step > 0 {
            self.step();
        }
    }

    pub fn go_through_cycle(&mut self) {
        self.step();
        self.finish_cycle();
    }

    /// Where it is, in words.
    pub fn place(&self) -> String {
        format!("{} of cycle {}", STEPS[self.step].0, self.cycle)
    }

    /// Panics unless everything that was acknowledged is so, every job that should run does, and none ran twice.
    #[track_caller]
    pub fn check(&mut self, watch: &Watch) {
        let client = self.person.client().clone();
        let workspace = self.person.workspace().to_string();
        self.person.ledger.check(&client, &workspace);
        for id in self.person.ledger.wanted_running() {
            let path = self.person.at(&format!("/deployments/{id}"));
            until(&format!("deployment {id} has a process, or is done"), || {
                let has_process = workers::of(&self.data)
                    .iter()
                    .any(|worker| worker.deployment_id == id);
                (has_process || client.get(&path)["phase"] == "finished").then_some(())
            });
        }
        watch.check();
    }

    /// Panics unless everything that was made was made once.
    #[track_caller]
    pub fn check_audit(&mut self) {
        let path = self.person.at("/audit");
        let events = self.person.client().list(&path);
        let count = |action: &str| events.iter().filter(|event| event["action"] == action).count();
        let made = ["draft.create", "version.create", "deployment.create"].map(count);
        assert_eq!(
            made,
            self.person.ledger.counts(),
            "drafts, versions and deployments that were made"
        );
    }

    fn sql(&self, template: &str) -> String {
        template.replace("{cycle}", &self.cycle.to_string())
    }

    fn name(&self, of: &str) -> String {
        format!("{of} {}", self.cycle)
    }

    fn make_tables(&mut self) {
        let tables = self.sql(TABLES);
        self.person.execute(&tables);
    }

    fn draft_copy(&mut self) {
        self.copy_draft = self.person.create_draft(&self.name("copy"), &self.sql(WRONG));
    }

    fn check_wrong_text(&mut self) {
        let wrong = self.sql(WRONG);
        let validation = self.person.validate(&wrong);
        let span = &validation["diagnostics"][0]["span"];
        assert_eq!(
            (number(span, "line"), number(span, "column")),
            (2, 12),
            "{validation}"
        );
    }

    fn correct_copy(&mut self) {
        let (name, sql) = (self.name("copy"), self.sql(COPY));
        self.person.save_draft(&self.copy_draft, &name, &sql);
    }

    fn keep_copy(&mut self) {
        assert_eq!(self.person.create_version(&self.copy_draft, "copies"), 1);
    }

    fn deploy_copy(&mut self) {
        self.copy = self.person.deploy(&self.name("copy"), &self.copy_draft, 1);
    }

    fn draft_count(&mut self) {
        self.count_draft = self.person.create_draft(&self.name("count"), &self.sql(COUNT_UP));
    }

    fn keep_count(&mut self) {
        self.person.create_version(&self.count_draft, "counts");
    }

    fn deploy_count(&mut self) {
        self.count = self.person.deploy(&self.name("count"), &self.count_draft, 1);
    }

    fn see_copied_rows(&mut self) {
        self.person.reach(&self.copy, "finished");
        let rows: BTreeSet<String> = self.rows("copied").into_iter().collect();
        let expected = ["2,two", "3,three"].map(String::from);
        assert_eq!(rows, BTreeSet::from(expected));
    }

    fn see_rows_up(&mut self) {
        self.person.reach(&self.count, "running");
        until("rows that count up", || (self.up().len() > 5).then_some(()));
        self.check_counted();
    }

    fn stop_count(&mut self) {
        self.person
            .change_deployment(&self.count, json!({ "desired": "stopped" }));
        self.person.reach(&self.count, "stopped");
        self.check_counted();
    }

    fn edit_count(&mut self) {
        let (name, sql) = (self.name("count"), self.sql(COUNT_DOWN));
        self.person.save_draft(&self.count_draft, &name, &sql);
    }

    fn upgrade_count(&mut self) {
        let change = json!({ "version": 2, "desired": "running" });
        self.person.change_deployment(&self.count, change);
    }

    fn see_rows_down(&mut self) {
        self.person.reach(&self.count, "running");
        until("rows that count down", || {
            self.counted().iter().any(|n| *n < 0).then_some(())
        });
        self.up_before = self.up().len();
    }

    fn roll_count_back(&mut self) {
        self.person
            .change_deployment(&self.count, json!({ "version": 1 }));
    }

    fn roll_draft_back(&mut self) {
        self.person.roll_draft_back(&self.count_draft, 1);
    }

    fn see_rows_up_again(&mut self) {
        self.person.reach(&self.count, "running");
        until("rows that count up again", || {
            (self.up().len() > self.up_before).then_some(())
        });
    }

    fn delete_copy(&mut self) {
        self.person.delete_deployment(&self.copy);
    }

    /// Each attempt goes on from where the one before it was, whatever its version makes of the numbers: what was
    /// committed has every number once.
    fn check_counted(&self) {
        let mut numbers: Vec<i64> = self.counted().into_iter().map(i64::abs).collect();
        numbers.sort_unstable();
        let expected: Vec<i64> = (1..=numbers.len() as i64).collect();
        assert_eq!(numbers, expected, "rows are missing, or there twice");
    }

    fn up(&self) -> Vec<i64> {
        self.counted().into_iter().filter(|n| *n > 0).collect()
    }

    fn counted(&self) -> Vec<i64> {
        let rows = self.rows("seen");
        rows.iter().map(|row| row.parse().expect("a number")).collect()
    }

    /// Lines of a table's files that were committed, in no order.
    fn rows(&self, table: &str) -> Vec<String> {
        let Ok(files) = fs::read_dir(self.files.join(format!("{table}_{}", self.cycle))) else {
            return Vec::new();
        };
        let paths = files.map(|entry| entry.expect("the folder can be read").path());
        // What is not committed yet is hidden.
        let is_hidden = |path: &PathBuf| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with('.'))
        };
        let committed = paths.filter(|path| !is_hidden(path));
        let texts = committed.map(|path| fs::read_to_string(path).expect("the file can be read"));
        texts
            .flat_map(|text| text.lines().map(String::from).collect::<Vec<_>>())
            .collect()
    }
}
