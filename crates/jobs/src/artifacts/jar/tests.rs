//! JARs that were made to be kept, and those that were made to do harm.

use std::io::Write;

use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};

use super::*;

/// Writes archives byte by byte, so that every byte can be wrong.
#[derive(Default)]
struct Maker {
    bytes: Vec<u8>,
    directory: Vec<u8>,
    count: u16,
}

#[derive(Clone)]
struct Made {
    name: Vec<u8>,
    /// As its own header has it.
    local_name: Vec<u8>,
    data: Vec<u8>,
    unpacked: u32,
    crc: u32,
    flags: u16,
    method: u16,
    attributes: u32,
    /// Where its header is said to stand, if not where it does.
    start: Option<u32>,
}

impl Made {
    fn new(name: &str, content: &[u8]) -> Made {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(content).unwrap();
        let mut crc = Crc::new();
        crc.update(content);
        Made {
            name: name.as_bytes().to_vec(),
            local_name: name.as_bytes().to_vec(),
            data: encoder.finish().unwrap(),
            unpacked: content.len() as u32,
            crc: crc.sum(),
            flags: 0,
            method: 8,
            attributes: 0o100644 << 16,
            start: None,
        }
    }

    fn stored(name: &str, content: &[u8]) -> Made {
        Made {
            data: content.to_vec(),
            method: 0,
            ..Made::new(name, content)
        }
    }
}

impl Maker {
    fn add(&mut self, made: &Made) {
        let start = made.start.unwrap_or(self.bytes.len() as u32);
        let sizes = |out: &mut Vec<u8>| {
            out.extend(made.crc.to_le_bytes());
            out.extend((made.data.len() as u32).to_le_bytes());
            out.extend(made.unpacked.to_le_bytes());
        };
        if made.start.is_none() {
            self.bytes.extend(0x0403_4b50u32.to_le_bytes());
            for number in [20, made.flags, made.method, 0, 0] {
                self.bytes.extend(number.to_le_bytes());
            }
            sizes(&mut self.bytes);
            self.bytes.extend((made.local_name.len() as u16).to_le_bytes());
            self.bytes.extend(0u16.to_le_bytes());
            self.bytes.extend(&made.local_name);
            self.bytes.extend(&made.data);
        }
        self.directory.extend(0x0201_4b50u32.to_le_bytes());
        for number in [(3 << 8) | 20, 20, made.flags, made.method, 0, 0] {
            self.directory.extend(number.to_le_bytes());
        }
        sizes(&mut self.directory);
        for number in [made.name.len() as u16, 0, 0, 0, 0] {
            self.directory.extend(number.to_le_bytes());
        }
        self.directory.extend(made.attributes.to_le_bytes());
        self.directory.extend(start.to_le_bytes());
        self.directory.extend(&made.name);
        self.count += 1;
    }

    fn finish(mut self) -> Vec<u8> {
        let start = self.bytes.len() as u32;
        self.bytes.extend(&self.directory);
        self.bytes.extend(0x0605_4b50u32.to_le_bytes());
        for number in [0, 0, self.count, self.count] {
            self.bytes.extend(number.to_le_bytes());
        }
        self.bytes.extend((self.directory.len() as u32).to_le_bytes());
        self.bytes.extend(start.to_le_bytes());
        self.bytes.extend(0u16.to_le_bytes());
        self.bytes
    }
}

fn jar(entries: &[Made]) -> Vec<u8> {
    let mut maker = Maker::default();
    entries.iter().for_each(|made| maker.add(made));
    maker.finish()
}

fn refused(bytes: &[u8]) -> String {
    check(bytes).unwrap_err().to_string()
}

fn manifest(text: &str) -> Made {
    Made::new("META-INF/MANIFEST.MF", text.as_bytes())
}

#[test]
fn a_jar_is_kept_and_its_main_class_is_known() {
    let bytes = jar(&[
        Made::stored("META-INF/", b""),
        manifest(
            "Manifest-Version: 1.0\r\nMain-Class: org.example.Jobs$Ma\r\n in\r\n\r\nName: x\r\nMain-Class: other\r\n",
        ),
        Made::new("org/example/Jobs$Main.class", &[0xca, 0xfe, 0xba, 0xbe]),
        Made::stored("a.txt", b"text"),
        Made::new("lib/inner.jar", &jar(&[Made::new("b.txt", b"more")])),
    ]);
    let found = check(&bytes).unwrap();
    assert_eq!(found.main_class.as_deref(), Some("org.example.Jobs$Main"));
    assert_eq!(found.entries, 6);
    assert_eq!(check(&jar(&[])).unwrap().main_class, None);
    let mut commented = jar(&[Made::new("a", b"x")]);
    let length = commented.len();
    commented[length - 2] = 3;
    commented.extend(b"abc");
    check(&commented).unwrap();
}

#[test]
fn what_is_no_archive_or_not_all_of_one_is_refused() {
    assert_eq!(refused(b""), "it is no JAR: a JAR is a zip archive");
    assert_eq!(refused(&[b'x'; 4096]), "it is no JAR: a JAR is a zip archive");
    assert_eq!(
        refused(b"\xca\xfe\xba\xbe class file, and long enough"),
        "it is no JAR: a JAR is a zip archive"
    );
    let whole = jar(&[manifest("Main-Class: a.B\n"), Made::new("a", &[7; 5000])]);
    for length in 0..whole.len() {
        assert!(check(&whole[..length]).is_err(), "cut at {length}");
    }
    assert!(refused(&whole[..whole.len() - 1]).contains("cut off"));
    let behind = [&whole[..], b"#!/bin/sh"].concat();
    assert!(check(&behind).is_err());
    let before = [b"#!/bin/sh\n", &whole[..]].concat();
    assert!(check(&before).is_err());
}

#[test]
fn names_that_lead_out_of_the_archive_are_refused() {
    for name in [
        "../evil",
        "a/../../evil",
        "/etc/cron.d/evil",
        "a//b",
        "./a",
        "..",
        "C:/evil",
        "c:evil",
        "..\\evil",
        "\\evil",
        "a\0b",
        "a\nb",
        "a/..",
    ] {
        let told = refused(&jar(&[Made::new(name, b"x")]));
        assert!(told.contains("leads out of the archive"), "{name:?}: {told}");
    }
    assert!(refused(&jar(&[Made::new("", b"x")])).contains("the name of an entry"));
    assert!(refused(&jar(&[Made::new(&"a".repeat(2000), b"x")])).contains("2000 bytes"));
    let mut wrong = Made::new("a", b"x");
    (wrong.name, wrong.local_name) = (vec![0xff, 0xfe], vec![0xff, 0xfe]);
    assert!(refused(&jar(&[wrong])).contains("no UTF-8"));
    // An inner archive is no way around.
    let inner = jar(&[Made::new("../evil", b"x")]);
    assert_eq!(
        refused(&jar(&[Made::new("lib/in.jar", &inner)])),
        "entry 'lib/in.jar': entry '../evil': its name leads out of the archive"
    );
}

#[test]
fn links_devices_and_encrypted_entries_are_refused() {
    for mode in [0o120777u32, 0o020600, 0o060600, 0o010600, 0o140600] {
        let link = Made {
            attributes: mode << 16,
            ..Made::new("link", b"/etc/passwd")
        };
        assert_eq!(
            refused(&jar(&[link])),
            "entry 'link': it is a link or a device, not a file"
        );
    }
    for flags in [1, 1 << 6, 1 << 13] {
        let secret = Made {
            flags,
            ..Made::new("a", b"x")
        };
        assert!(refused(&jar(&[secret])).contains("encrypted"));
    }
    let odd = Made {
        method: 12,
        ..Made::new("a", b"x")
    };
    assert!(refused(&jar(&[odd])).contains("packed in a way"));
}

#[test]
fn bombs_do_not_go_off() {
    // One entry of much nothing.
    let zeros = Made::new("zeros", &vec![0; 64 << 20]);
    assert!(refused(&jar(std::slice::from_ref(&zeros))).contains("more than 100 times as many"));
    // It says that it is small.
    let liar = Made {
        unpacked: 10,
        ..zeros.clone()
    };
    assert_eq!(refused(&jar(&[liar])), "entry 'zeros': it is larger than it says");
    // It says that it is larger than it is.
    let boaster = Made {
        unpacked: 10,
        ..Made::new("a", b"x")
    };
    assert_eq!(refused(&jar(&[boaster])), "entry 'a': it is damaged");
    // Many entries that share their bytes.
    let mut maker = Maker::default();
    maker.add(&Made::new("a", &[1; 1000]));
    for number in 0..100 {
        maker.add(&Made {
            start: Some(0),
            local_name: b"a".to_vec(),
            ..Made::new(&format!("b{number}"), &[1; 1000])
        });
    }
    assert!(check(&maker.finish()).is_err());
    let mut maker = Maker::default();
    maker.add(&Made::new("a", &[1; 1000]));
    maker.add(&Made {
        start: Some(0),
        ..Made::new("a", &[1; 1000])
    });
    assert_eq!(refused(&maker.finish()), "entry 'a': it is there twice");
    // An entry whose data is another entry: the same bytes, twice.
    let inner = Made::new("inner", &[2; 3000]);
    let mut maker = Maker::default();
    let mut outer = Maker::default();
    outer.add(&inner);
    maker.add(&Made::stored("outer", &outer.bytes));
    maker.add(&Made {
        start: Some(30 + 5),
        ..inner
    });
    assert_eq!(
        refused(&maker.finish()),
        "entry 'outer': it shares bytes with another entry"
    );
    // More than all that may be, each by itself innocent.
    let mut maker = Maker::default();
    for number in 0..5 {
        maker.add(&Made {
            unpacked: 256 << 20,
            ..Made::new(&format!("e{number}"), b"x")
        });
    }
    let padding: Vec<u8> = (0..20u32 << 20)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    maker.add(&Made::stored("padding", &padding));
    assert!(refused(&maker.finish()).contains("unpacked it would have more than"));
}

#[test]
fn archives_in_archives_in_archives_are_refused() {
    let first = jar(&[Made::new("a", b"x")]);
    let second = jar(&[Made::new("first.JAR", &first)]);
    check(&second).unwrap();
    let third = jar(&[Made::new("second.zip", &second)]);
    assert_eq!(
        refused(&third),
        "entry 'second.zip': entry 'first.JAR': archives lie in archives that lie in archives"
    );
    assert!(refused(&jar(&[Made::new("x.jar", b"no archive")])).contains("entry 'x.jar': it is no JAR"));
}

#[test]
fn an_archive_inside_is_not_unpacked_before_it_is_known_to_be_one_and_small() {
    let padding = Made::stored("padding", &[1; 1 << 20]);
    let inner = jar(&[Made::new("a", b"x")]);
    let large = Made {
        unpacked: (INNER_BYTES_MAX + 1) as u32,
        ..Made::new("large.jar", &inner)
    };
    assert_eq!(
        refused(&jar(&[padding.clone(), large])),
        "entry 'large.jar': it has more than 67108864 bytes"
    );
    // What it begins with is looked at first, so that its damage is never come to.
    let other = Made {
        crc: 0,
        ..Made::new("other.jar", &vec![0; 1 << 20])
    };
    assert!(refused(&jar(&[other])).contains("entry 'other.jar': it is no JAR"));
    check(&jar(&[Made::new("empty.jar", &jar(&[]))])).unwrap();
}

#[test]
fn damage_is_seen_and_what_can_be_read_in_two_ways_is_refused() {
    let mut damaged = Made::new("a", b"some text that is packed");
    damaged.crc ^= 1;
    assert_eq!(refused(&jar(&[damaged])), "entry 'a': it is damaged");
    let contradicting = Made {
        local_name: b"b".to_vec(),
        ..Made::new("a", b"x")
    };
    assert_eq!(
        refused(&jar(&[contradicting])),
        "entry 'a': it contradicts the directory"
    );
    let mut many = Maker {
        count: u16::MAX - 1,
        ..Maker::default()
    };
    many.add(&Made::new("a", b"x"));
    assert!(refused(&many.finish()).contains("64-bit kind"));
    let wrong = manifest("Main-Class: ../../evil; rm -rf\n");
    assert!(refused(&jar(&[wrong])).contains("is no name of a class"));
}

#[test]
fn any_damage_is_refused_or_harmless() {
    let whole = jar(&[
        manifest("Main-Class: a.B\n"),
        Made::new("dir/a", &[7; 300]),
        Made::stored("b", b"text"),
    ]);
    let mut random = stdx::Random::new(3);
    for round in 0..20_000 {
        let mut bytes = whole.clone();
        for _ in 0..=random.next_u64() % 3 {
            let at = (random.next_u64() % bytes.len() as u64) as usize;
            bytes[at] = random.next_u64() as u8;
        }
        if let Ok(found) = check(&bytes) {
            assert!(
                found.unpacked_bytes <= 1000 && found.entries == 3,
                "round {round}"
            );
        }
    }
}
