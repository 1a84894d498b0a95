//! Lists and texts out of a worker's frame, none longer than its limit: the length comes before the elements, and is
//! looked at before memory is taken for them.
//!
//! An element takes more memory than bytes in the frame (an empty text: one byte, and 24), so that all lists of a frame
//! together have a ration of memory. serde hands nothing down to what it makes, so the thread remembers how much of it is
//! left, for the length of one [`within`].

use crate::limits;
use serde::de::{Deserialize, Deserializer, Error as _, SeqAccess, Visitor};
use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

#[cfg(test)]
mod tests;

thread_local! {
    static LEFT: Cell<usize> = const { Cell::new(0) };
}

/// Puts the ration before this one back, also when reading unwinds.
struct Before(usize);

impl Drop for Before {
    fn drop(&mut self) {
        LEFT.set(self.0);
    }
}

/// Lists that are read meanwhile may take so much memory altogether. Outside of it they may take none.
pub(crate) fn within<R>(memory: usize, read: impl FnOnce() -> R) -> R {
    let _before = Before(LEFT.replace(memory));
    read()
}

/// A list of at most `MOST` elements.
pub(crate) fn list<'de, D, T, const MOST: usize>(from: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    from.deserialize_seq(List::<T, MOST>(PhantomData))
}

struct List<T, const MOST: usize>(PhantomData<T>);

impl<'de, T: Deserialize<'de>, const MOST: usize> Visitor<'de> for List<T, MOST> {
    type Value = Vec<T>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "at most {MOST} elements")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Vec<T>, A::Error> {
        // postcard knows the length, and says none where the frame is too short for it.
        let length = elements.size_hint().filter(|length| *length <= MOST);
        let length = length.ok_or_else(|| A::Error::custom(format_args!("a list of more than {MOST}")))?;
        let memory = length.saturating_mul(size_of::<T>());
        let left = LEFT.get().checked_sub(memory);
        LEFT.set(left.ok_or_else(|| A::Error::custom("lists of more memory than a frame may take"))?);
        let mut list = Vec::with_capacity(length);
        while list.len() < length
            && let Some(element) = elements.next_element()?
        {
            list.push(element);
        }
        Ok(list)
    }
}

/// A text of at most `MOST` bytes.
pub(crate) fn text<'de, D: Deserializer<'de>, const MOST: usize>(from: D) -> Result<String, D::Error> {
    let text = <&str>::deserialize(from)?;
    if text.len() > MOST {
        return Err(D::Error::custom(format_args!("a text of {} bytes", text.len())));
    }
    Ok(text.to_owned())
}

/// A text of at most as many bytes as anybody looks at.
pub(crate) fn words<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    text::<D, { limits::WORDS }>(from)
}

/// A value alone on the heap, whose memory counts like that of a list.
pub(crate) fn boxed<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Box<T>, D::Error> {
    let left = LEFT.get().checked_sub(size_of::<T>());
    LEFT.set(left.ok_or_else(|| D::Error::custom("more memory than a frame may take"))?);
    T::deserialize(from).map(Box::new)
}
