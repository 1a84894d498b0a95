//! The libraries of a process: the same bytes are one library, and changed bytes are another one beside it.

use crate::library::{Library, LoadError};
use crate::pin::{Sha256, Trust};
use std::collections::HashMap;
use std::path::Path;

/// Nothing is ever unmapped, so there is an end to replacing one; a restart begins anew.
const MOST_OF_ONE: usize = 8;

/// Every library that was loaded.
#[derive(Debug, Default)]
pub struct Libraries(HashMap<Sha256, Library>);

impl Libraries {
    /// Loads the library, or finds it among those that are loaded, if its bytes are trusted.
    pub fn load(&mut self, path: &Path, trust: &Trust) -> Result<Library, LoadError> {
        let known = &self.0;
        let library = Library::take(path, trust, |sha256| known.get(&sha256).cloned())?;
        let id = &library.descriptor().id;
        let others = known
            .values()
            .filter(|other| &other.descriptor().id == id && **other != library);
        if others.count() >= MOST_OF_ONE {
            let reason = format!(
                "{MOST_OF_ONE} versions of it are in memory already, which are never given back; restart delivery"
            );
            let path = path.to_owned();
            return Err(LoadError::Refused { path, reason });
        }
        self.0.insert(library.sha256(), library.clone());
        Ok(library)
    }
}
