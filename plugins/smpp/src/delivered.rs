//! What a `deliver_sm` or `data_sm` brings, whichever way it could be read.

use crate::frame::Frame;
use crate::lenient;
use rusmpp_core::encode::{Encode, Length};
use rusmpp_core::pdus::owned::Pdu;
use rusmpp_core::tlvs::owned::Tlv;

/// A message or receipt. No `Debug`: it is somebody's words and number.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Delivered {
    /// Type of number [5.2.5].
    pub(crate) source_ton: u8,
    pub(crate) source: String,
    pub(crate) destination_ton: u8,
    pub(crate) destination: String,
    pub(crate) esm_class: u8,
    pub(crate) data_coding: u8,
    pub(crate) user_data: Vec<u8>,
    pub(crate) tlvs: Tlvs,
}

/// The TLVs that are looked at [5.3.2].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tlvs {
    pub(crate) receipted_message_id: Option<String>,
    pub(crate) message_state: Option<u8>,
    /// Network type and code.
    pub(crate) network_error_code: Option<(u8, u16)>,
    pub(crate) message_payload: Option<Vec<u8>>,
    pub(crate) sar_reference: Option<u16>,
    pub(crate) sar_total: Option<u8>,
    pub(crate) sar_number: Option<u8>,
}

impl Tlvs {
    /// Takes one, whatever its length should have been.
    pub(crate) fn note(&mut self, tag: u16, value: &[u8]) {
        let number = value
            .iter()
            .fold(0_u32, |number, octet| number << 8 | u32::from(*octet));
        let octet = value.last().copied();
        match (tag, value) {
            (0x001e, _) => {
                let text = value.split(|octet| *octet == 0).next().unwrap_or_default();
                self.receipted_message_id = Some(String::from_utf8_lossy(text).into_owned());
            }
            (0x0427, _) => self.message_state = octet,
            (0x0423, [network, ..]) => {
                self.network_error_code = Some((*network, u16::try_from(number & 0xffff).unwrap_or(0)));
            }
            (0x0424, _) => self.message_payload = Some(value.to_vec()),
            (0x020c, _) => self.sar_reference = u16::try_from(number & 0xffff).ok(),
            (0x020e, _) => self.sar_total = octet,
            (0x020f, _) => self.sar_number = octet,
            _ => {}
        }
    }
}

impl Delivered {
    /// Of a frame that is a `deliver_sm` or `data_sm`: as the codec reads it, else what can be read.
    pub(crate) fn of(frame: &Frame) -> Option<Self> {
        const DELIVER_SM: u32 = 0x05;
        const DATA_SM: u32 = 0x103;
        let mut delivered = match (frame.id, frame.pdu()) {
            (_, Some(Pdu::DeliverSm(read))) => Self {
                source_ton: read.source_addr_ton.into(),
                source: read.source_addr.as_str().to_owned(),
                destination_ton: read.dest_addr_ton.into(),
                destination: read.destination_addr.as_str().to_owned(),
                esm_class: read.esm_class.into(),
                data_coding: read.data_coding.into(),
                user_data: AsRef::<[u8]>::as_ref(read.short_message()).to_vec(),
                tlvs: tlvs(read.tlvs()),
            },
            (_, Some(Pdu::DataSm(read))) => Self {
                source_ton: read.source_addr_ton.into(),
                source: read.source_addr.as_str().to_owned(),
                destination_ton: read.dest_addr_ton.into(),
                destination: read.destination_addr.as_str().to_owned(),
                esm_class: read.esm_class.into(),
                data_coding: read.data_coding.into(),
                user_data: Vec::new(),
                tlvs: tlvs(read.tlvs()),
            },
            (DELIVER_SM, _) => lenient::deliver_sm(&frame.body),
            (DATA_SM, _) => lenient::data_sm(&frame.body),
            _ => return None,
        };
        if let (true, Some(payload)) = (
            delivered.user_data.is_empty(),
            delivered.tlvs.message_payload.take(),
        ) {
            delivered.user_data = payload;
        }
        Some(delivered)
    }
}

fn tlvs(read: &[Tlv]) -> Tlvs {
    let mut tlvs = Tlvs::default();
    for tlv in read {
        let Some(value) = tlv.value() else { continue };
        let mut octets = vec![0; value.length()];
        value.encode(&mut octets);
        tlvs.note(tlv.tag().into(), &octets);
    }
    tlvs
}
