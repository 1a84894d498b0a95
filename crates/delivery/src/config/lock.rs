//! `carriers.lock`: which libraries the operator trusts.

use aldis_carrier_host::{Pin, Sha256, Trust};
use aldis_daemon::config::{ConfigError, Loaded};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The file's name, beside the settings, where they name none.
const BESIDE: &str = "carriers.lock";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default)]
    carriers: Vec<RawPin>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPin {
    plugin: String,
    version: String,
    sha256: String,
    #[serde(default)]
    first_party: bool,
}

/// The pins of every plugin, and what becomes of those without.
#[derive(Clone, Debug, Default)]
pub struct Lock {
    pins: BTreeMap<String, Vec<Pin>>,
    allow_unpinned: bool,
    file: PathBuf,
}

impl Lock {
    /// Reads the file that the settings name, or the one beside them. Where there is none, nothing is pinned.
    pub(super) fn read(
        settings: &Path,
        named: Option<&Path>,
        allow_unpinned: bool,
    ) -> Result<Self, ConfigError> {
        let file = match named {
            Some(named) => settings.parent().unwrap_or(Path::new("")).join(named),
            None => settings.with_file_name(BESIDE),
        };
        let pins = if file.exists() {
            pins(&file)?
        } else {
            BTreeMap::new()
        };
        Ok(Self {
            pins,
            allow_unpinned,
            file,
        })
    }

    /// Whom to trust for this plugin; the error completes a fault about it.
    pub(crate) fn trust(&self, plugin: &str) -> Result<Trust, String> {
        match self.pins.get(plugin) {
            Some(pins) => Ok(Trust::Pinned(pins.clone())),
            None if self.allow_unpinned => Ok(Trust::Anything),
            None => {
                let file = self.file.display();
                Err(format!(
                    "{plugin:?} is not pinned in {file}: add it with `aldis carrier pin`, or set allow_unpinned = true \
                     where libraries change all the time"
                ))
            }
        }
    }
}

fn pins(file: &Path) -> Result<BTreeMap<String, Vec<Pin>>, ConfigError> {
    // No variable of the environment may say what is trusted.
    let Loaded { raw, source } = aldis_daemon::config::load::<Raw>(file, "", std::iter::empty())?;
    let mut pins: BTreeMap<String, Vec<Pin>> = BTreeMap::new();
    let mut faults = Vec::new();
    for (index, pin) in raw.carriers.into_iter().enumerate() {
        match pin.sha256.parse::<Sha256>() {
            Ok(sha256) => pins.entry(pin.plugin).or_default().push(Pin {
                version: pin.version,
                sha256,
                first_party: pin.first_party,
            }),
            Err(error) => faults.push(source.fault(&format!("carriers[{index}].sha256"), error)),
        }
    }
    ConfigError::all(faults)?;
    Ok(pins)
}
