//! A route that would let a one-time code end as unknown, with carriers left to ask, is named.

use crate::config::read;

fn warned(routes: &str) -> Vec<String> {
    let text = format!(
        r#"
listen = "127.0.0.1:0"
admin_listen = "127.0.0.1:0"
store = "sqlite:/var/lib/aldis/aldis.db"
[[clients]]
name = "edge"
token = {{ literal = "planted-secret-0123456789-abcdefgh" }}
[[carriers]]
name = "one"
plugin = "twilio"
[[carriers]]
name = "two"
plugin = "sandbox"
{routes}"#
    );
    let config = read("delivery.toml", &text, std::iter::empty()).unwrap();
    config.warnings.iter().map(ToString::to_string).collect()
}

#[test]
fn codes_with_a_carrier_left_to_ask() {
    for route in [
        r#"classes = ["otp"]"#,
        r#"classes = ["bulk", "otp"]"#,
        "to = [\"+1\"]",
        "lost_answer = \"stop\"",
    ] {
        let warned = warned(&format!("[[routes]]\ncarriers = [\"one\", \"two\"]\n{route}\n"));
        assert_eq!(warned.len(), 1, "{route}");
        assert!(warned[0].starts_with("delivery.toml:"), "{}", warned[0]);
        for word in ["routes[0].lost_answer", "next_carrier", "502"] {
            assert!(warned[0].contains(word), "{}", warned[0]);
        }
    }
}

#[test]
fn no_other_route() {
    for route in [
        r#"carriers = ["one"]"#,
        "carriers = [\"one\", \"two\"]\nlost_answer = \"next_carrier\"",
        "carriers = [\"one\", \"two\"]\nclasses = [\"notification\", \"bulk\"]",
    ] {
        assert_eq!(
            warned(&format!("[[routes]]\n{route}\n")),
            Vec::<String>::new(),
            "{route}"
        );
    }
}

/// The settings that the documentation recommends: no code gets as far as the second route.
#[test]
fn a_route_of_their_own_before_it_is_what_is_advised() {
    let second = "[[routes]]\ncarriers = [\"one\", \"two\"]\nto = [\"+1202\"]\ntenants = [\"acme\"]\n";
    let first = |takes: &str| {
        format!(
            "[[routes]]\nclasses = [\"otp\"]\ncarriers = [\"one\", \"two\"]\nlost_answer = \"next_carrier\"\n{takes}\n{second}"
        )
    };
    for all in ["", "to = [\"+1\"]", "tenants = [\"acme\", \"other\"]"] {
        assert_eq!(warned(&first(all)).len(), 0, "{all}");
    }
    for some in ["to = [\"+44\"]", "tenants = [\"other\"]", "clients = [\"edge\"]"] {
        let warned = warned(&first(some));
        assert_eq!(warned.len(), 1, "{some}");
        assert!(warned[0].contains("routes[1]"), "{some}");
    }
}
