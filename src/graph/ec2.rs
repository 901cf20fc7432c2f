//! EC2 networking and instances.
