//! GLS's XML: the scans of a parcel are no elements of their own but fields that repeat side by side.

use crate::couriers::xml::Node;

/// One scan: a run of siblings that begins with its day.
#[derive(Default)]
pub(super) struct Scan<'a> {
    pub(super) day: &'a str,
    pub(super) hour: &'a str,
    pub(super) place: &'a str,
    pub(super) text: &'a str,
    pub(super) note: &'a str,
    pub(super) code: &'a str,
}

/// The scans of a `TRACKING`, `TRACKINGINT` or `TRACKINGRITIRO`.
pub(super) fn scans(tracking: &Node) -> Vec<Scan<'_>> {
    let mut scans: Vec<Scan<'_>> = Vec::new();
    for field in &tracking.children {
        if field.name == "Data" || scans.is_empty() {
            scans.push(Scan::default());
        }
        let Some(scan) = scans.last_mut() else {
            continue;
        };
        let place = match field.name.as_str() {
            "Data" => &mut scan.day,
            "Ora" => &mut scan.hour,
            "Luogo" => &mut scan.place,
            "Stato" => &mut scan.text,
            "Note" => &mut scan.note,
            "Codice" => &mut scan.code,
            _ => continue,
        };
        *place = &field.text;
    }
    scans
}
