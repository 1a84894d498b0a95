//! The advice about settings that are allowed and unwise. Pure.

use crate::routing::{Onward, Route, Takes};
use aldis_daemon::config::{ConfigError, Source};
use aldis_message::MessageClass;

/// Returns what `--check-config` and the log say of settings that can be used, each with its place.
pub(super) fn advice(routes: &[Route], source: &Source) -> Vec<ConfigError> {
    let codes_may_end_unknown = |(index, route): &(usize, &Route)| {
        let before = routes.get(..*index).unwrap_or_default();
        takes_codes(&route.takes)
            && route.carriers.len() > 1
            && route.policy.lost_answer == Onward::Stop
            && !before
                .iter()
                .any(|other| leaves_no_codes(&other.takes, &route.takes))
    };
    let stopped = routes.iter().enumerate().filter(codes_may_end_unknown);
    let warned = stopped.map(|(index, route)| {
        source.fault(
            &format!("routes[{index}].lost_answer"),
            format!(
                "one-time codes go by this route, and after a lost answer, also after a 502 or 504 of a gateway before \
                 the carrier, \"stop\" asks none of its {} other carriers: the code ends as unknown. \"next_carrier\" \
                 costs a second copy of it at most; where the route takes other classes too, give classes = [\"otp\"] a \
                 route of its own before it",
                route.carriers.len() - 1
            ),
        )
    });
    warned.collect()
}

fn takes_codes(takes: &Takes) -> bool {
    takes.classes.is_empty() || takes.classes.contains(&MessageClass::Otp)
}

/// Tells whether `earlier` takes every one-time code that `later` would.
fn leaves_no_codes(earlier: &Takes, later: &Takes) -> bool {
    fn holds<T: PartialEq>(wide: &[T], narrow: &[T]) -> bool {
        wide.is_empty() || !narrow.is_empty() && narrow.iter().all(|one| wide.contains(one))
    }
    let begins = |prefix: &String| earlier.to.iter().any(|wide| prefix.starts_with(wide.as_str()));
    takes_codes(earlier)
        && (earlier.to.is_empty() || !later.to.is_empty() && later.to.iter().all(begins))
        && holds(&earlier.tenants, &later.tenants)
        && holds(&earlier.clients, &later.clients)
}

#[cfg(test)]
mod tests;
