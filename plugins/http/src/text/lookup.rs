//! Names and values by name, where a name that is missing is an absent value and no fault.

use minijinja::Value;
use minijinja::value::{Enumerator, Object};
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Debug)]
struct Lookup(BTreeMap<String, Value>);

impl Object for Lookup {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let found = key.as_str().and_then(|name| self.0.get(name)).cloned();
        Some(found.unwrap_or_else(|| Value::from(())))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::NonEnumerable
    }
}

pub(super) fn lookup(values: impl IntoIterator<Item = (String, Value)>) -> Value {
    Value::from_object(Lookup(values.into_iter().collect()))
}
