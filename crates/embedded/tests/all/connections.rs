//! Connections: beneath the options of tables, and tried by themselves.

use std::collections::BTreeMap;
use std::net::TcpListener;

use model::{AddressRule, AddressRules};
use runner::{
    Connection, ConnectionReport, ConnectionTest, Connections, FileRoots, Purpose, Runner, Secrets,
};

use crate::support::Place;

fn connection(kind: &str, options: &[(&str, &str)]) -> Connection {
    Connection {
        kind: kind.to_string(),
        options: options
            .iter()
            .map(|(key, value)| (key.to_string(), value.to_string()))
            .collect(),
    }
}

fn rules(texts: &[&str]) -> AddressRules {
    let rules: Vec<AddressRule> = texts.iter().map(|text| text.parse().unwrap()).collect();
    AddressRules::new(rules)
}

fn secrets() -> Secrets {
    Secrets::new(BTreeMap::from([
        ("password".to_string(), "hunter2-and-more".to_string()),
        ("host".to_string(), "localhost".to_string()),
    ]))
}

fn tried(place: &Place, connection: Connection, network: AddressRules) -> ConnectionReport {
    place.runner.test_connection(&ConnectionTest {
        connection,
        files: FileRoots {
            allowed: vec![place.files()],
            denied: Vec::new(),
        },
        network,
        secrets: secrets(),
    })
}

/// `address ok message`, a line each.
fn shown(report: &ConnectionReport) -> Vec<String> {
    let checks = report.checks.iter();
    checks
        .map(|check| {
            format!(
                "{} {} {}",
                check.address,
                if check.ok { "ok" } else { "no" },
                check.message
            )
        })
        .collect()
}

#[test]
fn addresses_are_dialled_where_rules_allow_it() {
    let place = Place::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let open = listener.local_addr().unwrap().port();
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let servers = format!("127.0.0.1:{open}, 127.0.0.1:{closed}");
    let kafka = connection("kafka", &[("properties.bootstrap.servers", &servers)]);
    let report = tried(&place, kafka.clone(), rules(&["127.0.0.0/8"]));
    assert!(!report.reachable);
    let lines = shown(&report);
    assert_eq!(lines[0], format!("127.0.0.1:{open} ok it answers"));
    assert!(lines[1].starts_with(&format!(
        "127.0.0.1:{closed} no 127.0.0.1:{closed} does not answer"
    )));

    let one = connection("kafka", &[("bootstrap.servers", &format!("127.0.0.1:{open}"))]);
    assert!(tried(&place, one.clone(), rules(&["127.0.0.1"])).reachable);
    let refused = tried(&place, one, AddressRules::default());
    assert_eq!(
        shown(&refused),
        [format!(
            "127.0.0.1:{open} no address 127.0.0.1 on port {open} must not be reached: it is this machine; an \
             administrator can allow addresses in the settings of the server"
        )]
    );
}

#[test]
fn no_option_leads_to_this_machine_or_to_metadata() {
    let place = Place::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    for host in [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "169.254.169.254",
        "[fd00:ec2::254]",
        "[::ffff:169.254.169.254]",
        "good.com@127.0.0.1",
    ] {
        for (key, value) in [
            ("url", format!("http://{host}:{port}/latest/meta-data")),
            ("bootstrap.servers", format!("{host}:{port}")),
            ("hostname", host.to_string()),
        ] {
            let options = [(key, value.as_str()), ("port", port.as_str())];
            // As much as can be granted by mistake.
            let report = tried(
                &place,
                connection("http", &options),
                rules(&["*", "0.0.0.0/0", "::/0", "*.com"]),
            );
            assert!(
                !report.reachable && !report.checks.is_empty(),
                "{key} = {value}: {report:?}"
            );
        }
    }
    let never = listener.accept();
    assert_eq!(
        never.unwrap_err().kind(),
        std::io::ErrorKind::WouldBlock,
        "somebody dialled"
    );
}

#[test]
fn folders_are_looked_for_where_tables_may_go() {
    let place = Place::new();
    std::fs::create_dir(place.files().join("in")).unwrap();
    std::fs::create_dir(place.outside()).unwrap();
    let path = |path: &str| {
        let report = tried(&place, connection("filesystem", &[("path", path)]), rules(&[]));
        (report.reachable, shown(&report).join("\n"))
    };
    assert_eq!(path("in"), (true, "in ok it is there".to_string()));
    assert!(path("ni").1.contains("path 'ni' does not exist"));
    for outside in [place.outside().to_str().unwrap(), "/etc/passwd", "../outside"] {
        let (reachable, told) = path(outside);
        assert!(
            !reachable && told.contains("lies outside of the folders"),
            "{told}"
        );
    }
    // The server's own files, whatever is allowed.
    let report = place.runner.test_connection(&ConnectionTest {
        connection: connection(
            "filesystem",
            &[("path", place.data().join("runs").to_str().unwrap())],
        ),
        files: FileRoots {
            allowed: vec!["/".into()],
            denied: Vec::new(),
        },
        ..ConnectionTest::default()
    });
    assert!(!report.reachable, "{report:?}");
}

#[test]
fn what_is_told_of_a_test_holds_no_secret() {
    let place = Place::new();
    let options = [
        (
            "url",
            "http://me:${secret.password}@${secret.host}:1/${secret.password}",
        ),
        ("servers", "${secret.password}:1"),
        ("nodes", "${secret.missing}"),
    ];
    let report = tried(&place, connection("http", &options), AddressRules::loopback());
    let told = shown(&report).join("\n");
    assert!(!told.contains("hunter2") && !told.contains("localhost"), "{told}");
    assert!(
        told.contains("secret 'missing' not found") && told.contains("***:1"),
        "{told}"
    );
    let nothing = tried(&place, connection("datagen", &[]), AddressRules::loopback());
    assert!(!nothing.reachable);
    assert_eq!(
        shown(&nothing),
        [" no no option of the connection holds an address"]
    );
}

#[test]
fn a_table_takes_from_its_connection_what_it_does_not_say_itself() {
    let place = Place::new();
    std::fs::write(place.files().join("in"), "1\n2\n").unwrap();
    let table = |own: &str| {
        let mut program = place.program(&format!(
            "CREATE TABLE t (a INT) WITH ('connector' = 'filesystem', 'connection' = 'lake'{own});\n\
             CREATE TABLE o (a INT) WITH ('connector' = 'blackhole');\n\
             INSERT INTO o SELECT a FROM t"
        ));
        program.connections = Connections {
            named: BTreeMap::from([(
                "lake".to_string(),
                connection("filesystem", &[("path", "${secret.password}"), ("format", "csv")]),
            )]),
            known: vec!["lake".to_string()],
        };
        program.secrets = secrets();
        program
    };
    let report = place.runner.check(&table(", 'path' = 'in'"), Purpose::Deployment);
    assert!(!report.has_errors(), "{:?}", report.diagnostics);
    let plan = format!("{:?}", report.plan);
    assert!(!plan.contains("csv") && !plan.contains("lake"), "{plan}");
    assert!(!place.runner.check(&table(""), Purpose::Deployment).has_errors());

    let told = |program: &runner::Program| {
        let report = place.runner.check(program, Purpose::Deployment);
        let fault = &report.diagnostics[0];
        let place = fault.span.unwrap();
        let text = &program.sql[place.start as usize..place.end as usize];
        format!("{} at {text}", fault.message)
    };
    let mut other = table("");
    other.connections.named.get_mut("lake").unwrap().kind = "kafka".to_string();
    assert_eq!(
        told(&other),
        "connection 'lake' is for connector 'kafka', the table's is 'filesystem' at 'connection' = 'lake'"
    );
    let mut wrong = table("");
    let options = &mut wrong.connections.named.get_mut("lake").unwrap().options;
    options.insert("fromat".to_string(), "json".to_string());
    assert_eq!(
        told(&wrong),
        "option 'fromat' is not known here, from connection 'lake' at 'connection' = 'lake'"
    );
    let mut missing = table("");
    missing.connections.named.clear();
    missing.connections.known = vec!["lakes".to_string()];
    assert_eq!(
        told(&missing),
        "connection 'lake' not found at 'connection' = 'lake'"
    );
}
