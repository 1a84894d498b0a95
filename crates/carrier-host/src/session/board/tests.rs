//! The account is at fault where every link says so, and nowhere else.

use super::*;

fn boards(links: usize) -> Boards {
    Boards::new((0..links).map(|number| format!("link-{number}")))
}

#[test]
fn one_refused_bind_says_nothing_of_the_others() {
    let boards = boards(2);
    boards.connected(0);
    boards.ready(0, 10);
    boards.lost(1, Class::Unauthorized, 0);
    assert_eq!((boards.down_since(), boards.refused()), (None, None));
    boards.lost(0, Class::Temporary, 3);
    assert!(boards.down_since().is_some());
    assert_eq!(boards.refused(), None, "the first one comes back");
    boards.lost(0, Class::Unauthorized, 0);
    assert_eq!(boards.refused(), Some(Class::Unauthorized));
}

#[test]
fn a_link_that_only_listens_does_not_hide_the_other_ones_refusal() {
    let boards = boards(2);
    boards.lost(1, Class::Unauthorized, 0);
    boards.connected(1);
    assert_eq!(boards.refused(), None, "it is connected again");
    boards.lost(0, Class::Unauthorized, 0);
    assert_eq!(boards.refused(), Some(Class::Unauthorized));
}
