//! What mail programs read.

use super::parcel::{expected_day, the_parcel};
use super::{ContextInput, safe_url, title};
use dopo_core::italy::clean_line;
use dopo_core::order::{Order, OrderLine};
use jiff::tz::TimeZone;

/// JSON-LD: `Order` for receipts, `ParcelDelivery` for parcels (MAIL-09).
pub(super) fn structured(input: &ContextInput<'_>, order: &Order, zone: &TimeZone) -> String {
    let settings = &input.shop.settings;
    let told = &order.snapshot;
    let merchant =
        serde_json::json!({ "@type": "Organization", "name": clean_line(&settings.name) });
    let status = |state: &str| format!("https://schema.org/{state}");
    let to = told.ship_to.as_ref().map(|to| {
        let text = |t: &Option<String>| t.as_deref().map(clean_line).unwrap_or_default();
        serde_json::json!({
            "@type": "PostalAddress",
            "name": text(&to.name),
            "streetAddress": text(&to.street),
            "postalCode": text(&to.postal_code),
            "addressLocality": text(&to.city),
            "addressRegion": text(&to.province),
            "addressCountry": to.country.as_deref().map(clean_line).filter(|c| !c.is_empty()).unwrap_or_else(|| "IT".into()),
        })
    });
    let Some(parcel) = the_parcel(input, order) else {
        let offers: Vec<serde_json::Value> = told
            .lines
            .iter()
            .take(20)
            .map(|l| {
                serde_json::json!({
                    "@type": "Offer",
                    "itemOffered": { "@type": "Product", "name": title(&l.title) },
                    "price": l.unit_price.to_decimal(),
                    "priceCurrency": l.unit_price.currency.code(),
                    "eligibleQuantity": { "@type": "QuantitativeValue", "value": l.quantity },
                })
            })
            .collect();
        return serde_json::json!({
            "@context": "https://schema.org",
            "@type": "Order",
            "merchant": merchant,
            "orderNumber": clean_line(&told.number),
            "orderDate": told.placed_at.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(),
            "orderStatus": status("OrderProcessing"),
            "price": told.total.to_decimal(),
            "priceCurrency": told.total.currency.code(),
            "url": input.links.order,
            "acceptedOffer": offers,
        })
        .to_string();
    };
    let (Some(carrier), Some(to)) = (parcel.snapshot.carrier.as_deref(), to) else {
        // Without carrier and address mail programs refuse the whole block.
        return String::new();
    };
    let inside =
        |l: &&OrderLine| parcel.snapshot.lines.is_empty() || parcel.snapshot.lines.contains(&l.id);
    let items: Vec<serde_json::Value> = told
        .lines
        .iter()
        .filter(inside)
        .take(20)
        .map(|l| serde_json::json!({ "@type": "Product", "name": title(&l.title) }))
        .collect();
    let mut block = serde_json::json!({
        "@context": "https://schema.org",
        "@type": "ParcelDelivery",
        "carrier": { "@type": "Organization", "name": title(carrier) },
        "deliveryAddress": to,
        "itemShipped": items,
        "partOfOrder": {
            "@type": "Order",
            "orderNumber": clean_line(&told.number),
            "merchant": merchant,
            "orderStatus": status(if parcel.state.is_possession() { "OrderDelivered" } else { "OrderInTransit" }),
        },
    });
    if let Some(number) = parcel.snapshot.number.as_deref() {
        block["trackingNumber"] = title(number).into();
    }
    if let Some(url) = parcel
        .snapshot
        .url
        .as_deref()
        .and_then(safe_url)
        .or_else(|| input.links.order.clone())
    {
        block["trackingUrl"] = url.into();
    }
    if let Some(end) = expected_day(parcel, order, zone)
        .and_then(|day| day.at(20, 0, 0, 0).to_zoned(zone.clone()).ok())
    {
        block["expectedArrivalUntil"] = end.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string().into();
    }
    block.to_string()
}
