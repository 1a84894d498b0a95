//! No process-wide state, and `unsafe` only at the carrier border.

use crate::imports::metadata;
use crate::{assert_none, read, rust_sources};
use std::path::Path;
use syn::visit::Visit;

/// Types that make a `static` a variable.
const VARIABLES: [&str; 8] = [
    "Mutex", "RwLock", "OnceLock", "LazyLock", "OnceCell", "Cell", "RefCell", "Atomic",
];

struct Statics(Vec<String>);

impl<'ast> Visit<'ast> for Statics {
    fn visit_item_static(&mut self, item: &'ast syn::ItemStatic) {
        let shown = format!("{:?}", item.ty);
        let variable = VARIABLES.iter().any(|name| shown.contains(name));
        if variable || matches!(item.mutability, syn::StaticMutability::Mut(_)) {
            self.0.push(item.ident.to_string());
        }
    }
}

/// State that everybody can reach cannot be tested apart, nor reasoned about.
#[test]
fn nothing_is_shared_by_the_whole_process() {
    let mut offences = Vec::new();
    for file in rust_sources().iter().filter(|file| ships(file)) {
        let tree = syn::parse_file(&read(file)).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let mut found = Statics(Vec::new());
        found.visit_file(&tree);
        offences.extend(
            found
                .0
                .iter()
                .map(|name| format!("{}: static {name}", file.display())),
        );
    }
    assert_none("hand state in", &offences);
}

fn ships(file: &Path) -> bool {
    !file.components().any(|part| part.as_os_str() == "tests")
}

/// Both sides of the library border, and nobody else, may opt out of `unsafe_code = "deny"`.
#[test]
fn unsafe_lives_at_the_carrier_border() {
    let border = ["crates/carrier/", "crates/carrier-host/"];
    let offences: Vec<_> = rust_sources()
        .iter()
        .filter(|file| ships(file))
        .filter(|file| !border.iter().any(|room| file.starts_with(room)))
        .filter(|file| read(file).contains(concat!("allow(", "unsafe_code")))
        .map(|file| file.display().to_string())
        .collect();
    assert_none("unsafe outside the border", &offences);
}

#[test]
fn every_room_obeys_the_same_lints() {
    let metadata = metadata();
    let offences: Vec<_> = metadata
        .workspace_packages()
        .iter()
        .filter(|package| {
            let manifest = std::fs::read_to_string(&package.manifest_path).expect("a manifest");
            !manifest.contains("[lints]\nworkspace = true")
        })
        .map(|package| package.name.to_string())
        .collect();
    assert_none("`[lints] workspace = true` in each manifest", &offences);
}
