//! What tests of mappings have in common.

use aws_config::SdkConfig;

use crate::account::reader::Reader;

/// A reader of account 111122223333 in us-east-1 that calls nothing.
pub(super) fn reader() -> Reader {
    Reader::new(SdkConfig::builder().build(), "111122223333", "us-east-1", "aws", None)
}
