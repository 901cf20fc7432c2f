//! The README's table of rules is generated from the rule files.

use std::fs;

use sra_guard::cli::rules::markdown;

use crate::support::{root, rules};

#[test]
fn the_table_of_rules_is_the_generated_one() {
    let file = root("README.md");
    let text = fs::read_to_string(&file).unwrap();
    let (head, rest) = text.split_once("<!-- rules: begin (generated) -->\n").unwrap();
    let (table, tail) = rest.split_once("<!-- rules: end -->").unwrap();
    let wanted = markdown(rules());
    if std::env::var_os("SRA_GUARD_UPDATE").is_some() {
        fs::write(&file, format!("{head}<!-- rules: begin (generated) -->\n{wanted}<!-- rules: end -->{tail}"))
            .unwrap();
    } else {
        assert_eq!(table, wanted, "run the tests with SRA_GUARD_UPDATE=1 to rewrite README.md");
    }
}
