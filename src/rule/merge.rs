//! The judgements of all worlds → one finding per (rule, subject), with the conditions under which it holds.
