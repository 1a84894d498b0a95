//! A receipt that names its message finds the attempt it is about, and guesses nothing.

use super::*;

fn tried(number: u32, ids: &[&str], told_ids: &[&str]) -> Tried {
    let owned = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
    Tried {
        number,
        ids: owned(ids),
        told_ids: owned(told_ids),
        may_have_it: true,
    }
}

#[test]
fn the_one_that_has_the_id() {
    let both = [tried(1, &["a", "b"], &[]), tried(2, &["c"], &["d"])];
    assert_eq!(whose("b", &both), Some(Whose::Known(1)));
    assert_eq!(whose("d", &both), Some(Whose::Known(2)));
}

#[test]
fn the_one_whose_answer_was_lost() {
    let attempts = [tried(1, &[], &[]), tried(2, &["a"], &[])];
    assert_eq!(whose("x", &attempts), Some(Whose::Learned(1)));
    // Each of two lost ones gets its own; then the last gets the other parts.
    let lost = [tried(1, &[], &[]), tried(2, &[], &["x"])];
    assert_eq!(whose("y", &lost), Some(Whose::Learned(1)));
    let told = [tried(1, &[], &["y"]), tried(2, &[], &["x"])];
    assert_eq!(whose("z", &told), Some(Whose::Learned(2)));
}

#[test]
fn the_only_one_that_may_be_meant() {
    let refused = Tried {
        may_have_it: false,
        ..tried(1, &[], &[])
    };
    assert_eq!(
        whose("x", &[refused.clone(), tried(2, &["a"], &[])]),
        Some(Whose::Learned(2))
    );
    assert_eq!(whose("x", &[tried(1, &["a"], &[]), tried(2, &["b"], &[])]), None);
    assert_eq!(whose("x", &[refused]), None);
    assert_eq!(whose("x", &[]), None);
}
