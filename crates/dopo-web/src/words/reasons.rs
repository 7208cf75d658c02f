//! Why a parcel is where it is, in plain words: one sentence for each of the core's reasons. None of them blames the
//! reader, and none says more than the courier's code does.

use super::Voice;

/// (reason, Italian, English), sorted by reason. The sentences do not address the reader: *tu* and *Lei* are the same.
#[rustfmt::skip]
const SENTENCES: &[(&str, &str, &str)] = &[
    ("carrier_address_not_found", "Il corriere non ha trovato l'indirizzo.", "The carrier could not find the address."),
    ("carrier_call_depot", "Il corriere chiede di contattare la sua sede.", "The carrier asks to be contacted at its depot."),
    ("carrier_capacity", "Il corriere aveva troppi pacchi.", "The carrier had too many parcels."),
    ("carrier_damaged", "Il corriere segnala un danno al pacco.", "The carrier reports damage to the parcel."),
    ("carrier_delayed", "Il corriere è in ritardo.", "The carrier is running late."),
    ("carrier_destroyed", "Il corriere segnala che il pacco è andato distrutto.", "The carrier reports that the parcel was destroyed."),
    ("carrier_failure", "Il corriere ha avuto un problema.", "The carrier had a problem."),
    ("carrier_handed_to_partner", "Il corriere lo ha passato a un altro corriere.", "The carrier handed it to another carrier."),
    ("carrier_locker_broken", "L'armadietto di ritiro non funziona.", "The parcel locker is out of order."),
    ("carrier_locker_full", "L'armadietto di ritiro era pieno.", "The parcel locker was full."),
    ("carrier_lost", "Il corriere non trova il pacco.", "The carrier cannot find the parcel."),
    ("carrier_misrouted", "Il corriere lo ha mandato nella sede sbagliata.", "The carrier sent it to the wrong depot."),
    ("carrier_missing_pieces", "Mancano dei colli: il corriere li cerca.", "Pieces are missing: the carrier is looking for them."),
    ("carrier_not_enough_time", "Al corriere non è bastato il tempo.", "The driver ran out of time."),
    ("carrier_rerouted", "Il corriere gli fa fare un'altra strada.", "The carrier is sending it another way."),
    ("carrier_researching", "Il corriere sta facendo ricerche.", "The carrier is investigating."),
    ("carrier_storage_expired", "Il tempo di giacenza è finito.", "The storage time is over."),
    ("carrier_vehicle", "Il mezzo del corriere ha avuto un guasto.", "The carrier's vehicle broke down."),
    ("consignee_absent", "Non c'era nessuno all'indirizzo.", "Nobody was at the address."),
    ("consignee_access_restricted", "Il corriere non è riuscito a entrare.", "The driver could not get in."),
    ("consignee_address_changed", "L'indirizzo di consegna è stato cambiato.", "The delivery address was changed."),
    ("consignee_appointment", "La consegna è su appuntamento.", "The delivery is by appointment."),
    ("consignee_asked_later", "È stata chiesta la consegna in un altro giorno.", "Delivery on another day was asked for."),
    ("consignee_asked_other_address", "È stata chiesta la consegna a un altro indirizzo.", "Delivery to another address was asked for."),
    ("consignee_closed", "L'indirizzo era chiuso.", "The address was closed."),
    ("consignee_cod_unpaid", "L'importo in contrassegno non è stato pagato.", "The cash on delivery was not paid."),
    ("consignee_collects", "È stato chiesto il ritiro in sede.", "Collection at the depot was asked for."),
    ("consignee_contact_needed", "Al corriere manca un contatto per consegnare.", "The carrier lacks a contact to deliver."),
    ("consignee_identity_unverified", "Il corriere non ha potuto verificare il documento.", "The driver could not check the identity document."),
    ("consignee_instructions_needed", "Al corriere servono istruzioni.", "The carrier needs instructions."),
    ("consignee_moved", "Al corriere risulta un trasferimento.", "The carrier was told that the address has moved."),
    ("consignee_not_collected", "Il pacco non è stato ritirato in tempo.", "The parcel was not collected in time."),
    ("consignee_on_holiday", "L'indirizzo è chiuso per ferie.", "The address is closed for holidays."),
    ("consignee_partial", "È stata consegnata solo una parte.", "Only a part was delivered."),
    ("consignee_refused", "Al corriere risulta rifiutato.", "The carrier recorded a refusal."),
    ("consignee_refused_damaged", "È stato rifiutato perché danneggiato.", "It was refused because it was damaged."),
    ("consignee_refused_inspection", "È stato rifiutato perché non si poteva controllare.", "It was refused because it could not be inspected."),
    ("consignee_refused_late", "È stato rifiutato perché in ritardo.", "It was refused because it was late."),
    ("consignee_unknown", "Il corriere non ha trovato il nome all'indirizzo.", "The driver did not find the name at the address."),
    ("consignee_wrong_address", "L'indirizzo è incompleto o sbagliato.", "The address is incomplete or wrong."),
    ("customs_delayed", "La dogana richiede più tempo.", "Customs are taking longer."),
    ("customs_documents", "Alla dogana mancano dei documenti.", "Customs lack documents."),
    ("customs_duties_unpaid", "Alla dogana ci sono dazi da pagare.", "There are duties to pay at customs."),
    ("customs_inspection", "La dogana lo sta controllando.", "Customs are inspecting it."),
    ("customs_prohibited", "La dogana non lo lascia passare.", "Customs do not let it pass."),
    ("force_authority", "Lo trattiene un'autorità.", "An authority is holding it."),
    ("force_disaster", "Una calamità ferma le consegne.", "A disaster has stopped deliveries."),
    ("force_holiday", "È un giorno festivo.", "It is a public holiday."),
    ("force_local", "Un evento in zona ferma le consegne.", "A local event has stopped deliveries."),
    ("force_sea", "I traghetti non partono.", "The ferries are not running."),
    ("force_security", "Un controllo di sicurezza lo trattiene.", "A security check is holding it."),
    ("force_strike", "C'è uno sciopero.", "There is a strike."),
    ("retailer_cancelled", "La spedizione è stata annullata da noi.", "We cancelled the shipment."),
    ("retailer_instructions_needed", "Il corriere aspetta nostre istruzioni.", "The carrier is waiting for our instructions."),
    ("retailer_not_ready", "Da noi il pacco non era ancora pronto.", "The parcel was not ready on our side yet."),
    ("retailer_packaging", "L'imballaggio non era adatto: è colpa nostra.", "The packaging was not suitable: that is our fault."),
    ("retailer_wrong_data", "Abbiamo dato al corriere dati sbagliati.", "We gave the carrier wrong data."),
    ("weather_delayed", "Il maltempo rallenta le consegne.", "Bad weather is slowing deliveries."),
];

impl Voice {
    /// A reason as a sentence; `None` for one that is not known.
    pub fn reason(&self, reason: &str) -> Option<&'static str> {
        let at = SENTENCES
            .binary_search_by_key(&reason, |(name, _, _)| name)
            .ok()?;
        let (_, it, en) = SENTENCES[at];
        let own = self
            .own
            .and_then(|own| own.word(&format!("reason_{reason}"), self.register));
        Some(own.unwrap_or_else(|| self.say(it, it, en)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dopo_core::parcel::REASONS;

    #[test]
    fn every_reason_of_the_core_has_a_sentence() {
        let said: Vec<&str> = SENTENCES.iter().map(|(name, _, _)| *name).collect();
        assert_eq!(said, REASONS);
        for (name, it, en) in SENTENCES {
            assert!(
                it.ends_with('.') && en.ends_with('.') && !it.contains('!'),
                "{name}"
            );
        }
    }
}
