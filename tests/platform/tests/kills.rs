//! Processes die at any moment, and nothing that was acknowledged is lost.
//!
//! Somebody goes through the life of a job again and again while the server and its workers are killed as by
//! `kill -9`: the server at any moment, and in the middle of a request that changes something, a worker at any moment of
//! its run, a worker while there is no server, the server in the middle of a backup. After every kill everything that was acknowledged must be there as it
//! was acknowledged, nothing else, and every deployment must come to what is wanted of it; all the time it is watched
//! that no job runs twice.
//!
//! `OCEANUS_TEST_KILLS=100` kills more often than ten times; a failure names its seed, and `OCEANUS_TEST_SEED` takes it
//! again: the same victims after the same pauses, as far as the machine lets them meet the same moments.

use std::path::Path;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use platform::backup::Backup;
use platform::client::{Ask, Client};
use platform::cycle::Story;
use platform::person::{Notice, Person};
use platform::server::{Place, Server};
use platform::until;
use platform::workers::{self, Watch, Worker};
use serde_json::json;
use stdx::{Clock, Random, SystemClock};

const PROGRAM: &str = env!("CARGO_BIN_EXE_oceanus-under-test");
const WORKSPACE: &str = "story";
const KILLS: u64 = 10;
/// The longest pause before a kill: a few steps of the story.
const PAUSE_MS_MAX: u64 = 1_000;
/// The longest time that a worker is left alone after it was seen: about as long as one that copies a file takes.
const WORKER_PAUSE_MS_MAX: u64 = 300;
/// The longest time from a request to the kill in it: about as long as a request takes.
const REQUEST_PAUSE_US_MAX: u64 = 12_000;
/// The longest time without a server.
const DOWN_MS_MAX: u64 = 400;

/// How long a backup is left alone: about as long as it takes.
const BACKUP_PAUSE_MS_MAX: u64 = 60;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Blow {
    Server,
    /// The server, while it does what it was asked for.
    ServerInRequest,
    Worker,
    /// The server, then a worker, then the server comes back.
    WorkerWithoutServer,
    /// The server, while a backup is made.
    ServerInBackup,
}

/// What ten kills are, in a random order.
const DECK: [Blow; 10] = [
    Blow::Server,
    Blow::Server,
    Blow::ServerInRequest,
    Blow::ServerInRequest,
    Blow::ServerInRequest,
    Blow::Worker,
    Blow::Worker,
    Blow::WorkerWithoutServer,
    Blow::WorkerWithoutServer,
    Blow::ServerInBackup,
];

#[test]
fn nothing_acknowledged_is_lost_and_nothing_runs_twice_whoever_is_killed() {
    let given = |name: &str| std::env::var(name).ok().map(|text| text.parse().expect(name));
    let seed = given("OCEANUS_TEST_SEED").unwrap_or_else(|| SystemClock.now_us() as u64);
    let kills = given("OCEANUS_TEST_KILLS").unwrap_or(KILLS);
    say(&format!("OCEANUS_TEST_SEED={seed} OCEANUS_TEST_KILLS={kills}"));
    let mut random = Random::new(seed);

    let place = Place::new(PROGRAM);
    let data = place.data();
    let server = Server::start(&place);
    let client = server.sign_in();
    client.ask(Ask::post(
        "/workspaces",
        json!({ "name": WORKSPACE, "display_name": "Story" }),
    ));
    let notice = Notice::new(server.address());
    let mut story = Story::begin(Person::new(client.clone(), notice.clone(), WORKSPACE), &data);
    let killer = Killer {
        place: &place,
        server: Mutex::new(server),
        client,
        notice,
    };
    let watch = Watch::start(&data);
    let mut deck = Vec::new();
    for kill in 1..=kills {
        if deck.is_empty() {
            deck = shuffled(&mut random);
        }
        let blow = deck.pop().expect("the deck was filled");
        let seed = random.next_u64();
        let struck = thread::scope(|scope| {
            let striking = scope.spawn(|| killer.strike(blow, Random::new(seed)));
            while !striking.is_finished() {
                story.step();
            }
            striking.join().expect("the killer does not fail")
        });
        say(&format!(
            "kill {kill} of {kills}: {blow:?}, {struck}; the story is at {}",
            story.place()
        ));
        story.check(&watch);
    }
    // Undisturbed, it still works.
    story.finish_cycle();
    story.go_through_cycle();
    story.check(&watch);
    story.check_audit();
    let (looks, deployments) = watch.seen();
    let person = &story.person;
    say(&format!(
        "{} requests were sent again, of which {} had been done; {looks} looks at {deployments} deployments",
        person.repeated, person.were_done
    ));
    assert!(looks > kills && deployments > 0, "the watch has slept");
    killer.server.into_inner().expect("no killer has panicked").stop();
}

fn shuffled(random: &mut Random) -> Vec<Blow> {
    let mut deck = DECK.to_vec();
    for last in (1..deck.len()).rev() {
        deck.swap(last, random.below(last as u64 + 1) as usize);
    }
    deck
}

/// Shown if the test fails.
#[expect(
    clippy::print_stdout,
    reason = "the output of a test is captured nowhere else"
)]
fn say(line: &str) {
    println!("{line}");
}

struct Killer<'a> {
    place: &'a Place,
    server: Mutex<Server>,
    client: Client,
    notice: Notice,
}

impl Killer<'_> {
    /// Kills, and brings back what does not come back by itself; returns what was done in words.
    fn strike(&self, blow: Blow, mut random: Random) -> String {
        let mut server = self.server.lock().expect("no killer has panicked");
        let data = self.place.data();
        let pause_ms = random.below(PAUSE_MS_MAX);
        let down_ms = random.below(DOWN_MS_MAX);
        match blow {
            Blow::Server => {
                pause(pause_ms);
                server.kill();
                pause(down_ms);
                self.bring_back(&mut server);
                format!("after {pause_ms} ms, for {down_ms} ms")
            }
            Blow::ServerInRequest => {
                let changes = self.notice.changes();
                while self.notice.changes() == changes {
                    SystemClock.sleep(Duration::from_micros(100));
                }
                let pause_us = random.below(REQUEST_PAUSE_US_MAX);
                SystemClock.sleep(Duration::from_micros(pause_us));
                server.kill();
                pause(down_ms);
                self.bring_back(&mut server);
                format!("{pause_us} us after a request, for {down_ms} ms")
            }
            Blow::Worker => {
                let pause_ms = random.below(WORKER_PAUSE_MS_MAX);
                // One that has left by itself meanwhile was not killed.
                let victim = until("a worker can be killed", || {
                    let victim = any_worker(&data, &mut random)?;
                    pause(pause_ms);
                    victim.kill().then_some(victim)
                });
                format!(
                    "{} of epoch {}, seen {pause_ms} ms before",
                    victim.deployment_id, victim.epoch
                )
            }
            Blow::WorkerWithoutServer => {
                until("a worker runs", || (!workers::of(&data).is_empty()).then_some(()));
                server.kill();
                pause(random.below(WORKER_PAUSE_MS_MAX));
                let victim = any_worker(&data, &mut random).filter(Worker::kill);
                pause(down_ms);
                self.bring_back(&mut server);
                let epoch = victim.map_or(0, |victim| victim.epoch);
                format!("of epoch {epoch} (0: it had left), {down_ms} ms before the server came back")
            }
            Blow::ServerInBackup => {
                pause(pause_ms);
                let client = self.client.moved_to(server.address());
                let copy = format!("copy-{:016x}.db", random.next_u64());
                let mut backup = Backup::start(self.place, client, WORKSPACE, &copy);
                pause(random.below(BACKUP_PAUSE_MS_MAX));
                let was_killed = random.chance(0.5) && backup.kill();
                server.kill();
                self.bring_back(&mut server);
                backup.check(self.place, was_killed);
                format!("after {pause_ms} ms; the backup was killed, too: {was_killed}")
            }
        }
    }

    fn bring_back(&self, server: &mut Server) {
        *server = Server::start(self.place);
        self.notice.set_address(server.address());
    }
}

fn pause(ms: u64) {
    SystemClock.sleep(Duration::from_millis(ms));
}

fn any_worker(data: &Path, random: &mut Random) -> Option<Worker> {
    let mut found = workers::of(data);
    if found.is_empty() {
        return None;
    }
    Some(found.swap_remove(random.below(found.len() as u64) as usize))
}
