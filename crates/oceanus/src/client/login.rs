//! Signing in and out. A password is used once, for a token that ends by itself; only the token is kept.

use serde_json::{Value, json};
use stdx::{Clock, SystemClock};
use store::{ExposeSecret, SecretString};

use super::access::url;
use super::credentials::{Login as Kept, Logins, Token};
use super::failure::{Failure, Result};
use super::http::{Address, Ask, Credentials, Server, path};
use super::names::cell;
use super::show::{self, Show};
use super::{Options, prompt};
use crate::time::rfc3339;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

#[derive(Debug, clap::Args)]
pub struct Login {
    /// The server, such as https://oceanus.example.com.
    #[arg(value_name = "URL")]
    server: Option<String>,
    /// Who signs in; asked for if left out.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Read the password from standard input.
    #[arg(long, conflicts_with = "token_stdin")]
    password_stdin: bool,
    /// Read a token that was made before from standard input, and keep that.
    #[arg(long)]
    token_stdin: bool,
    /// The most that later commands may do: viewer, developer, operator or owner. Never more than the user may.
    #[arg(long, default_value = "owner", value_name = "ROLE")]
    role: String,
    /// Days until one must sign in again.
    #[arg(long, default_value_t = 30, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..=3650))]
    days: u16,
    /// Send the password to another machine without encryption.
    #[arg(long)]
    plain_http: bool,
}

#[derive(Debug, clap::Args)]
pub struct Logout {
    /// The server; without it the one that was signed in to last.
    #[arg(value_name = "URL")]
    server: Option<String>,
}

impl Login {
    pub fn run(self, options: &Options, show: &mut Show<'_>) -> Result<()> {
        let mut logins = Logins::read(Logins::folder())?;
        let wanted = Options {
            url: self.server.clone().or_else(|| options.url.clone()),
            ..options.clone()
        };
        let url = url(&wanted, &logins);
        let address = Address::of(&url)?;
        if !address.is_encrypted && !address.is_loopback && !self.plain_http {
            return Err(Failure::wrong_with_hint(
                format!("everybody between here and {url} could read what is sent to it"),
                "use https, or say --plain-http if that is fine",
            ));
        }
        let server = Server::new(&url, Credentials::None, options.ca_file.as_deref())?;
        let (session, token) = if self.token_stdin {
            let token = prompt::secret("Token", true)?;
            let server = server.with_credentials(Credentials::Token(token.clone()));
            (
                server.ask(Ask::get("/session"))?,
                Some(Token {
                    text: token,
                    id: None,
                }),
            )
        } else {
            self.sign_in(server, options.workspace.as_deref())?
        };
        let login = Kept {
            user: cell(&session["user"]["name"]),
            token,
            workspace: options.workspace.clone(),
            ca_file: absolute(options)?,
        };
        let text = match &login.token {
            Some(_) => format!("signed in to {url} as {}\n", login.user),
            None => format!("{url} needs no sign-in: it has one user, '{}'\n", login.user),
        };
        logins.put(&url, login)?;
        show.one(
            &text,
            &json!({ "url": url, "user": session["user"], "workspaces": session["workspaces"] }),
        )
    }

    /// Who one is then; a server in single-user mode gives no token.
    fn sign_in(&self, server: Server, workspace: Option<&str>) -> Result<(Value, Option<Token>)> {
        match server.ask(Ask::get("/session")) {
            Ok(session) => return Ok((session, None)),
            Err(failure) if failure.is_status(401) => {}
            Err(failure) => return Err(failure),
        }
        let name = match &self.name {
            Some(name) => name.clone(),
            None => prompt::line("User")?,
        };
        let password = prompt::secret("Password", self.password_stdin)?;
        let body = json!({ "name": name, "password": password.expose_secret() });
        let (session, cookie) = server.ask_with_header(Ask::post("/session", body), "set-cookie")?;
        let cookie = cookie.as_deref().and_then(|cookie| cookie.split(';').next());
        let server = server.with_credentials(Credentials::Session {
            cookie: SecretString::from(cookie.unwrap_or_default()),
            csrf_token: cell(&session["csrf_token"]),
        });
        let made = server.ask(Ask::post("/tokens", self.token(workspace)));
        // The session has done what it was for, whether there is a token or not.
        let ended = server.ask(Ask::delete("/session"));
        let made = made?;
        ended?;
        let token = Token {
            text: SecretString::from(cell(&made["token"])),
            id: Some(cell(&made["id"])),
        };
        Ok((session, Some(token)))
    }

    fn token(&self, workspace: Option<&str>) -> Value {
        let expires_ms = SystemClock.now_ms() + i64::from(self.days) * DAY_MS;
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        let host = match show::clean(host.trim()) {
            host if host.is_empty() => "an unnamed machine".to_string(),
            host => host,
        };
        json!({
            "name": format!("oceanus login on {host}"),
            "workspace": workspace,
            "role": self.role,
            "expires_at": rfc3339(expires_ms),
        })
    }
}

impl Logout {
    pub fn run(self, options: &Options, show: &mut Show<'_>) -> Result<()> {
        let mut logins = Logins::read(Logins::folder())?;
        let wanted = Options {
            url: self.server.or_else(|| options.url.clone()),
            ..options.clone()
        };
        let url = url(&wanted, &logins);
        let Some(login) = logins.remove(&url)? else {
            return Err(Failure::wrong(format!("not signed in to {url}")));
        };
        if let Some(Token { text, id: Some(id) }) = login.token {
            let ca_file = options.ca_file.as_deref().or(login.ca_file.as_deref());
            let server = Server::new(&url, Credentials::Token(text), ca_file)?;
            match server.ask(Ask::delete(path(&["tokens", &id]))) {
                Ok(_) => {}
                // It has ended already.
                Err(failure) if failure.is_status(401) || failure.is_status(404) => {}
                Err(failure) => {
                    let message = "forgotten here, but the token goes on until it expires";
                    crate::run::complain(&super::message_with_hint("warning", message, None));
                    return Err(failure);
                }
            }
        }
        show.one(&format!("signed out of {url}\n"), &json!({ "url": url }))
    }
}

/// The file of authorities as commands in other folders find it.
fn absolute(options: &Options) -> Result<Option<std::path::PathBuf>> {
    let Some(file) = &options.ca_file else {
        return Ok(None);
    };
    match std::path::absolute(file) {
        Ok(file) => Ok(Some(file)),
        Err(error) => Err(Failure::wrong(format!("{}: {error}", file.display()))),
    }
}
