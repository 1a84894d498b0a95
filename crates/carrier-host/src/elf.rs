//! A look at an ELF file before it is mapped, because its constructors run when it is. Pure: bytes in, faults out.

use crate::Isolation;
use floor::Glibc;
use goblin::elf::Elf;
use goblin::elf::dynamic::{
    DF_STATIC_TLS, DF_TEXTREL, DT_AUDIT, DT_CONFIG, DT_DEPAUDIT, DT_TEXTREL, Dynamic,
};
use goblin::elf::header::{EM_AARCH64, EM_X86_64, ET_DYN};
use goblin::elf::program_header::{PF_X, PT_GNU_STACK};
use goblin::elf::section_header::SHN_UNDEF;
use goblin::elf::sym::{STB_LOCAL, STV_HIDDEN, STV_INTERNAL};

pub(crate) mod floor;
#[cfg(test)]
mod tests;

/// What a carrier may be linked with, by the names under which it is looked for: the C library in its parts, the
/// unwinder, and C++.
const NEEDED: [&str; 9] = [
    "libc.so.6",
    "libm.so.6",
    "libgcc_s.so.1",
    "libpthread.so.0",
    "libdl.so.2",
    "librt.so.1",
    "libstdc++.so.6",
    "ld-linux-x86-64.so.2",
    "ld-linux-aarch64.so.1",
];

/// Tags of the dynamic section that make the loader map another file beside this one (`ld.so(8)`, Solaris' `ld(1)`).
const OTHERS_CODE: [(u64, &str); 5] = [
    (0x7fff_fffd, "DT_AUXILIARY"),
    (0x7fff_ffff, "DT_FILTER"),
    (DT_AUDIT, "DT_AUDIT"),
    (DT_DEPAUDIT, "DT_DEPAUDIT"),
    (DT_CONFIG, "DT_CONFIG"),
];

/// Every library begins its one symbol so; the number is the contract's major version.
const ENTRY: &str = "aldis_carrier_entry_v";

/// Of old linkers and of the compiler's own tools.
const HARMLESS: [&str; 6] = ["_init", "_fini", "_edata", "_end", "__bss_start", "_fbss"];

/// The kinds of machine that there are hosts for, by their number in the header.
const MACHINES: [(u16, &str, &str); 2] = [
    (EM_X86_64, "x86_64", "x86_64-unknown-linux-gnu"),
    (EM_AARCH64, "aarch64", "aarch64-unknown-linux-gnu"),
];

/// What a file says of where it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The kind of machine, as Rust and others call it.
    pub(crate) platform: &'static str,
    /// The oldest glibc it runs with; `None`: it asks for none in particular.
    pub(crate) glibc: Option<Glibc>,
}

/// This host's own kind of machine.
pub(crate) fn platform() -> Option<&'static str> {
    let ours = MACHINES
        .iter()
        .find(|(_, name, _)| *name == std::env::consts::ARCH);
    ours.map(|(_, _, platform)| *platform)
}

/// Reads where a library runs. The error completes "<path>: ".
pub(crate) fn facts(bytes: &[u8]) -> Result<Facts, String> {
    let elf = parsed(bytes)?;
    let known = MACHINES
        .iter()
        .find(|(number, ..)| *number == elf.header.e_machine);
    let (_, _, platform) = known.ok_or("it was built for a kind of machine that has no Aldis")?;
    let glibc = floor::of(&elf);
    Ok(Facts { platform, glibc })
}

fn parsed(bytes: &[u8]) -> Result<Elf<'_>, &'static str> {
    let elf = Elf::parse(bytes).map_err(|_| "it is no ELF library")?;
    if elf.header.e_type != ET_DYN || !elf.is_64 {
        return Err("it is no 64-bit shared library");
    }
    Ok(elf)
}

/// What is wrong with a library that is to run there, each in words that complete the path and a colon; none: it may be
/// mapped.
///
/// Go's libraries export their runtime and want static thread-local memory, so a process of its own may have both.
pub fn faults(bytes: &[u8], isolation: Isolation) -> Vec<String> {
    let elf = match parsed(bytes) {
        Ok(elf) => elf,
        Err(fault) => return vec![fault.to_owned()],
    };
    let ours = platform();
    let theirs = MACHINES
        .iter()
        .find(|(number, ..)| *number == elf.header.e_machine);
    if theirs.is_none_or(|(_, _, theirs)| ours != Some(theirs)) {
        return vec!["it was built for another kind of machine".to_owned()];
    }
    let strict = isolation == Isolation::InProcess;
    let mut faults = memory(&elf, strict);
    faults.extend(linkage(&elf));
    faults.extend(shown(&elf, strict));
    faults.extend(floor::of(&elf).and_then(|floor| floor::fault(floor, floor::running())));
    faults
}

/// What it wants of the memory it is mapped into.
fn memory(elf: &Elf<'_>, strict: bool) -> Vec<String> {
    let mut faults = Vec::new();
    let stack = elf
        .program_headers
        .iter()
        .find(|header| header.p_type == PT_GNU_STACK);
    if stack.is_none_or(|stack| stack.p_flags & PF_X != 0) {
        faults.push("it wants an executable stack (link it with -z noexecstack)".to_owned());
    }
    let Some(dynamic) = &elf.dynamic else {
        faults.push("it has no dynamic section".to_owned());
        return faults;
    };
    let flags = dynamic.info.flags;
    if flags & DF_TEXTREL != 0 || dynamic.dyns.iter().any(|entry| entry.d_tag == DT_TEXTREL) {
        faults.push("its code has to be changed when it is mapped (compile it with -fPIC)".to_owned());
    }
    if strict && flags & DF_STATIC_TLS != 0 {
        let advice =
            "a thread-local of the initial-exec model, as of jemalloc, mimalloc and Go; in a worker it may";
        faults.push(format!(
            "it wants static thread-local memory, of which there may be none left ({advice})"
        ));
    }
    faults.extend(others(dynamic));
    faults
}

/// Other files whose code would run unseen.
fn others(dynamic: &Dynamic) -> impl Iterator<Item = String> {
    let has = |tag: u64| dynamic.dyns.iter().any(|entry| entry.d_tag == tag);
    let named = OTHERS_CODE.iter().filter(move |(tag, _)| has(*tag));
    named.map(|(_, name)| {
        format!("it has the loader map another file beside it ({name}), which nobody has looked at")
    })
}

/// What it is bound to.
fn linkage(elf: &Elf<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    for path in elf.rpaths.iter().chain(&elf.runpaths) {
        faults.push(format!(
            "it looks for libraries in {path:?} (link it without -rpath)"
        ));
    }
    for library in &elf.libraries {
        if !NEEDED.contains(library) {
            faults.push(format!(
                "it needs {library}, which this host does not promise to have (link it statically)"
            ));
        }
    }
    faults
}

/// What it shows.
fn shown(elf: &Elf<'_>, strict: bool) -> Option<String> {
    let shown = elf.dynsyms.iter().filter(|symbol| {
        let visible = ![STV_HIDDEN, STV_INTERNAL].contains(&symbol.st_visibility());
        symbol.st_bind() != STB_LOCAL && symbol.st_shndx != SHN_UNDEF as usize && visible
    });
    let (entries, others): (Vec<_>, Vec<_>) = shown
        .filter_map(|symbol| elf.dynstrtab.get_at(symbol.st_name))
        .filter(|name| !HARMLESS.contains(name) && !name.is_empty())
        .partition(|name| name.starts_with(ENTRY));
    if entries.is_empty() {
        return Some(format!("it is no Aldis carrier: it does not export {ENTRY}1"));
    }
    (strict && !others.is_empty()).then(|| {
        let (count, first) = (others.len(), others[0]);
        format!(
            "it exports {count} symbols besides {ENTRY}1, such as {first} (compile it with -fvisibility=hidden; in a \
             worker it may)"
        )
    })
}
