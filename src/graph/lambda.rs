//! Lambda functions, URLs and permissions.
