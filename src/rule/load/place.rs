//! Places in the text of a rule file, for errors.

use crate::rule::compile::Section;

/// The line of a top-level key, or 1.
pub(super) fn line_of(text: &str, key: &str) -> usize {
    text.lines().position(|line| is_key(line, key)).map_or(1, |index| index + 1)
}

fn is_key(line: &str, key: &str) -> bool {
    line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':'))
}

/// Line and column of the file for those of a section's text.
pub(in crate::rule) fn in_section(text: &str, section: Section, line: usize, column: usize) -> (usize, usize) {
    let (key, skip) = match section {
        Section::Let => ("let:", 0),
        Section::Applies => ("applies:", 0),
        Section::Assert => ("assert:", 0),
        Section::Severity(index) => ("if:", index),
    };
    let top = if let Section::Severity(_) = section { line_of(text, "severity") } else { 1 };
    let lines = text.lines().enumerate().skip(top - 1);
    // Several conditions may stand in one line.
    let mut found = lines.flat_map(|(number, text)| {
        let at_start = skip == 0 && key != "if:";
        text.match_indices(key).filter(move |(at, _)| !at_start || *at == 0).map(move |(at, _)| (number, text, at))
    });
    let Some((number, of_key, at)) = found.nth(skip) else {
        return (1, 1);
    };
    let rest = of_key.get(at + key.len()..).unwrap_or_default();
    if rest.trim_start().starts_with(['|', '>']) {
        let first = text.lines().skip(number + 1).find(|line| !line.trim().is_empty()).unwrap_or_default();
        let indent = first.len() - first.trim_start().len();
        return (number + 1 + line, indent + column);
    }
    let before = of_key.len() - rest.trim_start_matches([' ', '\'', '"']).len();
    (number + line, before + column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_map_to_lines_of_the_file() {
        let text = "id: A\nseverity: {default: low, when: [{if: 'a == 1', then: high}, {if: 'b == 2', then: high}]}\nassert: |\n  x == 1\n  y == 2\n";
        assert_eq!(in_section(text, Section::Assert, 2, 3), (5, 5));
        assert_eq!(in_section(text, Section::Severity(0), 1, 1), (2, 39));
        assert_eq!(in_section(text, Section::Severity(1), 1, 1).0, 2);
    }
}
