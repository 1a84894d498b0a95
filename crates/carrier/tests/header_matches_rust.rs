//! The C header and `abi.rs` describe the same bytes, the header is enough to build a carrier
//! with, and no layout changes unnoticed: `abi.lock` is what version 1 promised.

#![allow(missing_docs, clippy::expect_used, clippy::panic, reason = "a test")]

#[path = "headers/declared.rs"]
mod declared;

use aldis_carrier::abi;
use aldis_carrier::{Class, Encoding, EventKind, ReceiptState, Scope, SenderKind, Transport};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::mem::{offset_of, size_of};
use std::path::{Path, PathBuf};
use std::process::Command;

/// One struct: its C name, size, and each field with its offset.
struct Layout {
    name: &'static str,
    size: usize,
    fields: Vec<(&'static str, usize)>,
    /// Where each field ends.
    ends: Vec<usize>,
}

fn width<S, F>(_: fn(&S) -> &F) -> usize {
    size_of::<F>()
}

/// Names every field, or does not compile.
macro_rules! layout {
    ($rust:ident $c:literal { $($field:ident),* $(,)? }) => {{
        let _complete = |whole: abi::$rust| { let abi::$rust { $($field: _),* } = whole; };
        Layout {
            name: $c,
            size: size_of::<abi::$rust>(),
            fields: vec![$((stringify!($field), offset_of!(abi::$rust, $field))),*],
            ends: vec![$(offset_of!(abi::$rust, $field) + width(|whole: &abi::$rust| &whole.$field)),*],
        }
    }};
}

fn layouts() -> Vec<Layout> {
    vec![
        layout!(Str "aldis_str" { ptr, len }),
        layout!(List "aldis_list" { ptr, len, stride }),
        layout!(Pair "aldis_pair" { struct_size, flags, key, value }),
        layout!(InstanceCfg "aldis_instance_cfg" {
            struct_size, pad, instance_id, name, config_json, secrets, webhook_base_url, locale_region,
            fault_ctx, fault,
        }),
        layout!(Part "aldis_part" { struct_size, dcs, udh, data }),
        layout!(Msg "aldis_msg" {
            struct_size, flags, id, to, from, from_kind, encoding, text, parts, segments_est, attempt,
            validity_s, pad, deadline_unix_ms, schedule_unix_ms, now_unix_ms, callback_url,
            idempotency_key, attrs, until_unix_ms,
        }),
        layout!(HttpResp "aldis_http_resp" {
            struct_size, status, transport, request_written, headers, body, elapsed_ms, step, state,
            now_unix_ms,
        }),
        layout!(WebhookReq "aldis_webhook_req" {
            struct_size, pad, external_url, method, headers, body, remote_address, now_unix_ms,
        }),
        layout!(HttpReq "aldis_http_req" {
            struct_size, flags, method, url, headers, body, timeout_ms, pad, state,
        }),
        layout!(Outcome "aldis_outcome" {
            struct_size, class, scope, flags, retry_after_ms, segments, price_kind, price_micros, currency,
            pad, carrier_ids, code, detail,
        }),
        layout!(Event "aldis_event" {
            struct_size, kind, state, class, is_final, part_index, carrier_id, from, to, text, code,
            carrier_time_ms, mccmnc, price_micros, currency, pad, attrs, flags, pad2,
        }),
        layout!(Op "aldis_op" { struct_size, pad, ctx, http, complete, wait }),
        layout!(WebhookSink "aldis_webhook_sink" { struct_size, pad, ctx, event, reply }),
        layout!(Host "aldis_host" {
            struct_size, abi_major, abi_minor, log, now_unix_ms, now_mono_ms, random, metric, kv_get, kv_put,
            get_extension,
        }),
        layout!(HostCrypto "aldis_host_crypto" { struct_size, pad, digest, hmac }),
        layout!(Http "aldis_http" { struct_size, pad, submit, on_response }),
        layout!(Webhook "aldis_webhook" { struct_size, pad, handle }),
        layout!(Test "aldis_test" { struct_size, pad, panic }),
        layout!(Link "aldis_link" { struct_size, flags, name, host, server_name, port, pad }),
        layout!(LinkSink "aldis_link_sink" { struct_size, pad, ctx, link }),
        layout!(SessInfo "aldis_sess_info" { struct_size, link, name }),
        layout!(Sess "aldis_sess" {
            struct_size, pad, ctx, now_unix_ms, write, ready, complete, event, timer, close, hold,
        }),
        layout!(Session "aldis_session" {
            struct_size, pad, links, open, on_bytes, on_timer, submit, drain, destroy,
        }),
        layout!(Entry "aldis_entry" {
            struct_size, magic, abi_major, abi_minor, min_host_minor, pad, required_features,
            descriptor_json, load, instance_create, instance_destroy, get_extension,
        }),
    ]
}

/// `EnRoute` as `EN_ROUTE`.
fn shouted(word: &str) -> String {
    let mut shouted = String::new();
    for letter in word.chars() {
        if letter.is_uppercase() && !shouted.is_empty() {
            shouted.push('_');
        }
        shouted.push(letter.to_ascii_uppercase());
    }
    shouted
}

/// Every word of a list of words, with its number.
macro_rules! words {
    ($into:ident: $($list:ident $prefix:literal),* $(,)?) => {$(
        for word in $list::ALL {
            $into.push((format!("ALDIS_{}{}", $prefix, shouted(&format!("{word:?}"))), word.number().into()));
        }
    )*};
}

fn numbers() -> Vec<(String, i64)> {
    let mut numbers: Vec<(String, i64)> = Vec::new();
    words! { numbers:
        Class "", Scope "SCOPE_", Transport "TRANSPORT_", SenderKind "SENDER_", Encoding "ENCODING_",
        EventKind "EVENT_", ReceiptState "STATE_",
    }
    let named = |name: &str, number: i64| (format!("ALDIS_{name}"), number);
    numbers.extend([
        named("MAGIC", abi::MAGIC.into()),
        named("ABI_MAJOR", abi::ABI_MAJOR.into()),
        named("ABI_MINOR", abi::ABI_MINOR.into()),
        named("OK", abi::OK.into()),
        named("E_INVALID", abi::E_INVALID.into()),
        named("E_PANIC", abi::E_PANIC.into()),
        named("E_LIMIT", abi::E_LIMIT.into()),
        named("VERIFIED", abi::VERIFIED.into()),
        named("UNVERIFIED", abi::UNVERIFIED.into()),
        named("REJECT", abi::REJECT.into()),
        named("PAIR_SECRET", abi::PAIR_SECRET.into()),
        named("MSG_WANT_RECEIPT", abi::MSG_WANT_RECEIPT.into()),
        named("HTTP_IDEMPOTENT", abi::HTTP_IDEMPOTENT.into()),
        named("RECEIPT_UNPROVEN", abi::RECEIPT_UNPROVEN.into()),
        named("RECEIPT_TO_DEFAULT", abi::RECEIPT_TO_DEFAULT.into()),
        named("RECEIPT_TO_ANY", abi::RECEIPT_TO_ANY.into()),
        named("STATE_LIMIT", i64::try_from(abi::STATE_LIMIT).expect("small")),
        named("STEP_LIMIT", abi::STEP_LIMIT.into()),
        named("WAIT_LIMIT", abi::WAIT_LIMIT.into()),
        named("LINK_TLS", abi::LINK_TLS.into()),
        named("LINK_LIMIT", i64::try_from(abi::LINK_LIMIT).expect("small")),
        named("TIMER_LIMIT", i64::try_from(abi::TIMER_LIMIT).expect("small")),
        named("WRITE_LIMIT", i64::try_from(abi::WRITE_LIMIT).expect("small")),
        named("TIMER_OFF", abi::TIMER_OFF.into()),
        named("PRICE_NONE", abi::PRICE_NONE.into()),
        named("PRICE_CHARGED", abi::PRICE_CHARGED.into()),
        named("PRICE_ESTIMATED", abi::PRICE_ESTIMATED.into()),
        named("LOG_ERROR", abi::LOG_ERROR.into()),
        named("LOG_WARN", abi::LOG_WARN.into()),
        named("LOG_INFO", abi::LOG_INFO.into()),
        named("LOG_DEBUG", abi::LOG_DEBUG.into()),
        named("LOG_TRACE", abi::LOG_TRACE.into()),
        named("METRIC_COUNTER", abi::METRIC_COUNTER.into()),
        named("METRIC_GAUGE", abi::METRIC_GAUGE.into()),
        named("HASH_SHA1", abi::HASH_SHA1.into()),
        named("HASH_SHA256", abi::HASH_SHA256.into()),
        named("HASH_SHA512", abi::HASH_SHA512.into()),
    ]);
    numbers
}

/// Rust's view, a line for each size, offset and number.
fn rusts_view() -> String {
    let mut view = String::new();
    for Layout {
        name, size, fields, ..
    } in layouts()
    {
        writeln!(view, "{name} {size}").expect("a string");
        for (field, offset) in fields {
            writeln!(view, "{name}.{} {offset}", in_c(field)).expect("a string");
        }
    }
    for (name, number) in numbers() {
        writeln!(view, "{name} {number}").expect("a string");
    }
    view + "http aldis.http/1\nwebhook aldis.webhook/1\nsession aldis.session/1\ntest aldis.test/1\nhost crypto aldis.host.crypto/1\n"
}

/// `class` is a keyword of C++.
fn in_c(field: &str) -> &str {
    if field == "class" { "outcome_class" } else { field }
}

/// A program that prints C's view in the same lines.
fn program() -> String {
    let mut source = String::from("#include \"aldis_carrier.h\"\n#include <stdio.h>\nint main(void) {\n");
    for Layout { name, fields, .. } in layouts() {
        writeln!(source, "printf(\"{name} %zu\\n\", sizeof({name}));").expect("a string");
        for (field, _) in fields {
            let field = in_c(field);
            writeln!(
                source,
                "printf(\"{name}.{field} %zu\\n\", offsetof({name}, {field}));"
            )
            .expect("a string");
        }
    }
    for (name, _) in numbers() {
        writeln!(source, "printf(\"{name} %lld\\n\", (long long){name});").expect("a string");
    }
    source
        + "printf(\"http %s\\nwebhook %s\\nsession %s\\ntest %s\\nhost crypto %s\\n\", ALDIS_HTTP, ALDIS_WEBHOOK, ALDIS_SESSION, ALDIS_TEST, ALDIS_HOST_CRYPTO);\nreturn 0;\n}\n"
}

fn home() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn scratch(file: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(file)
}

/// Compiles with every warning an error.
fn cc(arguments: &[&str], source: &Path, to: Option<&Path>) -> (bool, String) {
    let mut cc = Command::new("cc");
    cc.args(arguments)
        .args(["-Wall", "-Wextra", "-Werror", "-pedantic", "-I"]);
    cc.arg(home().join("include"));
    if let Some(to) = to {
        cc.arg("-o").arg(to);
    }
    let output = cc.arg(source).output().expect("a C compiler");
    (
        output.status.success(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

#[test]
fn every_size_offset_and_number_is_the_same_in_c() {
    let (source, binary) = (scratch("layout.c"), scratch("layout"));
    std::fs::write(&source, program()).expect("written");
    let (built, complaint) = cc(&["-std=c11"], &source, Some(&binary));
    assert!(built, "{complaint}");

    let said = Command::new(&binary).output().expect("the program").stdout;

    assert_eq!(String::from_utf8(said).expect("text"), rusts_view());
}

/// Every struct begins with its size, but the two that never grow.
#[test]
fn a_reader_finds_the_size_first() {
    for Layout { name, fields, .. } in layouts() {
        let first = fields.first().expect("a field");
        assert!(
            *first == ("struct_size", 0) || ["aldis_str", "aldis_list"].contains(&name),
            "{name}"
        );
    }
}

/// Bytes between fields would carry whatever lay in memory: secrets, perhaps.
#[test]
#[cfg(target_pointer_width = "64")]
fn padding_has_a_name() {
    for Layout {
        name,
        size,
        fields,
        ends,
    } in layouts()
    {
        let starts = fields.iter().map(|(_, offset)| *offset).skip(1).chain([size]);
        for (end, (start, (field, _))) in ends.iter().zip(starts.zip(&fields)) {
            assert_eq!(*end, start, "a gap after {name}.{field}");
        }
    }
}

/// Version 1 only grows: an offset or a number that was promised stays. New ones are added to
/// `abi.lock`, at the end of their struct, with a new minor version: `ALDIS_WRITE_ABI_LOCK=1` writes it anew.
#[test]
#[cfg(target_pointer_width = "64")]
fn what_version_1_promised_stays() {
    let promised = rusts_view() + &signatures(&declared::generated());
    if std::env::var_os("ALDIS_WRITE_ABI_LOCK").is_some() {
        std::fs::write(home().join("tests/abi.lock"), &promised).expect("written");
    }
    let lock = std::fs::read_to_string(home().join("tests/abi.lock")).expect("the lock");
    let only_in = |one: &str, other: &str| {
        let known: BTreeSet<_> = other.lines().collect();
        let lines = one.lines().filter(|line| !known.contains(line));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let (gone, new) = (only_in(&lock, &promised), only_in(&promised, &lock));
    assert!(
        gone.is_empty() && new.is_empty(),
        "tests/abi.lock holds the promise; gone or changed: {gone:#?}, new: {new:#?}"
    );
}

/// A line for each function of the tables.
fn signatures(header: &str) -> String {
    let mut lines = String::new();
    for (name, signature) in declared::signatures(header) {
        writeln!(lines, "{name}: {signature}").expect("a string");
    }
    lines
}

/// Every number of the header is in `abi.lock`, whoever forgot to list it above.
#[test]
fn no_number_is_forgotten() {
    let known: Vec<String> = numbers().into_iter().map(|(name, _)| name).collect();
    for (name, value) in declared::numbers(&declared::written()) {
        let text = value.starts_with('"');
        assert!(
            text || known.contains(&format!("ALDIS_{name}")),
            "ALDIS_{name} {value}"
        );
    }
    assert_eq!(
        signatures(&declared::written()),
        signatures(&declared::generated()),
        "functions: the header (left), Rust (right)"
    );
}

#[test]
fn the_header_is_clean_c_plus_plus() {
    let (source, empty) = (scratch("header.cc"), scratch("empty.cc"));
    std::fs::write(&empty, "int main() { return 0; }\n").expect("written");
    std::fs::write(
        &source,
        "#include \"aldis_carrier.h\"\nint main() { return 0; }\n",
    )
    .expect("written");
    let arguments = ["-x", "c++", "-std=c++17", "-fsyntax-only"];
    if !cc(&arguments, &empty, None).0 {
        println!("this machine's cc has no C++ compiler: not proved here");
        return;
    }
    let (clean, complaint) = cc(&arguments, &source, None);
    assert!(clean, "{complaint}");
}

#[test]
fn the_header_is_enough_to_build_a_carrier() {
    let source = home().join("tests/c_carrier/minimal.c");
    let lines = std::fs::read_to_string(&source)
        .expect("the carrier")
        .lines()
        .count();
    let library = scratch("libaldis_carrier_minimal.so");
    let (built, complaint) = cc(
        &["-std=c11", "-shared", "-fPIC", "-fvisibility=hidden"],
        &source,
        Some(&library),
    );
    assert!(built, "{complaint}");
    assert!(lines < 80, "{lines} lines");
}
