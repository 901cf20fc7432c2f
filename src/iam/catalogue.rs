//! Every known action with its access level, whether it names resources, and whether DynamoDB tells the partition keys
//! that it touches (`dynamodb:LeadingKeys`). Dated: see `data/MANIFEST.json`. An action that is not here may exist
//! nevertheless.

use super::pattern::Pattern;
use super::shards::Shards;

static ACTIONS: Shards = Shards::new(include_str!("data/actions.index"), include_bytes!("data/actions.bin"));

#[derive(Clone, Copy, Debug)]
pub struct Service<'a> {
    /// The prefix of its actions, in lower case: `dynamodb`.
    pub prefix: &'a str,
    line: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action<'a> {
    /// Without the service: `PutItem`.
    pub name: &'a str,
    pub level: Level,
    pub resources: Resources,
    /// The request carries `dynamodb:LeadingKeys`.
    pub leading_keys: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    List,
    Read,
    Tagging,
    Write,
    Permissions,
}

/// Whether a statement must, may or cannot name a resource for the action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resources {
    Required,
    Optional,
    /// Only `*` grants it.
    None,
}

/// A service by the prefix of its actions.
pub fn service(prefix: &str) -> Option<Service<'static>> {
    let prefix = prefix.to_ascii_lowercase();
    ACTIONS.find(&prefix).map(|(prefix, line)| Service { prefix, line })
}

pub fn services() -> impl Iterator<Item = Service<'static>> {
    ACTIONS.iter().map(|(prefix, line)| Service { prefix, line })
}

impl<'a> Service<'a> {
    pub fn actions(&self) -> impl Iterator<Item = Action<'a>> + use<'a> {
        self.line.split(' ').filter_map(Action::read)
    }
}

impl<'a> Action<'a> {
    fn read(entry: &'a str) -> Option<Self> {
        let (name, flags) = entry.split_once('=')?;
        let mut flags = flags.chars();
        let level = match flags.next()? {
            'L' => Level::List,
            'R' => Level::Read,
            'T' => Level::Tagging,
            'W' => Level::Write,
            'P' => Level::Permissions,
            _ => return None,
        };
        let resources = match flags.next()? {
            'r' => Resources::Required,
            'o' => Resources::Optional,
            'n' => Resources::None,
            _ => return None,
        };
        Some(Self { name, level, resources, leading_keys: flags.next() == Some('k') })
    }
}

impl Level {
    /// Changes something: data, configuration, tags or permissions.
    pub fn writes(self) -> bool {
        matches!(self, Self::Tagging | Self::Write | Self::Permissions)
    }

    pub fn key(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Read => "read",
            Self::Tagging => "tagging",
            Self::Write => "write",
            Self::Permissions => "permissions management",
        }
    }
}

/// The known actions of one service that an action pattern such as `s3:Put*` stands for.
pub fn expand<'a>(service: Service<'a>, pattern: &Pattern) -> impl Iterator<Item = Action<'a>> {
    service.actions().filter(move |action| pattern.matches(&qualified(service.prefix, action.name)) == Some(true))
}

/// `dynamodb:putitem`: as patterns compare it.
pub fn qualified(prefix: &str, name: &str) -> String {
    format!("{prefix}:{}", name.to_ascii_lowercase())
}
