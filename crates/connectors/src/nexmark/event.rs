//! Numbers of events: what kind an event is, which ids it carries, and when it happens.
//!
//! Follows GeneratorConfig, PersonGenerator, AuctionGenerator, BidGenerator and PriceGenerator of Flink's
//! benchmark. Two differences: values come from the event's number instead of one running generator, and a
//! bidder's id is offset by 1000 once, not twice, so that bids find their people.

use stdx::Random;

use super::settings::Settings;

/// The kinds of events, numbered as `event_type` numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Person = 0,
    Auction = 1,
    Bid = 2,
}

const FIRST_PERSON_ID: i64 = 1000;
const FIRST_AUCTION_ID: i64 = 1000;
const FIRST_CATEGORY_ID: i64 = 10;
const CATEGORIES: u64 = 5;
/// People and auctions that are named before they appear.
const ID_LEAD: i64 = 10;
/// One of so many people or auctions is hot.
const HOT_EVERY: i64 = 100;

/// The random choices of an event; each has a stream of its own, so that a choice does not depend on which
/// others were made.
#[derive(Debug, Clone, Copy)]
pub enum Choice {
    Disorder = 1,
    Seller,
    Category,
    InitialBid,
    Reserve,
    Length,
    Auction,
    Bidder,
    Price,
    Channel,
    Name,
    Email,
    Card,
    Place,
    Item,
    Description,
    Extra,
}

/// An event before its values are made.
#[derive(Debug, Clone, Copy)]
pub struct Event {
    pub number: u64,
    pub kind: Kind,
    /// Of as many events as the proportions sum up to.
    epoch: i64,
    offset: i64,
}

impl Settings {
    fn epoch_events(&self) -> u64 {
        self.person_proportion + self.auction_proportion + self.bid_proportion
    }

    pub fn event(&self, number: u64) -> Event {
        let offset = number % self.epoch_events();
        let kind = if offset < self.person_proportion {
            Kind::Person
        } else if offset < self.person_proportion + self.auction_proportion {
            Kind::Auction
        } else {
            Kind::Bid
        };
        Event {
            number,
            kind,
            epoch: (number / self.epoch_events()) as i64,
            offset: offset as i64,
        }
    }

    /// Random numbers for a choice of an event.
    pub fn random(&self, event: &Event, choice: Choice) -> Random {
        // Spread seed, number and choice over all bits before the generator mixes them further.
        let spread = event.number.wrapping_mul(0xD6E8_FEB8_6659_FD93)
            ^ (choice as u64).wrapping_mul(0xA076_1D64_78BD_642F);
        Random::new(
            self.seed
                .wrapping_mul(0x9FB2_1C65_1E98_DF25)
                .wrapping_add(spread ^ (spread >> 32)),
        )
    }

    /// When the event of this number is due, in milliseconds.
    fn due_ms(&self, number: u64) -> i64 {
        self.base_time_ms + (number.saturating_mul(1_000) / self.rate) as i64
    }

    pub fn time_ms(&self, event: &Event) -> i64 {
        let due_ms = self.due_ms(event.number);
        if self.disorder_ms_max == 0 {
            return due_ms;
        }
        let back = self
            .random(event, Choice::Disorder)
            .below(self.disorder_ms_max.saturating_add(1));
        due_ms.saturating_sub_unsigned(back)
    }

    /// The last person there is at this event, counted from zero.
    fn last_person(&self, event: &Event) -> i64 {
        let people = self.person_proportion as i64;
        event.epoch * people + event.offset.min(people - 1)
    }

    /// The last auction there is at this event, counted from zero.
    fn last_auction(&self, event: &Event) -> i64 {
        let auctions = self.auction_proportion as i64;
        match event.kind {
            Kind::Person => (event.epoch - 1) * auctions + auctions - 1,
            Kind::Auction => event.epoch * auctions + event.offset - self.person_proportion as i64,
            Kind::Bid => event.epoch * auctions + auctions - 1,
        }
    }

    pub fn person_id(&self, event: &Event) -> i64 {
        FIRST_PERSON_ID + self.last_person(event)
    }

    pub fn auction_id(&self, event: &Event) -> i64 {
        FIRST_AUCTION_ID + self.last_auction(event)
    }

    /// One of the active people, or one of the next to come.
    fn some_person(&self, event: &Event, random: &mut Random) -> i64 {
        let people = self.last_person(event) + 1;
        let active = people.min(self.people_active as i64);
        people - active + random.below((active + ID_LEAD) as u64) as i64
    }

    /// One of the auctions in flight, or one of the next to come.
    fn some_auction(&self, event: &Event, random: &mut Random) -> i64 {
        let last = self.last_auction(event);
        let first = (last - self.auctions_in_flight as i64).max(0);
        first + random.below((last - first + 1 + ID_LEAD) as u64) as i64
    }

    pub fn seller(&self, event: &Event) -> i64 {
        let mut random = self.random(event, Choice::Seller);
        FIRST_PERSON_ID
            + if random.below(self.hot_sellers) > 0 {
                self.last_person(event) / HOT_EVERY * HOT_EVERY
            } else {
                self.some_person(event, &mut random)
            }
    }

    pub fn category(&self, event: &Event) -> i64 {
        FIRST_CATEGORY_ID + self.random(event, Choice::Category).below(CATEGORIES) as i64
    }

    pub fn initial_bid(&self, event: &Event) -> i64 {
        price(self.random(event, Choice::InitialBid))
    }

    pub fn reserve(&self, event: &Event) -> i64 {
        self.initial_bid(event) + price(self.random(event, Choice::Reserve))
    }

    pub fn expires_ms(&self, event: &Event) -> i64 {
        let events_ahead = self.auctions_in_flight * self.epoch_events() / self.auction_proportion.max(1);
        let horizon_ms = self.due_ms(event.number + events_ahead) - self.due_ms(event.number);
        let length_ms = self
            .random(event, Choice::Length)
            .below((horizon_ms as u64 * 2).max(1));
        self.time_ms(event).saturating_add(1 + length_ms as i64)
    }

    pub fn auction(&self, event: &Event) -> i64 {
        let mut random = self.random(event, Choice::Auction);
        FIRST_AUCTION_ID
            + if random.below(self.hot_auctions) > 0 {
                self.last_auction(event) / HOT_EVERY * HOT_EVERY
            } else {
                self.some_auction(event, &mut random)
            }
    }

    pub fn bidder(&self, event: &Event) -> i64 {
        let mut random = self.random(event, Choice::Bidder);
        FIRST_PERSON_ID
            + if random.below(self.hot_bidders) > 0 {
                // The second, so that hot bidders are not hot sellers.
                self.last_person(event) / HOT_EVERY * HOT_EVERY + 1
            } else {
                self.some_person(event, &mut random)
            }
    }

    pub fn price(&self, event: &Event) -> i64 {
        price(self.random(event, Choice::Price))
    }
}

/// Between 100 and 100,000,000, uniform in its logarithm.
fn price(mut random: Random) -> i64 {
    ((random.unit() * 6.0 * std::f64::consts::LN_10).exp() * 100.0).round() as i64
}
