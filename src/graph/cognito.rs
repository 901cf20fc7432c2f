//! Cognito user pools and identity pools.
