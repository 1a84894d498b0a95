//! How long a caller waits, from the `grpc-timeout` header. Pure.

use std::time::Duration;

/// Kept for the last commit and the way of the answer.
const RESERVE: Duration = Duration::from_millis(300);
/// For a caller that does not say.
const DEFAULT: Duration = Duration::from_secs(15);
/// Whoever wants to wait longer had better ask for "stored".
const LONGEST: Duration = Duration::from_mins(1);

/// What is left for carriers of the time the caller gives the call.
pub(crate) fn patience(grpc_timeout: Option<&str>) -> Duration {
    let said = grpc_timeout
        .and_then(parse)
        .map_or(DEFAULT, |time| time.saturating_sub(RESERVE));
    said.min(LONGEST)
}

/// 1 to 8 digits and a unit (gRPC over HTTP/2, "Timeout"). What cannot be read limits nothing, as in
/// every gRPC server.
fn parse(text: &str) -> Option<Duration> {
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if !(1..=8).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let value: u64 = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(value * 3600),
        "M" => Duration::from_secs(value * 60),
        "S" => Duration::from_secs(value),
        "m" => Duration::from_millis(value),
        "u" => Duration::from_micros(value),
        "n" => Duration::from_nanos(value),
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
