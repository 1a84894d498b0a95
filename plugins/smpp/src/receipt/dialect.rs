//! The text of a receipt into its fields, in whatever dialect. Pure.
//!
//! Vendors share a form that no specification fixes (SMPP 3.4 appendix B calls it an example):
//! `id:... sub:... dlvrd:... submit date:... done date:... stat:... err:... text:...`. Dialects leave fields out, add
//! their own, order, name and write them otherwise.

#[cfg(test)]
mod tests;

/// What is looked for. Empty fields are absent.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Fields {
    pub(super) id: Option<String>,
    /// All of the state's words.
    pub(super) state: Option<String>,
    pub(super) error: Option<String>,
    pub(super) done: Option<String>,
    /// Id and state are named as in appendix B.
    pub(super) plain: bool,
}

/// The names that stand for a field, letters only: "done date", `done_date` and `DoneDate` are one.
const ID: &[&str] = &["id", "msgid", "messageid", "smsid", "smscid"];
const STATE: &[&str] = &["stat", "status", "state", "dlrstatus"];
const ERROR: &[&str] = &["err", "error", "errcode", "errorcode", "reason"];
const DONE: &[&str] = &["donedate", "datedone", "donetime"];
/// What follows is the message's own text, in which anything may stand.
const TEXT: &[&str] = &["text", "txt"];

/// Words that begin a name of two words.
const FIRST_WORDS: &[&str] = &["submit", "done", "message", "msg", "err", "error", "date", "dlr"];

/// The fields of a text.
pub(super) fn fields(text: &str) -> Fields {
    let pairs = pairs(text);
    let is_text = |(name, _): &(String, &str)| TEXT.contains(&name.as_str());
    let end = pairs.iter().position(is_text).unwrap_or(pairs.len());
    let found = of(&pairs[..end]);
    // Where the text comes first, better its words than nothing.
    if found.id.is_none() && found.state.is_none() && end < pairs.len() {
        return of(&pairs[end..]);
    }
    found
}

fn of(pairs: &[(String, &str)]) -> Fields {
    let field = |names: &[&str]| {
        let mut named = pairs.iter().filter(|(name, _)| names.contains(&name.as_str()));
        named
            .find_map(|(_, value)| Some(trimmed(value)).filter(|value| !value.is_empty()))
            .map(str::to_owned)
    };
    let word = |names: &[&str]| field(names).map(|value| first_word(&value).to_owned());
    Fields {
        id: word(ID),
        state: field(STATE),
        error: word(ERROR),
        done: field(DONE),
        plain: field(&ID[..1]).is_some() && field(&STATE[..1]).is_some(),
    }
}

/// Each name before a `:` or `=`, and what stands between it and the next name.
fn pairs(text: &str) -> Vec<(String, &str)> {
    let mut names: Vec<(usize, usize, String)> = Vec::new();
    for (colon, _) in text.match_indices([':', '=']) {
        if let Some((begin, name)) = name_before(&text[..colon])
            && names.last().is_none_or(|(_, end, _)| begin >= *end)
        {
            names.push((begin, colon + 1, name));
        }
    }
    let ends = names.iter().skip(1).map(|(begin, ..)| *begin).chain([text.len()]);
    let value = |((_, from, name), end): (&(usize, usize, String), usize)| (name.clone(), &text[*from..end]);
    names.iter().zip(ends).map(value).collect()
}

/// The name at the end of this, if a word of its own is there, and where it begins.
fn name_before(text: &str) -> Option<(usize, String)> {
    let text = text.trim_end_matches(' ');
    let (mut begin, word) = last_word(text)?;
    let mut name = letters(word);
    let before = text[..begin].trim_end_matches(' ');
    if before.len() < begin
        && let Some((first, word)) = last_word(before)
        && FIRST_WORDS.contains(&letters(word).as_str())
    {
        begin = first;
        name = letters(word) + &name;
    }
    Some((begin, name))
}

/// It begins with a letter, after white space, a separator or nothing: what follows a colon is a value.
fn last_word(text: &str) -> Option<(usize, &str)> {
    let inside = |character: char| character.is_ascii_alphanumeric() || "_-".contains(character);
    let word = &text[text.trim_end_matches(inside).len()..];
    let begin = text.len() - word.len();
    let stands_alone = text[..begin]
        .chars()
        .next_back()
        .is_none_or(|before| before.is_whitespace() || ",;|/\"'{(<".contains(before));
    (stands_alone && word.starts_with(|first: char| first.is_ascii_alphabetic())).then_some((begin, word))
}

fn letters(word: &str) -> String {
    let letters = word.chars().filter(char::is_ascii_alphanumeric);
    letters.map(|letter| letter.to_ascii_lowercase()).collect()
}

fn trimmed(value: &str) -> &str {
    value.trim_matches(|character: char| {
        character.is_whitespace() || character.is_control() || ",;|/\"'{}()<>".contains(character)
    })
}

fn first_word(value: &str) -> &str {
    let end = value.find(|character: char| {
        character.is_whitespace() || character.is_control() || ",;|\"'".contains(character)
    });
    &value[..end.unwrap_or(value.len())]
}
