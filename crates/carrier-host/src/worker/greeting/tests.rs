//! What a worker says before it is ready is listened to within limits.

use super::*;
use crate::worker::frame::BUILD;

fn trial() -> Begin {
    Begin {
        build: BUILD.to_owned(),
        instance: None,
    }
}

/// A worker that says `what` over and over until nobody listens, having said it so often: `None` for no end.
fn babbling(what: &Said, times: Option<u32>) -> UnixStream {
    let (ours, mut theirs) = UnixStream::pair().expect("a socket");
    let mut bytes = Vec::new();
    frame::put(what, &mut bytes).expect("a frame");
    thread::spawn(move || {
        for _ in 0..times.unwrap_or(u32::MAX) {
            if theirs.write_all(&bytes).is_err() {
                return;
            }
        }
        let ready = Said::Loaded(Ok(Loaded {
            descriptor: b"{}".to_vec(),
            session: false,
            webhook: false,
            gaps: Vec::new(),
        }));
        let mut bytes = Vec::new();
        frame::put(&ready, &mut bytes).expect("a frame");
        let _ = theirs.write_all(&bytes);
        // To end with something unread would take back what was said.
        let _ = theirs.read_to_end(&mut Vec::new());
    });
    ours
}

fn line() -> Said {
    Said::Aside(0, Aside::Log(3, "still here ".repeat(400)))
}

fn soon() -> Instant {
    Instant::now() + Duration::from_millis(300)
}

#[test]
fn who_talks_without_end_is_not_listened_to_for_longer() {
    let since = Instant::now();
    match meet(babbling(&line(), None), &trial(), soon(), || None) {
        Err(Unmet::Hopeless(why)) => {
            assert!(why.contains("it is not ready 10 s after"), "{why}");
            assert!(since.elapsed() < Duration::from_secs(5), "much later");
        }
        _ => panic!("nobody should have waited"),
    }
}

#[test]
fn who_says_nothing_is_told_off_in_words() {
    let (ours, _theirs) = UnixStream::pair().expect("a socket");
    match meet(ours, &trial(), soon(), || None) {
        Err(Unmet::Hopeless(why)) => {
            assert!(why.contains("it hangs where it is loaded"), "{why}");
            assert!(!why.contains("os error"), "{why}");
        }
        _ => panic!("nobody should have waited"),
    }
}

#[test]
fn of_much_talk_little_is_kept_and_the_rest_is_counted() {
    let until = Instant::now() + Duration::from_mins(1);
    let Ok((_, _, _, asides)) = meet(babbling(&line(), Some(5_000)), &trial(), until, || None) else {
        panic!("it was ready");
    };
    let lengths = asides.iter().map(|aside| match aside {
        Aside::Log(_, line) => line.len(),
        _ => 0,
    });
    assert!(lengths.sum::<usize>() <= Overheard::BYTES);
    let kept = asides.len() - 1;
    match asides.last() {
        Some(Aside::Log(2, line)) => {
            assert_eq!(
                *line,
                format!(
                    "said {} more things while it was started, which are dropped",
                    5_000 - kept
                )
            );
        }
        _ => panic!("it is not said"),
    }
}

#[test]
fn what_this_machine_does_not_let_it_do_is_not_the_library_s_fault() {
    let unfit = Said::Unfit(Words("no place".to_owned()));
    match meet(babbling(&unfit, Some(1)), &trial(), soon(), || None) {
        Err(Unmet::Said(NotStarted::Host(why))) => assert!(why.ends_with("here: no place"), "{why}"),
        _ => panic!("it is the machine's"),
    }
}
