//! Certificate Manager.
