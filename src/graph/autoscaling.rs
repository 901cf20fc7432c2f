//! Auto Scaling groups and what they launch.
