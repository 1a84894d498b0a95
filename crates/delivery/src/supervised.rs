//! Supervises tasks that run for as long as the service does: one that ends before it ends the service with it, since
//! without it messages would rest unseen while everything looks ready.

use std::fmt;
use tokio::task::{Id, JoinError, JoinSet};

/// The tasks, with their names.
#[derive(Default)]
pub(crate) struct Supervised {
    tasks: JoinSet<()>,
    names: Vec<(Id, &'static str)>,
}

/// A task that ended by itself.
#[derive(Debug)]
pub struct Ended {
    name: &'static str,
    panicked: bool,
}

impl Supervised {
    pub(crate) fn spawn(&mut self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        let id = self.tasks.spawn(task).id();
        self.names.push((id, name));
    }

    /// The first that ends, which none of them should. The others are stopped when this is dropped.
    pub(crate) async fn first_end(&mut self) -> Ended {
        let Some(ended) = self.tasks.join_next_with_id().await else {
            return std::future::pending().await;
        };
        let (id, panicked) = match ended {
            Ok((id, ())) => (id, false),
            Err(error) => (error.id(), JoinError::is_panic(&error)),
        };
        let name = self.names.iter().find(|(other, _)| *other == id);
        Ended {
            name: name.map_or("a task", |(_, name)| *name),
            panicked,
        }
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = if self.panicked {
            "panicked"
        } else {
            "ended by itself"
        };
        write!(out, "{} {how}", self.name)
    }
}

#[cfg(test)]
mod tests;
