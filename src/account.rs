//! Live accounts: what is read of them, and what is published about them. Only this module knows the AWS SDK.
//!
//! `collect` only reads. It writes a snapshot ([`crate::input::snapshot`]), and what judges templates judges that file,
//! so an audit can be repeated without the account. `publish` is the only thing here that writes, to Security Hub.
//!
//! | file | |
//! |---|---|
//! | `session` | credentials, roles to assume, regions |
//! | `collect` | which services of which regions of which accounts, at which pace, and the snapshot's folder |
//! | `reader` | one service of one region: calls, how they end, what they find |
//! | `item` | resources in the shape of `CloudFormation` |
//! | `recorded` | what an aggregator of AWS Config records of accounts |
//! | `services` | one file a service: which calls, and what becomes of their answers |
//! | `policy` | the permissions that all this needs |
//! | `publish` | findings to Security Hub: what to write, and the calls |

pub mod collect;
pub mod item;
pub mod policy;
pub mod publish;
pub mod reader;
pub mod recorded;
pub mod services;
pub mod session;
