//! What all requests share.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jobs::Jobs;
use model::UserId;
use store::{NewUser, Store, User};
use tokio::sync::{OnceCell, Semaphore, SemaphorePermit, watch};

use crate::body::Rooms;
use crate::operations::Operations;
use crate::problem::{Problem, Result};
use crate::stream::Streams;
use crate::throttle::Throttle;
use crate::{Mode, Settings};

/// The administrator as whom the one user of [`Mode::SingleUser`] works. It has no password, so that nobody signs in
/// as it in [`Mode::Users`].
pub const LOCAL_USER: &str = "local";

/// Names of users that are kept at hand.
const NAMES_MAX: usize = 10_000;
/// Uploads that are looked through at once; others wait with their bytes in memory.
const UPLOADS_MAX: usize = 2;
/// Workspaces that are written as files, compared with files or made what files say at once.
const BUNDLES_MAX: usize = 2;
/// How long a request waits for its turn.
const TURN_PATIENCE: Duration = Duration::from_secs(30);
/// Workspaces as files that are on their way to their readers.
const EXPORTS_MAX: usize = 4;
/// Passwords that wait to be verified or hashed.
const PASSWORDS_WAITING_MAX: usize = 16;

#[derive(Clone)]
pub struct App(Arc<Shared>);

pub struct Shared {
    pub jobs: Jobs,
    pub settings: Settings,
    pub streams: Arc<Streams>,
    pub sign_ins: Throttle,
    pub operations: Operations,
    /// Memory for what is sent.
    pub bodies: Rooms,
    pub uploads: Semaphore,
    pub bundles: Semaphore,
    pub exports: Arc<Semaphore>,
    pub passwords: Semaphore,
    /// Tells streams to look whether they may go on. Counts changes of sessions, tokens, users and members.
    credentials: watch::Sender<u64>,
    local: OnceCell<User>,
    names: Mutex<HashMap<UserId, String>>,
}

impl Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl App {
    pub fn new(jobs: Jobs, settings: Settings) -> App {
        let clock = Arc::clone(jobs.store().clock());
        App(Arc::new(Shared {
            jobs,
            settings,
            streams: Arc::default(),
            sign_ins: Throttle::new(Arc::clone(&clock)),
            operations: Operations::new(clock),
            bodies: Rooms::new(),
            uploads: Semaphore::new(UPLOADS_MAX),
            bundles: Semaphore::new(BUNDLES_MAX),
            exports: Arc::new(Semaphore::new(EXPORTS_MAX)),
            passwords: Semaphore::new(PASSWORDS_WAITING_MAX),
            credentials: watch::Sender::new(0),
            local: OnceCell::new(),
            names: Mutex::default(),
        }))
    }
}

impl Shared {
    pub fn store(&self) -> &Store {
        self.jobs.store()
    }

    pub fn is_single_user(&self) -> bool {
        self.settings.mode == Mode::SingleUser
    }

    /// Somebody may do less than before.
    pub fn credentials_changed(&self) {
        self.credentials
            .send_modify(|count| *count = count.wrapping_add(1));
    }

    pub fn watch_credentials(&self) -> watch::Receiver<u64> {
        self.credentials.subscribe()
    }

    /// The user of single-user mode, made when it is first needed.
    pub async fn local_user(&self) -> Result<User> {
        let find_or_create = || async {
            let users = self.store().users();
            let user = match users.by_name(LOCAL_USER).await? {
                Some(user) => user,
                None => {
                    let new = NewUser {
                        name: LOCAL_USER.to_string(),
                        password: None,
                        is_admin: true,
                    };
                    users.create(new, "system").await?
                }
            };
            Ok(User {
                is_admin: true,
                ..user
            })
        };
        self.local.get_or_try_init(find_or_create).await.cloned()
    }

    /// The name of the user who did something; what is no user stays as it was written down.
    pub async fn name_of(&self, actor: &str) -> Result<String> {
        let Ok(id) = actor.parse::<UserId>() else {
            return Ok(actor.to_string());
        };
        let names = || self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(name) = names().get(&id) {
            return Ok(name.clone());
        }
        let name = match self.store().users().get(id).await {
            Ok(user) => user.name,
            Err(store::Error::NotFound { .. }) => return Ok(actor.to_string()),
            Err(error) => return Err(error.into()),
        };
        let mut names = names();
        if names.len() >= NAMES_MAX {
            names.clear();
        }
        names.insert(id, name.clone());
        Ok(name)
    }
}

/// Waits for one of few places, within a bound.
pub async fn turn(places: &Semaphore) -> Result<SemaphorePermit<'_>> {
    let busy = || Problem::too_many("others are before this request").retry_after(5);
    let waited = tokio::time::timeout(TURN_PATIENCE, places.acquire()).await;
    waited.map_err(|_| busy())?.map_err(|_| busy())
}
