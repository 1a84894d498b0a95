//! Before anything is sent an operator can see the request that a carrier would make, what an answer would mean, and what
//! is wrong with the settings; and no secret is shown.

use aldis_tests::binaries;
use std::path::Path;
use std::process::{Command, Output};

const SETTINGS: &str = r#"
callback_base_url = "https://sms.example.com"
[[carriers]]
name = "clicksend"
plugin = "http"
[carriers.settings]
preset = "clicksend"
sender = "+12025550199"
values = { username = "acme" }
secrets = { api_key = { literal = "planted-key" }, receipt_token = { literal = "planted-token" } }
[[carriers]]
name = "jasmin"
plugin = "http"
[carriers.settings]
preset = "jasmin"
base_url = "http://127.0.0.1:1401"
sender = "ACME"
values = { username = "acme" }
secrets = { password = { literal = "planted key" }, receipt_token = { literal = "planted-token" } }
[[carriers]]
name = "broken"
plugin = "http"
[carriers.settings]
base_url = "http://127.0.0.1:1401"
[carriers.settings.template.request]
url = "{{ base_url }}/send"
form = { to = "{{ to.dijits }}" }
[carriers.settings.template.answer]
id = { json = "$.id" }
"#;

fn dry_run(folder: &Path, arguments: &[&str]) -> Output {
    let settings = folder.join("delivery.toml");
    std::fs::write(&settings, SETTINGS).expect("a file");
    let mut command = Command::new(binaries::program("aldis"));
    command.args(["carrier", "dry-run", "--config"]).arg(settings);
    command.arg(binaries::folder().join("libaldis_carrier_http.so"));
    command.args(arguments).output().expect("aldis")
}

fn printed(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    let text = String::from_utf8(both).expect("UTF-8");
    assert!(!text.contains("planted"), "a secret is shown: {text}");
    text
}

#[test]
fn the_request_and_what_an_answer_means() {
    let folder = tempfile::tempdir().expect("a folder");
    let answer = folder.path().join("answer.json");
    let body = r#"{"status": 200, "body": {"data": {"messages": [{"status": "INVALID_RECIPIENT"}]}}}"#;
    std::fs::write(&answer, body).expect("a file");
    let answer = answer.to_str().expect("UTF-8");
    let output = dry_run(
        folder.path(),
        &[
            "--carrier",
            "clicksend",
            "--to",
            "+12025550142",
            "--text",
            "Hi \"you\"",
            "--answer",
            answer,
        ],
    );
    let text = printed(&output);
    assert!(output.status.success(), "{text}");
    for expected in [
        "POST https://rest.clicksend.com/v3/sms/send\n",
        "authorization: [hidden]\n",
        "content-type: application/json\n",
        r#""body":"Hi \"you\"""#,
        r#""to":"+12025550142""#,
        "outcome: invalid_number, code: INVALID_RECIPIENT\n",
    ] {
        assert!(text.contains(expected), "{expected} is not in {text}");
    }
}

#[test]
fn secrets_in_a_form_are_hidden_too() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = dry_run(folder.path(), &["--carrier", "jasmin"]);
    let text = printed(&output);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("password=[hidden]"), "{text}");
    assert!(text.contains("carriers%2Fjasmin%2Freceipts"), "{text}");
}

#[test]
fn a_fault_in_the_settings_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = dry_run(folder.path(), &["--carrier", "broken"]);
    let text = printed(&output);
    assert!(!output.status.success());
    for expected in [
        "carrier broken: template.request.form.to: there is no {{ to.dijits }} here",
        "template.answer.codes: is missing",
    ] {
        assert!(text.contains(expected), "{expected} is not in {text}");
    }
    let which = dry_run(folder.path(), &[]);
    assert!(printed(&which).contains("clicksend, jasmin, broken; say which with --carrier"));
}
