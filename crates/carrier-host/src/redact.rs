//! Takes out of a library's words what may not be printed: secrets, the text, numbers.

use url::form_urlencoded::byte_serialize;

#[cfg(test)]
mod tests;

/// Stands where something was taken out.
const HIDDEN: &str = "[hidden]";

/// E.164 numbers have 7 to 15 digits; nothing else in a sentence for an operator needs that many in a row.
const NUMBER_DIGITS: usize = 7;

/// A code of a one-time password has at least this many characters.
const CODE_LENGTH: usize = 4;

/// Longest line a library may write.
const LONGEST: usize = 2_000;

/// What to hide, longest first, so that no part of a longer one is left over.
#[derive(Clone, Default)]
pub(crate) struct Redactor(Vec<String>);

impl Redactor {
    /// Hides the secrets of an instance.
    pub(crate) fn for_secrets<'a>(secrets: impl Iterator<Item = &'a str>) -> Self {
        let mut redactor = Self::default();
        secrets.for_each(|secret| redactor.hide(secret));
        redactor.sort();
        redactor
    }

    /// Hides the text and the recipient of one message as well.
    pub(crate) fn for_message(&self, text: &str, to: &str) -> Self {
        let mut redactor = self.clone();
        redactor.hide(text);
        redactor.hide(to.trim_start_matches('+'));
        // The code itself, wherever a library may have cut it out.
        text.split(|letter: char| !letter.is_alphanumeric())
            .filter(|word| word.chars().count() >= CODE_LENGTH && word.chars().any(char::is_numeric))
            .for_each(|word| redactor.hide(word));
        redactor.sort();
        redactor
    }

    /// The value as such, in JSON, in a form, and with `%20` for a space.
    fn hide(&mut self, value: &str) {
        if value.is_empty() {
            return;
        }
        let form: String = byte_serialize(value.as_bytes()).collect();
        let json = serde_json::Value::from(value).to_string();
        self.0.push(form.replace('+', "%20"));
        self.0.push(form);
        self.0.push(json[1..json.len() - 1].to_owned());
        self.0.push(value.to_owned());
    }

    fn sort(&mut self) {
        self.0
            .sort_by(|left, right| right.len().cmp(&left.len()).then_with(|| left.cmp(right)));
        self.0.dedup();
    }

    /// The words as they are, without anything hidden.
    pub(crate) fn hidden(&self, words: &str) -> String {
        let mut words = words.to_owned();
        for hidden in &self.0 {
            if words.contains(hidden.as_str()) {
                words = words.replace(hidden.as_str(), HIDDEN);
            }
        }
        words
    }

    /// One printable line without anything hidden and without anything like a phone number.
    pub(crate) fn clean(&self, words: &str) -> String {
        let words = self.hidden(words);
        let mut line = String::with_capacity(words.len());
        let mut digits = String::new();
        for letter in words.chars() {
            if letter.is_ascii_digit() {
                digits.push(letter);
                continue;
            }
            end_digits(&mut line, &mut digits);
            line.push(if letter.is_control() { ' ' } else { letter });
        }
        end_digits(&mut line, &mut digits);
        truncate(&mut line);
        line
    }
}

fn end_digits(line: &mut String, digits: &mut String) {
    line.push_str(if digits.len() >= NUMBER_DIGITS {
        HIDDEN
    } else {
        digits
    });
    digits.clear();
}

fn truncate(line: &mut String) {
    if line.len() > LONGEST {
        let end = (0..=LONGEST)
            .rev()
            .find(|end| line.is_char_boundary(*end))
            .unwrap_or_default();
        line.truncate(end);
        line.push_str("...");
    }
}
