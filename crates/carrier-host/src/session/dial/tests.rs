//! A link goes to an address that its host may have, and to no listener of ours.

use super::*;
use crate::guard::{Lookup, Named};
use std::net::SocketAddr;
use tokio::net::TcpListener;

const SOON: Duration = Duration::from_secs(10);

fn plan(named: Named, host: &str, port: u16) -> Plan {
    Plan {
        name: "main".to_owned(),
        host: host.to_owned(),
        port,
        named,
        tls: None,
    }
}

fn dialer(listeners: Vec<SocketAddr>) -> Dialer {
    let here: Lookup = Arc::new(|name| {
        Box::pin(async move {
            assert_eq!(name, "smsc.example");
            Ok(vec![([127, 0, 0, 1], 0).into()])
        })
    });
    Dialer::new(None, Guard::new(here, listeners), SOON)
}

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a socket");
    let address = listener.local_addr().expect("an address");
    (listener, address)
}

/// Nobody called.
fn is_quiet(listener: TcpListener) -> bool {
    let listener = listener.into_std().expect("a socket");
    listener
        .accept()
        .is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
}

#[tokio::test]
async fn a_librarys_name_that_leads_here_is_not_called() {
    let (listener, address) = listener().await;
    let dialed = dialer(Vec::new())
        .dial(&plan(Named::ByLibrary, "smsc.example", address.port()))
        .await;
    let why = dialed.err().expect("a refusal");
    for word in [
        "smsc.example",
        "127.0.0.1 is loopback",
        "setting base_url or host",
    ] {
        assert!(why.contains(word), "{why}");
    }
    assert!(is_quiet(listener));
}

#[tokio::test]
async fn the_operators_name_leads_where_it_leads() {
    let (listener, address) = listener().await;
    let dialed = dialer(Vec::new())
        .dial(&plan(Named::ByOperator, "smsc.example", address.port()))
        .await;
    assert!(dialed.is_ok());
    assert!(!is_quiet(listener));
}

/// The port of a link is the library's choice, also on the operator's host.
#[tokio::test]
async fn no_link_goes_to_a_listener_of_ours() {
    let (listener, address) = listener().await;
    for host in ["smsc.example", "127.0.0.1", "0.0.0.0"] {
        let dialed = dialer(vec![address])
            .dial(&plan(Named::ByOperator, host, address.port()))
            .await;
        let why = dialed.err().expect("a refusal");
        assert!(why.contains("own listener"), "{why}");
    }
    assert!(is_quiet(listener));
}
