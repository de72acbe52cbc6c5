//! The command line as a client of a server: a file for each family of commands.
//!
//! Whatever is done here is done by the REST API; only `backup`, `restore` and `reset-password` touch the data folder
//! itself.

mod access;
mod backup;
mod bundle;
mod clusters;
mod credentials;
mod deploy;
mod deployments;
mod failure;
mod follow;
mod http;
mod jobs;
mod login;
mod names;
mod prompt;
mod recover;
mod savepoints;
mod secrets;
mod show;
mod sse;
mod users;
mod verdict;
mod wait;
mod workspaces;

use std::io::Write;
use std::path::PathBuf;

use access::Access;
use show::{Format, Show};

pub use failure::{Failure, message_with_hint};

/// Where a command goes, and as what.
#[derive(Debug, Clone, clap::Args)]
pub struct Options {
    /// The server; without it the one that was signed in to last, or http://127.0.0.1:8180.
    #[arg(
        long,
        global = true,
        env = "OCEANUS_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    url: Option<String>,
    /// The workspace; without it the one of the login, or the only one there is.
    #[arg(
        long,
        global = true,
        env = "OCEANUS_WORKSPACE",
        hide_env_values = true,
        value_name = "NAME"
    )]
    workspace: Option<String>,
    /// A PEM file of authorities to trust instead of the public ones.
    #[arg(
        long,
        global = true,
        env = "OCEANUS_CA_FILE",
        hide_env_values = true,
        value_name = "FILE"
    )]
    ca_file: Option<PathBuf>,
    #[command(flatten)]
    form: Form,
}

#[derive(Debug, Clone, clap::Args)]
pub struct Form {
    /// How answers are printed.
    #[arg(long, short, global = true, value_enum, default_value_t = Format::Table)]
    output: Format,
}

/// A command's own arguments, and those of all.
#[derive(Debug, clap::Args)]
pub struct With<T: clap::Args> {
    #[command(flatten)]
    own: T,
    #[command(flatten)]
    options: Options,
}

#[derive(Debug, clap::Args)]
pub struct Here<T: clap::Args> {
    #[command(flatten)]
    own: T,
    #[command(flatten)]
    form: Form,
}

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Sign in to a server; later commands are then done as this user.
    Login(With<login::Login>),
    /// Sign out, and end the token that the login made.
    Logout(With<login::Logout>),
    /// List the workspaces, or make and delete them.
    Workspaces(With<workspaces::Workspaces>),
    /// List the jobs.
    Jobs(With<jobs::List>),
    /// Check a file of SQL against the workspace's catalog.
    Validate(With<jobs::Validate>),
    /// Run a file of SQL for a moment and show the rows of its last query.
    Preview(With<jobs::Preview>),
    /// Keep a version of a job and run it: a new deployment, or an upgrade of the one there is.
    Deploy(With<deploy::Deploy>),
    /// List the deployments.
    Deployments(With<deployments::List>),
    /// Show how a deployment is.
    Status(With<deployments::Status>),
    /// Stop a deployment, with a savepoint if that is asked for.
    Stop(With<deployments::Steer>),
    /// Stop a deployment for a while.
    Suspend(With<deployments::Steer>),
    /// Let a deployment run: it goes on from its newest checkpoint.
    Resume(With<deployments::Start>),
    /// Stop a deployment and let it run again.
    Restart(With<deployments::Start>),
    /// Let a deployment run another version of its job.
    Rollback(With<deployments::Rollback>),
    /// List the checkpoints of a deployment.
    Checkpoints(With<deployments::Checkpoints>),
    /// List the savepoints of a deployment, or take and delete them.
    Savepoints(With<savepoints::Savepoints>),
    /// Tell what becomes of a deployment's state in another version. Changes nothing.
    Verdict(With<verdict::Verdict>),
    /// Delete a deployment of which nothing runs.
    Delete(With<deployments::Delete>),
    /// Show what a deployment wrote into its log.
    Logs(With<follow::Logs>),
    /// Show what a deployment has read and written.
    Metrics(With<follow::Metrics>),
    /// Set, list and delete secrets.
    Secrets(With<secrets::Secrets>),
    /// Write a workspace into a folder of SQL and YAML.
    Export(With<bundle::Export>),
    /// Make a workspace as a folder says.
    Apply(With<bundle::Apply>),
    /// Show what `apply` would change.
    Diff(With<bundle::Diff>),
    /// Copy the metadata database of a data folder, whether a server runs or not.
    Backup(Here<backup::Backup>),
    /// Put a copy in the place of the metadata database, while no server runs.
    Restore(Here<backup::Restore>),
    /// Give a user another password in a data folder that no server works with.
    ResetPassword(Here<recover::ResetPassword>),
    /// Attach, list and forget clusters that jobs may run on.
    Clusters(With<clusters::Clusters>),
    /// Add, list and delete users, and set their passwords.
    Users(With<users::Users>),
}

/// Runs a command and returns its exit code. What went wrong is told on standard error.
pub fn run(command: Command, out: &mut dyn Write) -> u8 {
    match command {
        Command::Login(with) => show(&with.options.form, out, |show| with.own.run(&with.options, show)),
        Command::Logout(with) => show(&with.options.form, out, |show| with.own.run(&with.options, show)),
        Command::Workspaces(with) => ask(&with.options, out, |access, show| with.own.run(access, show)),
        Command::Jobs(with) => ask(&with.options, out, |access, show| with.own.run(access, show)),
        Command::Validate(with) => ask(&with.options, out, |access, show| with.own.run(access, show)),
        Command::Preview(with) => ask(&with.options, out, |access, show| with.own.run(access, show)),
        Command::Deploy(with) => ask(&with.options, out, |access, show| with.own.run(access, show)),
        Command::Deployments(with) => ask(&with.options, out, |access, show| with.own.run(access, show)),
        Command::Status(with) => ask(&with.options, out, |access, show| with.own.run(access, show)),
        Command::Stop(with) => ask(&with.options, out, |access, show| with.own.stop(access, show)),
        Command::Suspend(with) => ask(&with.options, out, |access, show| with.own.suspend(access, show)),
        Command::Resume(with) => ask(&with.options, out, |access, show| with.own.resume(access, show)),
        Command::Restart(with) => ask(&with.options, out, |access, show| with.own.restart(access, show)),
        Command::Rollback(with) => ask(&with.options, out, |access, show| with.own.run(access, show)),
        Command::Checkpoints(with) => ask(&with.options, out, |access, show| with.own.run(access, show)),
        Command::Savepoints(with) => ask(&with.options, out, |access, show| with.own.run(access, show)),
        Command::Verdict(with) => ask(&with.options, out, |access, show| with.own.run(access, show)),
        Command::Delete(with) => ask(&with.options, out, |access, show| with.own.run(access, show)),
        Command::Logs(with) => ask(&with.options, out, |access, show| with.own.run(access, show)),
        Command::Metrics(with) => ask(&with.options, out, |access, show| with.own.run(access, show)),
        Command::Secrets(with) => ask(&with.options, out, |access, show| with.own.run(access, show)),
        Command::Export(with) => ask(&with.options, out, |access, show| with.own.run(access, show)),
        Command::Apply(with) => ask(&with.options, out, |access, show| with.own.run(access, show)),
        Command::Diff(with) => ask(&with.options, out, |access, show| with.own.run(access, show)),
        Command::Backup(here) => show(&here.form, out, |show| here.own.run(show)),
        Command::Restore(here) => show(&here.form, out, |show| here.own.run(show)),
        Command::ResetPassword(here) => show(&here.form, out, |show| here.own.run(show)),
        Command::Clusters(with) => ask(&with.options, out, |access, show| with.own.run(access, show)),
        Command::Users(with) => ask(&with.options, out, |access, show| with.own.run(access, show)),
    }
}

/// Does something with a server.
fn ask(
    options: &Options,
    out: &mut dyn Write,
    act: impl FnOnce(&Access, &mut Show<'_>) -> failure::Result<()>,
) -> u8 {
    show(&options.form, out, |show| {
        let acted = act(&Access::new(options)?, show);
        acted.map_err(|failure| failure.hint_at_status(401, "sign in with `oceanus login`"))
    })
}

fn show(form: &Form, out: &mut dyn Write, act: impl FnOnce(&mut Show<'_>) -> failure::Result<()>) -> u8 {
    match act(&mut Show::new(form.output, out)) {
        Ok(()) => 0,
        Err(failure) => {
            crate::run::complain(&failure.render(form.output));
            failure.exit_code()
        }
    }
}
