//! `oceanus deploy`: from a text to a job that runs, in one step that can be repeated.
//!
//! The file becomes the draft, the draft a version, the version a deployment. Each step is left out where there is
//! nothing to do: to deploy the same text again changes nothing.

use std::path::Path;

use serde_json::{Map, Value, json};

use super::access::Access;
use super::failure::{Failure, Result, Texts};
use super::http::Ask;
use super::jobs::read;
use super::names::{Deployment, Draft, cell};
use super::show::Show;
use super::verdict;
use super::wait::{self, Patience, Restore};

#[derive(Debug, clap::Args)]
pub struct Deploy {
    /// A file of SQL (`NAME.sql`, or `-` for standard input), or the name of a job there is.
    what: String,
    /// The job that a file is the text of; without it, the file's name.
    #[arg(long, value_name = "NAME")]
    job: Option<String>,
    /// The deployment; without it, the job's name.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The cluster to run on, for good; without it, the machine of the server.
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
    /// Shards; without it as many as before, one at first.
    #[arg(long, value_name = "N")]
    parallelism: Option<u32>,
    /// What the version is about.
    #[arg(long, short = 'm', default_value = "", value_name = "TEXT")]
    comment: String,
    /// Keep a version even if the text is that of the last one: it is then planned over the catalog of now.
    #[arg(long)]
    new_version: bool,
    /// Change nothing, and tell what would become of the state.
    #[arg(long, conflicts_with = "allow_reset")]
    dry_run: bool,
    #[command(flatten)]
    restore: Restore,
    #[command(flatten)]
    patience: Patience,
}

impl Deploy {
    pub fn run(self, access: &Access, show: &mut Show<'_>) -> Result<()> {
        if self.dry_run {
            return self.foretell(access, show);
        }
        let (draft, texts) = self.draft(access)?;
        let name = self.name.clone().unwrap_or_else(|| draft.name.clone());
        let found = access.find("deployments", &name)?;
        let deployment = found.as_ref().map(Deployment::of).transpose()?;
        if deployment
            .as_ref()
            .is_some_and(|deployment| deployment.draft_id != draft.id)
        {
            return Err(Failure::wrong_with_hint(
                format!("deployment '{name}' runs another job"),
                "give this one a name of its own with --name",
            ));
        }
        let runs_now = deployment.as_ref().map(|deployment| deployment.version);
        if let (Some(wanted), Some(found)) = (&self.cluster, &found)
            && found["cluster"] != *wanted.as_str()
        {
            return Err(Failure::wrong_with_hint(
                format!("deployment '{name}' runs elsewhere, and stays there"),
                "deploy under another name with --name, or delete the deployment first",
            ));
        }
        let version = self.version(access, &draft, &texts, runs_now)?;
        if !show.is_json() {
            show.text(&format!("job '{}': version {version}\n", draft.name))?;
        }
        let deployed = match (found, deployment) {
            (Some(found), Some(deployment)) => self.upgrade(access, found, &deployment, version)?,
            _ => self.begin(access, &name, &draft, version)?,
        };
        self.patience.wait(access, deployed, show)
    }

    /// What would become of the state; neither draft nor version nor deployment is touched.
    fn foretell(&self, access: &Access, show: &mut Show<'_>) -> Result<()> {
        let path = Path::new(&self.what);
        let (job, mut question, texts) = match self.is_file() {
            true => {
                let (name, text) = read(path)?;
                let texts = Texts::one(&name, &text);
                (self.job_name(path)?, json!({ "sql": text }), texts)
            }
            false => (self.what.clone(), json!({}), Texts::one("", "")),
        };
        if let Some(found) = access.find("drafts", &job)? {
            let path = access.in_workspace(&["drafts", &cell(&found["id"])])?;
            let draft = Draft::of(&access.server.ask(Ask::get(path))?)?;
            question["settings"] = Value::Object(draft.settings);
            if !self.is_file() {
                question["sql"] = json!(draft.sql);
            }
        }
        let name = self.name.clone().unwrap_or(job);
        let question = self.restore.add_to(question);
        match access.find("deployments", &name)? {
            Some(found) => {
                let asked = verdict::ask(access, &cell(&found["id"]), question);
                verdict::tell(&asked.map_err(|failure| failure.about(|| texts))?, show)
            }
            None => show.one(
                &format!("deployment '{name}' is not there yet: it begins anew\n"),
                &Value::Null,
            ),
        }
    }

    fn is_file(&self) -> bool {
        self.what == "-" || self.what.ends_with(".sql") || Path::new(&self.what).is_file()
    }

    fn draft(&self, access: &Access) -> Result<(Draft, Texts)> {
        let path = Path::new(&self.what);
        if !self.is_file() {
            let found = Draft::of(&access.named("job", "drafts", &self.what)?)?;
            let draft = Draft::of(
                &access
                    .server
                    .ask(Ask::get(access.in_workspace(&["drafts", &found.id])?))?,
            )?;
            let texts = Texts::one(&draft.name, &draft.sql);
            return Ok((draft, texts));
        }
        let (name, text) = read(path)?;
        let job = self.job_name(path)?;
        let texts = Texts::one(&name, &text);
        let draft = keep_draft(access, &job, &text).map_err(|failure| failure.about(|| texts.clone()))?;
        Ok((draft, texts))
    }

    fn job_name(&self, path: &Path) -> Result<String> {
        let stem = || path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        match &self.job {
            Some(job) => Ok(job.clone()),
            None if self.what != "-" => Ok(stem().unwrap_or_else(|| self.what.clone())),
            None => Err(Failure::wrong_with_hint(
                "a job needs a name",
                "a text from standard input is given one by --job NAME",
            )),
        }
    }

    /// The number of a version that is as the draft is now: the one that runs, the newest, or a new one.
    fn version(&self, access: &Access, draft: &Draft, texts: &Texts, runs_now: Option<u32>) -> Result<u32> {
        let path = access.in_workspace(&["drafts", &draft.id, "versions"])?;
        if !self.new_version {
            let newest = access.server.ask(Ask::get(path.as_str()).query("limit", 1))?;
            let newest = number(&newest["items"][0]);
            for number in runs_now.into_iter().chain(newest) {
                let kept = access.server.ask(Ask::get(format!("{path}/{number}")))?;
                if kept["sql"] == draft.sql && kept["settings"] == Value::Object(draft.settings.clone()) {
                    return Ok(number);
                }
            }
        }
        let ask = Ask::post(path, json!({ "comment": self.comment }));
        let kept = access
            .server
            .ask(ask)
            .map_err(|failure| failure.about(|| texts.clone()))?;
        number(&kept).ok_or_else(|| {
            Failure::local(
                "the server's answer is not understood",
                "a version without number",
            )
        })
    }

    fn begin(&self, access: &Access, name: &str, draft: &Draft, version: u32) -> Result<Value> {
        let body = json!({
            "name": name,
            "draft_id": draft.id,
            "version": version,
            "cluster": self.cluster,
            "parallelism": self.parallelism,
            "desired": "running",
        });
        let body = self.restore.add_to(body);
        let made = access
            .server
            .ask(Ask::post(access.in_workspace(&["deployments"])?, body));
        made.map_err(wait::hint_at_state)
    }

    /// Asks for nothing if it runs what it should.
    fn upgrade(&self, access: &Access, found: Value, deployment: &Deployment, version: u32) -> Result<Value> {
        let runs_it = !self.restore.is_asked_for()
            && deployment.desired == "running"
            && !matches!(deployment.phase.as_str(), "failed" | "finished")
            && deployment.version == version
            && self
                .parallelism
                .is_none_or(|wanted| deployment.parallelism == Some(wanted));
        if runs_it {
            return Ok(found);
        }
        let mut change = Map::from_iter([
            ("version".to_string(), json!(version)),
            ("desired".to_string(), json!("running")),
        ]);
        if let Some(parallelism) = self.parallelism {
            change.insert("parallelism".to_string(), json!(parallelism));
        }
        let change = self.restore.add_to(Value::Object(change));
        wait::change(access, &deployment.id, &change)
    }
}

fn number(version: &Value) -> Option<u32> {
    u32::try_from(version["number"].as_u64()?).ok()
}

/// Makes the job, or gives it this text.
fn keep_draft(access: &Access, job: &str, text: &str) -> Result<Draft> {
    let path = access.in_workspace(&["drafts"])?;
    let Some(found) = access.find("drafts", job)? else {
        let body = json!({ "name": job, "sql": text, "settings": {} });
        return Draft::of(&access.server.ask(Ask::post(path, body))?);
    };
    let path = access.in_workspace(&["drafts", &cell(&found["id"])])?;
    let draft = Draft::of(&access.server.ask(Ask::get(path.as_str()))?)?;
    if draft.sql == text {
        return Ok(draft);
    }
    let body = json!({ "name": draft.name, "sql": text, "settings": draft.settings });
    Draft::of(
        &access
            .server
            .ask(Ask::put(path, body).at_revision(draft.revision))?,
    )
}
