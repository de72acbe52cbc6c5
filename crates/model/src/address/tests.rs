//! What rules grant, and every way around them that is known.

use super::*;

fn rules(texts: &[&str]) -> AddressRules {
    AddressRules::new(texts.iter().map(|text| text.parse().unwrap()).collect())
}

/// Whether the rules grant `host`, resolved to `address`.
fn grants(texts: &[&str], host: &str, address: &str, port: u16) -> bool {
    let host: Host = host.parse().unwrap();
    rules(texts).check(&host, address.parse().unwrap(), port).is_ok()
}

#[test]
fn nothing_may_be_reached_unless_a_rule_grants_it() {
    let refusal = rules(&[])
        .check(
            &"example.com".parse().unwrap(),
            "93.184.216.34".parse().unwrap(),
            443,
        )
        .unwrap_err();
    assert_eq!(
        refusal.message,
        "'example.com', which is 93.184.216.34, on port 443 must not be reached"
    );
    assert!(!grants(&["other.com"], "example.com", "93.184.216.34", 443));
}

#[test]
fn rules_grant_what_they_name() {
    assert!(grants(
        &["kafka.internal:9092"],
        "Kafka.Internal.",
        "10.0.0.5",
        9092
    ));
    assert!(!grants(
        &["kafka.internal:9092"],
        "kafka.internal",
        "10.0.0.5",
        9093
    ));
    assert!(!grants(&["kafka.internal"], "a.kafka.internal", "10.0.0.5", 9092));
    assert!(grants(
        &["*.internal:9000-9100"],
        "a.b.internal",
        "10.0.0.5",
        9100
    ));
    assert!(!grants(&["*.internal"], "internal", "10.0.0.5", 9100));
    assert!(!grants(&["*.internal"], "evilinternal", "10.0.0.5", 9100));
    assert!(!grants(&["*.internal"], "a.internal.evil.com", "10.0.0.5", 9100));
    assert!(grants(&["10.1.0.0/16"], "whatever.org", "10.1.2.3", 1));
    assert!(!grants(&["10.1.0.0/16"], "whatever.org", "10.2.2.3", 1));
    assert!(grants(&["[fd00:7::/32]:5432"], "fd00:7::9", "fd00:7::9", 5432));
    assert!(grants(&["192.168.1.7"], "192.168.1.7", "192.168.1.7", 80));
    assert!(!grants(&["192.168.1.7"], "192.168.1.8", "192.168.1.8", 80));
    assert!(grants(&["*"], "example.com", "93.184.216.34", 80));
    assert!(grants(&["0.0.0.0/0"], "example.com", "10.0.0.1", 80));
    assert!(
        !grants(&["*"], "router.home", "192.168.0.1", 80),
        "it is not public"
    );
}

#[test]
fn special_addresses_need_a_rule_about_their_kind() {
    let special = [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",
        "169.254.1.1",
        "169.254.169.254",
        "169.254.170.2",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "ff02::1",
        "fd00:ec2::254",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2001::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:0:7f00:1",
    ];
    for address in special {
        for wide in [
            "*",
            "0.0.0.0/0",
            "::/0",
            "*.evil.com",
            "a.evil.com",
            "128.0.0.0/1",
            "fc00::/7",
            "::/1",
        ] {
            assert!(
                !grants(&[wide], "a.evil.com", address, 80),
                "{wide} grants {address}"
            );
        }
    }
    assert!(grants(&["127.0.0.0/8"], "localhost", "127.0.0.1", 80));
    assert!(grants(&["127.0.0.0/8"], "localhost", "::ffff:127.0.0.1", 80));
    assert!(grants(&["::ffff:127.0.0.0/104"], "localhost", "127.0.0.1", 80));
    assert!(grants(&["169.254.0.0/16"], "x.org", "169.254.1.1", 80));
    // The own link is one thing, what hands out credentials another.
    assert!(!grants(&["169.254.0.0/16"], "x.org", "169.254.169.254", 80));
    assert!(grants(&["169.254.169.254"], "x.org", "169.254.169.254", 80));
    assert!(grants(&["fd00:ec2::254"], "x.org", "fd00:ec2::254", 80));
    assert!(!grants(&["fd00::/8"], "x.org", "fd00:ec2::254", 80));
    let refusal = rules(&["*"])
        .check(
            &"x.org".parse().unwrap(),
            "::ffff:169.254.169.254".parse().unwrap(),
            80,
        )
        .unwrap_err();
    assert_eq!(
        refusal.message,
        "'x.org', which is 169.254.169.254, on port 80 must not be reached: it is a service that hands credentials to machines"
    );
}

#[test]
fn this_machine_is_granted_by_the_rules_about_it() {
    let rules = AddressRules::loopback();
    for address in ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"] {
        rules
            .check(&"localhost".parse().unwrap(), address.parse().unwrap(), 9092)
            .unwrap();
    }
    for address in ["0.0.0.0", "::", "10.0.0.1", "169.254.169.254", "::127.0.0.1"] {
        assert!(
            rules
                .check(&"localhost".parse().unwrap(), address.parse().unwrap(), 80)
                .is_err()
        );
    }
}

#[test]
fn other_spellings_of_addresses_are_no_hosts() {
    for text in [
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "017700000001",
        "0177.0.0.1",
        "127.1",
        "127.0.0.01",
        "1.2.3.4.5",
        "a.0x",
        "",
        ".",
        "a..b",
        "a b",
        "a/b",
        "a@b",
        "é.com",
        "fe80::1%eth0",
        "[127.0.0.1]",
        "[::1",
        "a:80",
        "a\0",
    ] {
        assert!(text.parse::<Host>().is_err(), "{text:?}");
    }
    assert_eq!("EXAMPLE.com.".parse(), Ok(Host::Name("example.com".to_string())));
    assert_eq!("[::1]".parse(), Ok(Host::Address("::1".parse().unwrap())));
    assert_eq!("3com.com".parse(), Ok(Host::Name("3com.com".to_string())));
}

#[test]
fn rules_are_written_as_they_were_read_and_wrong_ones_are_told() {
    for text in [
        "a.b:1",
        "*.b:1-2",
        "10.0.0.0/8",
        "[fd00::/8]:53",
        "fd00::/8",
        "*",
        "*:443",
    ] {
        let rule: AddressRule = text.parse().unwrap();
        assert_eq!(rule.to_string(), text);
        let json = serde_json::to_string(&rules(&[text])).unwrap();
        assert_eq!(
            serde_json::from_str::<AddressRules>(&json).unwrap(),
            rules(&[text])
        );
    }
    let wrong = |text: &str| text.parse::<AddressRule>().unwrap_err().message;
    assert_eq!(
        wrong("10.1.2.3/8"),
        "the network '10.1.2.3/8' has an address inside of it before its '/'"
    );
    assert_eq!(
        wrong("10.0.0.0/33"),
        "'10.0.0.0/33' has no length of a network behind its '/'"
    );
    assert_eq!(wrong("a:0"), "'0' is no port and no range of ports");
    assert_eq!(wrong("a:9-1"), "'9-1' is no port and no range of ports");
    for text in ["", "*a", "a.*.b", "[::1", "[::1]x", "0x7f.1", "http://a"] {
        assert!(text.parse::<AddressRule>().is_err(), "{text:?}");
    }
}
