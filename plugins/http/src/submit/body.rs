//! A body of form fields or JSON, in which every text may hold placeholders. The encoders write it; nothing is pasted.

use crate::lint::Lint;
use crate::text::{Place, Text, Texts, Unfit, plain};
use minijinja::Value;
use serde_json::{Map, Value as Json};

/// JSON with texts to fill in.
pub(super) enum Shape {
    Text(Text),
    Fixed(Json),
    List(Vec<Shape>),
    Object(Vec<(String, Shape)>),
}

impl Shape {
    pub(super) fn new(lint: &mut Lint<'_>, key: &str, json: &Json) -> Option<Self> {
        Some(match json {
            Json::String(source) => Self::Text(lint.text(key, source, Place::Message)?),
            Json::Array(items) => {
                let items = items.iter().enumerate();
                let items = items.filter_map(|(at, item)| Self::new(lint, &format!("{key}.{at}"), item));
                Self::List(items.collect())
            }
            Json::Object(members) => {
                let member = |(name, value): (&String, &Json)| {
                    Some((name.clone(), Self::new(lint, &format!("{key}.{name}"), value)?))
                };
                Self::Object(members.iter().filter_map(member).collect())
            }
            other => Self::Fixed(other.clone()),
        })
    }

    /// What is absent is left out, wherever it stands.
    pub(super) fn fill(&self, texts: &Texts, with: &Value) -> Result<Option<Json>, Unfit> {
        Ok(Some(match self {
            Self::Text(text) => return texts.value(text, with),
            Self::Fixed(json) => json.clone(),
            Self::List(items) => {
                let items = items.iter().map(|item| item.fill(texts, with));
                Json::Array(items.filter_map(Result::transpose).collect::<Result<_, _>>()?)
            }
            Self::Object(members) => {
                let mut object = Map::new();
                for (name, shape) in members {
                    if let Some(value) = shape.fill(texts, with)? {
                        object.insert(name.clone(), value);
                    }
                }
                Json::Object(object)
            }
        }))
    }
}

/// Fields of a form or a query.
#[derive(Default)]
pub(super) struct Fields(Vec<Field>);

struct Field {
    name: String,
    key: String,
    shape: Shape,
}

impl Fields {
    pub(super) fn new(lint: &mut Lint<'_>, key: &str, fields: &Map<String, Json>) -> Self {
        let field = |(name, value): (&String, &Json)| {
            let key = format!("{key}.{name}");
            if value.is_object() {
                lint.note(&key, "is a text, a number, true or false, or a list of them");
            }
            let shape = Shape::new(lint, &key, value)?;
            let name = name.clone();
            Some(Field { name, key, shape })
        };
        Self(fields.iter().filter_map(field).collect())
    }

    /// A field with a list comes once for each of its values.
    pub(super) fn fill(&self, texts: &Texts, with: &Value) -> Result<Vec<(&str, String)>, Unfit> {
        let mut filled = Vec::new();
        for Field { name, key, shape } in &self.0 {
            let values = match shape.fill(texts, with)? {
                None => Vec::new(),
                Some(Json::Array(values)) => values,
                Some(value) => vec![value],
            };
            for value in values {
                filled.push((name.as_str(), plain(value).ok_or_else(|| Unfit(key.clone()))?));
            }
        }
        Ok(filled)
    }
}
