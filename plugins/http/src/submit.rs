//! A message into a request, and its answer into an outcome.

mod answer;
mod body;
mod header;
mod request;

pub(crate) use answer::Meaning;
pub(crate) use request::Order;

#[cfg(test)]
mod tests;
