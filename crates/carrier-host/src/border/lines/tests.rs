//! Few lines are written, however many a library causes, and the number of the others is said.

use super::{BURST, Duration, EACH, Line, Lines};
use proptest::prelude::*;

#[test]
fn a_burst_is_written_and_then_little() {
    let mut lines = Lines::default();
    let all: Vec<_> = (0..1_000).map(|_| lines.ask(Duration::ZERO)).collect();
    let burst = usize::try_from(BURST).expect("small");
    assert!(all[..burst].iter().all(|line| *line == Line::Write(0)));
    assert_eq!(all[burst], Line::First);
    assert!(all[burst + 1..].iter().all(|line| *line == Line::Drop));
    assert_eq!(lines.dropped(), 800);
    // Later the next one says how many there would have been, once.
    assert_eq!(lines.ask(EACH * BURST), Line::Write(800));
    assert_eq!(lines.ask(EACH * BURST), Line::Write(0));
}

#[test]
fn what_was_dropped_elsewhere_is_told_too() {
    let mut lines = Lines::default();
    lines.skip(7);
    assert_eq!((lines.ask(EACH), lines.dropped()), (Line::Write(7), 7));
}

proptest! {
    #[test]
    fn none_is_lost_and_few_are_written(pauses in prop::collection::vec(0..200_u64, 1..2_000)) {
        let (mut lines, mut now) = (Lines::default(), Duration::ZERO);
        let (mut written, mut told) = (0_u64, 0);
        for pause in &pauses {
            now += Duration::from_millis(*pause);
            if let Line::Write(dropped) = lines.ask(now) {
                written += 1;
                told += dropped;
            }
        }
        let most = u128::from(BURST) + now.as_millis() / EACH.as_millis() + 1;
        prop_assert!(u128::from(written) <= most);
        prop_assert_eq!(written + lines.dropped(), pauses.len() as u64);
        prop_assert!(told <= lines.dropped());
    }
}
