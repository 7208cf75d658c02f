//! Orders from files.

use std::io::{Cursor, Read, Write as _};

use dopo_connect::import::{
    CSV_COLUMNS, Format, ImportItem, Options, RefusedLine, open, open_with,
};
use dopo_core::consent::ConsentState;
use dopo_core::event::Event;
use dopo_core::money::Money;
use dopo_core::order::{OrderSnapshot, PaymentState};
use dopo_core::parcel::ParcelState;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use crate::shared::{self, at};

fn all(format: Format, bytes: impl Into<Vec<u8>>) -> Vec<Result<ImportItem, RefusedLine>> {
    open(format, Cursor::new(bytes.into())).unwrap().collect()
}

#[track_caller]
fn item(results: &[Result<ImportItem, RefusedLine>], index: usize) -> &ImportItem {
    results[index].as_ref().unwrap()
}

#[track_caller]
fn order(item: &ImportItem) -> &OrderSnapshot {
    match item.events.first() {
        Some((_, _, Event::OrderUpdated { order })) => order,
        other => panic!("{other:?} {:?}", item.note),
    }
}

#[track_caller]
fn refusal(results: &[Result<ImportItem, RefusedLine>], index: usize) -> &RefusedLine {
    results[index].as_ref().unwrap_err()
}

const SHOPIFY_HEADER: &str = "Name,Email,Financial Status,Paid at,Fulfillment Status,Fulfilled at,Accepts Marketing,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,Shipping Method,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Billing Name,Billing Address1,Billing City,Billing Zip,Billing Province,Billing Country,Billing Phone,Notes,Cancelled at,Payment Method,Refunded Amount,Id,Tags";

fn shopify(rows: &[&str]) -> String {
    let mut text = format!("{SHOPIFY_HEADER}\n");
    for row in rows {
        text.push_str(row);
        text.push('\n');
    }
    text
}

const SOFA: &str = "#1001,giulia@example.it,paid,2026-01-31 10:25:00 +0100,fulfilled,2026-02-03 09:00:00 +0100,yes,EUR,1299.00,20.00,237.85,1309.00,PRIMAVERA,10.00,Al piano,2026-01-31 10:22:11 +0100,1,Divano Lario - Blu,1199.00,DIV,Giulia De Luca,Via Moro 15,Monza,'20900,MB,IT,'+393471234567,citofono rotto,,Contrassegno,0.00,5678901234567890,\"vip, dopo_soft_spam_notice:2026-01\"";
const CUSHIONS: &str = "#1001,giulia@example.it,,,,,,,,,,,,,,2026-01-31 10:22:11 +0100,2,Cuscino,50.00,CUS,,,,,,,,,,,,,";
const LAMP: &str = "#1002,nicolo@example.it,refunded,2026-02-01 11:00:00 +0100,,,no,EUR,90.00,0.00,16.23,90.00,,0.00,,2026-02-01 10:59:00 +0100,1,Lampada,90.00,,Nicolò Rossi,Via Roma 1,Bari,'70121,BA,IT,,,2026-02-02 08:00:00 +0100,PayPal,90.00,5678901234567891,";

#[test]
fn rows_of_one_shopify_order_become_one_order() {
    let results = all(Format::Shopify, shopify(&[SOFA, CUSHIONS, LAMP]));
    assert_eq!(results.len(), 2);
    let sofa = item(&results, 0);
    assert_eq!((sofa.line, item(&results, 1).line), (2, 4));
    assert_eq!(sofa.note, None);
    let told = order(sofa);
    assert_eq!(told.external_id, "5678901234567890");
    assert_eq!(told.number, "#1001");
    assert_eq!(told.placed_at, at("2026-01-31T09:22:11Z"));
    assert_eq!(told.updated_at, at("2026-02-03T08:00:00Z"));
    assert_eq!(told.lines.len(), 2);
    assert_eq!(told.lines[1].quantity, 2);
    assert_eq!(told.subtotal, Some(Money::eur(129_900)));
    assert_eq!(told.total, Money::eur(130_900));
    assert_eq!(told.discount, Some(Money::eur(1_000)));
    assert_eq!(told.payment, PaymentState::Paid);
    assert!(told.cash_on_delivery && told.fulfilled);
    assert_eq!(told.soft_spam_notice.as_deref(), Some("2026-01"));
    let person = &told.person;
    assert_eq!(person.first_name.as_deref(), Some("Giulia"));
    assert_eq!(person.last_name.as_deref(), Some("De Luca"));
    assert_eq!(person.who.phone.as_deref(), Some("+393471234567"));
    assert_eq!(person.province.as_deref(), Some("MB"));
    let (_, _, Event::ConsentChanged { acts, .. }) = &sofa.events[1] else {
        panic!()
    };
    assert_eq!(
        acts[0].state,
        ConsentState::Unknown,
        "a bare yes proves nothing"
    );
    let stored = serde_json::to_string(told).unwrap();
    assert!(!stored.contains("citofono"));

    let lamp = order(item(&results, 1));
    assert_eq!(lamp.payment, PaymentState::Refunded);
    assert_eq!(lamp.refunded, Some(Money::eur(9_000)));
    assert_eq!(lamp.cancelled_at, Some(at("2026-02-02T07:00:00Z")));
    assert_eq!(item(&results, 1).events.len(), 1);
}

#[test]
fn the_same_content_has_the_same_id_and_a_changed_order_another() {
    let ids = |text: String| -> Vec<String> {
        all(Format::Shopify, text)
            .into_iter()
            .flat_map(|i| i.unwrap().events)
            .map(|(_, id, _)| id)
            .collect()
    };
    let first = ids(shopify(&[SOFA, CUSHIONS, LAMP]));
    assert_eq!(first.len(), 3);
    assert_eq!(first, ids(shopify(&[SOFA, CUSHIONS, LAMP])));
    let mut swapped = ids(shopify(&[LAMP, SOFA, CUSHIONS]));
    swapped.rotate_left(1);
    assert_eq!(first, swapped, "the place in the file does not matter");
    let changed = ids(shopify(&[
        &SOFA.replace(",paid,", ",refunded,"),
        CUSHIONS,
        LAMP,
    ]));
    assert_ne!(first[0], changed[0]);
    assert_eq!(first[2], changed[2]);
    assert!(first.iter().all(|id| id.len() <= 255));
}

#[test]
fn byte_order_marks_semicolons_and_windows_line_ends_are_read() {
    let text = shopify(&[SOFA, CUSHIONS, LAMP]);
    let plain = all(Format::Shopify, text.clone());
    let bom = format!("\u{FEFF}{}", text.replace('\n', "\r\n"));
    assert_eq!(all(Format::Shopify, bom), plain);
    let excel = "order_id;placed_at;total;title;email\r\n1;2026-01-31 10:22:11;52.00;\"Lampada; Arco\";a@b.it\r\n";
    let results = all(Format::Csv, excel);
    assert_eq!(order(item(&results, 0)).lines[0].title, "Lampada; Arco");
    assert_eq!(
        order(item(&results, 0)).placed_at,
        at("2026-01-31T09:22:11Z")
    );
}

#[test]
fn latin_1_is_read_with_one_note() {
    let text = shopify(&[LAMP, &LAMP.replace("#1002", "#1003")]);
    let bytes: Vec<u8> = text
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    let results = all(Format::Shopify, bytes);
    assert_eq!(
        order(item(&results, 0)).person.first_name.as_deref(),
        Some("Nicolò")
    );
    assert!(
        item(&results, 0)
            .note
            .as_deref()
            .unwrap()
            .contains("Windows-1252")
    );
    assert_eq!(item(&results, 1).note, None);
}

#[test]
fn what_is_no_text_is_refused_with_the_remedy() {
    for (bytes, words) in [
        (&b"\xff\xfeN\0a\0m\0e\0"[..], "UTF-16"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "Excel"),
        (b"Name\0Email", "not text"),
        (b"PK\x03\x04broken", "archive"),
    ] {
        let error = open(Format::Shopify, Cursor::new(bytes)).err().unwrap();
        assert!(error.to_string().contains(words), "{error}");
    }
    for (text, words) in [
        ("", "empty"),
        ("Name,Email\n#1,a@b.it\n", "no column created at"),
        ("{\"id\":1}\n", "not Shopify's order export"),
    ] {
        let results = all(Format::Shopify, text);
        assert_eq!(results.len(), 1);
        assert!(refusal(&results, 0).why.contains(words), "{:?}", results[0]);
    }
}

fn zipped(files: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        zip.start_file(*name, zip::write::SimpleFileOptions::default())
            .unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn an_archive_with_one_file_is_opened() {
    let text = shopify(&[SOFA, CUSHIONS]);
    let results = all(
        Format::Shopify,
        zipped(&[
            ("orders_export.csv", &text),
            ("__MACOSX/._orders_export.csv", "x"),
        ]),
    );
    assert_eq!(results, all(Format::Shopify, text.as_str()));
    let two = zipped(&[("a.csv", &text), ("b.csv", &text)]);
    let error = open(Format::Shopify, Cursor::new(two)).err().unwrap();
    assert!(error.to_string().contains("exactly one file"), "{error}");
    let workbook = zipped(&[("xl/workbook.xml", "<x/>")]);
    let error = open(Format::Csv, Cursor::new(workbook)).err().unwrap();
    assert!(error.to_string().contains("Excel"), "{error}");
}

#[test]
fn a_bad_row_is_refused_with_its_line_and_the_others_go_on() {
    let results = all(
        Format::Shopify,
        shopify(&[
            &SOFA.replace("2026-01-31 10:22:11 +0100", "31/01/2026"),
            &LAMP.replace("90.00", "\"90,00\""),
            &LAMP.replace("EUR", "EUX"),
            &LAMP.replace(",1,Lampada", ",uno,Lampada"),
            &format!("{LAMP},uno,due"),
            LAMP,
        ])
        .replace(
            "#1002,nicolo@example.it,refunded,2026-02-01 11:00:00 +0100,,,no,EUX",
            "#1010,x@y.it,refunded,2026-02-01 11:00:00 +0100,,,no,EUX",
        ),
    );
    // The second, fourth, fifth and sixth row name one order, so they stand and fall together.
    let told: Vec<_> = results
        .iter()
        .map(|r| {
            r.as_ref()
                .err()
                .map(|e| (e.line, e.why.clone(), e.excerpt.clone()))
        })
        .collect();
    assert_eq!(told.len(), 4, "{told:?}");
    for (index, line, words) in [
        (0, 2, "created at: \"31/01/2026\" is not a time"),
        (1, 3, "`90,00` is not an amount"),
        (2, 4, "`EUX` is not a currency"),
        (3, 5, "35 fields and the header 33"),
    ] {
        let refused = refusal(&results, index);
        assert_eq!(refused.line, line);
        assert!(refused.why.contains(words), "{}", refused.why);
        assert!(refused.excerpt.starts_with('#') && refused.excerpt.chars().count() <= 160);
    }
    let results = all(
        Format::Shopify,
        shopify(&[",,,,,,,,,,,,,,,,1,Cuscino,5.00", "", SOFA, CUSHIONS]),
    );
    assert!(refusal(&results, 0).why.contains("names no order"));
    assert_eq!(order(item(&results, 1)).lines.len(), 2);
}

#[test]
fn an_unclosed_quotation_mark_costs_one_order_and_not_the_file() {
    let (head, _) = SOFA.split_once("\"vip").unwrap();
    let torn = format!("{}vip", head.replace("Divano Lario", "\"Divano Lario"));
    let lamps: Vec<String> = (0..500)
        .map(|n| LAMP.replace("#1002", &format!("#{}", 2_000 + n)))
        .collect();
    let mut rows = vec![LAMP, &torn, CUSHIONS];
    rows.extend(lamps.iter().map(String::as_str));
    let results = all(Format::Shopify, shopify(&rows));
    assert_eq!(results.len(), 502);
    let refused = refusal(&results, 1);
    assert_eq!(refused.line, 3);
    assert!(refused.why.contains("not closed"), "{}", refused.why);
    assert_eq!(results.iter().filter(|r| r.is_err()).count(), 1);
    assert_eq!(item(&results, 2).line, 5);
}

#[test]
fn a_10_000_line_order_gets_a_clear_answer_and_the_next_is_read() {
    let mut rows = vec![SOFA];
    rows.resize(10_000, CUSHIONS);
    rows.push(LAMP);
    let results = all(Format::Shopify, shopify(&rows));
    assert_eq!(results.len(), 2);
    let why = &refusal(&results, 0).why;
    assert!(why.contains("10000 lines") && why.contains("2000"), "{why}");
    assert_eq!(order(item(&results, 1)).number, "#1002");
}

#[test]
fn formulas_and_hostile_names_are_data() {
    let row = LAMP
        .replace("Lampada", "\"=HYPERLINK(\"\"http://x\"\")\"")
        .replace("Via Roma 1", "'@SUM(1+1)");
    let results = all(Format::Shopify, shopify(&[&row]));
    let told = order(item(&results, 0));
    assert_eq!(told.lines[0].title, "=HYPERLINK(\"http://x\")");
    let results = all(
        Format::Csv,
        "order_id,placed_at,total,title,email,first_name,city\n1,2026-01-31,5,{{7*7}},a@b.it,<script>,'=Bari\n",
    );
    let told = order(item(&results, 0));
    assert_eq!(told.lines[0].title, "{{7*7}}");
    assert_eq!(told.person.first_name.as_deref(), Some("<script>"));
    assert_eq!(
        told.ship_to.as_ref().unwrap().city.as_deref(),
        Some("=Bari")
    );
}

#[test]
fn our_own_table_tells_parcels_and_deliveries() {
    let text = "order_id,placed_at,total,title,quantity,unit_price,email,phone,country,shipped_at,delivered_at,carrier,tracking_number,category,discount_code\n\
        77,2026-07-01 09:00:00,80.00,Lampada,1,50.00,a@b.it,347 1234567,IT,2026-07-02 08:00:00,2026-07-04T12:00:00+02:00,BRT,123456789012,luci,A B\n\
        77,,,Lampadina,3,10.00,,,,,,,,luci,\n\
        78,2026-07-01,5.00,Chiodo,,,,,,,,,,,\n";
    let results = all(Format::Csv, text);
    let first = item(&results, 0);
    let told = order(first);
    assert_eq!(told.lines.len(), 2);
    assert_eq!(told.lines[1].quantity, 3);
    assert_eq!(told.subtotal, Some(Money::eur(8_000)));
    assert_eq!(told.updated_at, at("2026-07-04T10:00:00Z"));
    assert_eq!(told.discount_codes, ["A", "B"]);
    assert_eq!(told.parcels[0].number.as_deref(), Some("123456789012"));
    assert_eq!(told.parcels[0].shipped_at, Some(at("2026-07-02T06:00:00Z")));
    let (when, _, Event::ParcelScanned { parcel, checkpoint }) = &first.events[1] else {
        panic!()
    };
    assert_eq!(*when, at("2026-07-04T10:00:00Z"));
    assert_eq!(parcel.number.as_deref(), Some("123456789012"));
    assert_eq!(checkpoint.state, ParcelState::Delivered);
    assert!(refusal(&results, 1).why.contains("names nobody"));
    let options = Options {
        zone: TimeZone::UTC,
        ..Options::default()
    };
    let elsewhere: Vec<_> = open_with(Format::Csv, Cursor::new(text), options)
        .unwrap()
        .collect();
    assert_eq!(
        order(item(&elsewhere, 0)).placed_at,
        at("2026-07-01T09:00:00Z")
    );
}

#[test]
fn every_column_of_our_table_is_read() {
    let header: Vec<&str> = CSV_COLUMNS.iter().map(|(name, _)| *name).collect();
    let values: Vec<String> = header
        .iter()
        .map(|name| match *name {
            "order_id" => "9".to_owned(),
            "email" => "a@b.it".to_owned(),
            "phone" => "347 1234567".to_owned(),
            "currency" => "CHF".to_owned(),
            "locale" => "it-IT".to_owned(),
            "payment" => "partially_refunded".to_owned(),
            "cash_on_delivery" => "sì".to_owned(),
            "quantity" => "4".to_owned(),
            "postal_code" => "00184".to_owned(),
            "tracking_url" => "https://brt.example/9".to_owned(),
            "total" | "shipping" | "discount" | "tax" | "refunded" | "unit_price" => {
                "7.77".to_owned()
            }
            name if name.ends_with("_at") => "2026-07-01".to_owned(),
            name => format!("<{name}>"),
        })
        .collect();
    let text = format!("{}\n{}\n", header.join(","), values.join(","));
    let results = all(Format::Csv, text);
    let stored = serde_json::to_string(order(item(&results, 0))).unwrap();
    for (name, value) in header.iter().zip(&values) {
        if value.starts_with('<') {
            assert!(stored.contains(value.as_str()), "{name}: {stored}");
        }
    }
    for part in [
        "\"CHF\"",
        "\"it\"",
        "partially_refunded",
        "+39347",
        "00184",
        "brt.example",
        "\"quantity\":4",
    ] {
        assert!(stored.contains(part), "{part}: {stored}");
    }
    assert_eq!(stored.matches("777").count(), 6, "{stored}");
}

#[test]
fn woocommerce_json_is_read_as_an_array_and_as_lines() {
    let Some(folder) = shared::contracts("woocommerce/rest-v3") else {
        return;
    };
    let files = shared::files(&folder);
    let (_, file) = files
        .iter()
        .find(|(name, _)| name == "orders.list-all-orders")
        .unwrap();
    let orders = file["body"].as_array().unwrap();
    let pretty = serde_json::to_vec_pretty(orders).unwrap();
    let array = all(Format::WooCommerce, pretty);
    assert_eq!(array.len(), orders.len());
    assert_eq!(order(item(&array, 0)).external_id, "727");
    let mut lines = String::new();
    for order in orders {
        lines.push_str(&order.to_string());
        lines.push('\n');
    }
    let lines = all(Format::WooCommerce, lines);
    let ids = |results: &[Result<ImportItem, RefusedLine>]| -> Vec<String> {
        results
            .iter()
            .flat_map(|r| r.as_ref().unwrap().events.clone())
            .map(|(_, id, _)| id)
            .collect()
    };
    assert_eq!(ids(&array), ids(&lines));
}

#[test]
fn a_bad_object_in_a_json_file_does_not_stop_the_others() {
    let good = |id: u32| {
        format!(
            r#"{{"id":{id},"currency":"EUR","total":"5.00","date_created_gmt":"2026-01-01T10:00:00","status":"completed","billing":{{"email":"a@b.it"}},"note":"a \"}}]{{ b"}}"#
        )
    };
    let array = format!(
        "[{},\n{{\"id\":1.5}}, oops,\n{},[1],{}",
        good(1),
        good(2),
        &good(3)[..60]
    );
    let results = all(Format::WooCommerce, array);
    let told: Vec<_> = results
        .iter()
        .map(|r| match r {
            Ok(item) => order(item).external_id.clone(),
            Err(refused) => format!("line {}", refused.line),
        })
        .collect();
    assert_eq!(
        told,
        ["1", "line 2", "line 2", "2", "line 3", "line 3"],
        "{results:?}"
    );
    let lines = format!("{}\n{{\"id\":\n\nx\n{}", good(1), good(2));
    let results = all(Format::WooCommerce, lines);
    let lines: Vec<_> = results
        .iter()
        .map(|r| r.as_ref().map_or_else(|e| e.line, |i| i.line))
        .collect();
    assert_eq!(lines, [1, 2, 4, 5]);
    let undated = r#"{"id":1,"currency":"EUR","total":"5.00","billing":{"email":"a@b.it"}}"#;
    assert!(
        refusal(&all(Format::WooCommerce, undated), 0)
            .why
            .contains("no date")
    );
}

#[test]
fn woocommerce_exports_of_both_shapes_are_read() {
    let per_item = "order_id,order_number,date,status,order_total,currency,payment_method,billing_email,billing_first_name,billing_country,billing_state,billing_city,customer_id,item_id,item_product_id,item_name,item_quantity,item_subtotal,item_subtotal_tax\n\
        12,2026-12,2026-01-31 10:22:11,completed,122.00,EUR,cod,a@b.it,Anna,IT,RM,Roma,0,5,7,Lampada &amp; co,2,81.97,18.03\n\
        12,2026-12,2026-01-31 10:22:11,completed,122.00,EUR,cod,a@b.it,Anna,IT,RM,Roma,0,6,8,Cuscino,1,18.03,3.97\n\
        13,2026-13,2026-01-31 11:00:00,spedito,10.00,EUR,bacs,c@d.it,Carlo,IT,MI,Milano,4,7,8,Cuscino,1,8.20,1.80\n";
    let results = all(Format::WooCommerce, per_item);
    let told = order(item(&results, 0));
    assert_eq!(told.lines.len(), 2);
    assert_eq!(told.lines[0].title, "Lampada & co");
    assert_eq!(told.lines[0].unit_price, Money::eur(5_000));
    assert_eq!(told.subtotal, Some(Money::eur(12_200)));
    assert!(told.cash_on_delivery && told.fulfilled);
    assert_eq!(told.person.who.shop_customer_id, None);
    assert_eq!(told.person.province.as_deref(), Some("RM"));
    assert!(
        item(&results, 1)
            .note
            .as_deref()
            .unwrap()
            .contains("status")
    );
    assert_eq!(
        order(item(&results, 1))
            .person
            .who
            .shop_customer_id
            .as_deref(),
        Some("4")
    );

    let texts = "order_id,order_date,status,order_total,order_currency,customer_email,paid_date,line_item_1,line_item_2,line_items\n\
        14,2026-01-31 10:22:11,processing,30.00,EUR,a@b.it,2026-01-31 10:23:00,name:Divano|product_id:3|sku:D1|quantity:1|total:20.00|sub_total:20.00,name:Vaso|quantity:1|total:10.00,\n\
        15,2026-01-31 10:22:11,failed,30.00,EUR,a@b.it,,,,id:1|name:Sedia|quantity:2|total:30.00;id:2|name:Tavolo|quantity:1|total:0.00\n";
    let results = all(Format::WooCommerce, texts);
    let told = order(item(&results, 0));
    let titles: Vec<&str> = told.lines.iter().map(|l| l.title.as_str()).collect();
    assert_eq!(titles, ["Divano", "Vaso"]);
    assert_eq!(told.payment, PaymentState::Paid);
    let told = order(item(&results, 1));
    assert_eq!(told.payment, PaymentState::Voided);
    assert_eq!(told.lines[0].unit_price, Money::eur(1_500));
    assert_eq!(told.lines[1].id, "2");
}

#[test]
fn our_json_lines_keep_their_ids_and_refuse_with_a_place() {
    let text = "{\"id\":\"e1\",\"at\":\"2026-11-22T10:00:00+01:00\",\"type\":\"order_cancelled\",\"order\":\"1\"}\r\n\
        \n\
        {\"id\":\"e2\",\"at\":\"2026-11-22T10:00:00\",\"type\":\"order_cancelled\",\"order\":\"1\"}\n\
        {\"id\":\"e3\",\"at\":\"2026-11-22T10:00:00Z\",\"type\":\"cart_removed\",\"cart\":\"c\"}";
    let results = all(Format::Events, text);
    assert_eq!(results.len(), 3);
    assert_eq!(item(&results, 0).events[0].1, "e1");
    let refused = refusal(&results, 1);
    assert_eq!(refused.line, 3);
    assert!(
        refused
            .why
            .contains("at has no zone: write 2026-11-22T10:00:00+01:00"),
        "{}",
        refused.why
    );
    assert_eq!(item(&results, 2).line, 4);
    let array = format!(
        "[{}]",
        text.replace("\r\n\n", ",\n").replace("\"}\n{", "\"},\n{")
    );
    let again = all(Format::Events, array);
    assert_eq!(item(&again, 0).events, item(&results, 0).events);
}

#[test]
fn formats_are_told_by_their_beginning() {
    for (text, expected) in [
        (SHOPIFY_HEADER, Some(Format::Shopify)),
        (
            "\u{FEFF}\"order_id\";\"placed_at\";total;title",
            Some(Format::Csv),
        ),
        ("order_id,date,order_total", Some(Format::WooCommerce)),
        ("[{\"id\":1,\"order_key\":\"x\"", Some(Format::WooCommerce)),
        (
            "{\"id\":\"1\",\"at\":\"…\",\"type\":\"x\"}",
            Some(Format::Events),
        ),
        ("a,b,c", None),
        ("", None),
    ] {
        assert_eq!(Format::guess_from(text.as_bytes()), expected, "{text}");
    }
    for name in Format::NAMES {
        assert_eq!(Format::parse(name).unwrap().as_str(), name);
    }
}

/// A reader that gives rows without end and counts what was asked of it.
struct Endless {
    rows: u64,
    rest: Vec<u8>,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.rest.is_empty() {
            self.rows += 1;
            assert!(
                self.rows < 20_000,
                "the whole file was read before the first order"
            );
            self.rest = format!("{},2026-01-31,5.00,Chiodo,a@b.it\n", self.rows).into_bytes();
        }
        let count = buffer.len().min(self.rest.len());
        buffer[..count].copy_from_slice(&self.rest[..count]);
        self.rest.drain(..count);
        Ok(count)
    }
}

#[test]
fn a_file_is_read_as_a_stream() {
    let endless = Endless {
        rows: 0,
        rest: b"order_id,placed_at,total,title,email\n".to_vec(),
    };
    let orders = open(Format::Csv, endless).unwrap().take(1_000);
    assert!(orders.into_iter().all(|order| order.is_ok()));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn no_bytes_make_a_reader_fall_or_run_on(
        noise in prop::collection::vec(any::<u8>(), 0..80),
        seat in 0_usize..1_200,
        format in prop::sample::select(vec![Format::Shopify, Format::WooCommerce, Format::Events, Format::Csv]),
    ) {
        let mut bytes = match format {
            Format::Shopify => shopify(&[SOFA, CUSHIONS, LAMP]).into_bytes(),
            Format::Csv => b"order_id,placed_at,total,title,email\n1,2026-01-31,5,x,a@b.it\n".to_vec(),
            Format::WooCommerce => br#"[{"id":1,"line_items":[{"name":"x"}]},{"id":2}]"#.to_vec(),
            Format::Events => br#"{"id":"1","at":"2026-11-22T10:00:00Z","type":"cart_removed","cart":"c"}"#.to_vec(),
        };
        let seat = seat.min(bytes.len());
        bytes.splice(seat..seat, noise);
        if let Ok(items) = open(format, Cursor::new(bytes)) {
            prop_assert!(items.take(500).count() < 500);
        }
    }
}
