//! Blocks of addresses, IPv4 and IPv6.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use super::{Call, Function, Outcome, Stop, Takes, function};
use crate::input::terraform::symbol;
use crate::input::terraform::value::{Kind, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    function("cidrcontains", &[Takes::Text, Takes::Text], None, cidrcontains),
    function("cidrhost", &[Takes::Text, Takes::Number], None, cidrhost),
    function("cidrnetmask", &[Takes::Text], None, cidrnetmask),
    function("cidrsubnet", &[Takes::Text, Takes::Number, Takes::Number], None, cidrsubnet),
    function("cidrsubnets", &[Takes::Text], Some(Takes::Number), cidrsubnets),
];

/// An address block; bits beyond the prefix are zero.
#[derive(Clone, Copy)]
struct Block {
    /// The address as a number of `bits` bits.
    start: u128,
    prefix: u32,
    /// 32 or 128.
    bits: u32,
}

impl Block {
    fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let (start, bits) = number_of(address)?;
        let digits = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
        let prefix: u32 = prefix.parse().ok().filter(|_| digits)?;
        // IPv4 that is written as IPv6 counts its prefix from the first bit of the latter.
        let mapped = bits == 32 && address.contains(':');
        let prefix = if mapped { prefix.checked_sub(96)? } else { prefix };
        if prefix > bits {
            return None;
        }
        Some(Self { start: start & !host_mask(bits - prefix), prefix, bits })
    }

    /// The block number `index` of those that are smaller by some bits.
    fn part(self, more: u32, index: u128) -> Option<Self> {
        let prefix = self.prefix.checked_add(more).filter(|prefix| *prefix <= self.bits)?;
        if more < 128 && index >> more != 0 {
            return None;
        }
        let offset = index.checked_shl(self.bits - prefix).unwrap_or(0);
        Some(Self { start: self.start | offset, prefix, bits: self.bits })
    }

    fn holds(self, other: u128) -> bool {
        other & !host_mask(self.bits - self.prefix) == self.start
    }

    fn end(self) -> u128 {
        self.start | host_mask(self.bits - self.prefix)
    }

    fn address(self, number: u128) -> String {
        match u32::try_from(number) {
            Ok(small) if self.bits == 32 => Ipv4Addr::from(small).to_string(),
            _ => Ipv6Addr::from(number).to_string(),
        }
    }

    fn text(self) -> String {
        format!("{}/{}", self.address(self.start), self.prefix)
    }
}

fn host_mask(bits: u32) -> u128 {
    1_u128.checked_shl(bits).map_or(u128::MAX, |size| size - 1)
}

/// An address as a number, and how many bits it has. Leading zeros of IPv4 are decimal, as Terraform reads them.
fn number_of(address: &str) -> Option<(u128, u32)> {
    if address.contains(':') {
        return match address.parse().ok()? {
            IpAddr::V6(address) => match address.to_ipv4_mapped() {
                Some(mapped) => Some((u128::from(u32::from(mapped)), 32)),
                None => Some((u128::from(address), 128)),
            },
            IpAddr::V4(_) => None,
        };
    }
    let mut number = 0_u128;
    let mut count = 0;
    for part in address.split('.') {
        let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let byte: u8 = part.parse().ok().filter(|_| digits)?;
        number = number << 8 | u128::from(byte);
        count += 1;
    }
    (count == 4).then_some((number, 32))
}

fn block(call: &Call<'_>, index: usize) -> Result<Block, Stop> {
    let text = call.text(index)?;
    Block::parse(&text).ok_or_else(|| Stop::Error(Some(index), format!("`{text}` is not an address block")))
}

fn bits(call: &Call<'_>, index: usize) -> Result<u32, Stop> {
    u32::try_from(call.whole(index)?).or_else(|_| call.refuse(index, "is not a number of bits"))
}

fn cidrhost(call: &Call<'_>) -> Outcome {
    let (block, host) = (block(call, 0)?, call.whole(1)?);
    let size = host_mask(block.bits - block.prefix);
    let offset = if host < 0 {
        // -1 is the last address.
        host.unsigned_abs().checked_sub(1).filter(|back| *back <= size).map(|back| size - back)
    } else {
        u128::try_from(host).ok().filter(|host| *host <= size)
    };
    match offset {
        Some(offset) => call.give_text(block.address(block.start | offset)),
        None => call.refuse(1, "is not in the block"),
    }
}

fn cidrnetmask(call: &Call<'_>) -> Outcome {
    let block = block(call, 0)?;
    if block.bits != 32 {
        return call.refuse(0, "is not IPv4");
    }
    call.give_text(block.address(!host_mask(32 - block.prefix) & host_mask(32)))
}

fn cidrsubnet(call: &Call<'_>) -> Outcome {
    let (block, more, index) = (block(call, 0)?, bits(call, 1)?, call.whole(2)?);
    let Ok(index) = u128::try_from(index) else { return call.refuse(2, "must not be negative") };
    if block.prefix + more.min(129) > block.bits {
        return call.refuse(1, "leaves no room in the block");
    }
    match block.part(more, index) {
        Some(part) => call.give_text(part.text()),
        None => call.refuse(2, "needs more bits"),
    }
}

fn cidrsubnets(call: &Call<'_>) -> Outcome {
    match consecutive(call) {
        Err(Stop::Unknown) if !call.arguments.iter().any(|argument| matches!(argument.kind, Kind::Rest(_))) => {
            let whole = symbol::of_call(call.name, call.arguments);
            let reason = call.reason(call.argument(0)?);
            let one = |index: usize| {
                let symbol = whole.as_ref().map(|whole| Arc::from(format!("{whole}[{index}]")));
                Value::unknown(call.span, reason.clone(), symbol)
            };
            let blocks: Vec<Value> = (0..call.arguments.len().saturating_sub(1)).map(one).collect();
            Ok(Value::list(call.span, blocks).collected())
        }
        outcome => outcome,
    }
}

fn consecutive(call: &Call<'_>) -> Outcome {
    let block = block(call, 0)?;
    let mut next = Some(block.start);
    let mut found = Vec::new();
    for index in 1..call.arguments.len() {
        let more = bits(call, index)?;
        if more == 0 || more > 32 {
            return call.refuse(index, "must be from 1 to 32");
        }
        let prefix = block.prefix + more;
        if prefix > block.bits {
            return call.refuse(index, "leaves no room in the block");
        }
        let mask = host_mask(block.bits - prefix);
        // A larger block starts at a multiple of its size.
        let start = next.and_then(|next| next.checked_add(mask)).map(|start| start & !mask);
        let Some(start) = start.filter(|start| block.holds(*start)) else {
            return call.refuse(index, "does not fit behind those before it");
        };
        let part = Block { start, prefix, bits: block.bits };
        found.push(Value::text(call.span, part.text()));
        next = part.end().checked_add(1);
    }
    Ok(Value::list(call.span, found).collected())
}

/// Whether a block holds an address or another block.
fn cidrcontains(call: &Call<'_>) -> Outcome {
    let (outer, inner) = (block(call, 0)?, call.text(1)?);
    let inner = match Block::parse(&inner) {
        Some(inner) => inner,
        None => match number_of(&inner) {
            Some((start, bits)) => Block { start, prefix: bits, bits },
            None => return call.refuse(1, "is neither an address nor a block"),
        },
    };
    if inner.bits != outer.bits {
        return call.refuse(1, "is of another family than the block");
    }
    call.give(Kind::Bool(outer.holds(inner.start) && outer.holds(inner.end())))
}
