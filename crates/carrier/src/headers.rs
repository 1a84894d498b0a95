//! The headers of an answer or a call-back, borrowed for the call.

use crate::abi::List;

/// Names and values as they came.
#[derive(Clone, Default)]
pub(crate) struct Headers<'a>(Vec<(&'a [u8], &'a [u8])>);

impl<'a> Headers<'a> {
    /// # Safety
    /// The list holds pairs, and all it points to is readable as long as `'a`.
    pub(crate) unsafe fn read(list: List) -> Self {
        // SAFETY: the caller's promise.
        let pairs = unsafe { list.pairs::<'a>() };
        Self(pairs.into_iter().map(|(key, value, _)| (key, value)).collect())
    }

    /// A header by name, in any case; `None` if it is absent or not text.
    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        let (_, value) = self
            .0
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name.as_bytes()))?;
        std::str::from_utf8(value).ok()
    }
}
