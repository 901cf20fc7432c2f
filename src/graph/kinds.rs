//! Which resource types the graph understands, so that reports can say what nothing looked at.

/// Types that some view or fact reads. A test compares it with the type names in `src/graph` and `src/facts`.
const UNDERSTOOD: &[&str] = &["AWS::EC2::VPC"];

/// Whether resources of a type take part in any analysis.
pub fn understands(kind: &str) -> bool {
    UNDERSTOOD.binary_search(&kind).is_ok()
}
