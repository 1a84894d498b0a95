//! `aldis dev`: a whole gateway on loopback, one SMS shown on its way through it, then at your service.

mod exchange;
mod neighbours;
mod scenes;
mod service;
mod signals;
mod stage;

use crate::arguments::Dev;
use crate::failure::Failure;
use crate::inbox::{Inbox, ReceivedSms};
use crate::life;
use crate::printer::{self, Printer};
use aldis_daemon::clock;
use aldis_delivery_api::{ClientToken, DeliveryClient, Endpoint, MessageView};
use aldis_message::{DeliveryStatus, MessageId};
use exchange::{Answer, Asked};
use neighbours::Neighbours;
use scenes::Scenes;
use serde_json::json;
use service::Service;
use signals::Signals;
use stage::Stage;
use std::net::Ipv4Addr;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// A cold start on a small machine; only a failure takes that long.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// The answer says a carrier took it, so the inbox already has it.
const ARRIVAL_WITHIN: Duration = Duration::from_secs(5);
/// The sandbox tells at once that the handset has it; nothing else tells us when that is stored.
const RECEIPT_WITHIN: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// How long a token pasted from the screen is good for.
const PASTE_LIFETIME: Duration = Duration::from_hours(1);

/// What became of the one SMS.
struct Shown {
    asked: Asked,
    answer: Answer,
    sms: Option<ReceivedSms>,
    life: Option<MessageView>,
}

pub(crate) async fn run(wish: Dev, printer: &Printer) -> Result<(), Failure> {
    let mut signals = Signals::listen()?;
    let neighbours = Neighbours::find(wish.carriers_dir.as_deref())?;
    let inbox = Inbox::start((Ipv4Addr::LOCALHOST, 0).into())
        .await
        .map_err(|error| Failure::failed(format!("the sandbox carrier's inbox cannot listen: {error}")))?;
    let stage = Stage::prepare(&wish, &neighbours, &inbox.url())?;
    if wish.keep {
        printer.progress(&format!(
            "settings, store and logs stay in {}",
            stage.folder().display()
        ));
    }
    let mut services = stage.start(&neighbours)?;
    let played = tokio::select! {
        played = play(&wish, &stage, &mut services, &inbox, printer) => played,
        () = signals.next() => interrupted(&wish),
    };
    let stopped = tokio::select! {
        stopped = stop(&mut services, printer) => stopped,
        // Whoever asks twice does not want to wait: dropping a service kills it.
        () = signals.next() => Err(Failure::failed("ended at once, without draining")),
    };
    played.and(stopped)
}

/// Ctrl-C is how serving ends, and no way for the one SMS to arrive.
fn interrupted(wish: &Dev) -> Result<(), Failure> {
    if wish.once {
        Err(Failure::failed("interrupted before the SMS arrived"))
    } else {
        Ok(())
    }
}

/// Waits for both services, shows the SMS, and unless it was to be the only one serves on.
async fn play(
    wish: &Dev,
    stage: &Stage,
    services: &mut [Service],
    inbox: &Inbox,
    printer: &Printer,
) -> Result<(), Failure> {
    printer.progress("starting aldis-delivery and aldis-edge ...");
    for service in &mut *services {
        service.ready(READY_WITHIN).await?;
    }
    let shown = one_sms(stage, inbox).await?;
    show(stage, &shown, printer)?;
    shown.verdict()?;
    if !printer.is_json() {
        let scenes = Scenes::new(stage, printer.ink());
        let what_next = if wish.once {
            scenes.farewell()
        } else {
            scenes.invitation(clock::now(), PASTE_LIFETIME)?
        };
        printer::data(&what_next)?;
    }
    if wish.once {
        return Ok(());
    }
    serve_on(services, inbox, printer).await
}

/// Shows every further SMS until a service ends, which it should not.
async fn serve_on(services: &mut [Service], inbox: &Inbox, printer: &Printer) -> Result<(), Failure> {
    let arriving = async {
        loop {
            if let Some(sms) = inbox.next_message(Duration::from_hours(1)).await {
                printer.answer(
                    &scenes::arrival(&sms, clock::now(), printer.ink()),
                    &sms_record(&sms),
                )?;
            }
        }
    };
    let (first, second) = services.split_at_mut(1);
    tokio::select! {
        ended = first[0].ended() => Err(ended),
        ended = second[0].ended() => Err(ended),
        failed = arriving => failed,
    }
}

async fn one_sms(stage: &Stage, inbox: &Inbox) -> Result<Shown, Failure> {
    let asked = Asked::new(stage, clock::now())?;
    let answer = asked.send().await?;
    let sms = if answer.is_ok() {
        inbox.next_message(ARRIVAL_WITHIN).await
    } else {
        None
    };
    let life = match answer.message_id() {
        Some(id) => Some(whole_life(&delivery(stage)?, &id).await?),
        None => None,
    };
    Ok(Shown {
        asked,
        answer,
        sms,
        life,
    })
}

/// A message's life up to its end, or as far as it comes in the time of a receipt.
async fn whole_life(delivery: &DeliveryClient, id: &MessageId) -> Result<MessageView, Failure> {
    let given_up = Instant::now() + RECEIPT_WITHIN;
    loop {
        let view = delivery.message(id).await?;
        if view.status.is_final() || Instant::now() >= given_up {
            return Ok(view);
        }
        sleep(LOOK_AGAIN).await;
    }
}

/// A client with the edge's token: a client reads its own messages only, and the edge sent this one.
fn delivery(stage: &Stage) -> Result<DeliveryClient, Failure> {
    let endpoint = Endpoint {
        uri: format!("http://{}", stage.addresses.delivery),
        token: ClientToken::new(stage.secrets.edge_token.clone()),
        tls: None,
        allow_plaintext: false,
    };
    Ok(DeliveryClient::connect_lazy(&endpoint)?)
}

fn show(stage: &Stage, shown: &Shown, printer: &Printer) -> Result<(), Failure> {
    let record = json!({
        "request": shown.asked.record(),
        "answer": shown.answer.record(),
        "sms": shown.sms.as_ref().map(sms_record),
        "message": shown.life.as_ref().map(life::record),
    });
    let scenes = Scenes::new(stage, printer.ink());
    printer.answer(&scenes.journey(shown), &record)
}

fn sms_record(sms: &ReceivedSms) -> serde_json::Value {
    json!({ "to": sms.to, "from": sms.from, "text": sms.text })
}

impl Shown {
    /// Whether the promise was kept: exactly 200, the SMS is there, and its receipt came back.
    fn verdict(&self) -> Result<(), Failure> {
        if !self.answer.is_ok() {
            return Err(Failure::failed(format!(
                "the edge answered {} instead of 200",
                self.answer.status
            )));
        }
        match &self.sms {
            Some(sms) if exchange::is_the_one(sms) => self.delivered(),
            Some(_) => Err(Failure::failed("another SMS arrived than the one that was sent")),
            None => Err(Failure::failed("the answer was 200, but no SMS arrived")),
        }
    }

    fn delivered(&self) -> Result<(), Failure> {
        match &self.life {
            Some(life) if life.status == DeliveryStatus::Delivered => Ok(()),
            _ => Err(Failure::failed(
                "the SMS arrived, but its receipt did not come back",
            )),
        }
    }
}

/// The edge first: it drains what delivery still has to answer.
async fn stop(services: &mut [Service], printer: &Printer) -> Result<(), Failure> {
    printer.progress("stopping ...");
    let mut worst = Ok(());
    for service in services.iter_mut().rev() {
        worst = worst.and(service.stop().await);
    }
    worst
}
