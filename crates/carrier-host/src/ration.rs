//! The rest of what a library may say in one call: the length is looked at first, then comes the copy.

use crate::limits;

/// Counts down. Nothing is copied that does not fit.
pub(crate) struct Ration {
    left: usize,
}

impl Default for Ration {
    fn default() -> Self {
        Self { left: limits::CALL }
    }
}

impl Ration {
    /// Takes so many bytes; `None`: there are not so many left.
    pub(crate) fn take(&mut self, bytes: usize) -> Option<()> {
        self.left = self.left.checked_sub(bytes)?;
        Some(())
    }

    /// Takes the memory of a list, which holds at most `most` elements.
    pub(crate) fn list<T>(&mut self, length: usize, most: usize) -> Option<()> {
        (length <= most).then_some(())?;
        self.take(length.checked_mul(size_of::<T>())?)
    }

    pub(crate) fn bytes(&mut self, lent: &[u8]) -> Option<Vec<u8>> {
        self.take(lent.len())?;
        Some(lent.to_vec())
    }

    /// Copies a text. Bytes that are not UTF-8 are replaced, which may take more room.
    pub(crate) fn text(&mut self, lent: &[u8]) -> Option<String> {
        self.take(lent.len())?;
        let text = String::from_utf8_lossy(lent).into_owned();
        self.take(text.len().saturating_sub(lent.len()))?;
        Some(text)
    }

    /// Copies a text, or its beginning if it is longer than anybody looks at.
    pub(crate) fn words(&mut self, lent: &[u8]) -> Option<String> {
        let mut text = self.text(&lent[..lent.len().min(limits::WORDS)])?;
        text.truncate(text.floor_char_boundary(limits::WORDS));
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::{Ration, limits};

    #[test]
    fn nothing_is_copied_that_does_not_fit() {
        let mut ration = Ration::default();
        assert!(ration.bytes(&vec![0; limits::CALL - 10]).is_some());
        assert!(ration.text(b"eleven byte").is_none());
        assert!(ration.list::<u64>(2, 4).is_none() && ration.list::<u8>(5, 4).is_none());
        assert!(ration.text(b"\xFF\xFF\xFF").is_some(), "nine bytes in UTF-8");
        assert!(ration.take(2).is_none() && ration.take(1).is_some());
    }

    #[test]
    fn of_words_the_beginning_is_taken() {
        let mut ration = Ration::default();
        let long = "é".repeat(limits::WORDS);
        let words = ration.words(long.as_bytes()).expect("room");
        assert!(words.len() <= limits::WORDS && words.len() > limits::WORDS - 4);
    }
}
