//! Address blocks. Both families are ranges of `u128`, so every question is arithmetic on numbers.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Family {
    V4,
    V6,
}

impl Family {
    pub fn bits(self) -> u8 {
        match self {
            Self::V4 => 32,
            Self::V6 => 128,
        }
    }
}

/// A block in canonical form: the host bits are cleared, as EC2 does with route destinations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cidr {
    pub family: Family,
    first: u128,
    prefix: u8,
}

/// What no packet on the Internet has as its source. Source: IANA IPv4 Special-Purpose Address Registry.
const RESERVED_V4: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/3",
];

/// Source: RFC 1918, and RFC 4193 for IPv6.
const PRIVATE: &[&str] = &["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"];

/// All IPv6 addresses that are routed on the Internet. Source: IANA IPv6 Global Unicast Address Space.
const PUBLIC_V6: &str = "2000::/3";

/// No organisation holds a block shorter than this, so one that is open to it is open to strangers.
pub const WIDEST_OWNED_V4: u8 = 8;
/// The same for IPv6.
pub const WIDEST_OWNED_V6: u8 = 16;

impl Cidr {
    /// `192.0.2.0/24`, `2001:db8::/32`; `None` for anything else, a bare address included.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.trim().split_once('/')?;
        let (family, bits) = match address.parse().ok()? {
            IpAddr::V4(address) => (Family::V4, u128::from(u32::from(address))),
            IpAddr::V6(address) => (Family::V6, u128::from(address)),
        };
        let prefix: u8 = prefix.parse().ok()?;
        Self::new(family, bits, prefix)
    }

    pub fn new(family: Family, address: u128, prefix: u8) -> Option<Self> {
        let host_bits = family.bits().checked_sub(prefix)?;
        let mask = host_mask(host_bits);
        Some(Self { family, first: address & !mask, prefix })
    }

    pub fn first(&self) -> u128 {
        self.first
    }

    pub fn last(&self) -> u128 {
        self.first | host_mask(self.family.bits().saturating_sub(self.prefix))
    }

    pub fn contains(&self, other: &Self) -> bool {
        self.family == other.family && self.first <= other.first && other.last() <= self.last()
    }

    /// Lies wholly in RFC 1918 or unique-local space.
    pub fn is_private(&self) -> bool {
        blocks(PRIVATE).any(|block| block.contains(self))
    }

    /// Wider than anything that one organisation owns, and not only reserved addresses.
    pub fn is_internet_wide(&self) -> bool {
        match self.family {
            Family::V4 => self.prefix < WIDEST_OWNED_V4 && !blocks(RESERVED_V4).any(|block| block.contains(self)),
            Family::V6 => {
                self.prefix < WIDEST_OWNED_V6
                    && Self::parse(PUBLIC_V6).is_some_and(|public| public.contains(self) || self.contains(&public))
            }
        }
    }
}

/// Whether the blocks together leave out no address of the Internet of one family:
/// `0.0.0.0/1` and `128.0.0.0/1` do as well as `0.0.0.0/0`.
pub fn cover_internet(cidrs: &[Cidr], family: Family) -> bool {
    let given = cidrs.iter().copied().filter(|cidr| cidr.family == family);
    match family {
        Family::V4 => {
            let all: Vec<Cidr> = given.chain(blocks(RESERVED_V4)).collect();
            Cidr::new(family, 0, 0).is_some_and(|whole| cover(&all, &whole))
        }
        Family::V6 => Cidr::parse(PUBLIC_V6).is_some_and(|whole| cover(&given.collect::<Vec<_>>(), &whole)),
    }
}

/// Whether every address of `whole` lies in one of the blocks.
pub fn cover(cidrs: &[Cidr], whole: &Cidr) -> bool {
    let mut sorted: Vec<&Cidr> = cidrs.iter().filter(|cidr| cidr.family == whole.family).collect();
    sorted.sort();
    let mut next = whole.first();
    for cidr in sorted {
        if cidr.first() > next {
            return false;
        }
        if cidr.last() >= whole.last() {
            return true;
        }
        next = next.max(cidr.last().saturating_add(1));
    }
    false
}

fn blocks(list: &'static [&'static str]) -> impl Iterator<Item = Cidr> {
    list.iter().filter_map(|text| Cidr::parse(text))
}

fn host_mask(bits: u8) -> u128 {
    match bits {
        0 => 0,
        bits => u128::MAX >> (128 - u32::from(bits.min(128))),
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.family {
            Family::V4 => {
                write!(f, "{}/{}", Ipv4Addr::from(u32::try_from(self.first).unwrap_or_default()), self.prefix)
            }
            Family::V6 => write!(f, "{}/{}", Ipv6Addr::from(self.first), self.prefix),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cidr(text: &str) -> Cidr {
        Cidr::parse(text).unwrap()
    }

    #[test]
    fn blocks_are_canonical() {
        assert_eq!(cidr("100.68.0.18/18").to_string(), "100.68.0.0/18");
        assert_eq!(cidr("2001:DB8:0::1/32").to_string(), "2001:db8::/32");
        assert_eq!(cidr("::/0").last(), u128::MAX);
        for nonsense in ["", "/", "10.0.0.0", "10.0.0.0/33", "::/129", "10.0.0/8", "a/8", "10.0.0.0/-1"] {
            assert_eq!(Cidr::parse(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn split_defaults_cover_the_internet() {
        assert!(cover_internet(&[cidr("0.0.0.0/1"), cidr("128.0.0.0/1")], Family::V4));
        assert!(cover_internet(&[cidr("128.0.0.0/1"), cidr("0.0.0.0/2"), cidr("64.0.0.0/2")], Family::V4));
        assert!(!cover_internet(&[cidr("0.0.0.0/1")], Family::V4));
        assert!(!cover_internet(&[cidr("0.0.0.0/1"), cidr("128.0.0.0/1")], Family::V6));
        assert!(cover_internet(&[cidr("2000::/4"), cidr("3000::/4")], Family::V6));
        assert!(cover_internet(&[cidr("::/0")], Family::V6));
    }

    #[test]
    fn all_but_the_private_blocks_is_still_the_internet() {
        let around_ten: Vec<Cidr> = ["0.0.0.0/5", "8.0.0.0/7", "11.0.0.0/8", "12.0.0.0/6", "16.0.0.0/4", "32.0.0.0/3"]
            .into_iter()
            .chain(["64.0.0.0/2", "128.0.0.0/1"])
            .map(cidr)
            .collect();
        assert!(cover_internet(&around_ten, Family::V4));
    }

    #[test]
    fn private_and_wide_blocks_are_told_apart() {
        assert!(
            cidr("10.20.0.0/16").is_private() && cidr("172.31.0.0/16").is_private() && cidr("fd00::/8").is_private()
        );
        assert!(
            !cidr("172.32.0.0/16").is_private() && !cidr("8.0.0.0/6").is_private() && !cidr("0.0.0.0/0").is_private()
        );
        assert!(cidr("0.0.0.0/1").is_internet_wide() && cidr("2000::/3").is_internet_wide());
        assert!(!cidr("17.0.0.0/8").is_internet_wide() && !cidr("fc00::/7").is_internet_wide());
        assert!(!cidr("224.0.0.0/4").is_internet_wide());
    }

    proptest! {
        #[test]
        fn cover_agrees_with_counting(blocks in prop::collection::vec((0u128..256, 24u8..=32), 0..8), prefix in 24u8..=32, at in 0u128..256) {
            let base = 0xC0A8_0100;
            let make = |(low, prefix): (u128, u8)| Cidr::new(Family::V4, base | low, prefix).unwrap();
            let whole = make((at, prefix));
            let list: Vec<Cidr> = blocks.into_iter().map(make).collect();
            let naive = (whole.first()..=whole.last())
                .all(|address| list.iter().any(|cidr| cidr.first() <= address && address <= cidr.last()));
            prop_assert_eq!(cover(&list, &whole), naive);
        }

        #[test]
        fn text_and_number_agree(address: u128, prefix in 0u8..=128) {
            let block = Cidr::new(Family::V6, address, prefix).unwrap();
            prop_assert_eq!(Cidr::parse(&block.to_string()), Some(block));
            prop_assert!(block.first() <= address && address <= block.last());
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,24}") {
            let _ = Cidr::parse(&text);
        }
    }
}
