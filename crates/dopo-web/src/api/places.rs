//! Places in a query: provinces by their letters, or a region.

use crate::api::problem::Problem;
use dopo_core::italy::Province;
use dopo_engine::console::figures::{provinces_in, region};

/// What no order goes to and nobody lives in: asked for where a province lies in another region.
const NOWHERE: &str = "--";

/// The provinces that `province` (letters, with commas) and `region` name; none when neither does.
///
/// # Errors
/// 422 `fields_invalid` when one of them is not Italian.
pub(crate) fn provinces(
    province: Option<&str>,
    of_region: Option<&str>,
) -> Result<Vec<String>, Problem> {
    let mut provinces = Vec::new();
    for code in province.into_iter().flat_map(|list| list.split(',')) {
        let code = code.trim();
        if code.is_empty() {
            continue;
        }
        let province = Province::parse(code).map_err(|_| {
            Problem::field(
                "province",
                "unknown",
                "Scrivi sigle di province italiane, per esempio BO,MO.",
                "Write Italian provinces by their letters, such as BO,MO.",
            )
        })?;
        let code = province.code().to_owned();
        if !provinces.contains(&code) {
            provinces.push(code);
        }
    }
    let Some(name) = of_region else {
        return Ok(provinces);
    };
    let region = region(name).ok_or_else(|| {
        Problem::field(
            "region",
            "unknown",
            "Non è una regione italiana.",
            "This is no region of Italy.",
        )
    })?;
    let inside = provinces_in(region);
    if provinces.is_empty() {
        return Ok(inside);
    }
    provinces.retain(|province| inside.contains(province));
    if provinces.is_empty() {
        provinces.push(NOWHERE.to_owned());
    }
    Ok(provinces)
}
