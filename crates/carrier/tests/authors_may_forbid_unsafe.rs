//! A carrier's crate may forbid unsafe code and still export itself, with the kit as the only
//! crate that it names.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

use aldis_carrier::schemars::JsonSchema;
use aldis_carrier::serde::Deserialize;
use aldis_carrier::{About, Carrier, Instance, Message, Outcome, Request, Response, SettingsError, Step};

#[derive(Deserialize, JsonSchema)]
#[serde(crate = "aldis_carrier::serde")]
#[schemars(crate = "aldis_carrier::schemars")]
struct Settings {
    base_url: String,
}

struct Tiny(Settings);

impl Carrier for Tiny {
    type Settings = Settings;
    const ABOUT: About = About::new("tiny", "0.1.0");

    fn new(settings: Settings, _: &Instance) -> Result<Self, SettingsError> {
        Ok(Self(settings))
    }

    fn submit(&self, message: &Message<'_>) -> Step {
        Request::get(&self.0.base_url)
            .query([("to", message.to())])
            .into()
    }

    fn on_response(&self, _: &Message<'_>, response: &Response<'_>) -> Step {
        if response.is_success() {
            Outcome::accepted(response.text())
        } else {
            response.fallback()
        }
        .into()
    }
}

aldis_carrier::export_carrier!(Tiny);

#[test]
fn the_symbol_returns_the_same_table_each_time() {
    let first = aldis_carrier_entry_v1();
    assert!(!first.is_null());
    assert_eq!(first, aldis_carrier_entry_v1());
}
