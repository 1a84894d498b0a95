//! The rest leaves in its order, whatever is taken back, and a message that had begun to leave leaves whole.

use super::*;
use proptest::prelude::*;
use std::task::Context;

/// Takes so many bytes at once, then none.
struct Pipe {
    room: usize,
    got: Vec<u8>,
}

impl AsyncWrite for Pipe {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let count = bytes.len().min(self.room);
        if count == 0 {
            return Poll::Pending;
        }
        self.room -= count;
        self.got.extend_from_slice(&bytes[..count]);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

fn write(outbox: &mut Outbox, pipe: &mut Pipe, over: &[u64]) -> Option<bool> {
    let mut writing = std::pin::pin!(outbox.write(pipe, || |token| over.contains(&token)));
    let mut context = Context::from_waker(std::task::Waker::noop());
    match writing.as_mut().poll(&mut context) {
        Poll::Ready(written) => Some(written.expect("written")),
        Poll::Pending => None,
    }
}

#[test]
fn nothing_is_written_while_one_of_those_that_wait_is_over() {
    let mut outbox = Outbox::default();
    outbox.push(b"one", Some(1));
    outbox.push(b"two", Some(2));
    let mut pipe = Pipe {
        room: 100,
        got: Vec::new(),
    };
    assert_eq!(write(&mut outbox, &mut pipe, &[2]), Some(false));
    assert_eq!(outbox.take_back(|token| token == 2).whole, [2]);
    assert_eq!(write(&mut outbox, &mut pipe, &[2]), Some(true));
    assert_eq!(pipe.got, b"one");
    assert!(outbox.take_back(|_| true).whole.is_empty());
}

#[test]
fn what_has_begun_to_leave_is_not_taken_back() {
    let mut outbox = Outbox::default();
    outbox.push(b"one", Some(1));
    outbox.push(b"two", Some(2));
    let mut pipe = Pipe {
        room: 1,
        got: Vec::new(),
    };
    assert_eq!(write(&mut outbox, &mut pipe, &[]), Some(true));
    let taken = outbox.take_back(|_| true);
    assert_eq!((taken.whole.as_slice(), taken.begun), (&[2][..], Some(1)));
    assert_eq!((outbox.left(), outbox.queued()), (1, 3));
}

#[test]
fn memory_that_is_not_needed_any_more_is_given_back() {
    let mut outbox = Outbox::default();
    assert!(outbox.push(&vec![1; WRITE_LIMIT], None) && !outbox.push(&[1], None));
    assert_eq!(outbox.weight(), WRITE_LIMIT);
    let mut pipe = Pipe {
        room: WRITE_LIMIT - 1,
        got: Vec::new(),
    };
    while write(&mut outbox, &mut pipe, &[]) == Some(true) {}
    assert_eq!(outbox.weight(), 1, "one byte keeps no 4 MiB");
    assert!(outbox.push(&vec![1; 4 * KEPT], Some(1)));
    assert_eq!(outbox.take_back(|_| true).whole, [1]);
    assert_eq!(outbox.weight(), 1);
    assert!(outbox.push(&vec![1; KEPT], Some(2)));
    outbox.forget();
    assert_eq!(outbox.weight(), 0);
}

proptest! {
    #[test]
    fn the_rest_leaves_in_its_order(
        pieces in proptest::collection::vec((0_u64..6, 0_usize..20), 1..40),
        room in 0_usize..200,
        over in proptest::collection::vec(0_u64..40, 0..20),
    ) {
        let mut outbox = Outbox::default();
        let mut all = Vec::new();
        for (number, (kind, len)) in pieces.iter().enumerate() {
            // A third of them is nobody's.
            let token = (*kind < 4).then_some(number as u64);
            let bytes = vec![u8::try_from(number).expect("few"); *len];
            let start = outbox.queued();
            outbox.push(&bytes, token);
            all.push((token, bytes, start));
        }
        let mut pipe = Pipe { room, got: Vec::new() };
        while write(&mut outbox, &mut pipe, &[]) == Some(true) && !outbox.is_empty() {}
        let left = outbox.left();
        let taken = outbox.take_back(|token| over.contains(&token));
        let mut expected = Vec::new();
        for (token, bytes, start) in &all {
            let back = !bytes.is_empty() && *start >= left && token.is_some_and(|token| over.contains(&token));
            prop_assert_eq!(taken.whole.contains(&token.unwrap_or(u64::MAX)), back);
            if !back {
                // Where it is now is where it will be found.
                prop_assert_eq!(taken.moved(*start), expected.len() as u64);
                expected.extend_from_slice(bytes);
            }
        }
        prop_assert_eq!(outbox.queued(), expected.len() as u64);
        prop_assert_eq!(outbox.left(), left);
        pipe.room = usize::MAX;
        while write(&mut outbox, &mut pipe, &[]) == Some(true) && !outbox.is_empty() {}
        prop_assert_eq!(pipe.got, expected);
    }
}
