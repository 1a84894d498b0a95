//! A look at an ELF file before it is mapped, because its constructors run when it is. Pure: bytes in, faults out.

use goblin::elf::Elf;
use goblin::elf::dynamic::{DF_STATIC_TLS, DF_TEXTREL, DT_TEXTREL};
use goblin::elf::header::{EM_AARCH64, EM_X86_64, ET_DYN};
use goblin::elf::program_header::{PF_X, PT_GNU_STACK};
use goblin::elf::section_header::SHN_UNDEF;
use goblin::elf::sym::{STB_LOCAL, STV_HIDDEN, STV_INTERNAL};

#[cfg(test)]
mod tests;

/// What a carrier may be linked with: the C library in its parts, the unwinder, and C++.
const NEEDED: [&str; 8] = [
    "libc.so.6",
    "libm.so.6",
    "libgcc_s.so.1",
    "libpthread.so.0",
    "libdl.so.2",
    "librt.so.1",
    "libstdc++.so.6",
    "ld-linux",
];

/// Every library begins its one symbol so; the number is the contract's major version.
const ENTRY: &str = "aldis_carrier_entry_v";

/// Of old linkers and of the compiler's own tools.
const HARMLESS: [&str; 6] = ["_init", "_fini", "_edata", "_end", "__bss_start", "_fbss"];

/// What is wrong with a library, each in words that complete the path and a colon; none: it may be mapped.
pub fn faults(bytes: &[u8]) -> Vec<String> {
    let Ok(elf) = Elf::parse(bytes) else {
        return vec!["it is no ELF library".to_owned()];
    };
    let ours = if cfg!(target_arch = "aarch64") {
        EM_AARCH64
    } else {
        EM_X86_64
    };
    if elf.header.e_type != ET_DYN || !elf.is_64 {
        return vec!["it is no 64-bit shared library".to_owned()];
    }
    if elf.header.e_machine != ours {
        return vec!["it was built for another kind of machine".to_owned()];
    }
    let mut faults = memory(&elf);
    faults.extend(linkage(&elf));
    faults
}

/// What it wants of the memory it is mapped into.
fn memory(elf: &Elf<'_>) -> Vec<String> {
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
    if flags & DF_STATIC_TLS != 0 {
        let advice = "a thread-local of the initial-exec model, as of jemalloc, mimalloc and Go";
        faults.push(format!(
            "it wants static thread-local memory, of which there may be none left ({advice})"
        ));
    }
    faults
}

/// What it is bound to, and what it shows.
fn linkage(elf: &Elf<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    for path in elf.rpaths.iter().chain(&elf.runpaths) {
        faults.push(format!(
            "it looks for libraries in {path:?} (link it without -rpath)"
        ));
    }
    for library in &elf.libraries {
        if !NEEDED.iter().any(|known| library.starts_with(known)) {
            faults.push(format!(
                "it needs {library}, which this host does not promise to have (link it statically)"
            ));
        }
    }
    let shown = elf.dynsyms.iter().filter(|symbol| {
        let visible = ![STV_HIDDEN, STV_INTERNAL].contains(&symbol.st_visibility());
        symbol.st_bind() != STB_LOCAL && symbol.st_shndx != SHN_UNDEF as usize && visible
    });
    let (entries, others): (Vec<_>, Vec<_>) = shown
        .filter_map(|symbol| elf.dynstrtab.get_at(symbol.st_name))
        .filter(|name| !HARMLESS.contains(name) && !name.is_empty())
        .partition(|name| name.starts_with(ENTRY));
    if entries.is_empty() {
        faults.push(format!("it is no Aldis carrier: it does not export {ENTRY}1"));
    } else if !others.is_empty() {
        let (count, first) = (others.len(), others[0]);
        faults.push(format!(
            "it exports {count} symbols besides {ENTRY}1, such as {first} (compile it with -fvisibility=hidden)"
        ));
    }
    faults
}
