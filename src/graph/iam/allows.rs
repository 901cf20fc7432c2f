//! Whether a role may perform an action at all, on whatever resource.

use super::{Attached, Iam, Role};
use crate::iam::document::{Document, Effect};
use crate::value::Reason;

impl Iam {
    /// Whether some policy of the role allows an action (`service:Name` in any case) and
    /// none denies it on everything. A deny with conditions or named resources does not count as a refusal.
    pub fn allows(&self, role: &Role, action: &str) -> Result<bool, Reason> {
        // Patterns hold actions in lower case.
        let action = &action.to_ascii_lowercase();
        let mut open = role.attachments_open.as_ref().map(|(reason, _)| reason.clone());
        let mut allowed = false;
        for attachment in &role.attachments {
            let answer = match &attachment.policy {
                Attached::Own(index) => {
                    self.policies.get(*index).map(|policy| decide(&policy.content.document, action))
                }
                Attached::AwsManaged(policy) => Some(decide(&policy.document, action)),
                Attached::AwsUnlisted(name, None) | Attached::Outside(name) => {
                    Some(Err(Reason::Outside(format!("policy `{name}`").into())))
                }
                Attached::AwsUnlisted(_, Some(reason)) | Attached::Unknown(reason) => Some(Err(reason.clone())),
            };
            match answer {
                Some(Ok(Answer::Refused)) => return Ok(false),
                Some(Ok(Answer::Allowed)) => allowed = true,
                Some(Err(reason)) => open = open.or(Some(reason)),
                Some(Ok(Answer::Silent)) | None => {}
            }
        }
        if allowed { Ok(true) } else { open.map_or(Ok(false), Err) }
    }
}

enum Answer {
    Allowed,
    Refused,
    Silent,
}

fn decide(document: &Document, action: &str) -> Result<Answer, Reason> {
    let mut open = document.open.clone();
    let mut answer = Answer::Silent;
    for statement in &document.statements {
        match statement.actions.includes(action) {
            Some(false) => {}
            None => open = open.or_else(|| statement.actions.reason().cloned()),
            Some(true) => match &statement.effect {
                Effect::Deny if statement.is_unconditional() && statement.resources.is_everything() == Some(true) => {
                    return Ok(Answer::Refused);
                }
                Effect::Deny => {}
                Effect::Allow => answer = Answer::Allowed,
                Effect::Unknown(reason) => open = open.or_else(|| Some(reason.clone())),
            },
        }
    }
    match (answer, open) {
        (Answer::Silent, Some(reason)) => Err(reason),
        (answer, _) => Ok(answer),
    }
}
