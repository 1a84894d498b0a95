//! However many links there are, together they hold no more than one instance may, and what is not needed is given back.

use super::*;
use proptest::prelude::*;

const MIB: usize = 1024 * 1024;

#[test]
fn the_link_that_goes_over_is_told_so() {
    let allowance = Allowance::default();
    let mut links: Vec<Share> = (0..64).map(|_| allowance.share()).collect();
    let within = links.iter_mut().map(|link| link.hold(4 * MIB));
    assert_eq!(within.filter(|held| *held).count(), 8, "32 MiB in all, not 256");
    // Less is always possible, and room for another.
    assert!(links[0].hold(MIB) && links[63].hold(3 * MIB) && !links[62].hold(1));
    assert!(links[63].hold(3 * MIB), "what it has it keeps");
}

#[test]
fn the_end_of_a_link_gives_back_what_it_held() {
    let allowance = Allowance::default();
    let (mut one, mut other) = (allowance.share(), allowance.share());
    assert!(one.hold(MOST) && !other.hold(1) && !one.hold(MOST + 1));
    drop(one);
    assert!(other.hold(MOST));
    let mut elsewhere = Allowance::default().share();
    assert!(elsewhere.hold(MOST), "each instance has its own");
}

proptest! {
    #[test]
    fn what_all_hold_is_the_sum_and_never_more_than_may_be(
        wishes in proptest::collection::vec((0_usize..8, 0..=MOST), 1..60),
    ) {
        let allowance = Allowance::default();
        let mut links: Vec<Share> = (0..8).map(|_| allowance.share()).collect();
        for (link, bytes) in wishes {
            let before = links[link].held;
            let held = links[link].hold(bytes);
            prop_assert_eq!(links[link].held, if held { bytes } else { before });
            let sum: usize = links.iter().map(|link| link.held).sum();
            prop_assert_eq!(allowance.0.load(Ordering::Relaxed), sum);
            prop_assert!(sum <= MOST);
        }
        drop(links);
        prop_assert_eq!(allowance.0.load(Ordering::Relaxed), 0);
    }
}
