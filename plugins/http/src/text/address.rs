//! Texts that are addresses: whatever is put into one is percent-encoded, so that it stays where it was put. Pure.

use super::{Form, Place};
use std::collections::BTreeSet;

/// What a text is, by how it is written.
pub(super) enum Shape<'s> {
    /// One placeholder and nothing else: its expression.
    Value(&'s str),
    /// An address of ours, or a literal one, and what comes after it.
    Address {
        beginning: Option<&'s str>,
        rest: &'s str,
    },
    Words,
}

/// The addresses that texts may begin with.
const ADDRESSES: [&str; 2] = ["base_url", "callback_url"];

impl<'s> Shape<'s> {
    /// The error says what is wrong with the text.
    pub(super) fn of(source: &'s str, place: Place) -> Result<Self, &'static str> {
        let first = source
            .strip_prefix("{{")
            .and_then(|inside| inside.split_once("}}"));
        // What is signed is sent nowhere.
        let may_be_address = !matches!(place, Place::Over | Place::CallbackSigned);
        if let Some((expression, rest)) = first
            && may_be_address
            && is_address(expression)
        {
            if place == Place::Url && name(expression) != ADDRESSES[0] {
                return Err(ELSEWHERE);
            }
            if !rest.is_empty() && !rest.starts_with(['/', '?', '&']) {
                return Err(match place {
                    Place::Url => ELSEWHERE,
                    _ => "goes on behind an address; that begins with /, ? or &",
                });
            }
            return Ok(Self::Address {
                beginning: Some(expression),
                rest,
            });
        }
        if place == Place::Url {
            return Err(ELSEWHERE);
        }
        if may_be_address
            && ["http://", "https://"]
                .iter()
                .any(|scheme| source.starts_with(scheme))
        {
            let literal = source.split('{').next().unwrap_or_default();
            if literal.split('/').nth(3).is_none() && literal != source {
                return Err("is an address with a placeholder in its host");
            }
            return Ok(Self::Address {
                beginning: None,
                rest: source,
            });
        }
        Ok(match sole_placeholder(source) {
            Some(expression) => Self::Value(expression),
            None => Self::Words,
        })
    }
}

const ELSEWHERE: &str =
    "leads to another host than base_url; begin it with {{ base_url }} and go on with / or ?";

/// `base_url`, `callback_url`, or one of them with a login in it.
fn is_address(expression: &str) -> bool {
    let more = expression.split_once('|').map(|(_, filter)| filter.trim());
    let login =
        |filter: &str| filter.starts_with("with_login(") && filter.ends_with(')') && !filter.contains('|');
    ADDRESSES.contains(&name(expression)) && more.is_none_or(login)
}

fn name(expression: &str) -> &str {
    expression.split('|').next().unwrap_or_default().trim()
}

/// The expression of a text that is one placeholder and nothing else.
fn sole_placeholder(source: &str) -> Option<&str> {
    let inside = source.strip_prefix("{{")?.strip_suffix("}}")?;
    let alone = ["{{", "}}", "{%", "{#"].iter().all(|mark| !inside.contains(mark));
    alone.then_some(inside)
}

/// Refuses an address that something could be pasted to.
pub(super) fn check(
    form: &Form,
    source: &str,
    used: &BTreeSet<String>,
    place: Place,
) -> Result<(), &'static str> {
    let has_address = ADDRESSES.iter().any(|name| used.contains(*name));
    let signed = matches!(place, Place::Over | Place::CallbackSigned);
    let pastes = match form {
        Form::Address(..) => false,
        Form::Value(_) => ["~", "+", "join", "format", "replace"]
            .iter()
            .any(|word| source.contains(word)),
        Form::Words(_) => true,
    };
    if has_address && pastes && !signed {
        return Err(
            "has an address in it that something is pasted to: begin the text with {{ base_url }} or \
             {{ callback_url }}, and what follows is encoded",
        );
    }
    Ok(())
}

/// As part of a path or of a query: everything but letters, digits and `*-._` (RFC 3986 section 2.1).
pub(super) fn encode(text: &str) -> String {
    let encoded: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
    // A plus of the text is %2B by now; what is left stands for a space, but in a query only.
    encoded.replace('+', "%20")
}

/// Whether a path has `.` or `..` in it, in any spelling: they would lead out of the place they were put in
/// (RFC 3986 section 5.2.4).
pub(super) fn climbs(rest: &str) -> bool {
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    path.split('/').any(|segment| {
        let segment = segment.to_ascii_lowercase().replace("%2e", ".");
        [".", ".."].contains(&segment.as_str())
    })
}
