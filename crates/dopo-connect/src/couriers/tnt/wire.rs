//! What TNT is sent: ExpressConnect takes its request as XML in a form field.

use quick_xml::escape::escape;

/// Numbers in one request.
pub(crate) const NUMBERS_MAX: usize = 30;

/// A request for the whole history of these numbers.
pub(crate) fn request(numbers: &[&str]) -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?><TrackRequest locale=\"it_IT\" version=\"3.1\"><SearchCriteria marketType=\"INTERNATIONAL\" originCountry=\"IT\">",
    );
    for number in numbers {
        xml.push_str("<ConsignmentNumber>");
        xml.push_str(&escape(*number));
        xml.push_str("</ConsignmentNumber>");
    }
    xml.push_str("</SearchCriteria><LevelOfDetail><Complete originAddress=\"false\" destinationAddress=\"true\" package=\"false\" shipment=\"true\"/></LevelOfDetail></TrackRequest>");
    xml
}
