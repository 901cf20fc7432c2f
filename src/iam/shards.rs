//! Embedded tables of lines, sorted by their first field and compressed in shards, so that looking one name up decodes
//! some fifty kilobytes and a run that looks nothing up decodes nothing. Written by `scripts/refresh-iam-data.py`.

use std::io::Read as _;
use std::sync::OnceLock;

/// Lines are `key TAB rest`.
#[derive(Debug)]
pub struct Shards {
    /// A line a shard: first key, offset, length.
    index: &'static str,
    bytes: &'static [u8],
    decoded: OnceLock<Vec<Shard>>,
}

#[derive(Debug)]
struct Shard {
    first: &'static str,
    packed: &'static [u8],
    text: OnceLock<String>,
}

impl Shards {
    pub const fn new(index: &'static str, bytes: &'static [u8]) -> Self {
        Self { index, bytes, decoded: OnceLock::new() }
    }

    /// The line of a key: the key and what follows it.
    pub fn find(&self, key: &str) -> Option<(&str, &str)> {
        let shards = self.shards();
        let at = shards.partition_point(|shard| shard.first <= key).checked_sub(1)?;
        lines(shards.get(at)?.text()).find(|(name, _)| *name == key)
    }

    /// All lines. Decodes everything.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.shards().iter().flat_map(|shard| lines(shard.text()))
    }

    /// How many shards were decoded so far.
    #[cfg(test)]
    pub(super) fn decoded(&self) -> usize {
        self.shards().iter().filter(|shard| shard.text.get().is_some()).count()
    }

    fn shards(&self) -> &[Shard] {
        self.decoded.get_or_init(|| {
            let shard = |line: &'static str| {
                let mut fields = line.split('\t');
                let first = fields.next()?;
                let offset: usize = fields.next()?.parse().ok()?;
                let length: usize = fields.next()?.parse().ok()?;
                Some(Shard { first, packed: self.bytes.get(offset..offset + length)?, text: OnceLock::new() })
            };
            self.index.lines().filter_map(shard).collect()
        })
    }
}

impl Shard {
    fn text(&self) -> &str {
        self.text.get_or_init(|| {
            let mut text = String::new();
            // The data is part of the program and a test decodes all of it; a shard that does not decode is empty.
            flate2::read::DeflateDecoder::new(self.packed).read_to_string(&mut text).map(|_| text).unwrap_or_default()
        })
    }
}

fn lines(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter_map(|line| line.split_once('\t'))
}

#[cfg(test)]
mod tests {
    use crate::iam::{catalogue, managed};

    #[test]
    fn every_shard_decodes_and_the_tables_are_as_large_as_the_manifest_says() {
        let manifest: serde_json::Value = serde_json::from_str(include_str!("data/MANIFEST.json")).unwrap();
        assert_eq!(manifest["managed-policies"]["policies"], managed::all().count());
        assert_eq!(manifest["actions"]["services"], catalogue::services().count());
        let actions: usize = catalogue::services().map(|service| service.actions().count()).sum();
        assert_eq!(manifest["actions"]["actions"], actions);
    }
}
