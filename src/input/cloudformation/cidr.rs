//! `Fn::Cidr`: cutting an address block into equal ones.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The first `count` (1 to 256) blocks with `bits` host bits each; `None` when they do not fit.
pub(super) fn blocks(block: &str, count: i64, bits: i64) -> Option<Vec<String>> {
    let (address, length) = block.trim().split_once('/')?;
    let length: u32 = length.parse().ok()?;
    let count = u128::try_from(count).ok().filter(|count| (1..=256).contains(count))?;
    let bits = u32::try_from(bits).ok()?;
    let address: IpAddr = address.parse().ok()?;
    let (width, value): (u32, u128) = match address {
        IpAddr::V4(address) => (32, u128::from(u32::from(address))),
        IpAddr::V6(address) => (128, u128::from(address)),
    };
    let room = width.checked_sub(length)?;
    if bits == 0 || bits > room || (room < 128 && bits < 128 && room - bits < 64 && (1 << (room - bits)) < count) {
        return None;
    }
    let network = value.checked_shr(room).map_or(0, |shifted| shifted.checked_shl(room).unwrap_or(0));
    (0..count)
        .map(|index| {
            let start = network.checked_add(index.checked_shl(bits)?)?;
            let text = match address {
                IpAddr::V4(_) => Ipv4Addr::from(u32::try_from(start).ok()?).to_string(),
                IpAddr::V6(_) => Ipv6Addr::from(start).to_string(),
            };
            Some(format!("{text}/{}", width - bits))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::blocks;

    #[test]
    fn blocks_follow_each_other() {
        assert_eq!(blocks("10.0.0.0/16", 3, 8).unwrap(), ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"]);
        assert_eq!(blocks("2001:db8::/56", 2, 64).unwrap(), ["2001:db8::/64", "2001:db8:0:1::/64"]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(blocks("10.0.0.0/24", 2, 8), None);
        assert_eq!(blocks("10.0.0.0/24", 1, 9), None);
        assert_eq!(blocks("10.0.0.0/33", 1, 1), None);
        assert_eq!(blocks("0.0.0.0/0", 256, 32), None);
        assert_eq!(blocks("::/0", 256, 128), None);
        assert_eq!(blocks("x", 1, 1), None);
    }
}
