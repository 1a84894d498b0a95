//! A library of another version either works or is refused with a sentence, never misread.

use crate::stage::{Carrier, compile, compile_as, libraries, submission, try_instance};
use aldis_carrier_host::{Class, Isolation, Library, Trust, find};
use serde_json::json;

/// Loads `entries.c` compiled in some way and expects all of `words` in the refusal.
fn refused(defines: &[&str], words: &[&str]) {
    let (_dir, file) = compile("entries", defines);
    let sentence = Library::load(&file).expect_err("refused").to_string();
    assert!(
        sentence.starts_with(&format!("{}: ", file.display())),
        "{sentence}"
    );
    for word in words {
        assert!(sentence.contains(word), "{word:?} is missing in {sentence:?}");
    }
}

const HERE: Option<Isolation> = Some(Isolation::InProcess);

#[tokio::test]
async fn a_newer_library_with_longer_tables_works() {
    let (_dir, file) = compile("entries", &["MINOR=9"]);
    let library = Library::load(&file).expect("a library");
    assert_eq!(
        (
            library.descriptor().id.as_str(),
            library.descriptor().version.as_str()
        ),
        ("fixture", "1.2.3")
    );
    let instance = try_instance(&library, json!({}), "token").expect("an instance");
    assert_eq!(instance.submit(submission("Hello")).await.class, Class::Accepted);
}

#[test]
fn a_library_of_another_major_is_refused_with_both_versions() {
    refused(&["MAJOR=2", "MINOR=3"], &["2.3", "1.1", "major"]);
    refused(&["MAJOR=0"], &["0.0", "1.1"]);
}

#[test]
fn a_library_that_needs_a_newer_host_is_refused_with_both_versions() {
    refused(&["MINOR=7", "MIN_HOST=5"], &["1.7", "1.1", "1.5"]);
}

#[test]
fn features_nobody_knows_are_refused() {
    refused(
        &["FEATURES=0x8000000000000000ull"],
        &["0x8000000000000000", "features"],
    );
}

/// What lies behind the end of a shorter table is not read: these fixtures put garbage there.
#[test]
fn a_shorter_table_is_not_read_beyond_its_end() {
    refused(&["OLD_HTTP"], &["aldis.http/1", "on_response"]);
    refused(&["OLD_ENTRY"], &["aldis.http/1"]);
}

#[test]
fn a_file_that_is_no_carrier_is_refused() {
    refused(&["ENTRY_MAGIC=0x12345678"], &["no Aldis carrier", "0x12345678"]);
    refused(&["NO_ENTRY"], &["no Aldis carrier", "aldis_carrier_entry_v1"]);
    refused(&["NULL_ENTRY"], &["null"]);
    refused(&["NO_HTTP"], &["aldis.http/1"]);
    refused(&["LOAD_ANSWER=-2"], &["load", "panicked"]);
    refused(&["LOAD_ANSWER=-5"], &["load", "-5"]);
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "not a library").expect("written");
    let sentence = Library::load(file.path()).expect_err("refused").to_string();
    assert!(sentence.contains("no ELF library"), "{sentence}");
    let sentence = Library::load(&file.path().join("missing"))
        .expect_err("refused")
        .to_string();
    assert!(
        sentence.contains("cannot be loaded") && sentence.contains("missing"),
        "{sentence}"
    );
}

#[test]
fn a_descriptor_that_cannot_be_is_refused() {
    refused(&["DESCRIPTOR=\"nonsense\""], &["descriptor", "cannot be read"]);
    refused(
        &[r#"DESCRIPTOR="{\"id\":\"\",\"version\":\"1\"}""#],
        &["descriptor", "empty id"],
    );
    refused(
        &[r#"DESCRIPTOR="{\"id\":\"other\",\"version\":\"1\"}""#],
        &["\"other\"", "\"fixture\""],
    );
    let hosts = r#"DESCRIPTOR="{\"id\":\"fixture\",\"version\":\"1\",\"allowed_hosts\":[\"*.x.y\"]}""#;
    refused(&[hosts], &["\"*.x.y\"", "wildcard"]);
    let hosts = r#"DESCRIPTOR="{\"id\":\"fixture\",\"version\":\"1\",\"allowed_hosts\":[\"localhost\"]}""#;
    refused(&[hosts], &["\"localhost\"", "base_url"]);
    // Nothing that follows it would come to an end.
    let schema = r##"DESCRIPTOR="{\"id\":\"fixture\",\"version\":\"1\",\"config_schema\":{\"anyOf\":[{\"$ref\":\"#\"}]}}""##;
    refused(&[schema], &["config_schema", "refers to itself"]);
}

#[test]
fn a_plugin_is_found_by_its_name() {
    let (dir, file) = compile_as("my-fixture", "plain", &["ID=\"my-fixture\""]);
    let empty = tempfile::tempdir().expect("a directory");
    let dirs = [empty.path().to_owned(), dir.path().to_owned()];
    assert_eq!(find("my-fixture", &dirs).expect("found"), file);
    Library::load(&file).expect("a library");
    for plugin in ["other", "../my-fixture", ""] {
        let sentence = find(plugin, &dirs).expect_err(plugin).to_string();
        for words in [
            "libaldis_carrier_",
            &empty.path().display().to_string(),
            &dir.path().display().to_string(),
        ] {
            assert!(sentence.contains(words), "{sentence}");
        }
    }
    assert!(
        find("x", &[])
            .expect_err("nowhere")
            .to_string()
            .contains("plugin_dirs")
    );
}

#[tokio::test]
async fn a_file_loaded_twice_is_one_library() {
    let carrier = Carrier::answering(201, "SM1").await;
    let (dir, file) = compile("plain", &[]);
    let link = dir.path().join("libaldis_carrier_fixture.so.link");
    std::os::unix::fs::symlink(&file, &link).expect("a link");
    let mut libraries = libraries();
    let mut load = |file| libraries.load(file, &Trust::Anything, HERE).expect("a library");
    let (one, two) = (load(&file), load(&link));
    assert!(one == two && one == one.clone());
    let (_dir, other) = compile("plain", &["SECRET_OF_ANOTHER"]);
    assert!(load(&other) == one, "the same bytes are the same library");
    let (_dir, other) = compile("talkative", &[]);
    assert!(load(&other) != one, "others are another");
    drop(one);
    // Nothing was unloaded with it.
    let instance = try_instance(&two, json!({ "base_url": carrier.base_url }), "token").expect("an instance");
    drop(two);
    assert_eq!(instance.submit(submission("Hello")).await.class, Class::Accepted);
}
