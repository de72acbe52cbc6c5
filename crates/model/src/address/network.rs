//! Networks, and the kinds of addresses that are not ordinary.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// All addresses that share their first bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    /// The first of them.
    pub address: IpAddr,
    /// Bits that they share.
    pub length: u8,
}

/// A kind of addresses that only a rule about just that kind grants.
pub struct SpecialKind {
    pub network: Network,
    /// Behind `it is`.
    pub what: &'static str,
}

const fn v4(a: u8, b: u8, c: u8, d: u8, length: u8, what: &'static str) -> SpecialKind {
    SpecialKind {
        network: Network {
            address: IpAddr::V4(Ipv4Addr::new(a, b, c, d)),
            length,
        },
        what,
    }
}

const fn v6(parts: [u16; 8], length: u8, what: &'static str) -> SpecialKind {
    let [a, b, c, d, e, f, g, h] = parts;
    SpecialKind {
        network: Network {
            address: IpAddr::V6(Ipv6Addr::new(a, b, c, d, e, f, g, h)),
            length,
        },
        what,
    }
}

const METADATA: &str = "a service that hands credentials to machines";

/// From the IANA registries of special addresses, and the metadata services of clouds. Narrower ones stand behind
/// wider ones.
static SPECIAL: [SpecialKind; 25] = [
    v4(0, 0, 0, 0, 8, "this machine"),
    v4(127, 0, 0, 0, 8, "this machine"),
    v4(169, 254, 0, 0, 16, "an address of the own link"),
    v4(192, 0, 0, 0, 24, "kept for protocols"),
    v4(192, 88, 99, 0, 24, "the entry of a tunnel"),
    v4(224, 0, 0, 0, 4, "an address of many"),
    v4(240, 0, 0, 0, 4, "kept for later"),
    v4(255, 255, 255, 255, 32, "an address of all"),
    // Amazon, Google, Azure and others; containers at Amazon; Oracle; Alibaba; Azure.
    v4(169, 254, 169, 254, 32, METADATA),
    v4(169, 254, 170, 2, 32, METADATA),
    v4(192, 0, 0, 192, 32, METADATA),
    v4(100, 100, 100, 200, 32, METADATA),
    v4(168, 63, 129, 16, 32, METADATA),
    // `::a.b.c.d`, this machine among them.
    v6([0, 0, 0, 0, 0, 0, 0, 0], 96, "an address of IPv4 in disguise"),
    v6([0, 0, 0, 0, 0, 0, 0, 0], 127, "this machine"),
    v6(
        [0, 0, 0, 0, 0xffff, 0, 0, 0],
        96,
        "an address of IPv4 in disguise",
    ),
    v6(
        [0x64, 0xff9b, 0, 0, 0, 0, 0, 0],
        96,
        "the way through a translator to IPv4",
    ),
    v6(
        [0x64, 0xff9b, 1, 0, 0, 0, 0, 0],
        48,
        "the way through a translator to IPv4",
    ),
    v6([0x2001, 0, 0, 0, 0, 0, 0, 0], 32, "the way through a tunnel"),
    v6([0x2002, 0, 0, 0, 0, 0, 0, 0], 16, "the way through a tunnel"),
    v6([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, "an address of the own link"),
    v6([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, "an address of the own site"),
    v6([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, "an address of many"),
    v6([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254], 128, METADATA),
    v6([0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254], 128, METADATA),
];

/// All kinds that an address is of.
pub fn special_kinds(address: IpAddr) -> Vec<&'static SpecialKind> {
    let address = plain(address);
    let kinds = SPECIAL.iter().filter(|kind| kind.network.holds(address));
    kinds.collect()
}

/// Networks of houses and companies, which are not part of the public one.
pub fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [a, b, ..] = address.octets();
            // Shared by customers of a provider; for measuring devices.
            address.is_private()
                || (a == 100 && (64..128).contains(&b))
                || (a == 198 && (18..20).contains(&b))
        }
        IpAddr::V6(address) => address.is_unique_local(),
    }
}

/// An address of IPv4 that is written as one of IPv6 (`::ffff:a.b.c.d`) is one of IPv4: that is what is dialled.
pub fn plain(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
        v4 => v4,
    }
}

impl Network {
    /// The network of the address; bits behind the length are dropped.
    pub fn new(address: IpAddr, length: u8) -> Network {
        // ::ffff:a.b.c.d/96+n is a.b.c.d/n.
        let (address, length) = match (plain(address), address) {
            (plain @ IpAddr::V4(_), IpAddr::V6(_)) if length >= 96 => (plain, length - 96),
            (_, as_written) => (as_written, length),
        };
        let address = match address {
            IpAddr::V4(address) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & mask))
            }
            IpAddr::V6(address) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
            }
        };
        Network { address, length }
    }

    pub fn holds(&self, address: IpAddr) -> bool {
        self.address.is_ipv4() == address.is_ipv4() && Network::new(address, self.length) == *self
    }

    /// Whether all of the other lies in this one.
    pub fn covers(&self, other: &Network) -> bool {
        self.length <= other.length && self.holds(other.address)
    }
}
