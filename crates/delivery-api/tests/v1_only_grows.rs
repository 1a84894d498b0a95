//! Nothing of `aldis.delivery.v1` is renamed, renumbered, retyped or removed.
//!
//! `fields.lock` beside the proto file is the memory. An addition is written into it by this test,
//! on request; anything else needs `aldis.delivery.v2`.
#![allow(clippy::expect_used, reason = "a test fails loudly")]

use aldis_delivery_api::wire::FILE_DESCRIPTOR_SET;
use prost::Message as _;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

const PACKAGE: &str = "aldis.delivery.v1";
const HEAD: &str = "\
# All that aldis.delivery.v1 has promised: a line for each field, enum value and call.
# Kept by crates/delivery-api/tests/v1_only_grows.rs, which says how to add to it. No line is ever changed or removed.
";

fn lock() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../proto/aldis/delivery/v1/fields.lock")
}

fn declared() -> BTreeSet<String> {
    let files = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).expect("a descriptor set");
    let mut lines = BTreeSet::new();
    for file in files.file.iter().filter(|file| file.package() == PACKAGE) {
        for message in &file.message_type {
            add_message(PACKAGE, message, &mut lines);
        }
        for list in &file.enum_type {
            add_enum(PACKAGE, list, &mut lines);
        }
        for service in &file.service {
            for call in &service.method {
                let stream = |streams| if streams { "stream " } else { "" };
                lines.insert(format!(
                    "rpc {PACKAGE}.{}.{}({}{}) returns ({}{})",
                    service.name(),
                    call.name(),
                    stream(call.client_streaming()),
                    call.input_type(),
                    stream(call.server_streaming()),
                    call.output_type(),
                ));
            }
        }
    }
    lines
}

fn add_message(scope: &str, message: &DescriptorProto, lines: &mut BTreeSet<String>) {
    let scope = format!("{scope}.{}", message.name());
    for field in &message.field {
        let oneof = field
            .oneof_index
            .and_then(|index| message.oneof_decl.get(usize::try_from(index).ok()?));
        let oneof = oneof
            .map(|oneof| format!(" (oneof {})", oneof.name()))
            .unwrap_or_default();
        lines.insert(format!(
            "field {scope}.{} = {}: {}{oneof}",
            field.name(),
            field.number(),
            type_of(field)
        ));
    }
    for nested in &message.nested_type {
        add_message(&scope, nested, lines);
    }
    for list in &message.enum_type {
        add_enum(&scope, list, lines);
    }
}

fn add_enum(scope: &str, list: &EnumDescriptorProto, lines: &mut BTreeSet<String>) {
    for value in &list.value {
        lines.insert(format!(
            "value {scope}.{}.{} = {}",
            list.name(),
            value.name(),
            value.number()
        ));
    }
}

fn type_of(field: &FieldDescriptorProto) -> String {
    let repeated = if field.label() == Label::Repeated {
        "repeated "
    } else {
        ""
    };
    let kind = match field.r#type() {
        Type::Message | Type::Enum => field.type_name().trim_start_matches('.').to_owned(),
        scalar => scalar.as_str_name().trim_start_matches("TYPE_").to_lowercase(),
    };
    format!("{repeated}{kind}")
}

#[test]
fn nothing_promised_is_gone() {
    let declared = declared();
    assert!(
        declared.len() > 50,
        "the descriptor itself is broken: {declared:?}"
    );
    let text = std::fs::read_to_string(lock()).unwrap_or_default();
    let promised: BTreeSet<String> = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect();

    let gone: Vec<_> = promised.difference(&declared).cloned().collect();
    assert!(
        gone.is_empty(),
        "v1 only grows, but these were changed or removed:\n  {}\n\
         Put them back as they were. What cannot stay compatible belongs into aldis.delivery.v2.",
        gone.join("\n  ")
    );

    let new: Vec<_> = declared.difference(&promised).cloned().collect();
    if !new.is_empty() && std::env::var_os("ALDIS_ADD_TO_FIELDS_LOCK").is_some() {
        let mut text = HEAD.to_owned();
        for line in &declared {
            writeln!(text, "{line}").expect("a line");
        }
        std::fs::write(lock(), text).expect("a writable lock");
        return;
    }
    assert!(
        new.is_empty(),
        "these are not promised yet:\n  {}\n\
         If they shall stay for ever, run\n  \
         ALDIS_ADD_TO_FIELDS_LOCK=1 cargo test -p aldis-delivery-api --test v1_only_grows\n\
         and commit proto/aldis/delivery/v1/fields.lock.",
        new.join("\n  ")
    );
}
