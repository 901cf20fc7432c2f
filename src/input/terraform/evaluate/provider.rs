//! Which provider configuration a resource has: its region and default tags.

use std::sync::Arc;

use super::expression::Scope;
use super::module::ModuleInstance;
use super::run::Run;
use crate::input::terraform::instance::Provider;
use crate::input::terraform::module::Declared;
use crate::input::terraform::value::Value;
use crate::source::hcl::{Block, Expression, ExpressionKind, Step};

impl<'a> Run<'a> {
    pub(super) fn provider_of(&self, module: &ModuleInstance<'a>, declared: &Declared) -> Arc<Provider> {
        let written = declared.block.body.attribute("provider").and_then(|attribute| name_of(&attribute.value));
        let name = written.unwrap_or_else(|| declared.kind.split('_').next().unwrap_or_default().to_owned());
        self.provider(module, &name)
    }

    /// The provider that a module knows by a name such as `aws` or `aws.east`.
    fn provider(&self, module: &ModuleInstance<'a>, name: &str) -> Arc<Provider> {
        if let Some(known) = module.providers.borrow().get(name) {
            return Arc::clone(known);
        }
        let found = match module.declared.providers.get_key_value(name) {
            Some((_, block)) => Arc::new(self.configured(block, Scope::of(module))),
            None => self.handed_in(module, name),
        };
        module.providers.borrow_mut().insert(Arc::from(name), Arc::clone(&found));
        found
    }

    fn configured(&self, block: &Block, scope: Scope<'_, 'a>) -> Provider {
        let value = |expression: &Expression| Some(self.value(expression, scope)).filter(|value| !value.is_null());
        let region = block.body.attribute("region").and_then(|attribute| value(&attribute.value));
        let default_tags = self.blocks(&block.body, "default_tags", scope);
        let default_tags = default_tags.as_ref().and_then(|blocks| blocks.elements()?.first()?.get("tags").cloned());
        Provider { region, default_tags: default_tags.filter(|tags: &Value| !tags.is_null()) }
    }

    /// What the calling module calls a provider that this one does not configure.
    fn handed_in(&self, module: &ModuleInstance<'a>, name: &str) -> Arc<Provider> {
        let Some(caller) = &module.caller else { return Arc::default() };
        let handed = caller.call.block.body.attribute("providers").map(|attribute| &attribute.value.kind);
        let outer = match handed {
            Some(ExpressionKind::Object(items)) => {
                let item = items.iter().find(|item| name_of(&item.key).as_deref() == Some(name));
                item.and_then(|item| name_of(&item.value))
            }
            _ => None,
        };
        match outer {
            Some(outer) => self.provider(&caller.module, &outer),
            // Only default configurations are inherited without being named.
            None if !name.contains('.') => self.provider(&caller.module, name),
            None => Arc::default(),
        }
    }
}

/// `aws`, `aws.east`.
fn name_of(expression: &Expression) -> Option<String> {
    match &expression.kind {
        ExpressionKind::Variable(name) => Some(name.to_string()),
        ExpressionKind::Traversal(of, steps) => match (&of.kind, steps.as_slice()) {
            (ExpressionKind::Variable(name), [Step::Attribute(alias)]) => Some(format!("{name}.{}", alias.text)),
            _ => None,
        },
        _ => expression.literal_text(),
    }
}
