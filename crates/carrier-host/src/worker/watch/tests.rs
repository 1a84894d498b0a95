//! Which calls a worker is ended for.

use super::{ASLEEP, Duration, HARD, Instant, Overrun, SILENT, Watch};

const LOOK: Duration = Duration::from_millis(25);

/// Looks at `call(look)` and `cpu(look)` for so long, without an answer.
fn seen(
    watch: &mut Watch,
    from: Instant,
    long: Duration,
    call: impl Fn(u32) -> u64,
    cpu: impl Fn(u32) -> Duration,
) -> Option<Overrun> {
    let looks = u32::try_from(long.as_millis() / LOOK.as_millis()).expect("few");
    (0..=looks).find_map(|look| watch.look(call(look), cpu(look), from + LOOK * look))
}

#[test]
fn a_call_that_computes_is_ended_soon() {
    let long = HARD + LOOK * 2;
    let overrun = seen(
        &mut Watch::default(),
        Instant::now(),
        long,
        |_| 7,
        |look| LOOK * look,
    );
    assert_eq!(overrun.map(|overrun| overrun.silent), Some(false));
}

#[test]
fn a_call_that_waits_is_ended_later() {
    let (now, asleep) = (Instant::now(), |_| Duration::ZERO);
    assert_eq!(seen(&mut Watch::default(), now, ASLEEP, |_| 7, asleep), None);
    let overrun = seen(&mut Watch::default(), now, ASLEEP + LOOK, |_| 7, asleep).expect("an end");
    assert_eq!(overrun.how, "one call did not return for 5 s");
}

#[test]
fn a_worker_that_hides_where_it_is_is_ended_too() {
    for page in [|_| 0, u64::from] {
        let (now, busy) = (Instant::now(), |look| LOOK * look);
        assert_eq!(seen(&mut Watch::default(), now, SILENT, page, busy), None);
        let overrun = seen(&mut Watch::default(), now, SILENT + LOOK, page, busy).expect("an end");
        assert!(overrun.silent, "{}", overrun.how);
    }
}

#[test]
fn a_worker_that_answers_lives() {
    let (mut watch, mut now) = (Watch::default(), Instant::now());
    for call in 1..100 {
        assert_eq!(
            seen(&mut watch, now, ASLEEP / 2, |_| call, |_| Duration::ZERO),
            None
        );
        watch.answered();
        now += ASLEEP;
    }
}
