//! `aldis-carrier-worker`: a child of delivery that holds one carrier library. Nobody else starts it.

use aldis_carrier_host::worker::{Ended, work};
use std::process::ExitCode;

/// sysexits(3): wrongly used.
const USAGE: u8 = 64;

fn main() -> ExitCode {
    let mut numbers = std::env::args().skip(1).map(|number| number.parse().ok());
    let parent_and_threads = numbers.next().flatten().zip(numbers.next().flatten());
    match parent_and_threads.map(|(parent, threads)| work(parent, threads)) {
        Some(Ended::Done) => ExitCode::SUCCESS,
        Some(Ended::Misused(_)) | None => ExitCode::from(USAGE),
    }
}
