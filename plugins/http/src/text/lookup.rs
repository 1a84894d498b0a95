//! Names and values by name, where a name that is missing is an absent value and no fault.

use minijinja::Value;
use minijinja::value::{Enumerator, Object};
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Debug)]
struct Lookup {
    values: BTreeMap<String, Value>,
    /// That of every other name.
    other: Value,
}

impl Object for Lookup {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let found = key.as_str().and_then(|name| self.values.get(name));
        Some(found.unwrap_or(&self.other).clone())
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}

pub(super) fn lookup(values: impl IntoIterator<Item = (String, Value)>) -> Value {
    let values = values.into_iter().collect();
    let other = Value::from(());
    Value::from_object(Lookup { values, other })
}

/// Every name has this value.
pub(super) fn always(other: &str) -> Value {
    let (values, other) = (BTreeMap::new(), Value::from(other));
    Value::from_object(Lookup { values, other })
}
