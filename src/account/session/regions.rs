//! Regions: what they are called, and which of them an account has enabled.

use aws_config::SdkConfig;
use aws_sdk_ec2::types::Region;

use super::refusal::Refusal;
use super::{Access, Error};

/// All regions that an account has enabled.
pub(super) const ALL: &str = "all";

/// What lists them.
pub(super) const LIST: &str = "ec2:DescribeRegions";

/// What tells of one whether it is enabled.
pub(super) const STATUS: &str = "account:GetRegionOptStatus";

/// Refuses what cannot be the name of a region.
pub(super) fn check(regions: &[String]) -> Result<(), Error> {
    let wrong = regions.iter().find(|region| *region != ALL && !is_name(region));
    wrong.map_or(Ok(()), |region| Err(Error::NoRegionName(region.clone())))
}

/// Whether something can be the name of a region: `us-gov-west-1`, the area, where in it, and a number. Source: "AWS Regions", AWS Regions and Availability Zones.
pub fn is_name(text: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    match text.split('-').collect::<Vec<_>>().as_slice() {
        [area, middle @ .., number] => {
            !middle.is_empty()
                && (2..=4).contains(&area.len())
                && word(area)
                && middle.iter().all(|part| word(part))
                && !number.is_empty()
                && number.bytes().all(|byte| byte.is_ascii_digit())
        }
        _ => false,
    }
}

impl Access {
    /// Whether all that are enabled are asked for.
    pub(super) fn all_regions(&self) -> bool {
        self.regions.iter().any(|region| region == ALL)
    }

    /// The regions to read in an account, and those of them that it has not enabled.
    pub(super) async fn regions(
        &self,
        config: &SdkConfig,
        account: &str,
        partition: &str,
    ) -> Result<(Vec<String>, Vec<String>), Error> {
        if self.all_regions() {
            let listed = described(config, false).await;
            let listed = listed.map_err(|why| Error::Regions { account: account.to_owned(), why })?;
            let mut enabled: Vec<String> = listed.iter().filter_map(name).collect();
            enabled.sort();
            return Ok((enabled, Vec::new()));
        }
        let own = || config.region().map(ToString::to_string).into_iter().collect();
        let mut named: Vec<String> = if self.regions.is_empty() { own() } else { self.regions.clone() };
        let mut seen = std::collections::BTreeSet::new();
        named.retain(|region| seen.insert(region.clone()));
        // Who may not ask learns from each call what is wrong with a region.
        let known = if self.regions_as_named { Vec::new() } else { described(config, true).await.unwrap_or_default() };
        if known.is_empty() {
            return Ok((named, Vec::new()));
        }
        if let Some(region) = named.iter().find(|named| !known.iter().any(|known| name(known).as_ref() == Some(named)))
        {
            let (partition, account) = (partition.to_owned(), account.to_owned());
            return Err(Error::NoSuchRegion { region: region.clone(), partition, account });
        }
        let is_disabled = |named: &String| {
            let status = known.iter().find(|known| name(known).as_ref() == Some(named)).and_then(Region::opt_in_status);
            status == Some("not-opted-in")
        };
        let (disabled, enabled) = named.into_iter().partition(is_disabled);
        Ok((enabled, disabled))
    }
}

fn name(region: &Region) -> Option<String> {
    region.region_name().map(str::to_owned)
}

/// The regions of a partition, or those of them that an account has enabled.
async fn described(config: &SdkConfig, all: bool) -> Result<Vec<Region>, Refusal> {
    let answer = aws_sdk_ec2::Client::new(config).describe_regions().all_regions(all).send().await;
    Ok(answer.map_err(|error| Refusal::of_call(&error))?.regions.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_regions_are_told_from_other_words() {
        for region in ["us-east-1", "ap-southeast-13", "us-gov-west-1", "us-isob-east-1", "eusc-de-east-1"] {
            assert!(is_name(region), "{region}");
        }
        for other in ["", "mars-1", "us-east-1a", "US-EAST-1", "us-east", "us--1", "Frankfurt", "europe-west1-b-2"] {
            assert!(!is_name(other), "{other}");
        }
    }
}
