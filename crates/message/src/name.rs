//! Names that operators give: tenants, clients, carriers.

use std::fmt;
use std::str::FromStr;
use thiserror::Error;

/// Why a text is not a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a name has 1 to 63 characters of a-z, 0-9, - and _, the first a letter or digit")]
pub struct NameError;

/// As long as a DNS label (RFC 1035 2.3.4), so that a name can be one.
const LONGEST: usize = 63;

fn check(text: &str) -> Result<(), NameError> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let fine = text.len() <= LONGEST
        && text.bytes().next().is_some_and(plain)
        && text
            .bytes()
            .all(|byte| plain(byte) || byte == b'-' || byte == b'_');
    if fine { Ok(()) } else { Err(NameError) }
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// Reads a name: 1 to 63 characters of `a-z`, `0-9`, `-`, `_`, not beginning with a sign.
            pub fn parse(text: &str) -> Result<Self, NameError> {
                check(text).map(|()| Self(text.to_owned()))
            }

            /// The name.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = NameError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }
    };
}

name! {
    /// An Auth0 tenant, as the `{tenant}` in its URL.
    TenantName
}
name! {
    /// Who calls delivery: the edge, or a service of the company.
    ClientName
}
name! {
    /// A configured carrier account.
    CarrierName
}
