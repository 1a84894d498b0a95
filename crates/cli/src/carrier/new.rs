//! `aldis carrier new`: a folder with a carrier that builds, passes its tests and keeps the contract.

use super::{Language, New, Style};
use crate::failure::Failure;
use crate::printer::Printer;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// A file of the new folder, and what it is made from.
type Template = (&'static str, &'static str);

macro_rules! template {
    ($file:literal from $name:literal) => {
        ($file, include_str!(concat!("templates/", $name)))
    };
}

const RUST: [Template; 4] = [
    template!("Cargo.toml" from "rust/Cargo.toml.in"),
    template!("README.md" from "rust/README.md.in"),
    template!(".gitignore" from "rust/gitignore.in"),
    template!(".github/workflows/carrier.yml" from "rust/ci.yml.in"),
];
const RUST_HTTP: Template = template!("src/lib.rs" from "rust/http.rs.in");
const RUST_SESSION: Template = template!("src/lib.rs" from "rust/session.rs.in");

const C: [Template; 5] = [
    (
        "include/aldis_carrier.h",
        include_str!("../../../carrier/include/aldis_carrier.h"),
    ),
    template!("Makefile" from "c/Makefile.in"),
    template!("README.md" from "c/README.md.in"),
    template!(".gitignore" from "c/gitignore.in"),
    template!(".github/workflows/carrier.yml" from "c/ci.yml.in"),
];
const C_HTTP: [Template; 2] = [
    template!("carrier.c" from "c/http.c.in"),
    template!("tests/carrier_test.c" from "c/http_test.c.in"),
];
const C_SESSION: [Template; 2] = [
    template!("carrier.c" from "c/session.c.in"),
    template!("tests/carrier_test.c" from "c/session_test.c.in"),
];

const HTTP_FIXTURES: [Template; 4] = [
    template!("fixtures/message.plain.json" from "fixtures/message.plain.json"),
    template!("fixtures/accepted.created.json" from "fixtures/accepted.created.json"),
    template!("fixtures/invalid_number.bad_number.json" from "fixtures/invalid_number.bad_number.json"),
    template!("fixtures/ambiguous.no_answer.json" from "fixtures/ambiguous.no_answer.json"),
];

const STREAM: Template = template!("fixtures/stream.answers.json" from "fixtures/stream.answers.json");

pub(super) fn run(wish: &New, printer: &Printer) -> Result<ExitCode, Failure> {
    let name = checked(&wish.name)?;
    let folder = wish
        .path
        .clone()
        .unwrap_or_else(|| PathBuf::from(format!("aldis-carrier-{name}")));
    if folder.exists() {
        return Err(Failure::usage(format!("{}: is there already", folder.display())));
    }
    // In C the header is copied, and nobody looks for the kit.
    let sdk = match wish.lang {
        Language::Rust => dependency(&wish.sdk)?,
        Language::C => String::new(),
    };
    let words = Words::of(name, sdk);
    for (file, template) in files(wish.lang, wish.style) {
        write(&folder.join(file), &words.fill(template))?;
    }
    write(&folder.join("fixtures/settings.json"), settings(wish.style))?;
    let next = match wish.lang {
        Language::Rust => "cargo test && cargo build --release",
        Language::C => "make && make test",
    };
    let text = format!(
        "{} is made. Next: cd {} && {next}; its README.md says more",
        folder.display(),
        folder.display()
    );
    printer.answer(&text, &json!({ "folder": folder.display().to_string() }))?;
    Ok(ExitCode::SUCCESS)
}

/// The id of a plugin, as the operator will write it.
fn checked(name: &str) -> Result<&str, Failure> {
    let good = name.starts_with(|first: char| first.is_ascii_lowercase())
        && name.len() <= 40
        && !name.ends_with('-')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if good {
        return Ok(name);
    }
    let rule = "a name begins with a letter and has small letters, digits and '-'";
    Err(Failure::usage(format!(
        "{name:?} cannot be a carrier's name: {rule}"
    )))
}

fn files(lang: Language, style: Style) -> Vec<Template> {
    let mut files: Vec<Template> = match (lang, style) {
        (Language::Rust, Style::Http) => RUST.into_iter().chain([RUST_HTTP]).collect(),
        (Language::Rust, Style::Session) => RUST.into_iter().chain([RUST_SESSION]).collect(),
        (Language::C, Style::Http) => C.into_iter().chain(C_HTTP).collect(),
        (Language::C, Style::Session) => C.into_iter().chain(C_SESSION).collect(),
    };
    match style {
        Style::Http => files.extend(HTTP_FIXTURES),
        Style::Session => files.push(STREAM),
    }
    files
}

/// Made-up settings for the conformance kit.
fn settings(style: Style) -> &'static str {
    match style {
        Style::Http => include_str!("templates/fixtures/settings.http.json"),
        Style::Session => include_str!("templates/fixtures/settings.session.json"),
    }
}

/// What stands for the words in braces.
struct Words([(&'static str, String); 4]);

impl Words {
    fn of(name: &str, sdk: String) -> Self {
        let kind: String = name
            .split('-')
            .map(|part| part[..part.len().min(1)].to_ascii_uppercase() + part.get(1..).unwrap_or_default())
            .collect();
        Self([
            ("{{name}}", name.to_owned()),
            ("{{ident}}", name.replace('-', "_")),
            ("{{Type}}", kind),
            ("{{sdk}}", sdk),
        ])
    }

    fn fill(&self, template: &str) -> String {
        self.0.iter().fold(template.to_owned(), |text, (word, value)| {
            text.replace(word, value)
        })
    }
}

/// Where cargo finds the kit: the URL as it is, or the whole path of the folder. The path given counts from where
/// the command is run, and cargo would read a relative one from the new folder.
fn dependency(sdk: &str) -> Result<String, Failure> {
    if sdk.contains("://") || sdk.starts_with("git@") {
        return Ok(format!("git = {}", quoted(sdk)));
    }
    let missing = |why: &str| {
        let rule = "--sdk is the folder of the crate aldis-carrier (crates/carrier in a clone of Aldis), or the URL of a \
                    git repository that has it";
        Failure::usage(format!("{sdk}: {why}; {rule}"))
    };
    let folder = Path::new(sdk)
        .canonicalize()
        .map_err(|error| missing(&error.to_string()))?;
    let manifest = std::fs::read_to_string(folder.join("Cargo.toml"))
        .map_err(|_| missing("there is no Cargo.toml in it"))?;
    let package = toml::from_str::<toml::Table>(&manifest).ok();
    let name = package
        .as_ref()
        .and_then(|table| table.get("package")?.get("name")?.as_str());
    if name != Some("aldis-carrier") {
        return Err(missing("its Cargo.toml is not that of aldis-carrier"));
    }
    Ok(format!("path = {}", quoted(&folder.display().to_string())))
}

/// As TOML writes a text.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::failed(format!("{}: {error}", file.display()));
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    std::fs::write(file, text).map_err(failed)
}
