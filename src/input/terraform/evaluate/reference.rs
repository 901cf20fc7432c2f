//! References: `var.x`, `local.x`, `module.m.out`, `data.t.n`, `aws_subnet.a`, and the values that are always there.

use std::sync::Arc;

use super::expression::Scope;
use super::module::ModuleInstance;
use super::run::{Fault, Run};
use crate::input::not_understood;
use crate::input::terraform::value::Value;
use crate::input::terraform::variables::near;
use crate::source::Span;
use crate::source::hcl::{Expression, ExpressionKind, Name, Step};
use crate::value::Reason;

impl<'a> Run<'a> {
    pub(super) fn reference(&self, expression: &Expression, scope: Scope<'_, 'a>) -> Result<Value, Fault> {
        let (root, steps) = match &expression.kind {
            ExpressionKind::Variable(name) => (name, [].as_slice()),
            ExpressionKind::Traversal(of, steps) => {
                if let ExpressionKind::Variable(name) = &of.kind {
                    (name, steps.as_slice())
                } else {
                    let value = self.evaluate(of, scope)?;
                    return self.steps(value, steps, scope);
                }
            }
            _ => return Err(Fault::new(expression.span, "this is no reference")),
        };
        let span = expression.span;
        if let Some(value) = scope.bindings.and_then(|bindings| bindings.find(root)) {
            return self.steps(value.clone(), steps, scope);
        }
        if let Some(variables) = scope.template {
            let Some(value) = variables.get(root) else {
                return Err(Fault::new(span, format!("the template is not given `{root}`")));
            };
            return self.steps(value.clone(), steps, scope);
        }
        match (&**root, steps) {
            ("resource", [Step::Attribute(kind), rest @ ..]) => self.managed(&kind.text, rest, span, scope),
            ("data", [Step::Attribute(kind), Step::Attribute(name), rest @ ..]) => {
                let value = self.declared(scope.module, &format!("data.{}.{}", kind.text, name.text), true, span)?;
                self.steps(value, rest, scope)
            }
            (
                "var" | "local" | "module" | "each" | "count" | "path" | "terraform" | "self",
                [Step::Attribute(name), rest @ ..],
            ) => {
                let value = self.named_value(root, name, span, scope)?;
                self.steps(value, rest, scope)
            }
            ("ephemeral", _) => {
                let reason = Reason::Attribute(Arc::from(self.configuration.sources.slice(span)));
                Ok(Value::unknown(span, reason, None))
            }
            _ => self.managed(root, steps, span, scope),
        }
    }

    fn named_value(&self, root: &str, name: &Name, span: Span, scope: Scope<'_, 'a>) -> Result<Value, Fault> {
        let module = scope.module;
        match root {
            "var" => self.variable(module, &name.text, span),
            "local" => self.local(module, &name.text, span),
            "module" => self.called(module, &name.text, span),
            "each" | "count" => {
                let repetition = scope.repetition;
                let each = repetition.and_then(|repetition| repetition.each.as_ref());
                let found = match (root, &*name.text) {
                    ("each", "key") => each.map(|(key, _)| key),
                    ("each", "value") => each.map(|(_, value)| value),
                    ("count", "index") => repetition.and_then(|repetition| repetition.index.as_ref()),
                    _ => return Err(Fault::new(span, format!("there is no `{root}.{}`", name.text))),
                };
                let needed = if root == "each" { "for_each" } else { "count" };
                found.cloned().ok_or_else(|| {
                    Fault::new(span, format!("`{root}.{}` is only known where `{needed}` is written", name.text))
                })
            }
            "path" => match &*name.text {
                "module" => Ok(Value::text(span, self.path_of(module))),
                "root" => Ok(Value::text(span, ".")),
                "cwd" => {
                    let directory = self.configuration.inputs.directory.clone();
                    Ok(Value::text(span, directory.unwrap_or_else(|| Arc::from("."))))
                }
                _ => Err(Fault::new(span, format!("there is no `path.{}`", name.text))),
            },
            "terraform" => match &*name.text {
                "workspace" => {
                    let workspace = self.configuration.inputs.workspace.clone();
                    Ok(Value::text(span, workspace.unwrap_or_else(|| Arc::from("default"))))
                }
                _ => Ok(Value::unknown(
                    span,
                    not_understood(format!("`terraform.{}` is not evaluated", name.text)),
                    None,
                )),
            },
            _ => Ok(Value::unknown(span, not_understood("`self` is not evaluated"), None)),
        }
    }

    fn managed(&self, kind: &str, steps: &[Step], span: Span, scope: Scope<'_, 'a>) -> Result<Value, Fault> {
        let [Step::Attribute(name), rest @ ..] = steps else {
            return Err(Fault::always(span, format!("`{kind}` is not known here; a resource has a type and a name")));
        };
        let value = self.declared(scope.module, &format!("{kind}.{}", name.text), false, span)?;
        self.steps(value, rest, scope)
    }

    /// A resource or data source by its name in a module.
    fn declared(&self, module: &ModuleInstance<'a>, name: &str, is_data: bool, span: Span) -> Result<Value, Fault> {
        let all = if is_data { &module.prepared.data } else { &module.prepared.resources };
        if let Some((name, index)) = all.get_key_value(name) {
            Ok(self.expansion(module, name, *index, is_data, span)?.value.clone().at(span))
        } else {
            let mut names: Vec<&str> = all.keys().map(|name| &**name).collect();
            names.sort_unstable();
            Err(missing(name, names.into_iter(), module, span))
        }
    }

    /// `path.module`, from where the root module is.
    fn path_of(&self, module: &ModuleInstance<'a>) -> String {
        let tree = &self.configuration.tree;
        let root = tree.module(tree.root).map_or(".", |root| &*root.directory);
        relative(root, &module.declared.directory)
    }
}

/// That something is not declared, and what may be meant.
pub(super) fn missing<'n>(
    name: &str,
    names: impl Iterator<Item = &'n str>,
    module: &ModuleInstance<'_>,
    span: Span,
) -> Fault {
    let advice = near(name, names).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    Fault::always(span, format!("`{name}` is not declared in module `{}`{advice}", module.declared.directory))
}

/// The path from one directory to another.
fn relative(from: &str, to: &str) -> String {
    let parts = |path: &str| -> Vec<String> {
        path.split('/').filter(|part| !part.is_empty() && *part != ".").map(str::to_owned).collect()
    };
    let (from, to) = (parts(from), parts(to));
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from.iter().skip(shared).map(|_| "..");
    let path: Vec<&str> = up.chain(to.iter().skip(shared).map(String::as_str)).collect();
    if path.is_empty() { ".".to_owned() } else { path.join("/") }
}

#[cfg(test)]
mod tests {
    use super::relative;

    #[test]
    fn paths_lead_from_the_root_module() {
        assert_eq!(relative(".", "."), ".");
        assert_eq!(relative("infra", "infra/modules/vpc"), "modules/vpc");
        assert_eq!(relative("infra/live", "infra/modules/vpc"), "../modules/vpc");
        assert_eq!(relative(".", "modules/vpc"), "modules/vpc");
        assert_eq!(relative("/a/b", "/a/b/.terraform/modules/x"), ".terraform/modules/x");
    }
}
