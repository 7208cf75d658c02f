//! `/api/v1/customers.csv`: people as a file for a spreadsheet.

use super::CustomersAsked;
use crate::api::ask::Asked;
use crate::api::auth::Caller;
use crate::api::problem::Problem;
use crate::api::shapes::CustomerRow;
use crate::limits::{API_ROWS_MAX, EXPORT_ROWS_MAX};
use crate::state::App;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use dopo_core::access::Scope;
use serde_json::json;
use tokio::sync::mpsc::{self, Receiver};

/// One cell of a CSV line: quoted, and a text that a spreadsheet would take for a formula is given an apostrophe (SEC-08).
pub(crate) fn cell(text: &str) -> String {
    let risky = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = text.replace('"', "\"\"");
    if risky {
        format!("\"'{text}\"")
    } else {
        format!("\"{text}\"")
    }
}

const CSV_HEAD: &str = "id,name,email,phone,province,created_at,orders,total,currency,last_order_at,marketing_email,unreachable,tags\r\n";

fn csv_line(row: &CustomerRow) -> String {
    let text = |text: &Option<String>| cell(text.as_deref().unwrap_or_default());
    let cents = row.total.cents;
    let total = format!(
        "{}{}.{:02}",
        if cents < 0 { "-" } else { "" },
        cents.unsigned_abs() / 100,
        cents.unsigned_abs() % 100
    );
    [
        cell(&row.id),
        text(&row.name),
        text(&row.email),
        // Leading + of a phone number is data, and looks like a formula all the same.
        text(&row.phone),
        text(&row.province),
        cell(&row.created_at.to_string()),
        row.orders.to_string(),
        total,
        cell(&row.total.currency),
        cell(
            &row.last_order_at
                .map(|at| at.to_string())
                .unwrap_or_default(),
        ),
        cell(row.marketing_email),
        cell(row.unreachable.unwrap_or_default()),
        cell(&row.tags.join(" ")),
    ]
    .join(",")
        + "\r\n"
}

/// The same people as the list, as a CSV file of at most 200,000 lines, sent page by page.
#[utoipa::path(
    get, path = "/api/v1/customers.csv", tag = "customers", operation_id = "exportCustomers",
    params(CustomersAsked),
    responses((status = 200, description = "A CSV file, UTF-8, formula-safe.", body = String, content_type = "text/csv")),
    security(("key" = ["customers:export"])),
)]
pub(crate) async fn csv(
    State(app): State<App>,
    caller: Caller,
    Asked(asked): Asked<CustomersAsked>,
) -> Result<Response, Problem> {
    caller.need(Scope::CustomersExport)?;
    let mut filter = asked.filter(None)?;
    caller
        .audit(
            &app,
            "customers.exported",
            "customers".to_owned(),
            json!({ "searched": asked.q.is_some() }),
        )
        .await?;
    // The first page is read before the answer begins, so that a store that is away is an error and not half a file.
    let first = app
        .engine
        .store()
        .list_customers(caller.id(), &filter, API_ROWS_MAX)
        .await?;
    let (send, receive) = mpsc::channel::<Result<String, std::io::Error>>(2);
    tokio::spawn(async move {
        let mut sent = 0;
        let mut page = first;
        let mut head = CSV_HEAD.to_owned();
        loop {
            let full = page.len() == API_ROWS_MAX;
            filter.before = page.last().map(|person| person.id);
            let mut part = std::mem::take(&mut head);
            for person in &page {
                part.push_str(&csv_line(&CustomerRow::new(&caller.shop, person)));
            }
            sent += page.len();
            if send.send(Ok(part)).await.is_err() || !full || sent >= EXPORT_ROWS_MAX {
                return;
            }
            let next = app
                .engine
                .store()
                .list_customers(caller.id(), &filter, API_ROWS_MAX)
                .await;
            match next {
                Ok(next) => page = next,
                Err(error) => {
                    tracing::error!(%error, "an export broke off");
                    let _ = send.send(Err(std::io::Error::other("the store"))).await;
                    return;
                }
            }
        }
    });
    Ok(csv_file("attachment; filename=\"customers.csv\"", receive))
}

/// A CSV file that is sent as its parts come.
pub(crate) fn csv_file(
    disposition: &'static str,
    parts: Receiver<Result<String, std::io::Error>>,
) -> Response {
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/csv; charset=utf-8"),
        ),
        (
            header::CONTENT_DISPOSITION,
            HeaderValue::from_static(disposition),
        ),
    ];
    let body = Body::from_stream(crate::api::stream::Received(parts));
    (headers, body).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula() {
        assert_eq!(cell("=1+1"), "\"'=1+1\"");
        assert_eq!(cell("+39333"), "\"'+39333\"");
        assert_eq!(cell("Chiara \"la rossa\""), "\"Chiara \"\"la rossa\"\"\"");
    }
}
