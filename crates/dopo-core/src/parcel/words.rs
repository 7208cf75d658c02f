//! Why something happened to a parcel, in plain words for the person who waits for it.

use crate::italy::Locale;

/// A [reason](super::REASONS) as a clause for customers: lower case, without a full stop, without a form of address, so
/// that it stands after "Motivo:" or "Reason:". `None` for what is no known reason.
pub fn reason_words(reason: &str, locale: Locale) -> Option<&'static str> {
    let (it, en) = match reason {
        "carrier_address_not_found" => (
            "il corriere non ha trovato l'indirizzo",
            "the courier did not find the address",
        ),
        "carrier_call_depot" => (
            "il corriere chiede di sentire la sua filiale",
            "the courier asks to be contacted at its depot",
        ),
        "carrier_capacity" => (
            "il corriere ha più pacchi di quanti riesce a consegnarne",
            "the courier has more parcels than it can deliver",
        ),
        "carrier_damaged" => (
            "il pacco si è danneggiato durante il trasporto",
            "the parcel was damaged on the way",
        ),
        "carrier_delayed" => (
            "il corriere è in ritardo sul percorso",
            "the courier is running late",
        ),
        "carrier_destroyed" => (
            "il pacco è andato distrutto durante il trasporto",
            "the parcel was destroyed on the way",
        ),
        "carrier_failure" => (
            "il corriere ha avuto un problema suo",
            "the courier had a problem of its own",
        ),
        "carrier_handed_to_partner" => (
            "la consegna è passata a un altro corriere",
            "another courier has taken over the delivery",
        ),
        "carrier_locker_broken" => (
            "l'armadietto di ritiro non funziona",
            "the parcel locker is out of order",
        ),
        "carrier_locker_full" => (
            "nell'armadietto di ritiro non c'era posto",
            "there was no room in the parcel locker",
        ),
        "carrier_lost" => (
            "il corriere dichiara di aver perso il pacco",
            "the courier says that it has lost the parcel",
        ),
        "carrier_missing_pieces" => (
            "alla spedizione mancano dei colli",
            "some boxes of the shipment are missing",
        ),
        "carrier_misrouted" => (
            "il pacco è finito nella filiale sbagliata",
            "the parcel went to the wrong depot",
        ),
        "carrier_not_enough_time" => (
            "il corriere non ha fatto in tempo a finire il giro",
            "the courier did not finish the round in time",
        ),
        "carrier_rerouted" => (
            "il corriere ha cambiato il percorso del pacco",
            "the courier changed the route of the parcel",
        ),
        "carrier_researching" => (
            "il corriere sta cercando il pacco",
            "the courier is looking for the parcel",
        ),
        "carrier_storage_expired" => (
            "è scaduto il tempo in cui il corriere poteva tenerlo",
            "the time for which the courier could keep it is over",
        ),
        "carrier_vehicle" => (
            "il mezzo del corriere ha avuto un guasto o un incidente",
            "the courier's vehicle broke down or had an accident",
        ),
        "consignee_absent" => (
            "all'indirizzo non c'era nessuno",
            "nobody was at the address",
        ),
        "consignee_access_restricted" => (
            "il corriere non è riuscito ad arrivare alla porta",
            "the courier could not get to the door",
        ),
        "consignee_address_changed" => (
            "l'indirizzo di consegna è cambiato",
            "the delivery address has changed",
        ),
        "consignee_appointment" => (
            "la consegna va fatta su appuntamento",
            "the delivery is by appointment",
        ),
        "consignee_asked_later" => (
            "è stata chiesta la consegna in un altro giorno",
            "delivery on another day was asked for",
        ),
        "consignee_asked_other_address" => (
            "è stata chiesta la consegna a un altro indirizzo",
            "delivery to another address was asked for",
        ),
        "consignee_closed" => (
            "il luogo di consegna era chiuso",
            "the place of delivery was closed",
        ),
        "consignee_cod_unpaid" => (
            "il contrassegno non è stato pagato",
            "the amount due on delivery was not paid",
        ),
        "consignee_collects" => (
            "è stato chiesto il ritiro di persona",
            "collection in person was asked for",
        ),
        "consignee_contact_needed" => (
            "al corriere manca un recapito per la consegna",
            "the courier needs a way to get in touch for the delivery",
        ),
        "consignee_identity_unverified" => (
            "il corriere non ha potuto verificare chi riceve",
            "the courier could not verify who receives the parcel",
        ),
        "consignee_instructions_needed" => (
            "il corriere aspetta istruzioni per la consegna",
            "the courier awaits instructions for the delivery",
        ),
        "consignee_moved" => (
            "al corriere risulta un trasloco",
            "the courier was told of a move",
        ),
        "consignee_not_collected" => (
            "il pacco non è stato ritirato in tempo",
            "the parcel was not collected in time",
        ),
        "consignee_on_holiday" => (
            "il luogo di consegna era chiuso per ferie",
            "the place of delivery was closed for holidays",
        ),
        "consignee_partial" => (
            "è stata accettata solo una parte della spedizione",
            "only a part of the shipment was accepted",
        ),
        "consignee_refused" => (
            "al corriere il pacco risulta rifiutato",
            "the courier reports that the parcel was refused",
        ),
        "consignee_refused_damaged" => (
            "il pacco risulta rifiutato perché danneggiato",
            "the parcel was refused because it was damaged",
        ),
        "consignee_refused_inspection" => (
            "il pacco risulta rifiutato perché non si poteva controllare prima",
            "the parcel was refused because it could not be inspected first",
        ),
        "consignee_refused_late" => (
            "il pacco risulta rifiutato perché in ritardo",
            "the parcel was refused because it came late",
        ),
        "consignee_unknown" => (
            "a quell'indirizzo il nome non risulta",
            "the name is not known at that address",
        ),
        "consignee_wrong_address" => (
            "l'indirizzo è sbagliato o incompleto",
            "the address is wrong or incomplete",
        ),
        "customs_delayed" => ("la dogana è in ritardo", "customs are running late"),
        "customs_documents" => (
            "la dogana chiede dei documenti",
            "customs ask for documents",
        ),
        "customs_duties_unpaid" => ("ci sono dazi da pagare", "duties are to be paid"),
        "customs_inspection" => (
            "la dogana sta controllando il pacco",
            "customs are inspecting the parcel",
        ),
        "customs_prohibited" => (
            "la dogana non lascia passare il contenuto",
            "customs do not let the contents pass",
        ),
        "force_authority" => (
            "un'autorità ha fermato il pacco",
            "an authority has stopped the parcel",
        ),
        "force_disaster" => (
            "un'emergenza nella zona ferma le consegne",
            "an emergency in the area stops deliveries",
        ),
        "force_holiday" => ("è un giorno festivo", "it is a public holiday"),
        "force_local" => (
            "un evento nella zona impedisce le consegne",
            "something going on in the area prevents deliveries",
        ),
        "force_sea" => (
            "i collegamenti via mare sono sospesi",
            "sea connections are suspended",
        ),
        "force_security" => (
            "un controllo di sicurezza ferma il pacco",
            "a security check holds the parcel up",
        ),
        "force_strike" => ("c'è uno sciopero", "there is a strike"),
        "retailer_cancelled" => (
            "la spedizione è stata annullata da chi l'ha mandata",
            "the sender cancelled the shipment",
        ),
        "retailer_instructions_needed" => (
            "il corriere aspetta istruzioni dal negozio",
            "the courier awaits instructions from the shop",
        ),
        "retailer_not_ready" => (
            "il pacco non era pronto quando il corriere è passato",
            "the parcel was not ready when the courier came for it",
        ),
        "retailer_packaging" => ("l'imballo va rifatto", "the parcel has to be packed again"),
        "retailer_wrong_data" => (
            "i dati che il negozio ha dato al corriere non erano giusti",
            "what the shop told the courier was not right",
        ),
        "weather_delayed" => (
            "il maltempo rallenta le consegne",
            "bad weather slows deliveries down",
        ),
        _ => return None,
    };
    Some(locale.pick(it, en))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parcel::REASONS;

    #[test]
    fn every_reason_has_words_of_its_own_in_both_languages() {
        for locale in [Locale::It, Locale::En] {
            let mut seen = std::collections::BTreeSet::new();
            for reason in REASONS {
                let words = reason_words(reason, locale).unwrap_or_else(|| panic!("{reason}"));
                assert!(seen.insert(words), "{reason}: {words}");
                assert!(!words.ends_with('.') && !words.contains('_'), "{reason}");
                assert!(words.starts_with(char::is_lowercase), "{reason}");
            }
        }
        assert_eq!(reason_words("because", Locale::It), None);
    }
}
