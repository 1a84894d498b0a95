//! What Auth0 says to us, and how we know that it is Auth0.

pub(crate) mod body;
mod json;
pub(crate) mod key;
pub(crate) mod legacy;
pub(crate) mod replay;
pub(crate) mod token;
