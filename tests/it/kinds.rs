//! The list of understood resource types follows the code that reads them.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn type_names(dir: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            type_names(&path, found);
        } else if path.file_name().is_some_and(|name| name != "kinds.rs") {
            let text = fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap_or_default();
            let quoted =
                code.lines().filter(|line| !line.trim_start().starts_with("//")).flat_map(|line| line.split('"'));
            found.extend(
                quoted.filter(|part| part.starts_with("AWS::") && part.matches("::").count() == 2).map(str::to_owned),
            );
        }
    }
}

#[test]
fn understood_types_are_those_that_the_code_reads() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeSet::new();
    type_names(&source.join("graph"), &mut found);
    type_names(&source.join("facts"), &mut found);
    let file = source.join("graph/kinds.rs");
    let text = fs::read_to_string(&file).unwrap();
    let start = text.find("= &[").unwrap() + 4;
    let end = start + text[start..].find("];").unwrap();
    let wanted = found.iter().fold(String::new(), |text, kind| text + "\n    \"" + kind + "\",") + "\n";
    if std::env::var_os("SRA_GUARD_UPDATE").is_some() {
        fs::write(&file, format!("{}{wanted}{}", &text[..start], &text[end..])).unwrap();
    } else {
        assert_eq!(&text[start..end], wanted, "run the tests with SRA_GUARD_UPDATE=1 to rewrite src/graph/kinds.rs");
    }
}
