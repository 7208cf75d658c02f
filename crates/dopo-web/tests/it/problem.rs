//! `/o/{token}/problem`: something is wrong, with photos.

use crate::support::{Answer, House, hidden};
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use dopo_core::order::{Order, ProblemKind};
use dopo_engine::tokens::Token;

struct Wrong {
    house: House,
    order: Order,
    path: String,
}

/// A JPEG that tells where it was shot.
fn jpeg() -> Vec<u8> {
    [
        &b"\xff\xd8\xff\xe1\x00\x17Exif\0\0GPS 40 18 Lecce"[..],
        b"\xff\xdb\x00\x04\0\0\xff\xda\x00\x04\0\0",
        b"picture\xff\xd9",
    ]
    .concat()
}

impl Wrong {
    async fn new() -> Wrong {
        let house = House::new().await;
        let order = house.order("1001").await;
        let token = house.seal(&Token::Order {
            shop: house.shop,
            order: order.id,
        });
        Wrong {
            path: format!("/o/{token}/problem"),
            house,
            order,
        }
    }

    async fn form(&self) -> (String, String) {
        let page = self.house.get(&self.path).await.text();
        (hidden(&page, "proof"), hidden(&page, "name"))
    }

    async fn send(&self, fields: &[(&str, &str)], photos: &[&[u8]]) -> Answer {
        let mut body = Vec::new();
        for (name, value) in fields {
            body.extend_from_slice(
                format!(
                    "--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
                )
                .as_bytes(),
            );
        }
        for photo in photos {
            body.extend_from_slice(b"--b\r\nContent-Disposition: form-data; name=\"photos\"; filename=\"x.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n");
            body.extend_from_slice(photo);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--b--\r\n");
        let request = Request::post(&self.path)
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=b");
        self.house
            .send(request.body(Body::from(body)).unwrap())
            .await
    }

    async fn now(&self) -> Order {
        let store = self.house.engine.store();
        let found = store.order(self.house.shop, self.order.id).await;
        found.expect("the store answers").expect("the order").0
    }
}

#[tokio::test]
async fn a_problem_is_kept_with_its_photos_stripped_and_opens_a_case() {
    let wrong = Wrong::new().await;
    let (proof, name) = wrong.form().await;
    let jpeg = jpeg();
    let fields = [
        ("proof", proof.as_str()),
        ("name", name.as_str()),
        ("kind", "damaged"),
        ("text", "La scatola è schiacciata.\n<b>Male</b>"),
    ];
    let answer = wrong.send(&fields, &[&jpeg, b""]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text());
    let order = wrong.now().await;
    assert_eq!(order.problems.len(), 1);
    let problem = &order.problems[0];
    assert_eq!(problem.kind, ProblemKind::Damaged);
    assert_eq!(problem.photos.len(), 1);
    let photo = wrong
        .house
        .engine
        .store()
        .photo(wrong.house.shop, &problem.photos[0])
        .await
        .expect("the store answers")
        .expect("the photo");
    assert_eq!(photo.media_type, "image/jpeg");
    let has = |needle: &[u8]| photo.bytes.windows(needle.len()).any(|part| part == needle);
    assert!(has(b"picture") && !has(b"GPS") && !has(b"Lecce"));
    let tasks = wrong
        .house
        .engine
        .store()
        .tasks(wrong.house.shop, true, 10)
        .await
        .expect("tasks");
    assert!(tasks.iter().any(|t| t.task.task.kind == "problem_damaged"));
    let thanks = wrong.house.get(answer.header("location")).await.text();
    assert!(
        thanks.contains("Abbiamo ricevuto la tua segnalazione."),
        "{thanks}"
    );
    assert!(
        thanks.contains("Non buttare scatola e imballaggio"),
        "{thanks}"
    );
    let page = wrong.path.trim_end_matches("/problem").to_owned();
    let page = wrong.house.get(&page).await.text();
    assert!(page.contains("Hai segnalato oggi"), "{page}");
    assert!(
        !page.contains("schiacciata"),
        "the text is for the shop only"
    );
    // The same form again.
    wrong.send(&fields, &[&jpeg]).await;
    assert_eq!(wrong.now().await.problems.len(), 1);
}

#[tokio::test]
async fn what_is_no_photo_is_refused_in_words_and_what_was_written_stays() {
    let wrong = Wrong::new().await;
    let (proof, name) = wrong.form().await;
    let fields = [
        ("proof", proof.as_str()),
        ("name", name.as_str()),
        ("kind", "missing"),
        ("text", "Manca il coperchio"),
    ];
    let photo = jpeg();
    let large = [photo.as_slice(), &vec![0; 4 * 1024 * 1024]].concat();
    for (photos, says) in [
        (
            vec![&b"<svg onload=alert(1)>"[..]],
            "non è in JPEG, PNG o WebP",
        ),
        (vec![large.as_slice()], "supera 4 MB"),
        (vec![photo.as_slice(); 5], "più di 4"),
    ] {
        let answer = wrong.send(&fields, &photos).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        let text = answer.text();
        assert!(text.contains(says), "{text}");
        assert!(text.contains("Manca il coperchio"), "{text}");
        assert!(
            text.contains("value=\"missing\" required checked"),
            "{text}"
        );
    }
    assert!(wrong.now().await.problems.is_empty());
}

#[tokio::test]
async fn a_report_needs_its_proof_its_kind_and_no_photo() {
    let wrong = Wrong::new().await;
    let (proof, name) = wrong.form().await;
    let bare = wrong
        .house
        .post_form(&wrong.path, format!("name={name}&kind=other"))
        .await;
    assert_eq!(bare.status, StatusCode::FORBIDDEN);
    let kindless = wrong
        .house
        .post_form(&wrong.path, format!("proof={proof}&name={name}"))
        .await;
    assert_eq!(kindless.status, StatusCode::UNPROCESSABLE_ENTITY);
    let plain = wrong
        .house
        .post_form(
            &wrong.path,
            format!("proof={proof}&name={name}&kind=not_received"),
        )
        .await;
    assert_eq!(plain.status, StatusCode::SEE_OTHER);
    assert_eq!(wrong.now().await.problems[0].kind, ProblemKind::NotReceived);
}

#[tokio::test]
async fn more_reports_than_anybody_needs_are_answered_and_not_taken() {
    let wrong = Wrong::new().await;
    let (proof, _) = wrong.form().await;
    for n in 0..8 {
        let body = format!("proof={proof}&name={n:032x}&kind=other");
        wrong.house.post_form(&wrong.path, body).await;
    }
    assert_eq!(wrong.now().await.problems.len(), 6);
}
