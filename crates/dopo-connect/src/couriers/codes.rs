//! What a courier's codes mean: one table a vendor, written as data.
//!
//! A table is a file `codes.csv` beside its vendor, with the columns `code;text;state;reason;act_by;note`. A row with a
//! code says what that code means; a row with a code and a phrase says what that code means where the text holds the
//! phrase; a row with a phrase alone is for codes that are not in the table. What an empty `state` means: the parcel stays
//! where it is (delay, damage and address problems are reasons, never places).

use dopo_core::parcel::{ActBy, Checkpoint, ParcelState, ScanSource, Telling, ToldScan};
use dopo_core::parcel::{CHECKPOINTS_MAX, REASONS, is_known_reason};
use std::collections::{BTreeMap, BTreeSet};

use super::time::Heard;

/// Words before a phrase that turn it into its opposite: `NON CONSEGNATA` is no delivery.
const DENIALS: [&str; 6] = ["non", "not", "no", "mancata", "nicht", "never"];

/// What a code or text means.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mapping {
    /// Where the parcel is after it; `None` = where it was before.
    pub state: Option<ParcelState>,
    /// Why: one of [`REASONS`].
    pub reason: Option<&'static str>,
    /// Who must act, where that is more than state and reason say.
    pub act_by: Option<ActBy>,
}

/// A vendor's codes and phrases.
#[derive(Debug)]
pub struct CodeTable {
    vendor: &'static str,
    codes: BTreeMap<String, Mapping>,
    refined: Vec<(String, String, Mapping)>,
    phrases: Vec<(String, Mapping)>,
    faults: Vec<String>,
}

impl CodeTable {
    /// Reads a table that is part of the program. Rows that are wrong are left out and kept in [`CodeTable::faults`].
    pub fn embedded(vendor: &'static str, csv: &str) -> Self {
        let mut table = CodeTable {
            vendor,
            codes: BTreeMap::new(),
            refined: Vec::new(),
            phrases: Vec::new(),
            faults: Vec::new(),
        };
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(b';')
            .comment(Some(b'#'))
            .trim(csv::Trim::All)
            .from_reader(csv.as_bytes());
        let mut seen = BTreeSet::new();
        for row in reader.deserialize::<Row>() {
            let row = match row {
                Ok(row) => row,
                Err(error) => {
                    table.faults.push(format!("{vendor}: {error}"));
                    continue;
                }
            };
            let (code, phrase) = (tidy_code(&row.code), fold(&row.text));
            if !seen.insert((code.clone(), phrase.clone())) {
                table.faults.push(format!(
                    "{vendor}: {} {} stands twice",
                    row.code.trim(),
                    row.text.trim()
                ));
                continue;
            }
            let mapping = match row.mapping() {
                Ok(mapping) => mapping,
                Err(why) => {
                    table
                        .faults
                        .push(format!("{vendor}: {} {}: {why}", row.code, row.text));
                    continue;
                }
            };
            match (code.is_empty(), phrase.is_empty()) {
                (false, true) => {
                    table.codes.insert(code, mapping);
                }
                (false, false) => table.refined.push((code, phrase, mapping)),
                (true, false) => table.phrases.push((phrase, mapping)),
                (true, true) => table.faults.push(format!("{vendor}: an empty row")),
            }
        }
        table
    }

    /// Whose table it is.
    pub fn vendor(&self) -> &'static str {
        self.vendor
    }

    /// Rows that could not be used; none in a table that its test has seen.
    pub fn faults(&self) -> &[String] {
        &self.faults
    }

    /// Rows in use.
    pub fn len(&self) -> usize {
        self.codes.len() + self.refined.len() + self.phrases.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What a scan means: the first of `codes` that is in the table, where it holds a phrase by that first; without a
    /// known code the first phrase that the text holds.
    pub fn find(&self, codes: &[&str], text: Option<&str>) -> Option<&Mapping> {
        let text = text.map(fold).unwrap_or_default();
        for code in codes {
            let code = tidy_code(code);
            if code.is_empty() {
                continue;
            }
            let refined = self
                .refined
                .iter()
                .find(|(c, phrase, _)| *c == code && holds(&text, phrase));
            if let Some((_, _, mapping)) = refined {
                return Some(mapping);
            }
            if let Some(mapping) = self.codes.get(&code) {
                return Some(mapping);
            }
        }
        let phrase = self.phrases.iter().find(|(phrase, _)| holds(&text, phrase));
        phrase.map(|(_, mapping)| mapping)
    }
}

#[derive(serde::Deserialize)]
struct Row {
    code: String,
    text: String,
    state: String,
    reason: String,
    act_by: String,
    #[expect(dead_code, reason = "for the people who read the table")]
    note: String,
}

impl Row {
    fn mapping(&self) -> Result<Mapping, String> {
        let state = match self.state.as_str() {
            "" => None,
            name => Some(
                ParcelState::ALL
                    .into_iter()
                    .find(|state| state.as_str() == name)
                    .ok_or_else(|| format!("there is no state {name}"))?,
            ),
        };
        let reason = match self.reason.as_str() {
            "" => None,
            name if is_known_reason(name) => REASONS.iter().copied().find(|r| *r == name),
            name => return Err(format!("there is no reason {name}")),
        };
        let act_by = match self.act_by.as_str() {
            "" => None,
            name => Some(
                [
                    ActBy::Nobody,
                    ActBy::Buyer,
                    ActBy::Shop,
                    ActBy::Carrier,
                    ActBy::Customs,
                ]
                .into_iter()
                .find(|act_by| act_by.as_str() == name)
                .ok_or_else(|| format!("nobody is called {name}"))?,
            ),
        };
        Ok(Mapping {
            state,
            reason,
            act_by,
        })
    }
}

fn tidy_code(code: &str) -> String {
    code.trim().to_uppercase()
}

/// Text as phrases are compared: small letters without accents, everything that is neither letter nor digit one space.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        let plain = match c {
            'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => 'a',
            'è' | 'é' | 'ê' | 'ë' => 'e',
            'ì' | 'í' | 'î' | 'ï' => 'i',
            'ò' | 'ó' | 'ô' | 'õ' | 'ö' => 'o',
            'ù' | 'ú' | 'û' | 'ü' => 'u',
            'ç' => 'c',
            'ñ' => 'n',
            c if c.is_alphanumeric() => c,
            _ => ' ',
        };
        if plain != ' ' || !(folded.is_empty() || folded.ends_with(' ')) {
            folded.push(plain);
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

/// Whether folded text holds a folded phrase: from the beginning of a word, and not after a word that denies it.
fn holds(text: &str, phrase: &str) -> bool {
    if phrase.is_empty() {
        return false;
    }
    text.match_indices(phrase).any(|(at, _)| {
        let before = &text[..at];
        let begins = before.is_empty() || before.ends_with(' ');
        let denied = before
            .split_whitespace()
            .next_back()
            .is_some_and(|word| DENIALS.contains(&word));
        begins && !denied
    })
}

/// A scan as a courier tells it, before its codes are understood.
#[derive(Clone, Debug, Default)]
pub struct RawScan<'a> {
    /// Codes, the most exact first; the first one is kept raw.
    pub codes: &'a [&'a str],
    /// The carrier's text, kept raw.
    pub text: Option<&'a str>,
    /// More text to be looked at, and not kept.
    pub more: Option<&'a str>,
    /// Place in the carrier's words.
    pub place: Option<String>,
    /// The same telling takes it back.
    pub taken_back: bool,
}

/// Scans being put together, in the carrier's order, oldest first.
#[derive(Debug)]
pub struct Timeline<'t> {
    table: &'t CodeTable,
    source: ScanSource,
    scans: Vec<ToldScan>,
    unknown: usize,
    unreadable: usize,
    notes: Vec<String>,
}

impl<'t> Timeline<'t> {
    /// An empty one.
    pub fn new(table: &'t CodeTable, source: ScanSource) -> Self {
        Timeline {
            table,
            source,
            scans: Vec::new(),
            unknown: 0,
            unreadable: 0,
            notes: Vec::new(),
        }
    }

    /// Adds a scan. One whose codes are unknown stays raw, and the parcel where it was before. Returns the scan, to add to.
    pub fn push(&mut self, raw: RawScan<'_>, heard: Heard) -> &mut Checkpoint {
        let text = match (raw.text, raw.more) {
            (Some(text), Some(more)) => Some(format!("{text} {more}")),
            (text, more) => text.or(more).map(str::to_owned),
        };
        let mapping = self.table.find(raw.codes, text.as_deref()).cloned();
        self.push_as(raw, heard, mapping)
    }

    /// Adds a scan whose meaning is known already.
    pub fn push_as(
        &mut self,
        raw: RawScan<'_>,
        heard: Heard,
        mapping: Option<Mapping>,
    ) -> &mut Checkpoint {
        if mapping.is_none() {
            self.unknown += 1;
        }
        let before = self.scans.iter().rev().find(|scan| !scan.taken_back);
        let before = before.map_or(ParcelState::Unknown, |scan| scan.checkpoint.state);
        let mapping = mapping.unwrap_or(Mapping {
            state: None,
            reason: None,
            act_by: None,
        });
        // A label told of after the parcel was scanned does not bring it back to the shop.
        let state = mapping.state.filter(|state| {
            *state != ParcelState::Announced
                || matches!(before, ParcelState::Unknown | ParcelState::Cancelled)
        });
        let code = raw.codes.iter().find(|code| !code.trim().is_empty());
        self.scans.push(ToldScan {
            checkpoint: Checkpoint {
                at: heard.at,
                day_only: heard.day_only,
                zone: heard.zone,
                state: state.unwrap_or(before),
                reason: mapping.reason.map(str::to_owned),
                act_by: mapping.act_by,
                act_deadline: None,
                place: raw.place.as_deref().and_then(crate::tidy::text),
                text: raw.text.and_then(crate::tidy::text),
                code: code.map(|code| code.trim().to_owned()),
                source: self.source,
            },
            taken_back: raw.taken_back,
        });
        let last = self.scans.len() - 1;
        &mut self.scans[last].checkpoint
    }

    /// Says that times were told in a country of several zones, without one.
    pub fn note_zone(&mut self) {
        let note = "some times were told in a country of several zones and read on another clock";
        if !self.notes.iter().any(|known| known == note) {
            self.note(note);
        }
    }

    /// Counts a scan that could not be read at all.
    pub fn skip(&mut self) {
        self.unreadable += 1;
    }

    /// Adds to what a reader should know. No personal data.
    pub fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// The newest scan, to add to.
    pub fn last_mut(&mut self) -> Option<&mut ToldScan> {
        self.scans.last_mut()
    }

    /// Scans so far.
    pub fn scans(&self) -> &[ToldScan] {
        &self.scans
    }

    /// The telling: scans by time (those of one time in the carrier's order), the newest [`CHECKPOINTS_MAX`], and the
    /// notes.
    pub fn finish(mut self) -> Telling {
        self.scans.sort_by_key(|scan| scan.checkpoint.at);
        let too_many = self.scans.len().saturating_sub(CHECKPOINTS_MAX);
        self.scans.drain(..too_many);
        match self.unknown {
            0 => {}
            1 => self
                .notes
                .push("1 scan has a code that is not known yet".to_owned()),
            n => self
                .notes
                .push(format!("{n} scans have codes that are not known yet")),
        }
        match self.unreadable {
            0 => {}
            1 => self.notes.push("1 scan could not be read".to_owned()),
            n => self.notes.push(format!("{n} scans could not be read")),
        }
        Telling {
            scans: self.scans,
            note: (!self.notes.is_empty()).then(|| self.notes.join("; ")),
            ..Telling::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "code;text;state;reason;act_by;note\n\
        704;;delivered;;;\n\
        DS;out for delivery;out_for_delivery;;;\n\
        DS;;at_depot;;;\n\
        LATE;;;carrier_delayed;;stays where it is\n\
        ;assente;attempt_failed;consignee_absent;carrier;\n\
        ;consegnat;delivered;;;\n";

    fn heard(at: &str) -> Heard {
        Heard {
            at: at.parse().expect("a time"),
            day_only: false,
            zone: None,
        }
    }

    #[test]
    fn an_exact_code_goes_before_text_and_a_denied_word_is_never_its_opposite() {
        let table = CodeTable::embedded("test", TABLE);
        assert_eq!(table.faults(), &[] as &[String]);
        let state =
            |codes: &[&str], text: &str| table.find(codes, Some(text)).map(|m| (m.state, m.reason));
        let some = |state, reason| Some((Some(state), reason));
        use ParcelState::{AtDepot, AttemptFailed, Delivered, OutForDelivery};
        assert_eq!(state(&["704"], "assente"), some(Delivered, None));
        assert_eq!(
            state(&["ds"], "OUT FOR DELIVERY"),
            some(OutForDelivery, None)
        );
        assert_eq!(state(&["DS"], "DESTINATION SCAN"), some(AtDepot, None));
        assert_eq!(state(&["?", "704"], ""), some(Delivered, None));
        assert_eq!(state(&[], "CONSEGNATA"), some(Delivered, None));
        assert_eq!(
            state(&[], "La spedizione è stata consegnata."),
            some(Delivered, None)
        );
        assert_eq!(state(&[], "NON CONSEGNATA"), None);
        assert_eq!(state(&[], "Riconsegnata"), None);
        assert_eq!(
            state(&[], "NON CONSEGNATA DESTINATARIO ASSENTE"),
            some(AttemptFailed, Some("consignee_absent"))
        );
        assert_eq!(state(&["LATE"], ""), Some((None, Some("carrier_delayed"))));
    }

    #[test]
    fn a_table_says_what_is_wrong_in_it() {
        let csv = "code;text;state;reason;act_by;note\n1;;delivered;;;\n 1 ;;lost;;;\n2;;arrived;;;\n3;;lost;bad_luck;;\n";
        let table = CodeTable::embedded("test", csv);
        assert_eq!(
            (table.len(), table.faults().len()),
            (1, 3),
            "{:?}",
            table.faults()
        );
    }

    #[test]
    fn an_unknown_code_keeps_its_words_and_leaves_the_parcel_where_it_was() {
        let table = CodeTable::embedded("test", TABLE);
        let mut line = Timeline::new(&table, ScanSource::Carrier);
        let scan = |codes, text| RawScan {
            codes,
            text: Some(text),
            ..RawScan::default()
        };
        line.push(
            scan(&["DS"], "DESTINATION SCAN"),
            heard("2026-11-02T08:00:00Z"),
        );
        line.push(scan(&["QQ"], "Qualcosa"), heard("2026-11-02T09:00:00Z"));
        line.push(scan(&["LATE"], "In ritardo"), heard("2026-11-02T10:00:00Z"));
        let told = line.finish();
        let states: Vec<_> = told.scans.iter().map(|s| s.checkpoint.state).collect();
        assert_eq!(states, [ParcelState::AtDepot; 3]);
        assert_eq!(told.scans[1].checkpoint.code.as_deref(), Some("QQ"));
        assert_eq!(
            told.scans[2].checkpoint.reason.as_deref(),
            Some("carrier_delayed")
        );
        assert_eq!(
            told.note.as_deref(),
            Some("1 scan has a code that is not known yet")
        );
    }
}
