//! Exit codes, the same for every program: the BSD `sysexits.h` numbers where they fit.

/// It did what it was asked.
pub const OK: u8 = 0;
/// It failed while running.
pub const FAILURE: u8 = 1;
/// The command line is wrong.
pub const USAGE: u8 = 2;
/// A service that is needed cannot be reached (`EX_UNAVAILABLE`).
pub const UNAVAILABLE: u8 = 69;
/// The store failed (`EX_IOERR`).
pub const IO: u8 = 74;
/// The settings are wrong (`EX_CONFIG`).
pub const CONFIG: u8 = 78;
