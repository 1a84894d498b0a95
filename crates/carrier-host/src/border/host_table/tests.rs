//! What a library says is taken in within limits.

use super::{Aside, Room, WORDS, log, visit};
use crate::redact::Redactor;
use aldis_carrier::abi::{List, Pair, Str};
use std::sync::{Arc, Mutex};

#[test]
fn of_an_endless_line_only_the_start_is_taken_in() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&heard);
    let room = Room::new("acme".to_owned(), || 0, Redactor::default()).telling(Box::new(move |aside| {
        if let Aside::Log(_, line) = aside {
            told.lock().expect("a list").push(line);
        }
    }));
    let much = "é".repeat(1024 * 1024);
    let pairs = [Pair::of("key", &much, 0)];
    let fields = List::of(&pairs);
    for text in [much.as_str(), "words"] {
        // SAFETY: all of it is lent for the call.
        visit(&room, "", "", || unsafe {
            log(0, 3, Str::of(text), &raw const fields);
        });
    }
    let heard = heard.lock().expect("a list");
    assert_eq!(heard.len(), 2);
    for line in heard.iter() {
        assert!((WORDS - 4..=WORDS).contains(&line.len()), "{} bytes", line.len());
    }
}
