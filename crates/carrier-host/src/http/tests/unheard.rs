//! Nothing is sent to hosts that are not allowed, to a machine that a name leads to by stealth, or for a caller that has
//! left.

use super::*;

#[tokio::test]
async fn a_host_that_is_not_allowed_hears_nothing() {
    let (listener, address) = listener().await;
    let port = listener.local_addr().expect("an address").port();
    for url in [
        format!("http://localhost:{port}/"),
        format!("http://127.0.0.2:{port}/"),
        "http://carrier.example/".into(),
    ] {
        let answer = ask(&url, "body", LONG).await;
        assert_eq!(
            (answer.transport, answer.request_written),
            (Transport::Blocked, false),
            "{url}"
        );
    }
    let mut accept = Box::pin(listener.accept());
    tokio::select! {
        biased;
        _ = &mut accept => panic!("{address} was called"),
        () = tokio::task::yield_now() => {}
    }
}

/// A library's name that leads to this machine is no way to what listens here.
#[tokio::test]
async fn a_librarys_host_that_leads_here_hears_nothing() {
    let here = || vec![([127, 0, 0, 1], 0).into(), ([10, 0, 0, 1], 0).into()];
    let engine = engine_with(Arc::new(move |_| Box::pin(async move { Ok(here()) })));
    let (listener, address) = listener().await;
    let port = listener.local_addr().expect("an address").port();
    let mut allowed = AllowedHosts::default();
    allowed
        .add_host(&format!("carrier.example:{port}"))
        .expect("a host");
    let request = || HttpRequest {
        method: Method::GET,
        uri: format!("https://carrier.example:{port}/")
            .parse()
            .expect("an address"),
        headers: HeaderMap::new(),
        body: Bytes::new(),
    };
    let answer = engine
        .exchange(request(), &allowed, LONG, &CancellationToken::new())
        .await;
    assert_eq!(
        (answer.transport, answer.request_written),
        (Transport::Blocked, false)
    );
    let why = answer.blocked.expect("a reason");
    for word in [
        "carrier.example",
        "127.0.0.1 is loopback",
        "10.0.0.1 is private",
        "base_url",
    ] {
        assert!(why.contains(word), "{why}");
    }
    let mut accept = Box::pin(listener.accept());
    tokio::select! {
        biased;
        _ = &mut accept => panic!("{address} was called"),
        () = tokio::task::yield_now() => {}
    }
    drop(accept);
    // The operator may have it there.
    let server = tokio::spawn(async move { drop(listener.accept().await) });
    allowed
        .add_base_url(&format!("https://carrier.example:{port}"))
        .expect("a base url");
    let answer = engine
        .exchange(request(), &allowed, LONG, &CancellationToken::new())
        .await;
    assert_ne!(answer.transport, Transport::Blocked);
    server.await.expect("one connection");
}

/// The caller may leave while the connection is being made.
#[tokio::test]
async fn nothing_is_written_for_a_caller_that_has_left() {
    let (listener, address) = listener().await;
    let url = format!("http://{address}/");
    let mut allowed = AllowedHosts::default();
    allowed.add_base_url(&url).expect("a base url");
    let request = HttpRequest {
        method: Method::GET,
        uri: url.parse().expect("an address"),
        headers: HeaderMap::new(),
        body: Bytes::new(),
    };
    let gone = CancellationToken::new();
    gone.cancel();
    let engine = engine();
    let answer = engine.exchange(request, &allowed, LONG, &gone).await;
    assert_eq!(
        (answer.transport, answer.request_written),
        (Transport::Timeout, false)
    );
    let (mut stream, _) = listener.accept().await.expect("a connection");
    assert_eq!(stream.read(&mut [0]).await.expect("its end"), 0);
}
