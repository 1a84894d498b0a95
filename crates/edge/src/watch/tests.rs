//! A panic stays inside its request.

use super::*;
use axum::Router;
use axum::body::Body;
use axum::middleware::from_fn;
use axum::routing::any;
use tower::ServiceExt as _;

#[tokio::test]
async fn a_panic_is_500_and_says_nothing() {
    let router = Router::new()
        .route("/", any(async || -> Reply { panic!("the code is 314159") }))
        .layer(from_fn(contain));
    for _ in 0..2 {
        let request = Request::builder().body(Body::empty()).expect("a request");
        let response = router.clone().oneshot(request).await.expect("an answer");
        assert_eq!(response.status(), 500);
        let body = axum::body::to_bytes(response.into_body(), 10_000)
            .await
            .expect("a body");
        let body = String::from_utf8(body.to_vec()).expect("UTF-8");
        assert!(
            body.contains(r#""code":"internal""#) && !body.contains("314159"),
            "{body}"
        );
    }
}
