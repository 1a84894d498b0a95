//! `aldis-carrier-worker`: a child of delivery that holds one carrier library. Nobody else starts it.

use aldis_carrier_host::worker::{Ended, work};
use std::process::ExitCode;

/// sysexits(3): wrongly used.
const USAGE: u8 = 64;

fn main() -> ExitCode {
    let parent = std::env::args().nth(1).and_then(|id| id.parse().ok());
    match parent.map(work) {
        Some(Ended::Done) => ExitCode::SUCCESS,
        Some(Ended::Misused(_)) | None => ExitCode::from(USAGE),
    }
}
