//! What a header declares, read token by token: ours as written, and as cbindgen generates it from `src/abi*`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub(crate) fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files of the ABI.
fn sources() -> Vec<PathBuf> {
    let folder = std::fs::read_dir(home().join("src/abi")).expect("src/abi");
    let mut sources: Vec<_> = folder.map(|entry| entry.expect("an entry").path()).collect();
    sources.push(home().join("src/abi.rs"));
    sources.sort();
    sources
}

/// `HttpReq` as `aldis_http_req`.
fn in_c(name: &str) -> String {
    let mut c = String::from("aldis");
    for letter in name.chars() {
        if letter.is_uppercase() {
            c.push('_');
        }
        c.push(letter.to_ascii_lowercase());
    }
    c
}

/// The names of all structs of the ABI.
fn names() -> Vec<String> {
    let mut names = Vec::new();
    for file in sources() {
        let text = std::fs::read_to_string(file).expect("the source");
        let structs = text.lines().filter_map(|line| line.strip_prefix("pub struct "));
        names.extend(structs.filter_map(|rest| rest.split([' ', '<', '(']).next().map(str::to_owned)));
    }
    names
}

pub(crate) fn generated() -> String {
    let mut config = cbindgen::Config {
        language: cbindgen::Language::C,
        style: cbindgen::Style::Type,
        usize_is_size_t: true,
        documentation: false,
        no_includes: true,
        ..cbindgen::Config::default()
    };
    for name in names() {
        config.export.rename.insert(name.clone(), in_c(&name));
        config.export.include.push(name);
    }
    let mut builder = cbindgen::Builder::new().with_config(config);
    for file in sources() {
        builder = builder.with_src(file);
    }
    let mut header = Vec::new();
    builder
        .generate()
        .expect("cbindgen reads the ABI")
        .write(&mut header);
    String::from_utf8(header).expect("text")
}

fn without_comments(text: &str) -> String {
    let mut rest = text;
    let mut kept = String::new();
    while let Some((before, after)) = rest.split_once("/*") {
        kept += before;
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    kept + rest
}

/// Each struct's members, one space between tokens.
pub(crate) fn structs(header: &str) -> BTreeMap<String, String> {
    let text = without_comments(header);
    let mut structs = BTreeMap::new();
    for piece in text.split("typedef struct").skip(1) {
        let (_, body) = piece.split_once('{').expect("a body");
        let (members, rest) = body.split_once('}').expect("its end");
        let name = rest.split(';').next().expect("a name").trim().to_owned();
        let mut spaced = String::new();
        for letter in members.chars() {
            if letter.is_alphanumeric() || letter == '_' {
                spaced.push(letter);
            } else {
                spaced.extend([' ', letter, ' ']);
            }
        }
        // `class` is a keyword of C++; cbindgen evades it in its own way.
        let tokens: Vec<_> = spaced
            .split_whitespace()
            .map(|token| if token == "class_" { "outcome_class" } else { token })
            .collect();
        structs.insert(name, tokens.join(" "));
    }
    structs
}

/// The header authors read.
pub(crate) fn written() -> String {
    std::fs::read_to_string(home().join("include/aldis_carrier.h")).expect("the header")
}

/// The signature of each function in the tables: `aldis_http.submit` and its tokens.
pub(crate) fn signatures(header: &str) -> Vec<(String, String)> {
    let mut signatures = Vec::new();
    for (table, members) in structs(header) {
        let functions = members
            .split(';')
            .map(str::trim)
            .filter(|member| member.contains("( *"));
        for function in functions {
            let name = function
                .split_once("( *")
                .and_then(|(_, rest)| rest.split_once(')'))
                .expect("a function has a name");
            signatures.push((format!("{table}.{}", name.0.trim()), function.to_owned()));
        }
    }
    signatures
}

/// Each `#define` with what it stands for.
pub(crate) fn numbers(header: &str) -> BTreeMap<String, String> {
    let text = without_comments(header);
    let defines = text
        .lines()
        .filter_map(|line| line.strip_prefix("#define ALDIS_"));
    let named = defines.filter_map(|define| define.split_once(' '));
    let with_a_value = named.map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
    with_a_value
        .filter(|(name, value)| name != "EXPORT" && !value.is_empty())
        .collect()
}
