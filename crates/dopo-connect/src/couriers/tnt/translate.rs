//! TNT's ExpressConnect XML, made [`Telling`]s.

use crate::couriers::codes::{CodeTable, RawScan, Timeline};
use crate::couriers::http::Trouble;
use crate::couriers::time::{self, Clock, zone_of_country};
use crate::couriers::{meant, place, xml};
use dopo_core::parcel::{ScanSource, Telling};
use jiff::civil::Date;

/// An answer: its consignments.
pub struct Answer(xml::Node);

/// Reads an answer.
///
/// # Errors
/// [`Trouble::Refused`] where the account is not accepted, [`Trouble::Unreadable`] for another shape.
pub fn read(body: &[u8]) -> Result<Answer, Trouble> {
    let root = xml::tree(body).map_err(Trouble::Unreadable)?;
    if root.name != "TrackResponse" {
        return Err(Trouble::Unreadable(
            "the XML is no tracking answer of TNT".to_owned(),
        ));
    }
    if let Some(error) = root.child("Error") {
        let code = error.at("Code").unwrap_or("?");
        let message = error.at("Message").unwrap_or_default().to_lowercase();
        if message.contains("unauthori") || message.contains("access") || message.contains("login")
        {
            return Err(Trouble::Refused(format!(
                "TNT does not accept the account (error {code})"
            )));
        }
        return Err(Trouble::later(format!("TNT answered with error {code}")));
    }
    Ok(Answer(root))
}

impl Answer {
    /// Translates what it tells of one number.
    ///
    /// TNT uses numbers again: of several consignments the one sent nearest to `shipped_on` is meant, else the last one.
    ///
    /// # Errors
    /// [`Trouble::Unknown`] where the number is not in it, or not known.
    pub fn telling(
        &self,
        number: &str,
        shipped_on: Option<Date>,
        table: &CodeTable,
    ) -> Result<Telling, Trouble> {
        let ours: Vec<&xml::Node> = self
            .0
            .all("Consignment")
            .filter(|c| c.at("ConsignmentNumber") == Some(number))
            // CNF: consignment not found.
            .filter(|c| c.at("SummaryCode") != Some("CNF"))
            .collect();
        let sent = ours.iter().map(|c| time::date(c.at("CollectionDate")?));
        let sent: Vec<Option<Date>> = sent.collect();
        let chosen = ours.get(meant(shipped_on, &sent)).ok_or(Trouble::Unknown)?;
        Ok(consignment(chosen, ours.len(), table))
    }
}

fn consignment(consignment: &xml::Node, of: usize, table: &CodeTable) -> Telling {
    let mut line = Timeline::new(table, ScanSource::Carrier);
    if of > 1 {
        line.note(format!(
            "the number was used for {of} consignments: this is one of them, by its day of collection"
        ));
    }
    // Local times without a zone; depots tell no country. Italy and its neighbours share one clock.
    let country = consignment.at("DestinationCountry/CountryCode");
    let mut clock = Clock::named(country.and_then(zone_of_country).unwrap_or(time::ROME));
    if country.is_some_and(|country| zone_of_country(country).is_none()) {
        line.note_zone();
    }
    let scans: Vec<&xml::Node> = consignment.all("StatusData").collect();
    for scan in scans.into_iter().rev() {
        let date = scan.at("LocalEventDate").and_then(time::date);
        let hour = scan.at("LocalEventTime").and_then(time::time);
        let Some(heard) = date.and_then(|date| clock.local(date, hour)) else {
            line.skip();
            continue;
        };
        line.push(
            RawScan {
                codes: &[scan.at("StatusCode").unwrap_or_default()],
                text: scan.at("StatusDescription"),
                place: place(&[scan.at("DepotName").or(scan.at("Depot"))]),
                ..RawScan::default()
            },
            heard,
        );
    }
    let mut told = line.finish();
    told.complete = true;
    told
}
