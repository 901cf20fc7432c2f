//! What a block of an override file does to the block that it overrides.

use super::read::error;
use crate::input::Note;
use crate::source::hcl::{Block, Body};

/// Applies an override to the block of the same header. Source: Terraform language documentation, "Override Files".
pub(super) fn merge(base: &mut Block, overriding: Block, notes: &mut Vec<Note>) {
    if let Some(attribute) = overriding.body.attribute("depends_on") {
        notes.push(error("`depends_on` cannot be overridden".to_owned(), attribute.name.span));
    }
    let Body { attributes, blocks } = overriding.body;
    let (merged, replacing): (Vec<Block>, Vec<Block>) = blocks.into_iter().partition(|block| is_merged(base, block));
    for block in &replacing {
        let name = nested_name(block).to_owned();
        base.body.blocks.retain(|known| nested_name(known) != name);
        base.body.attributes.retain(|known| *known.name.text != *name);
    }
    base.body.blocks.extend(replacing);
    for attribute in attributes {
        base.body.blocks.retain(|known| nested_name(known) != &*attribute.name.text);
        match base.body.attributes.iter_mut().find(|known| known.name.text == attribute.name.text) {
            Some(known) => *known = attribute,
            None => base.body.attributes.push(attribute),
        }
    }
    for block in merged {
        match base.body.blocks.iter_mut().find(|known| known.kind.text == block.kind.text) {
            Some(known) => merge(known, block, notes),
            None => base.body.blocks.push(block),
        }
    }
}

/// Of nested blocks, only `lifecycle` is merged by argument; others replace all of their type.
fn is_merged(base: &Block, nested: &Block) -> bool {
    matches!(&*base.kind.text, "resource" | "data") && &*nested.kind.text == "lifecycle"
}

/// The type of a nested block; that which it makes when it is dynamic.
fn nested_name(block: &Block) -> &str {
    match block.labels.first() {
        Some(label) if &*block.kind.text == "dynamic" => &label.text,
        _ => &block.kind.text,
    }
}
