//! `aldis carriers` and `aldis reload`: how the carriers are, and their settings read again.

use crate::arguments::Reach;
use crate::failure::Failure;
use crate::plain::plain;
use crate::printer::{Ink, Printer};
use aldis_delivery_api::{CarrierView, LinkView};
use serde_json::{Value, json};

pub(crate) async fn carriers(reach: Reach, printer: &Printer) -> Result<(), Failure> {
    let carriers = reach.client(printer)?.carriers().await?;
    let lines: Vec<_> = carriers
        .iter()
        .map(|carrier| line(carrier, printer.ink()))
        .collect();
    let records: Vec<_> = carriers.iter().map(record).collect();
    printer.answer(&lines.join("\n"), &json!({ "carriers": records }))
}

pub(crate) async fn reload(reach: Reach, printer: &Printer) -> Result<(), Failure> {
    let reloaded = reach.client(printer)?.reload_carriers().await?;
    let said = |what: &str, names: &[String]| match names {
        [] => None,
        names => Some(format!("{what}: {}", names.join(", "))),
    };
    let lines: Vec<_> = [
        said("made anew", &reloaded.made),
        said("as before", &reloaded.kept),
        said("retired", &reloaded.retired),
    ]
    .into_iter()
    .flatten()
    .collect();
    let record = json!({
        "made": reloaded.made,
        "kept": reloaded.kept,
        "retired": reloaded.retired,
    });
    printer.answer(&lines.join("\n"), &record)
}

fn line(carrier: &CarrierView, ink: Ink) -> String {
    let state = if carrier.troubles.is_empty() {
        ink.green("takes messages")
    } else {
        ink.red(&plain(&carrier.troubles.join("; ")))
    };
    let place = if carrier.worker {
        "in a worker"
    } else {
        "in process"
    };
    let hash: String = carrier.sha256.chars().take(12).collect();
    // These two are the library's own words.
    let (plugin, version) = (plain(&carrier.plugin), plain(&carrier.version));
    let name = ink.bold(&carrier.name);
    let first = format!("{name}  {plugin} {version} ({hash}), {place}: {state}");
    let links = carrier.links.iter().map(|link| {
        let up = if link.connected {
            "connected"
        } else {
            "not connected"
        };
        let (name, in_flight, window) = (&link.name, link.in_flight, link.window);
        format!("  link {name}: {up}, {in_flight} of {window} in flight")
    });
    std::iter::once(first).chain(links).collect::<Vec<_>>().join("\n")
}

fn record(carrier: &CarrierView) -> Value {
    let link = |link: &LinkView| {
        json!({
            "name": link.name,
            "connected": link.connected,
            "window": link.window,
            "in_flight": link.in_flight,
        })
    };
    json!({
        "name": carrier.name,
        "plugin": carrier.plugin,
        "version": carrier.version,
        "sha256": carrier.sha256,
        "worker": carrier.worker,
        "troubles": carrier.troubles,
        "links": carrier.links.iter().map(link).collect::<Vec<_>>(),
    })
}
