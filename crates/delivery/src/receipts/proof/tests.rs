//! A person can only write receipts about messages to themselves, and only to the number that sent them.

use super::SenderProof::{Any, Default, Named};
use super::*;

const RECIPIENT: &str = "+12025550104";

fn own(sender: Option<&str>) -> Own<'_> {
    Own {
        recipient: RECIPIENT,
        sender,
    }
}

#[test]
fn source_and_destination_are_the_messages_own_swapped() {
    for (sender, from, to, proof, expected) in [
        (Some("+12025550199"), "+12025550104", "+12025550199", Named, true),
        (Some("+12025550199"), "12025550104", "0012025550199", Named, true),
        (Some("40404"), "0012025550104", "40404", Named, true),
        // Another person, another number of ours, and both.
        (Some("+12025550199"), "+12025550105", "+12025550199", Named, false),
        (Some("+12025550199"), "+12025550104", "40404", Named, false),
        (Some("+12025550199"), "+12025550199", "+12025550104", Named, false),
        (Some("40404"), "+442025550104", "40404", Named, false),
        (Some("40404"), "2025550104", "40404", Named, false),
        // A message without a sender has the carrier's.
        (None, "+12025550104", "40404", Named, false),
        (None, "+12025550104", "40404", Default, true),
        (None, "+12025550105", "40404", Default, false),
        (Some("+12025550199"), "+12025550104", "40404", Default, false),
        // Nobody can write to a name, but to every number of ours.
        (Some("Acme"), "+12025550104", "ACME", Named, true),
        (Some("Acme"), "+12025550104", "40404", Named, false),
        (Some("Acme"), "+12025550104", "40404", Default, false),
        (Some("Acme"), "+12025550104", "40404", Any, true),
        (Some("Acme"), "+12025550105", "Acme", Named, false),
        // The operator says that the destination proves nothing.
        (Some("+12025550199"), "+12025550104", "40404", Any, true),
        (None, "+12025550104", "", Any, true),
        (Some("+12025550199"), "+12025550105", "+12025550199", Any, false),
        (Some("40404"), "", "40404", Any, false),
    ] {
        assert_eq!(
            is_own(own(sender), from, to, proof),
            expected,
            "{sender:?} {from} {to} {proof:?}"
        );
    }
}
