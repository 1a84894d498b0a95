//! Finds the services and the sandbox carrier beside this program.

use crate::failure::Failure;
use std::env::consts::{DLL_PREFIX, DLL_SUFFIX, EXE_SUFFIX};
use std::path::{Path, PathBuf};

/// The other files of an Aldis build or installation.
pub(super) struct Neighbours {
    pub(super) edge: PathBuf,
    pub(super) delivery: PathBuf,
    /// The folder with the sandbox carrier's library.
    pub(super) carriers: PathBuf,
}

impl Neighbours {
    pub(super) fn find(carriers_dir: Option<&Path>) -> Result<Self, Failure> {
        let own = std::env::current_exe()
            .map_err(|error| Failure::failed(format!("this program does not know where it lies: {error}")))?;
        Self::around(&own, carriers_dir)
    }

    fn around(own: &Path, carriers_dir: Option<&Path>) -> Result<Self, Failure> {
        let beside = own.parent().unwrap_or(Path::new(""));
        let above = beside.parent().unwrap_or(beside);
        // Beside it; for a test in `deps/` above it; cargo leaves libraries in `deps/` only.
        let programs = [beside.to_path_buf(), above.to_path_buf()];
        let mut libraries: Vec<PathBuf> = carriers_dir.map(Path::to_path_buf).into_iter().collect();
        libraries.extend([
            beside.to_path_buf(),
            beside.join("deps"),
            above.to_path_buf(),
            above.join("deps"),
        ]);
        // Where a package puts them.
        libraries.push(above.join("lib/aldis/carriers"));
        let library = format!("{DLL_PREFIX}aldis_carrier_sandbox{DLL_SUFFIX}");
        Ok(Self {
            edge: find(&format!("aldis-edge{EXE_SUFFIX}"), &programs)?.1,
            delivery: find(&format!("aldis-delivery{EXE_SUFFIX}"), &programs)?.1,
            carriers: find(&library, &libraries)?.0,
        })
    }
}

/// The first of the folders that has the file, and the file in it.
fn find(name: &str, folders: &[PathBuf]) -> Result<(PathBuf, PathBuf), Failure> {
    let found = folders
        .iter()
        .map(|folder| (folder.clone(), folder.join(name)))
        .find(|(_, file)| file.is_file());
    found.ok_or_else(|| {
        let looked: Vec<_> = folders
            .iter()
            .map(|folder| folder.display().to_string())
            .collect();
        Failure::failed(format!(
            "{name} is not in {}; `cargo demo` builds everything first",
            looked.join(", ")
        ))
    })
}
