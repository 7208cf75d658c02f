//! `/assets/…`, `/healthz`, `/readyz`, `/metrics`

use crate::support::House;
use axum::http::StatusCode;

#[tokio::test]
async fn the_program_says_that_it_is_well_and_nothing_else() {
    let house = House::new().await;
    for (path, said) in [("/healthz", "ok\n"), ("/readyz", "ready\n")] {
        let answer = house.get(path).await;
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (StatusCode::OK, said)
        );
        assert_eq!(answer.header("server"), "");
    }
    assert_eq!(
        house.get("/metrics").await.status,
        StatusCode::NOT_FOUND,
        "no recorder, no figures"
    );
}

#[tokio::test]
async fn the_script_is_kept_for_good_where_it_was_built() {
    let house = House::new().await;
    let script = house.get("/assets/pages.js").await;
    match script.status {
        StatusCode::OK => assert!(script.header("cache-control").contains("immutable")),
        status => assert_eq!(status, StatusCode::NOT_FOUND),
    }
}
