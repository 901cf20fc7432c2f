//! Route 53 records.
