//! `aldis send`: one SMS over gRPC, the way an internal service does it.

use crate::arguments::{Reach, Send};
use crate::failure::Failure;
use crate::printer::Printer;
use crate::{life, secret_file};
use aldis_daemon::config::HumanDuration;
use aldis_delivery_api::{ClientTls, ClientToken, DeliveryClient, Endpoint, Sent};
use aldis_message::{Attributes, Deadline, Idempotency, MessageClass, NewMessage, UnixMillis};
use serde_json::json;
use std::time::Duration;

const DAY: Duration = Duration::from_hours(24);
/// The contract takes no message that lives longer (`SendMessageRequest.ttl`).
const LONGEST: Duration = Duration::from_hours(48);
/// What proto says of a message without expiry.
const OTP_LIFETIME: Duration = Duration::from_mins(3);

impl Reach {
    /// A client of that delivery.
    pub(crate) fn client(&self, printer: &Printer) -> Result<DeliveryClient, Failure> {
        let token = secret_file::read(
            "client token",
            self.token_file.as_deref(),
            self.token_env.as_deref(),
            printer,
        )?;
        let tls = self.ca_certificate.clone().map(|file| ClientTls {
            ca_certificate: Some(file),
            ..ClientTls::default()
        });
        let endpoint = Endpoint {
            uri: self.delivery.clone(),
            token: ClientToken::new(token),
            tls,
            allow_plaintext: self.allow_plaintext,
        };
        Ok(DeliveryClient::connect_lazy(&endpoint)?.telling_time(aldis_daemon::clock::now))
    }
}

pub(crate) async fn run(wish: Box<Send>, printer: &Printer, now: UnixMillis) -> Result<(), Failure> {
    let client = wish.reach.client(printer)?;
    let within = wish.within.get();
    let message = message(*wish, now)?;
    printer.progress(&format!(
        "sending to {}, {} segment(s)",
        message.to.masked(),
        message.body.segments().count()
    ));
    let Sent { message, replayed } = client.send(message, within).await?;
    if replayed {
        printer
            .progress("this key was used before: here is what became of that message, nothing new was sent");
    }
    let record = json!({ "message": life::record(&message), "replayed": replayed });
    printer.answer(&life::timeline(&message, printer.ink()), &record)
}

fn message(wish: Send, now: UnixMillis) -> Result<NewMessage, Failure> {
    let usual = if wish.class == MessageClass::Otp {
        OTP_LIFETIME
    } else {
        DAY
    };
    let lifetime = wish.ttl.map_or(usual, HumanDuration::get);
    if lifetime.is_zero() || lifetime > LONGEST {
        return Err(Failure::usage("--ttl is more than nothing and at most 48h"));
    }
    let attributes = Attributes::parse(wish.attributes)
        .map_err(|error| Failure::usage(format!("--attribute: {error}")))?;
    Ok(NewMessage {
        to: wish.to,
        sender: wish.sender,
        body: wish.text,
        tenant: wish.tenant,
        class: wish.class,
        accept: wish.accept,
        idempotency: wish.key.map(|key| Idempotency::new(key, DAY)),
        deadline: Deadline::at(now.plus(lifetime)),
        attributes,
    })
}
