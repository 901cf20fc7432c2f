//! WAF web ACLs and their associations.
