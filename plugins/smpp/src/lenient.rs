//! The bodies of PDUs that break the specification: what can be read of them is. A receipt must not be lost because its
//! SMSC forgets a zero octet. Never fails; what is missing is empty.

use crate::delivered::{Delivered, Tlvs};

/// The rest of a body.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(count.min(self.0.len()));
        self.0 = rest;
        taken
    }

    fn octet(&mut self) -> u8 {
        self.take(1).first().copied().unwrap_or(0)
    }

    fn word(&mut self) -> Option<u16> {
        self.take(2).try_into().ok().map(u16::from_be_bytes)
    }

    /// Up to the zero octet, or the end.
    fn text(&mut self) -> String {
        let end = self.0.iter().position(|octet| *octet == 0);
        let text = self.take(end.unwrap_or(self.0.len()));
        self.take(1);
        String::from_utf8_lossy(text).into_owned()
    }
}

/// A `deliver_sm` [4.6.1].
pub(crate) fn deliver_sm(body: &[u8]) -> Delivered {
    let mut rest = Rest(body);
    let _service_type = rest.text();
    let source_ton = rest.octet();
    let _npi = rest.octet();
    let source = rest.text();
    let destination_ton = rest.octet();
    let _npi = rest.octet();
    let destination = rest.text();
    let esm_class = rest.octet();
    let _protocol_and_priority = rest.take(2);
    let _schedule_and_validity = (rest.text(), rest.text());
    let _registered_and_replace = rest.take(2);
    let data_coding = rest.octet();
    let _sm_default_msg_id = rest.octet();
    let length = usize::from(rest.octet());
    let user_data = rest.take(length).to_vec();
    let tlvs = tlvs(&mut rest);
    Delivered {
        source_ton,
        source,
        destination_ton,
        destination,
        esm_class,
        data_coding,
        user_data,
        tlvs,
    }
}

/// A `data_sm` [4.7.1]: its user data is in the TLV `message_payload`.
pub(crate) fn data_sm(body: &[u8]) -> Delivered {
    let mut rest = Rest(body);
    let _service_type = rest.text();
    let source_ton = rest.octet();
    let _npi = rest.octet();
    let source = rest.text();
    let destination_ton = rest.octet();
    let _npi = rest.octet();
    let destination = rest.text();
    let esm_class = rest.octet();
    let _registered = rest.octet();
    let data_coding = rest.octet();
    let tlvs = tlvs(&mut rest);
    Delivered {
        source_ton,
        source,
        destination_ton,
        destination,
        esm_class,
        data_coding,
        user_data: Vec::new(),
        tlvs,
    }
}

/// The `message_id` of a `submit_sm_resp` [4.4.2].
pub(crate) fn message_id(body: &[u8]) -> String {
    Rest(body).text()
}

fn tlvs(rest: &mut Rest<'_>) -> Tlvs {
    let mut tlvs = Tlvs::default();
    while let (Some(tag), Some(length)) = (rest.word(), rest.word()) {
        tlvs.note(tag, rest.take(usize::from(length)));
    }
    tlvs
}

#[cfg(test)]
mod tests;
