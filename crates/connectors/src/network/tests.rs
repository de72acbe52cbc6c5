//! Dialling by rules, against name servers that mean harm.

use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

const PATIENCE: Duration = Duration::from_secs(5);

/// Answers each time with the next of these, and with the last from then on.
struct Scripted {
    answers: Vec<Vec<IpAddr>>,
    asked: AtomicUsize,
}

fn access(rules: &[&str], answers: &[&[&str]]) -> (NetworkAccess, Arc<Scripted>) {
    let resolver = Arc::new(Scripted {
        answers: answers
            .iter()
            .map(|answer| answer.iter().map(|address| address.parse().unwrap()).collect())
            .collect(),
        asked: AtomicUsize::new(0),
    });
    let rules = AddressRules::new(rules.iter().map(|rule| rule.parse().unwrap()).collect());
    (NetworkAccess::with_resolver(rules, resolver.clone()), resolver)
}

impl Resolve for Scripted {
    fn resolve(&self, _: &str, _: Duration) -> io::Result<Vec<IpAddr>> {
        let turn = self.asked.fetch_add(1, Ordering::SeqCst);
        Ok(self.answers[turn.min(self.answers.len() - 1)].clone())
    }
}

fn told(result: Result<TcpStream, NetworkError>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn what_was_judged_is_what_is_dialled() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    // The second answer would be refused, and a third would lead elsewhere: neither is asked for.
    let (access, resolver) = access(&["127.0.0.1"], &[&["127.0.0.1"], &["127.0.0.2"], &["127.0.0.3"]]);
    let stream = access.connect("rebinding.test", port, PATIENCE).unwrap();
    assert_eq!(
        stream.peer_addr().unwrap().to_string(),
        format!("127.0.0.1:{port}")
    );
    assert_eq!(resolver.asked.load(Ordering::SeqCst), 1);
    assert!(told(access.connect("rebinding.test", port, PATIENCE)).contains("127.0.0.2"));
}

#[test]
fn an_address_that_is_not_granted_is_passed_over() {
    let (access, _) = access(&["*"], &[&["169.254.169.254", "93.184.216.34", "::1"]]);
    let addresses = access.resolve("mixed.test", 80, PATIENCE).unwrap();
    assert_eq!(addresses, ["93.184.216.34:80".parse().unwrap()]);
}

#[test]
fn this_machine_and_metadata_are_out_of_reach_by_name_and_by_address() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    for address in [
        "127.0.0.1",
        "::ffff:127.0.0.1",
        "::1",
        "169.254.169.254",
        "fd00:ec2::254",
        "0.0.0.0",
    ] {
        let (access, _) = access(&["*", "0.0.0.0/0", "*.test"], &[&[address]]);
        for host in ["attacker.test", address, &format!("[{address}]")] {
            let refused = access.connect(host, port, PATIENCE);
            assert!(refused.is_err(), "{host} {address}");
        }
        assert!(matches!(
            access.connect("attacker.test", port, PATIENCE),
            Err(NetworkError::Refused(_))
        ));
    }
    let (access, resolver) = access(&["*", "0.0.0.0/0"], &[&["127.0.0.1"]]);
    for spelled in [
        "2130706433",
        "0x7f000001",
        "017700000001",
        "0177.0.0.1",
        "127.1",
        "0x7f.0.0.1",
    ] {
        assert!(matches!(
            access.connect(spelled, port, PATIENCE),
            Err(NetworkError::NoHost(_))
        ));
    }
    assert_eq!(resolver.asked.load(Ordering::SeqCst), 0);
}

#[test]
fn nothing_is_granted_by_no_rules_and_everything_to_a_command_line() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let none = NetworkAccess::only(AddressRules::default());
    assert_eq!(
        told(none.connect("127.0.0.1", port, PATIENCE)),
        format!("address 127.0.0.1 on port {port} must not be reached: it is this machine")
    );
    NetworkAccess::everything()
        .connect("localhost", port, PATIENCE)
        .unwrap();
    NetworkAccess::only(AddressRules::loopback())
        .connect("localhost", port, PATIENCE)
        .unwrap();
}

#[test]
fn a_port_where_nobody_listens_is_told() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let access = NetworkAccess::only(AddressRules::loopback());
    assert!(
        told(access.connect("127.0.0.1", port, PATIENCE))
            .starts_with(&format!("127.0.0.1:{port} does not answer"))
    );
    assert!(told(access.connect("no-such-host.invalid", port, PATIENCE)).contains("cannot be resolved"));
}
