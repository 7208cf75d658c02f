//! `/assets/lookup.js`: the look-up form on a shop's own site.

use crate::support::House;
use axum::http::StatusCode;

#[tokio::test]
async fn the_look_up_script_may_be_loaded_by_shops_and_asks_nobody_for_anything() {
    let house = House::new().await;
    let script = house.get("/assets/lookup.js").await;
    if script.status == StatusCode::NOT_FOUND {
        println!("skipped: web/dist was not built");
        return;
    }
    assert_eq!(
        script.header("cross-origin-resource-policy"),
        "cross-origin"
    );
    assert!(script.header("content-type").starts_with("text/javascript"));
    let text = script.text();
    for never in ["fetch(", "XMLHttpRequest", "cookie", "localStorage"] {
        assert!(!text.contains(never), "{never}");
    }
    assert!(text.contains("/track/"));
}
