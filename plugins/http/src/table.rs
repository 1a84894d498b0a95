//! A carrier's words and what each means: the tables `codes` and `states`. Pure.

use crate::lint::Lint;
use std::collections::BTreeMap;

/// What words mean. `*` in a word stands for anything, also for nothing.
pub(crate) struct Table<T>(Vec<(Pattern, T)>);

/// What a table knows of a word.
pub(crate) struct Known<'a, T> {
    pub(crate) meaning: T,
    /// The word as the table has it.
    key: &'a str,
}

struct Pattern(String);

impl<T: Copy> Table<T> {
    /// Notes what no word can ever be.
    pub(crate) fn new(lint: &mut Lint<'_>, key: &str, words: impl IntoIterator<Item = (String, T)>) -> Self {
        let words = words.into_iter().map(|(word, meaning)| {
            let key = format!("{key}.{word}");
            if word.is_empty() {
                lint.note(&key, "can never match: what is found is never empty");
            }
            if word.contains("**") {
                lint.note(&key, "has ** in it, which says no more than *");
            }
            if word != word.trim() {
                lint.note(&key, "can never match: what is found has no blanks around it");
            }
            (Pattern(word), meaning)
        });
        Self(words.collect())
    }

    /// By the word itself, or by the pattern that says most of it.
    pub(crate) fn find(&self, word: &str) -> Option<Known<'_, T>> {
        let fits = self.0.iter().filter(|(pattern, _)| pattern.fits(word));
        // The first of several that say as much: the tables are sorted.
        let (pattern, meaning) = fits.rev().max_by_key(|(pattern, _)| pattern.says(word))?;
        Some(Known {
            meaning: *meaning,
            key: &pattern.0,
        })
    }
}

impl Pattern {
    fn fits(&self, word: &str) -> bool {
        let Some((beginning, rest)) = self.0.split_once('*') else {
            return self.0 == word;
        };
        let (middle, end) = rest.rsplit_once('*').map_or(("", rest), |parts| parts);
        let inside = word
            .strip_prefix(beginning)
            .and_then(|word| word.strip_suffix(end));
        let Some(mut inside) = inside else { return false };
        middle.split('*').all(|piece| match inside.find(piece) {
            Some(at) => {
                inside = inside.get(at + piece.len()..).unwrap_or_default();
                true
            }
            None => false,
        })
    }

    /// How much of the word it names.
    fn says(&self, word: &str) -> (bool, usize) {
        (self.0 == word, self.0.len() - self.0.matches('*').count())
    }
}

/// The host shows a code only if it cannot hold a number or a text: no longer than this,
const LONGEST_CODE: usize = 40;
/// and with no more digits in a row than this.
const MOST_DIGITS: usize = 7;

/// A word as the code of an outcome: as it is, or, where it is a sentence, as the table has it, in the letters of a code.
pub(crate) fn as_code<T>(word: String, known: Option<&Known<'_, T>>) -> String {
    if is_code(&word) {
        return word;
    }
    let named = known.map(|known| {
        let letters = known.key.split(|letter: char| !is_letter(letter));
        let letters: Vec<_> = letters.filter(|piece| !piece.is_empty()).collect();
        let mut code = letters.join("_");
        code.truncate(LONGEST_CODE);
        code
    });
    named.filter(|code| is_code(code)).unwrap_or(word)
}

fn is_letter(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || "._:-/".contains(letter)
}

fn is_code(word: &str) -> bool {
    let digits = word.split(|letter: char| !letter.is_ascii_digit());
    let most = digits.map(str::len).max().unwrap_or(0);
    !word.is_empty() && word.len() <= LONGEST_CODE && most <= MOST_DIGITS && word.chars().all(is_letter)
}

/// From the words of a template to those of the contract.
pub(crate) fn words<'a, W, T: 'a>(
    table: &'a BTreeMap<String, W>,
    meaning: impl Fn(&W) -> T + 'a,
) -> impl Iterator<Item = (String, T)> + 'a {
    table
        .iter()
        .map(move |(word, means)| (word.clone(), meaning(means)))
}

#[cfg(test)]
mod tests;
