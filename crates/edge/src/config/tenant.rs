//! One `[[tenants]]` entry, from the file's words to a [`Tenant`]; and tenants that could be taken for each other.

use super::raw::{RawAccept, RawGateway, RawMethod, RawTenant};
use crate::auth0::key::{GatewayKey, is_sample};
use crate::auth0::token::Policy;
use crate::tenants::{Gate, Tenant};
use aldis_daemon::config::{ConfigError, HumanDuration, Source};
use aldis_message::{AcceptMode, Region, Sender, TenantName};
use std::ops::RangeInclusive;
use std::time::Duration;

const ANSWER_WITHIN: Duration = Duration::from_secs(12);
/// Auth0 gives up at 30 s; less than a second leaves no carrier any time.
const ANSWERS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(29);
/// What Auth0's documentation gives a code.
const CODE_LIFETIME: Duration = Duration::from_mins(3);
/// Delivery keeps nothing longer than two days.
const LIFETIMES: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(48);

/// Where in the file a tenant stands, for its faults.
#[derive(Clone, Copy)]
struct Place<'s> {
    source: &'s Source,
    index: usize,
}

impl Place<'_> {
    fn fault(self, key: &str, reason: impl std::fmt::Display) -> ConfigError {
        self.source
            .fault(&format!("tenants[{}].{key}", self.index), reason)
    }
}

pub(super) fn parse(
    raw: RawTenant,
    index: usize,
    source: &Source,
    warnings: &mut Vec<String>,
) -> Result<Tenant, ConfigError> {
    let place = Place { source, index };
    let name = TenantName::parse(&raw.name).map_err(|error| place.fault("name", error))?;
    let gateway = raw.gateway_authentication.ok_or_else(|| {
        place.fault(
            "gateway_authentication",
            "is missing; method = \"none\" with allow_unauthenticated = true would let anybody send",
        )
    })?;
    let sender = raw
        .default_sender
        .map(|sender| Sender::parse(&sender))
        .transpose();
    let region = raw
        .default_region
        .map(|region| Region::parse(&region))
        .transpose();
    Ok(Tenant {
        gate: gate(&name, gateway, place, warnings)?,
        name,
        default_sender: sender.map_err(|error| place.fault("default_sender", error))?,
        default_region: region.map_err(|error| place.fault("default_region", error))?,
        accept: match raw.accept {
            Some(RawAccept::Stored) => AcceptMode::Stored,
            Some(RawAccept::Carrier) | None => AcceptMode::Carrier,
        },
        answer_within: within(raw.answer_within, ANSWER_WITHIN, &ANSWERS)
            .ok_or_else(|| place.fault("answer_within", "must be from 1s to 29s: Auth0 gives up at 30s"))?,
        code_lifetime: within(raw.code_lifetime, CODE_LIFETIME, &LIFETIMES)
            .ok_or_else(|| place.fault("code_lifetime", "must be from 1s to 48h"))?,
    })
}

fn within(
    raw: Option<HumanDuration>,
    default: Duration,
    range: &RangeInclusive<Duration>,
) -> Option<Duration> {
    let value = raw.map_or(default, HumanDuration::get);
    range.contains(&value).then_some(value)
}

fn gate(
    name: &TenantName,
    raw: RawGateway,
    place: Place<'_>,
    warnings: &mut Vec<String>,
) -> Result<Gate, ConfigError> {
    let fault = |key: &str, reason: &str| place.fault(&format!("gateway_authentication.{key}"), reason);
    match raw.method {
        RawMethod::None if raw.allow_unauthenticated => {
            warnings.push(format!(
                "tenant {name}: anybody who reaches this edge can send, and be billed to you"
            ));
            return Ok(Gate::Open);
        }
        RawMethod::None => {
            return Err(fault(
                "method",
                "\"none\" lets anybody send; allow_unauthenticated = true would permit it",
            ));
        }
        RawMethod::Bearer => {}
    }
    let keys = keys(name, &raw, place, warnings)?;
    if !raw.require_exp && raw.max_age.is_none() {
        warnings.push(format!(
            "tenant {name}: neither require_exp nor max_age is set, so a token without exp is good until its secret \
             changes"
        ));
    }
    let audience = raw.audience.filter(|audience| !audience.is_empty());
    if raw.subject.as_ref().is_some_and(String::is_empty) {
        return Err(fault("subject", "is empty; leave it out to take any subject"));
    }
    if raw.issuers.as_ref().is_some_and(Vec::is_empty) {
        return Err(fault(
            "issuers",
            "an empty list would refuse everybody; leave it out to take any issuer",
        ));
    }
    Ok(Gate::Bearer(Policy {
        audience: audience.ok_or_else(|| fault("audience", "is missing: every token must name it"))?,
        subject: raw.subject,
        issuers: raw.issuers,
        require_exp: raw.require_exp,
        max_age: raw.max_age.map(HumanDuration::get),
        keys,
    }))
}

fn keys(
    name: &TenantName,
    raw: &RawGateway,
    place: Place<'_>,
    warnings: &mut Vec<String>,
) -> Result<Vec<GatewayKey>, ConfigError> {
    if raw.secrets.is_empty() {
        return Err(place.fault("gateway_authentication.secrets", "at least one secret is needed"));
    }
    let mut keys = Vec::new();
    for (number, secret) in raw.secrets.iter().enumerate() {
        let key = format!("gateway_authentication.secrets[{number}]");
        let text = secret.resolve().map_err(|error| place.fault(&key, error))?;
        let unwise = secret.warnings(&text);
        warnings.extend(unwise.map(|warning| place.fault(&key, warning).to_string()));
        if is_sample(text.expose()) {
            warnings.push(format!(
                "tenant {name}: {key} is a sample from public documentation; anybody can sign with it"
            ));
        }
        let parsed = GatewayKey::parse(text.expose(), raw.secret_base64_encoded, raw.allow_short_secret);
        keys.push(parsed.map_err(|error| place.fault(&key, error))?);
    }
    Ok(keys)
}

/// Refuses tenants whose tokens would open each other's door, and notes those that come close.
pub(super) fn tell_apart(
    tenants: &[Tenant],
    source: &Source,
    warnings: &mut Vec<String>,
) -> Result<(), ConfigError> {
    for (index, later) in tenants.iter().enumerate() {
        for earlier in tenants.get(..index).unwrap_or_default() {
            if earlier.name == later.name {
                let place = Place { source, index };
                return Err(place.fault("name", format_args!("{} is there twice", later.name)));
            }
            let (Gate::Bearer(one), Gate::Bearer(other)) = (&earlier.gate, &later.gate) else {
                continue;
            };
            if !one
                .keys
                .iter()
                .any(|key| other.keys.iter().any(|its| its.is_like(key)))
            {
                continue;
            }
            if interchangeable(one, other) {
                let reason = format_args!(
                    "tenants {} and {} share audience, subject and a secret: a token of one would pass at the other",
                    earlier.name, later.name
                );
                return Err(Place { source, index }.fault("gateway_authentication.audience", reason));
            }
            warnings.push(format!(
                "tenants {} and {} share a secret: only audience and subject keep them apart",
                earlier.name, later.name
            ));
        }
    }
    Ok(())
}

/// A subject that is not configured is not looked at, so it tells nothing apart.
fn interchangeable(one: &Policy, other: &Policy) -> bool {
    let subjects_differ = match (&one.subject, &other.subject) {
        (Some(one), Some(other)) => one != other,
        _ => false,
    };
    one.audience == other.audience && !subjects_differ
}
