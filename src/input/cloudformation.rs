//! CloudFormation templates: parameters, mappings, conditions, intrinsics, nested stacks, imports.
