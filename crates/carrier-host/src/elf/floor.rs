//! The oldest glibc that a library runs with, as the versions of the symbols it needs say.

use goblin::elf::Elf;
use std::fmt;
use std::str::FromStr;

#[cfg(test)]
mod tests;

/// A version of glibc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Glibc(u32, u32);

/// Relocations in the short form are read from this one on, and such libraries ask for this name instead of a number.
const SHORT_RELOCATIONS: (&str, Glibc) = ("GLIBC_ABI_DT_RELR", Glibc(2, 36));

impl fmt::Display for Glibc {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}.{}", self.0, self.1)
    }
}

impl FromStr for Glibc {
    type Err = ();

    /// `2.34`, or `2.2.5`, of which the end does not matter here.
    fn from_str(text: &str) -> Result<Self, ()> {
        let mut numbers = text.split('.').map(str::parse::<u32>);
        match (numbers.next(), numbers.next()) {
            (Some(Ok(major)), Some(Ok(minor))) if numbers.all(|number| number.is_ok()) => {
                Ok(Self(major, minor))
            }
            _ => Err(()),
        }
    }
}

/// The newest version of all that it needs.
pub(super) fn of(elf: &Elf<'_>) -> Option<Glibc> {
    let needs = elf.verneed.iter().flat_map(goblin::elf::VerneedSection::iter);
    let names = needs.flat_map(|need| {
        let names = need.iter().map(|version| version.vna_name);
        names.collect::<Vec<_>>()
    });
    let names = names.filter_map(|name| elf.dynstrtab.get_at(name));
    names.filter_map(version).max()
}

fn version(name: &str) -> Option<Glibc> {
    if name == SHORT_RELOCATIONS.0 {
        return Some(SHORT_RELOCATIONS.1);
    }
    name.strip_prefix("GLIBC_")?.parse().ok()
}

/// Of this process; `None`: it has another C library, or an unknown one.
pub(crate) fn running() -> Option<Glibc> {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        // SAFETY: a static text that ends with a zero.
        let version = unsafe { std::ffi::CStr::from_ptr(libc::gnu_get_libc_version()) };
        version.to_str().ok()?.parse().ok()
    }
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    None
}

/// Completes "<path>: ".
pub(crate) fn fault(floor: Glibc, running: Option<Glibc>) -> Option<String> {
    let advice = "build it on a machine as old as the oldest you serve";
    match running {
        Some(running) if running >= floor => None,
        Some(running) => Some(format!(
            "it needs glibc {floor}, and this machine has {running} ({advice})"
        )),
        None => Some(format!(
            "it needs glibc {floor}, and this host runs without glibc"
        )),
    }
}
