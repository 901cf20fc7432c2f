//! Further accounts: those of a file, or of the organization.

use std::collections::BTreeMap;
use std::path::Path;

use aws_config::SdkConfig;
use aws_sdk_organizations::Client;
use aws_sdk_organizations::types::{Account, AccountState, ChildType};

use super::Error;
use super::refusal::Refusal;

/// An account to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Twelve digits.
    pub account: String,
    /// ARN of the role to assume there, when it is not the same in all accounts.
    pub role: Option<String>,
}

/// Reads a file with one account a line: its twelve digits, or the ARN of the role to assume in it. `#` begins a comment.
pub fn listed(path: &Path) -> Result<Vec<Entry>, String> {
    let name = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| format!("cannot read `{name}`: {error}"))?;
    let mut entries: Vec<(usize, Entry)> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let place = index + 1;
        let role = is_role(line).then(|| line.to_owned());
        let account = if role.is_some() { line.split(':').nth(4).unwrap_or_default() } else { line };
        if !is_account(account) {
            return Err(format!("{name}:{place}: `{line}` is no account id of twelve digits and no ARN of a role"));
        }
        let entry = Entry { account: account.to_owned(), role };
        match entries.iter().find(|(_, known)| known.account == entry.account) {
            None => entries.push((place, entry)),
            Some((_, known)) if *known == entry => {}
            Some((first, _)) => {
                return Err(format!(
                    "{name}:{place}: account {account} is in line {first} too, with another role; leave one of them out"
                ));
            }
        }
    }
    let entries: Vec<Entry> = entries.into_iter().map(|(_, entry)| entry).collect();
    if entries.is_empty() { Err(format!("`{name}` lists no account")) } else { Ok(entries) }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether it is the ARN of a role.
pub(super) fn is_role(text: &str) -> bool {
    match text.split(':').collect::<Vec<_>>().as_slice() {
        ["arn", partition, "iam", "", account, resource] => {
            let role = resource.strip_prefix("role/").is_some_and(|name| !name.is_empty() && !name.contains(' '));
            partition.starts_with("aws") && is_account(account) && role
        }
        _ => false,
    }
}

/// The active accounts of the organization, or of units of it and what is below them, sorted.
pub(super) async fn of_organization(config: &SdkConfig, units: &[String]) -> Result<Vec<Entry>, Error> {
    let client = Client::new(config);
    let mut active = BTreeMap::new();
    let mut pages = client.list_accounts().into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| Error::Organization(Refusal::of_call(&error)))?;
        let accounts = page.accounts().iter().filter(|account| is_active(account));
        active.extend(
            accounts.filter_map(Account::id).map(|id| (id.to_owned(), Entry { account: id.to_owned(), role: None })),
        );
    }
    if units.is_empty() {
        let entries: Vec<Entry> = active.into_values().collect();
        return if entries.is_empty() { Err(Error::NoMembers("the organization".to_owned())) } else { Ok(entries) };
    }
    let mut wanted = BTreeMap::new();
    let mut open: Vec<String> = units.to_vec();
    let mut seen = std::collections::BTreeSet::new();
    while let Some(unit) = open.pop() {
        if !seen.insert(unit.clone()) {
            continue;
        }
        for id in children(&client, &unit, ChildType::Account).await? {
            if let Some(entry) = active.get(&id) {
                wanted.insert(id, entry.clone());
            }
        }
        open.extend(children(&client, &unit, ChildType::OrganizationalUnit).await?);
    }
    if wanted.is_empty() {
        let named: Vec<String> = units.iter().map(|unit| format!("`{unit}`")).collect();
        return Err(Error::NoMembers(format!("{} and what is below", named.join(", "))));
    }
    Ok(wanted.into_values().collect())
}

async fn children(client: &Client, unit: &str, kind: ChildType) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    let mut pages = client.list_children().parent_id(unit).child_type(kind).into_paginator().send();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| Error::Unit { unit: unit.to_owned(), why: Refusal::of_call(&error) })?;
        found.extend(page.children().iter().filter_map(|child| child.id().map(str::to_owned)));
    }
    Ok(found)
}

/// The state takes the place of the status, which answers of old do not have.
fn is_active(account: &Account) -> bool {
    match account.state() {
        Some(state) => *state == AccountState::Active,
        None => account.status() == Some(&aws_sdk_organizations::types::AccountStatus::Active),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Vec<Entry>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("accounts.txt");
        std::fs::write(&path, text).unwrap();
        listed(&path).map_err(|error| error.replace(&folder.path().display().to_string(), ""))
    }

    #[test]
    fn a_line_is_an_account_or_a_role_in_it() {
        let role = "arn:aws:iam::210987654321:role/audit";
        let entries = of(&format!("# production\n123456789012  # web\n\n{role}\n123456789012\n")).unwrap();
        let entry =
            |account: &str, role: Option<&str>| Entry { account: account.to_owned(), role: role.map(str::to_owned) };
        assert_eq!(entries, [entry("123456789012", None), entry("210987654321", Some(role))]);
    }

    #[test]
    fn what_is_no_account_is_refused_with_its_line() {
        let error = of("123456789012\n1234\n").unwrap_err();
        assert_eq!(error, "/accounts.txt:2: `1234` is no account id of twelve digits and no ARN of a role");
        for no_role in ["arn:aws:s3:::123456789012", "arn:aws:iam::123456789012:user/ann", "arn:aws:iam::1:role/r"] {
            assert!(of(no_role).unwrap_err().contains("no ARN of a role"), "{no_role}");
        }
        let error = of("123456789012\narn:aws:iam::123456789012:role/audit").unwrap_err();
        assert!(
            error.starts_with("/accounts.txt:2: account 123456789012 is in line 1 too, with another role"),
            "{error}"
        );
        assert_eq!(of("# none\n").unwrap_err(), "`/accounts.txt` lists no account");
    }
}
