//! Which TLS versions a predefined security policy of Elastic Load Balancing accepts. The data file names its source
//! and date; a policy that is not in it is unknown.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
struct Policies {
    default: String,
    /// Policy → protocols, the oldest first.
    policies: BTreeMap<String, Vec<String>>,
}

static POLICIES: LazyLock<Policies> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../data/tls_policies.json")).unwrap_or_default());

/// The policy of a listener that is created without one, other than in the console.
pub(super) fn default_policy() -> &'static str {
    &POLICIES.default
}

/// The oldest version that a policy accepts, such as `TLSv1.0`.
pub(super) fn oldest(policy: &str) -> Option<&'static str> {
    POLICIES.policies.get(policy)?.first().map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::{POLICIES, default_policy, oldest};

    #[test]
    fn the_data_file_is_read_and_its_default_is_an_old_policy() {
        assert!(POLICIES.policies.len() > 40);
        assert_eq!(oldest(default_policy()), Some("TLSv1.0"));
    }

    #[test]
    fn versions_come_from_the_table_and_not_from_the_name() {
        assert_eq!(oldest("ELBSecurityPolicy-TLS13-1-0-2021-06"), Some("TLSv1.0"));
        assert_eq!(oldest("ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"), Some("TLSv1.2"));
        assert_eq!(oldest("ELBSecurityPolicy-TLS13-1-2-Res-2099-01"), None);
    }
}
