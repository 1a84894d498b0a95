//! A message into its `submit_sm` [4.4]. Pure.

use crate::address::{destination, source};
use crate::config::{Concatenation, Extra, Profile, Validity};
use crate::text::{self, Written};
use aldis_carrier::{Class, Message, Outcome, calendar};
use rusmpp_core::pdus::owned::{Pdu, SubmitSm};
use rusmpp_core::tlvs::TlvTag;
use rusmpp_core::tlvs::owned::MessageSubmissionRequestTlvValue as Tlv;
use rusmpp_core::types::owned::{AnyOctetString, COctetString, EmptyOrFullCOctetString, OctetString};
use rusmpp_core::values::owned::{MessagePayload, ServiceType};
use rusmpp_core::values::{DataCoding, EsmClass, RegisteredDelivery};
use std::time::Duration;

/// `esm_class`: the user data begins with a header [5.2.12].
const UDHI: u8 = 0x40;

/// The `submit_sm` of each part, in order; or why there is none.
pub(crate) fn requests(
    message: &Message<'_>,
    profile: &Profile,
    reference: u16,
) -> Result<Vec<Pdu>, Outcome> {
    let written = text::write(message.text(), profile).ok_or_else(|| {
        Outcome::refused(Class::TooLong, "parts").with_detail("the text needs more than 255 parts")
    })?;
    let (from, to) = (source(message, profile)?, destination(message)?);
    let common = SubmitSm::builder()
        .service_type(service_type(&profile.service_type))
        .source_addr_ton(from.ton)
        .source_addr_npi(from.npi)
        .source_addr(from.digits)
        .dest_addr_ton(to.ton)
        .dest_addr_npi(to.npi)
        .destination_addr(to.digits)
        .validity_period(validity_period(message, profile))
        .registered_delivery(RegisteredDelivery::from(u8::from(profile.receipts)))
        .data_coding(DataCoding::from(written.data_coding))
        // The codec's own default is a delivery acknowledgement.
        .esm_class(EsmClass::from(0))
        .build();
    let extras = extras(message, &profile.extras)?;
    let parts = parts(&written, profile.concatenation, reference)?;
    Ok(parts
        .into_iter()
        .map(|part| {
            let mut submit = common.clone();
            submit.esm_class = EsmClass::from(if part.header { UDHI } else { 0 });
            submit.set_short_message(part.user_data);
            submit.set_tlvs(part.tlvs.into_iter().chain(extras.iter().cloned()).collect());
            Pdu::SubmitSm(submit)
        })
        .collect())
}

/// What parts differ in.
struct Part {
    header: bool,
    user_data: OctetString<0, 255>,
    tlvs: Vec<Tlv>,
}

fn parts(written: &Written, concatenation: Concatenation, reference: u16) -> Result<Vec<Part>, Outcome> {
    let too_long =
        || Outcome::refused(Class::TooLong, "part").with_detail("a part does not fit into its PDU");
    let total = u8::try_from(written.parts.len()).map_err(|_| too_long())?;
    let part = |(octets, number): (&Vec<u8>, u8)| {
        let [high, low] = reference.to_be_bytes();
        let (header, user_data, tlvs): (&[u8], &[u8], Vec<Tlv>) = match concatenation {
            Concatenation::Payload if !written.fits => {
                let payload = MessagePayload::new(AnyOctetString::from_slice(octets));
                (&[], &[], vec![Tlv::MessagePayload(payload)])
            }
            _ if total == 1 => (&[], octets, Vec::new()),
            Concatenation::Udh | Concatenation::Payload => {
                (&[5, 0, 3, low, total, number], octets, Vec::new())
            }
            Concatenation::Udh16 => (&[6, 8, 4, high, low, total, number], octets, Vec::new()),
            Concatenation::Sar => {
                let tlvs = vec![
                    Tlv::SarMsgRefNum(reference),
                    Tlv::SarTotalSegments(total),
                    Tlv::SarSegmentSeqnum(number),
                ];
                (&[], octets, tlvs)
            }
        };
        Ok(Part {
            header: !header.is_empty(),
            user_data: OctetString::from_vec([header, user_data].concat()).map_err(|_| too_long())?,
            tlvs,
        })
    };
    written.parts.iter().zip(1..=total).map(part).collect()
}

/// Writes `YYMMDDhhmmss000R` [7.1.1], or a moment with the SMSC's distance from UTC; nothing if the carrier's default will
/// do. It is never beyond the deadline: the message may have waited since its validity was told.
fn validity_period(message: &Message<'_>, profile: &Profile) -> EmptyOrFullCOctetString<17> {
    let now = message.now_unix_ms();
    let written = message.validity().and_then(|validity| {
        let left = message.deadline_unix_ms().saturating_sub(now);
        let validity = validity.min(Duration::from_millis(left));
        match profile.validity {
            Validity::Relative => Some(from_now(validity)),
            Validity::Absolute => moment(now / 1000 + validity.as_secs(), profile.utc_offset_minutes),
            Validity::None => None,
        }
    });
    written
        .and_then(|text| EmptyOrFullCOctetString::from_string(text).ok())
        .unwrap_or_else(EmptyOrFullCOctetString::empty)
}

fn from_now(validity: Duration) -> String {
    // 99 days are more than any message has.
    let seconds = validity.as_secs().clamp(1, 99 * 86_400 - 1);
    let (days, hours) = (seconds / 86_400, seconds / 3600 % 24);
    let (minutes, seconds) = (seconds / 60 % 60, seconds % 60);
    // Months have no fixed length, so days are counted up to the 30 that fit.
    let (months, days) = (days / 30, days % 30);
    format!("00{months:02}{days:02}{hours:02}{minutes:02}{seconds:02}000R")
}

/// Writes a moment by the SMSC's clock, and how far that is from UTC: right for SMSCs that read the distance, and for those
/// that do not.
fn moment(unix_seconds: u64, utc_offset_minutes: i32) -> Option<String> {
    // It is told in quarters of an hour, 48 at most (SMPP 3.4 section 7.1.1); what cannot be told so stays UTC.
    let offset = if utc_offset_minutes % 15 == 0 && utc_offset_minutes.abs() <= 48 * 15 {
        utc_offset_minutes
    } else {
        0
    };
    let there = unix_seconds.checked_add_signed(i64::from(offset) * 60)?;
    let (year, month, day) = calendar::date(i64::try_from(there / 86_400).ok()?);
    let short = (year - 2000).try_into().ok().filter(|short: &u64| *short < 100)?;
    let (hour, minute, second) = (there / 3600 % 24, there / 60 % 60, there % 60);
    let (quarters, sign) = (offset.unsigned_abs() / 15, if offset < 0 { '-' } else { '+' });
    Some(format!(
        "{short:02}{month:02}{day:02}{hour:02}{minute:02}{second:02}0{quarters:02}{sign}"
    ))
}

fn service_type(text: &str) -> ServiceType {
    let octets =
        COctetString::from_vec([text.as_bytes(), &[0]].concat()).unwrap_or_else(|_| COctetString::empty());
    ServiceType::new(octets)
}

/// The operator's TLVs for this message.
fn extras(message: &Message<'_>, extras: &[Extra]) -> Result<Vec<Tlv>, Outcome> {
    let mut tlvs = Vec::new();
    for extra in extras {
        let of_message = extra.attribute.as_deref().and_then(|key| message.attribute(key));
        let Some(value) = of_message.or(extra.value.as_deref()) else {
            continue;
        };
        let octets = extra.form.write(value).ok_or_else(|| {
            let code = format!("tlv {:#06x}", extra.tag);
            Outcome::refused(Class::BadRequest, code)
                .with_detail("the attribute cannot be written in this TLV's form")
        })?;
        tlvs.push(Tlv::Other {
            tag: TlvTag::Other(extra.tag),
            value: AnyOctetString::from_vec(octets),
        });
    }
    Ok(tlvs)
}

#[cfg(test)]
mod tests;
