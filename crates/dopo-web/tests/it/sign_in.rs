//! `/sign-in` and `/sign-out`

use crate::support::{Answer, House, PASSWORD, hidden};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};

fn cookie(answer: &Answer, name: &str) -> String {
    answer
        .headers
        .get_all(header::SET_COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .find(|v| v.starts_with(&format!("{name}=")))
        .map(|v| v.split(';').next().unwrap_or_default().to_owned())
        .unwrap_or_default()
}

async fn try_in(house: &House, email: &str, password: &str) -> Answer {
    let form = house.get("/sign-in").await;
    let body = format!(
        "proof={}&next=/captured/&email={}&password={}",
        hidden(&form.text(), "proof"),
        email.replace('@', "%40"),
        password.replace(' ', "+")
    );
    let request = Request::post("/sign-in")
        .header(header::COOKIE, cookie(&form, "__Host-dopo-form"))
        .header("sec-fetch-site", "same-origin")
        .body(Body::from(body))
        .unwrap();
    house.send(request).await
}

async fn with(house: &House, path: &str, cookie: &str) -> Answer {
    house
        .send(
            Request::get(path)
                .header(header::COOKIE, cookie)
                .body(Body::empty())
                .unwrap(),
        )
        .await
}

#[tokio::test]
async fn one_signs_in_looks_and_signs_out() {
    let house = House::new().await;
    let inside = try_in(&house, "Mara@bottega.example", PASSWORD).await;
    assert_eq!(
        (inside.status, inside.header("location")),
        (StatusCode::SEE_OTHER, "/captured/")
    );
    let set = inside.header("set-cookie").to_owned();
    for part in [
        "__Host-dopo=",
        "HttpOnly",
        "Secure",
        "SameSite=Lax",
        "Path=/",
    ] {
        assert!(set.contains(part), "{part} in {set}");
    }
    let session = cookie(&inside, "__Host-dopo");
    assert_eq!(
        with(&house, "/captured/", &session).await.status,
        StatusCode::OK
    );
    let mut forged = session.clone();
    forged.pop();
    assert_eq!(
        with(&house, "/captured/", &forged).await.status,
        StatusCode::SEE_OTHER
    );
    let out = Request::post("/sign-out")
        .header(header::COOKIE, &session)
        .body(Body::empty())
        .unwrap();
    assert_eq!(house.send(out).await.status, StatusCode::SEE_OTHER);
    assert_eq!(
        with(&house, "/captured/", &session).await.status,
        StatusCode::SEE_OTHER,
        "the session is over"
    );
}

#[tokio::test]
async fn a_session_ends_after_half_an_hour_of_rest_and_after_twelve_hours() {
    let house = House::new().await;
    let mut session = cookie(
        &try_in(&house, "mara@bottega.example", PASSWORD).await,
        "__Host-dopo",
    );
    let first = session.clone();
    for _ in 0..36 {
        house.clock.pass(20 * 60 - 5);
        let answer = with(&house, "/captured/", &session).await;
        assert_eq!(answer.status, StatusCode::OK);
        session = cookie(&answer, "__Host-dopo");
    }
    assert_eq!(
        with(&house, "/captured/", &first).await.status,
        StatusCode::SEE_OTHER,
        "at rest too long"
    );
    house.clock.pass(20 * 60);
    assert_eq!(
        with(&house, "/captured/", &session).await.status,
        StatusCode::SEE_OTHER,
        "twelve hours"
    );
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_account_look_the_same_and_lock_after_ten() {
    let house = House::new().await;
    let wrong = try_in(&house, "mara@bottega.example", "no").await;
    let unknown = try_in(&house, "nessuno@bottega.example", "no").await;
    assert_eq!(
        (wrong.status, unknown.status),
        (StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED)
    );
    assert!(
        wrong.text().contains("role=\"alert\"")
            && unknown
                .text()
                .contains("E-mail o password non corrispondono.")
    );
    for _ in 0..9 {
        try_in(&house, "mara@bottega.example", "no").await;
    }
    let locked = try_in(&house, "mara@bottega.example", PASSWORD).await;
    assert_eq!(locked.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(locked.text().contains("Troppi tentativi"));
}

#[tokio::test]
async fn a_form_from_elsewhere_is_refused() {
    let house = House::new().await;
    let body = "email=mara%40bottega.example&password=una+frase+lunga";
    let foreign = Request::post("/sign-in")
        .header("sec-fetch-site", "cross-site")
        .body(Body::from(body))
        .unwrap();
    assert_eq!(house.send(foreign).await.status, StatusCode::FORBIDDEN);
    let unproven = Request::post("/sign-in").body(Body::from(body)).unwrap();
    let answer = house.send(unproven).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert_eq!(cookie(&answer, "__Host-dopo"), "");
}
