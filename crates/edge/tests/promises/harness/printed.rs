//! The log of an edge under test.

use aldis_daemon::logging::{Form, subscriber};
use std::io;
use std::sync::{Arc, Mutex};
use tracing::Dispatch;
use tracing::subscriber::{DefaultGuard, set_default};

/// Everything that was logged.
#[derive(Clone, Default)]
pub(crate) struct Printed(Arc<Mutex<Vec<u8>>>);

impl io::Write for Printed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("a test's lock").extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Printed {
    /// Listens from now on, as long as the guard lives. The runtime of a test has one thread, so the subscriber of the
    /// thread hears every task of the test.
    pub(crate) fn listening(asked: &str) -> (Self, (DefaultGuard, Dispatch)) {
        let printed = Self::default();
        let writer = printed.clone();
        // With a single subscriber, a line that another test's thread comes to first would be held to interest nobody.
        let second = Dispatch::new(subscriber(asked, Form::Json, io::sink));
        let guard = set_default(subscriber(asked, Form::Json, move || writer.clone()));
        (printed, (guard, second))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("a test's lock").clone()).expect("UTF-8")
    }
}
