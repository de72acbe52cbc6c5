//! Texts of events.
//!
//! Follows PersonGenerator, BidGenerator and StringsGenerator of Flink's benchmark; an `extra` holds the letters
//! a to z only.

use stdx::Random;

use super::event::{Choice, Event, Kind};
use super::settings::Settings;

const STATES: [&str; 6] = ["AZ", "CA", "ID", "OR", "WA", "WY"];
const CITIES: [&str; 10] = [
    "Phoenix",
    "Los Angeles",
    "San Francisco",
    "Boise",
    "Portland",
    "Bend",
    "Redmond",
    "Seattle",
    "Kent",
    "Cheyenne",
];
const FIRST_NAMES: [&str; 11] = [
    "Peter", "Paul", "Luke", "John", "Saul", "Vicky", "Kate", "Julie", "Sarah", "Deiter", "Walter",
];
const LAST_NAMES: [&str; 9] = [
    "Shultz", "Abrams", "Spencer", "White", "Bartels", "Walton", "Smith", "Jones", "Noris",
];
const HOT_CHANNELS: [&str; 4] = ["Google", "Facebook", "Baidu", "Apple"];
const CHANNELS: usize = 10_000;
const STRING_BYTES_MIN: u64 = 3;

fn pick<'a>(random: &mut Random, choices: &[&'a str]) -> &'a str {
    choices[random.below(choices.len() as u64) as usize]
}

/// Appends 3 to `bytes_max` letters, one of 13 a special one; spaces at the ends are cut off.
fn push_string(random: &mut Random, bytes_max: u64, special: u8, out: &mut Vec<u8>) {
    let length = STRING_BYTES_MIN + random.below(bytes_max - STRING_BYTES_MIN);
    let start = out.len();
    let mut bits = 0;
    for index in 0..length {
        if index % 4 == 0 {
            bits = random.next_u64();
        }
        // 13 * 26 equally likely choices, of which 26 are the special letter.
        let choice = ((bits & 0xffff) * 338) >> 16;
        bits >>= 16;
        out.push(if choice < 26 {
            special
        } else {
            b'a' + (choice % 26) as u8
        });
    }
    let end = out[start..]
        .iter()
        .rposition(|&byte| byte != b' ')
        .map_or(start, |last| start + last + 1);
    out.truncate(end);
    let leading = out[start..].iter().take_while(|&&byte| byte == b' ').count();
    out.drain(start..start + leading);
}

/// Appends letters so that an event of `bytes` comes to `bytes_mean` on average, give or take a fifth of them.
fn push_extra(random: &mut Random, bytes: u64, bytes_mean: u64, out: &mut Vec<u8>) {
    if bytes > bytes_mean {
        return;
    }
    let wanted = bytes_mean - bytes;
    let delta = (wanted as f64 * 0.2).round() as u64;
    let mut length = wanted - delta;
    if delta > 0 {
        length += random.below(2 * delta);
    }
    while length > 0 {
        let letters = random
            .next_u64()
            .to_le_bytes()
            .map(|byte| b'a' + ((u16::from(byte) * 26) >> 8) as u8);
        let count = length.min(8);
        out.extend_from_slice(&letters[..count as usize]);
        length -= count;
    }
}

impl Settings {
    pub fn push_name(&self, event: &Event, out: &mut Vec<u8>) {
        let mut random = self.random(event, Choice::Name);
        out.extend_from_slice(pick(&mut random, &FIRST_NAMES).as_bytes());
        out.push(b' ');
        out.extend_from_slice(pick(&mut random, &LAST_NAMES).as_bytes());
    }

    pub fn push_email(&self, event: &Event, out: &mut Vec<u8>) {
        let mut random = self.random(event, Choice::Email);
        push_string(&mut random, 7, b' ', out);
        out.push(b'@');
        push_string(&mut random, 5, b' ', out);
        out.extend_from_slice(b".com");
    }

    pub fn push_card(&self, event: &Event, out: &mut Vec<u8>) {
        let mut random = self.random(event, Choice::Card);
        for group in 0..4 {
            if group > 0 {
                out.push(b' ');
            }
            let number = random.below(10_000);
            out.extend([1000, 100, 10, 1].map(|power| b'0' + (number / power % 10) as u8));
        }
    }

    pub fn push_city(&self, event: &Event, out: &mut Vec<u8>) {
        out.extend_from_slice(pick(&mut self.random(event, Choice::Place), &CITIES).as_bytes());
    }

    pub fn push_state(&self, event: &Event, out: &mut Vec<u8>) {
        let mut random = self.random(event, Choice::Place);
        random.next_u64();
        out.extend_from_slice(pick(&mut random, &STATES).as_bytes());
    }

    pub fn push_item(&self, event: &Event, out: &mut Vec<u8>) {
        push_string(&mut self.random(event, Choice::Item), 20, b' ', out);
    }

    pub fn push_description(&self, event: &Event, out: &mut Vec<u8>) {
        push_string(&mut self.random(event, Choice::Description), 100, b' ', out);
    }

    /// Fills the event up to its mean size, which takes its other texts into account.
    pub fn push_extra(&self, event: &Event, out: &mut Vec<u8>) {
        let start = out.len();
        let (numbers, mean) = match event.kind {
            Kind::Person => {
                self.push_name(event, out);
                self.push_email(event, out);
                self.push_card(event, out);
                self.push_city(event, out);
                self.push_state(event, out);
                (8, self.person_bytes)
            }
            Kind::Auction => {
                self.push_item(event, out);
                self.push_description(event, out);
                (48, self.auction_bytes)
            }
            Kind::Bid => (32, self.bid_bytes),
        };
        let bytes = numbers + (out.len() - start) as u64;
        out.truncate(start);
        push_extra(&mut self.random(event, Choice::Extra), bytes, mean, out);
    }

    /// The channel of a bid as an index into [`Channels`].
    pub fn channel(&self, event: &Event) -> usize {
        let mut random = self.random(event, Choice::Channel);
        if random.below(2) > 0 {
            random.below(HOT_CHANNELS.len() as u64) as usize
        } else {
            HOT_CHANNELS.len() + random.below(CHANNELS as u64) as usize
        }
    }
}

/// Names of channels and where they lead: four hot ones, then the others.
pub struct Channels {
    names: Texts,
    urls: Texts,
}

/// Texts one behind the other.
#[derive(Default)]
struct Texts {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Texts {
    fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len());
    }

    fn get(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.bytes[start..self.ends[index]]
    }
}

impl Channels {
    pub fn new(seed: u64) -> Self {
        let mut random = Random::new(seed ^ 0x6368_616e_6e65_6c73);
        let (mut names, mut urls) = (Texts::default(), Texts::default());
        for name in HOT_CHANNELS {
            names.push(name.as_bytes());
            urls.push(&base_url(&mut random));
        }
        for number in 0..CHANNELS as u32 {
            names.push(format!("channel-{number}").as_bytes());
            let mut url = base_url(&mut random);
            if random.below(10) > 0 {
                let id = (number.reverse_bits() as i32).unsigned_abs();
                url.extend_from_slice(format!("&channel_id={id}").as_bytes());
            }
            urls.push(&url);
        }
        Channels { names, urls }
    }

    pub fn name(&self, index: usize) -> &[u8] {
        self.names.get(index)
    }

    pub fn url(&self, index: usize) -> &[u8] {
        self.urls.get(index)
    }
}

fn base_url(random: &mut Random) -> Vec<u8> {
    let mut url = b"https://www.nexmark.com/".to_vec();
    for _ in 0..3 {
        push_string(random, 5, b'_', &mut url);
        url.push(b'/');
    }
    url.extend_from_slice(b"item.htm?query=1");
    url
}
