//! A proxy is asked for everything but this machine, and told who we are; what it is asked for goes through it.

use super::*;
use crate::guard::system;
use crate::trust;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const SOON: Duration = Duration::from_secs(10);

/// What a proxy at the end of this address is asked, on its one connection; it refuses.
async fn asked(settings: impl Fn(&str) -> String, to: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a socket");
    let address = listener.local_addr().expect("an address").to_string();
    let proxy = Proxy::read(&settings(&address)).expect("a proxy");
    let guard = Guard::new(Arc::new(system), Vec::new());
    let reach = Reach::new(&trust::nobody().expect("a client"), Some(proxy), SOON, guard);
    let calling = reach.call(to.parse().expect("a uri"), Named::ByLibrary);
    let hearing = async {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut heard = Vec::new();
        while !heard.ends_with(b"\r\n\r\n") {
            heard.push(stream.read_u8().await.expect("a head"));
        }
        let refusal = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(refusal).await.expect("written");
        String::from_utf8(heard).expect("a head")
    };
    let (called, heard) = tokio::join!(calling, hearing);
    assert!(called.is_err(), "the proxy refused");
    heard
}

#[tokio::test]
async fn a_proxy_is_told_where_and_who() {
    let heard = asked(
        |address| format!("http://{address}"),
        "https://carrier.example/v1",
    )
    .await;
    assert!(
        heard.starts_with("CONNECT carrier.example:443 HTTP/1.1\r\n"),
        "{heard}"
    );
    assert!(!heard.to_lowercase().contains("authorization"), "{heard}");
    let heard = asked(
        |address| format!("http://me:p%40ss+word@{address}"),
        "https://carrier.example:8443/",
    )
    .await;
    assert!(heard.starts_with("CONNECT carrier.example:8443 "), "{heard}");
    // me:p@ss+word
    assert!(
        heard
            .to_lowercase()
            .contains("proxy-authorization: basic bwu6cebzcyt3b3jk\r\n"),
        "{heard}"
    );
}

#[tokio::test]
async fn this_machine_is_reached_without_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a socket");
    let port = listener.local_addr().expect("an address").port();
    let nobody = Proxy::read("http://127.0.0.1:9").expect("a proxy");
    for host in ["127.0.0.1", "localhost", "LocalHost"] {
        let tls = trust::nobody().expect("a client");
        let guard = Guard::new(Arc::new(system), Vec::new());
        let reach = Reach::new(&tls, Some(nobody.clone()), SOON, guard);
        let to = format!("http://{host}:{port}/").parse().expect("a uri");
        let connected = reach.call(to, Named::ByOperator);
        assert!(connected.await.is_ok(), "{host}");
    }
}

#[test]
fn an_address_of_a_proxy_is_one() {
    for good in [
        "http://proxy.internal:3128",
        "https://me:secret@proxy.internal",
        "http://[::1]:3128/",
    ] {
        assert!(Proxy::read(good).is_some(), "{good}");
    }
    for bad in [
        "",
        "proxy.internal:3128",
        "socks5://proxy:1080",
        "http://me:secret@",
        "http://proxy/path",
    ] {
        assert!(Proxy::read(bad).is_none(), "{bad}");
    }
}
