//! Who asks: a browser by its session's cookie, a program by its token, or the one user of this machine.
//!
//! An `Authorization` header goes before a cookie, so that a program is never taken for the browser it runs beside.

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use store::{ExposeSecret, SecretString, Session, Token, User};

use crate::app::App;
use crate::problem::{Problem, Result};

pub const COOKIE: &str = "oceanus_session";
pub const CSRF_HEADER: HeaderName = HeaderName::from_static("x-csrf-token");
/// What single-user mode gives as its token against forged requests: that the header can be sent at all shows that
/// the request does not come from another site.
pub const CSRF_SINGLE_USER: &str = "single-user";
/// Longer ones are nobody's.
const TEXT_BYTES_MAX: usize = 256;

/// What a request brings along.
#[derive(Debug, Clone)]
pub enum Credential {
    Absent,
    Session(SecretString),
    Token(SecretString),
}

impl Credential {
    pub fn of(headers: &HeaderMap) -> Result<Credential> {
        let mut authorizations = headers.get_all(header::AUTHORIZATION).iter();
        if let Some(value) = authorizations.next() {
            let refuse = || Problem::not_signed_in("the Authorization header must be: Bearer and a token");
            let text = value.to_str().map_err(|_| refuse())?;
            let (scheme, token) = text.split_once(' ').ok_or_else(refuse)?;
            let token = token.trim();
            let fits = scheme.eq_ignore_ascii_case("bearer") && token.len() <= TEXT_BYTES_MAX;
            if !fits || authorizations.next().is_some() {
                return Err(refuse());
            }
            return Ok(Credential::Token(SecretString::from(token)));
        }
        let cookies = headers.get_all(header::COOKIE).iter();
        let mut pairs = cookies
            .filter_map(|value| value.to_str().ok())
            .flat_map(|text| text.split(';'));
        let session = pairs.find_map(|pair| match pair.trim().split_once('=') {
            Some((COOKIE, id)) if !id.is_empty() && id.len() <= TEXT_BYTES_MAX => Some(id),
            _ => None,
        });
        Ok(match session {
            Some(id) => Credential::Session(SecretString::from(id)),
            None => Credential::Absent,
        })
    }
}

/// Who asks, as they are now.
#[derive(Debug, Clone)]
pub struct Principal {
    pub user: User,
    pub means: Means,
}

#[derive(Debug, Clone)]
pub enum Means {
    /// Single-user mode needs none.
    Local,
    Session {
        id: SecretString,
        csrf_token: String,
        expires_at: i64,
    },
    Token(Token),
}

impl Principal {
    /// Who brings this credential. What is unknown, ended, deleted or expired is refused.
    pub async fn of(app: &App, credential: &Credential) -> Result<Principal> {
        match credential {
            Credential::Token(text) => {
                let found = app.store().tokens().find(text.expose_secret()).await?;
                let (token, user) = found.ok_or_else(|| {
                    Problem::not_signed_in("the token is unknown, was deleted or has expired")
                })?;
                Ok(Principal {
                    user,
                    means: Means::Token(token),
                })
            }
            _ if app.is_single_user() => Ok(Principal {
                user: app.local_user().await?,
                means: Means::Local,
            }),
            Credential::Session(id) => {
                let found = app.store().sessions().find(id.expose_secret()).await?;
                let Session {
                    user,
                    csrf_token,
                    expires_at,
                    ..
                } = found.ok_or_else(|| Problem::not_signed_in("the session has ended"))?;
                let means = Means::Session {
                    id: id.clone(),
                    csrf_token,
                    expires_at,
                };
                Ok(Principal { user, means })
            }
            Credential::Absent => Err(Problem::not_signed_in("this needs a session or a token")
                .hint("Sign in, or send a token as Authorization: Bearer.")),
        }
    }

    /// As changes name who made them.
    pub fn actor(&self) -> String {
        self.user.id.to_string()
    }

    /// Tells those apart who keep keys, streams and operations of their own: a token is not its user.
    pub fn key(&self) -> String {
        match &self.means {
            Means::Local | Means::Session { .. } => self.user.id.to_string(),
            Means::Token(token) => token.id.to_string(),
        }
    }

    /// A request that changes something must come from a page of ours, if it comes from a browser.
    pub fn check_csrf(&self, headers: &HeaderMap) -> Result<()> {
        let sent = headers.get(CSRF_HEADER).map(HeaderValue::as_bytes);
        let is_right = match &self.means {
            Means::Token(_) => true,
            Means::Local => sent.is_some(),
            Means::Session { csrf_token, .. } => {
                sent.is_some_and(|sent| is_same(sent, csrf_token.as_bytes()))
            }
        };
        if is_right {
            return Ok(());
        }
        Err(Problem::forbidden("the X-CSRF-Token header is missing or wrong")
            .hint("GET /session gives the token of this session."))
    }
}

/// Takes as long for whatever is not the same.
fn is_same(left: &[u8], right: &[u8]) -> bool {
    let differences = left.iter().zip(right).fold(0, |sum, (a, b)| sum | (a ^ b));
    left.len() == right.len() && differences == 0
}

/// The cookie of a session that has begun.
pub fn cookie(id: &SecretString, lifetime_s: u64, secure: bool) -> HeaderValue {
    set_cookie(id.expose_secret(), lifetime_s, secure)
}

/// What makes a browser forget its session.
pub fn no_cookie(secure: bool) -> HeaderValue {
    set_cookie("", 0, secure)
}

fn set_cookie(value: &str, max_age_s: u64, secure: bool) -> HeaderValue {
    let secure = if secure { "; Secure" } else { "" };
    let text = format!("{COOKIE}={value}; HttpOnly; SameSite=Strict; Path=/; Max-Age={max_age_s}{secure}");
    // Ids are base64: visible ASCII.
    let mut value = HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credential(headers: &[(HeaderName, &'static str)]) -> Result<Credential> {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.clone(), HeaderValue::from_static(value)));
        Credential::of(&headers.collect())
    }

    #[test]
    fn a_token_goes_before_a_cookie_and_a_broken_one_is_not_passed_over() {
        let cookie = (header::COOKIE, "a=b; oceanus_session=xyz; c=d");
        assert!(
            matches!(credential(std::slice::from_ref(&cookie)), Ok(Credential::Session(id)) if id.expose_secret() == "xyz")
        );
        let both = [cookie.clone(), (header::AUTHORIZATION, "Bearer oct_1")];
        assert!(matches!(credential(&both), Ok(Credential::Token(text)) if text.expose_secret() == "oct_1"));
        for broken in ["Basic dTpw", "Bearer", "oct_1"] {
            assert!(credential(&[cookie.clone(), (header::AUTHORIZATION, broken)]).is_err());
        }
        assert!(matches!(
            credential(&[(header::COOKIE, "oceanus_session=; xoceanus_session=1")]),
            Ok(Credential::Absent)
        ));
    }

    #[test]
    fn texts_are_the_same_or_not() {
        assert!(is_same(b"abc", b"abc"));
        assert!(!is_same(b"abc", b"abd") && !is_same(b"ab", b"abc") && !is_same(b"", b"a"));
    }

    #[test]
    fn a_cookie_is_kept_from_scripts_and_other_sites() {
        let cookie = cookie(&SecretString::from("xyz"), 60, true);
        assert_eq!(
            cookie.to_str().unwrap(),
            "oceanus_session=xyz; HttpOnly; SameSite=Strict; Path=/; Max-Age=60; Secure"
        );
    }
}
