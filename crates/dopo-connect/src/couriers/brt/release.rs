//! Instructions for held parcels: BRT takes them as a file, which a transfer of the shop's brings to it.
//!
//! One file a call, named after it: writing the same call again writes nothing. The file appears whole or not at all.

use crate::couriers::italian::{action_words, name_of, street_of};
use dopo_core::advance::CourierCall;
use dopo_engine::ports::Released;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// How a file begins; the id of the call and `.csv` follow.
pub const FILE_PREFIX: &str = "svincolo-";
/// Columns of a file, separated by semicolons.
pub const HEADER: [&str; 12] = [
    "richiesta",
    "data_richiesta",
    "spedizione",
    "azione",
    "nome",
    "indirizzo",
    "cap",
    "localita",
    "provincia",
    "nazione",
    "telefono",
    "note",
];
/// Folder, inside the one that is watched, in which it is remembered which calls were written.
const WRITTEN: &str = ".dopo";

/// Writes the file of a call. Taken at once by the folder, by BRT when the transfer runs: its scans tell the rest.
pub(super) fn write(folder: &Path, call: &CourierCall) -> Released {
    match try_write(folder, call) {
        Ok(()) => Released::Deferred,
        Err(error) => Released::Later {
            after: None,
            why: format!(
                "the folder for BRT's instructions cannot be written ({}): see that it is there and ours",
                error.kind()
            ),
        },
    }
}

fn try_write(folder: &Path, call: &CourierCall) -> std::io::Result<()> {
    let id = format!("{:032x}", call.id.0);
    let written = folder.join(WRITTEN).join(&id);
    let file = folder.join(format!("{FILE_PREFIX}{id}.csv"));
    if written.exists() || file.exists() {
        return Ok(());
    }
    std::fs::create_dir_all(folder.join(WRITTEN))?;
    let unfinished: PathBuf = folder.join(WRITTEN).join(format!("{id}.tmp"));
    let mut open = std::fs::File::create(&unfinished)?;
    open.write_all(&contents(call, &id).map_err(std::io::Error::other)?)?;
    open.sync_all()?;
    std::fs::rename(&unfinished, &file)?;
    std::fs::File::create(&written)?.sync_all()
}

fn contents(call: &CourierCall, id: &str) -> Result<Vec<u8>, csv::Error> {
    let day = jiff::tz::TimeZone::get(crate::couriers::time::ROME)
        .unwrap_or(jiff::tz::TimeZone::UTC)
        .to_datetime(call.asked_at)
        .date();
    let nowhere = dopo_core::order::PostalAddress::default();
    let to = call.answer.address.as_ref().unwrap_or(&nowhere);
    let one_line = |text: &str| crate::tidy::text(text).unwrap_or_default();
    let row = [
        id.to_owned(),
        day.strftime("%d/%m/%Y").to_string(),
        call.number.clone(),
        action_words(call.answer.action).to_owned(),
        one_line(name_of(to)),
        one_line(&street_of(to)),
        one_line(to.postal_code.as_deref().unwrap_or_default()),
        one_line(to.city.as_deref().unwrap_or_default()),
        one_line(to.province.as_deref().unwrap_or_default()),
        one_line(to.country.as_deref().unwrap_or_default()),
        one_line(call.answer.phone.as_deref().unwrap_or_default()),
        one_line(call.answer.note.as_deref().unwrap_or_default()),
    ];
    let mut csv = csv::WriterBuilder::new()
        .delimiter(b';')
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    csv.write_record(HEADER)?;
    csv.write_record(&row)?;
    csv.into_inner().map_err(|error| error.into_error().into())
}
