//! Other settings that a library takes as well: another address, other secrets, other names.

use super::{End, Example, Ground, Subject, ready};
use crate::kit::aside::aside;
use crate::kit::example::split;
use crate::kit::letter::Configuration;
use crate::settings;
use serde_json::{Value, json};

/// A second instance's settings.
pub(super) enum Other {
    /// And in what they differ.
    Differs(Configuration, String),
    /// There is nothing that could differ.
    None,
    /// The library takes no others that the kit can think of; what to do about it.
    Refused(String),
}

/// It refuses the first instance's settings, too.
const NOT_EVEN_OURS: &str = "";

/// The names of the settings that the library lets vary, found out in a copy of the process.
pub(super) fn taken(ground: &Ground) -> Result<Vec<String>, End> {
    aside(ground, || {
        let (subject, example) = ready(ground)?;
        let schema = schema(&subject);
        let wishes = wishes(&schema, &example.configuration);
        if example.fixtures.other.is_some() || wishes.is_empty() {
            return Ok(Vec::new());
        }
        let mut taken = Vec::new();
        let mut so_far = example.configuration.clone();
        if !takes(&subject, &so_far) {
            return Ok(vec![NOT_EVEN_OURS.to_owned()]);
        }
        for wish in &wishes {
            let mut with = so_far.clone();
            wish.grant(&mut with);
            ground
                .report
                .doing(&format!("instance_create with another {}", wish.name()));
            if settings::check(&schema, &with.settings, &with.secrets).is_ok() && takes(&subject, &with) {
                so_far = with;
                taken.push(wish.name().to_owned());
            }
        }
        Ok(taken)
    })
}

/// The author's other settings, or each setting varied that the schema and the library let vary.
pub(super) fn another(
    ground: &Ground,
    subject: &Subject,
    example: &Example,
    taken: &[String],
) -> Result<Other, End> {
    let schema = schema(subject);
    if let Some(settings) = &example.fixtures.other {
        let other = split(&schema, settings.clone());
        return Ok(Other::Differs(other, "settings.other.json".to_owned()));
    }
    let wishes = wishes(&schema, &example.configuration);
    if wishes.is_empty() {
        return Ok(Other::None);
    }
    if taken == [NOT_EVEN_OURS] {
        // Says why.
        example.made(ground, subject, &subject.plain())?;
    }
    if taken.is_empty() {
        return Ok(Other::Refused(
            "it takes no settings but those it has been given, however little they differ: write others that it takes \
             into settings.other.json of the folder you give with --fixtures"
                .to_owned(),
        ));
    }
    let mut other = example.configuration.clone();
    for wish in wishes
        .iter()
        .filter(|wish| taken.iter().any(|name| name == wish.name()))
    {
        wish.grant(&mut other);
    }
    Ok(Other::Differs(other, taken.join(", ")))
}

fn schema(subject: &Subject) -> Value {
    let schema = subject.descriptor().config_schema.clone();
    schema.unwrap_or_else(|| json!({}))
}

fn takes(subject: &Subject, with: &Configuration) -> bool {
    let manner = subject.plain();
    let made = subject.create(&manner, with, 2);
    made.is_ok_and(|made| made.destroy(&manner).is_ok())
}

/// One thing that could be different.
enum Wish {
    Setting(String, Value),
    Secret(usize, String, String),
}

impl Wish {
    fn name(&self) -> &str {
        match self {
            Self::Setting(name, _) | Self::Secret(_, name, _) => name,
        }
    }

    fn grant(&self, with: &mut Configuration) {
        match self {
            Self::Setting(name, value) => with.settings[name.as_str()] = value.clone(),
            Self::Secret(index, _, value) => {
                if let Some((_, secret)) = with.secrets.get_mut(*index) {
                    secret.clone_from(value);
                }
            }
        }
    }
}

fn wishes(schema: &Value, first: &Configuration) -> Vec<Wish> {
    let mut wishes = Vec::new();
    for (name, value) in first.settings.as_object().into_iter().flatten() {
        if let Some(text) = value.as_str().and_then(varied) {
            wishes.push(Wish::Setting(name.clone(), json!(text)));
        }
    }
    let base = "base_url";
    if schema["properties"][base].is_object() && first.settings[base].is_null() {
        wishes.push(Wish::Setting(base.to_owned(), json!("http://127.0.0.1:18026")));
    }
    for (index, (name, secret)) in first.secrets.iter().enumerate() {
        if let Some(secret) = varied(secret) {
            wishes.push(Wish::Secret(index, name.clone(), secret));
        }
    }
    wishes
}

/// The same kind of text, and another one: an address with another port, else another last letter or digit.
fn varied(text: &str) -> Option<String> {
    if let Ok(mut url) = url::Url::parse(text)
        && url.host().is_some()
    {
        let port = if url.port() == Some(18026) { 18027 } else { 18026 };
        url.set_port(Some(port)).ok()?;
        let slash = text.ends_with('/');
        let varied = url.to_string();
        return Some(if slash {
            varied
        } else {
            varied.trim_end_matches('/').to_owned()
        });
    }
    let (at, last) = text
        .char_indices()
        .rev()
        .find(|(_, letter)| letter.is_ascii_alphanumeric())?;
    let next = match last {
        '9' => '0',
        'z' => 'a',
        'Z' => 'A',
        // Among the digits of base 16, should it be such a text.
        'f' => 'e',
        'F' => 'E',
        other => char::from_u32(u32::from(other) + 1)?,
    };
    let mut varied = text.to_owned();
    varied.replace_range(at..=at, &next.to_string());
    Some(varied)
}
