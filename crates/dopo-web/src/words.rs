//! Every text of the customer pages, in one place: Italian with *tu*, Italian with *Lei*, English.
//!
//! Words follow `docs/glossary.md`. A text is never built from pieces of sentences; what varies stands in braces and is
//! filled by [`fill`].

use dopo_core::italy::Locale;
use dopo_core::parcel::ParcelState;
use dopo_core::shop::{Register, ShopSettings};

/// In which language and how a page speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Voice {
    /// Language.
    pub locale: Locale,
    /// *Tu* or *Lei*; English has one form.
    pub register: Register,
}

impl Voice {
    /// The voice for a person: what the address asks for, else their language, else the shop's.
    pub fn choose(shop: &ShopSettings, asked: Option<&str>, person: Option<Locale>) -> Self {
        let locale = asked
            .and_then(Locale::from_tag)
            .or(person)
            .unwrap_or(shop.locale);
        Voice {
            locale,
            register: shop.register,
        }
    }

    /// The language tag for `lang`.
    pub fn tag(&self) -> &'static str {
        self.locale.tag()
    }

    /// One of three.
    pub fn say(&self, tu: &'static str, lei: &'static str, en: &'static str) -> &'static str {
        match (self.locale, self.register) {
            (Locale::En, _) => en,
            (Locale::It, Register::Tu) => tu,
            (Locale::It, Register::Lei) => lei,
        }
    }
}

/// Puts values in place of `{name}`. Values are put in as they are; escaping is the template's.
pub fn fill(text: &str, values: &[(&str, &str)]) -> String {
    let mut out = text.to_owned();
    for (name, value) in values {
        out = out.replace(&format!("{{{name}}}"), value);
    }
    out
}

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: $tu:literal | $lei:literal | $en:literal;)*) => {
        impl Voice {$(
            $(#[$doc])*
            #[doc = concat!("“", $tu, "”")]
            pub fn $name(&self) -> &'static str { self.say($tu, $lei, $en) }
        )*}

        /// Every text with its name, for checks of the catalogue: (name, tu, Lei, English).
        pub const CATALOGUE: &[(&str, &str, &str, &str)] = &[$((stringify!($name), $tu, $lei, $en)),*];
    };
}

texts! {
    // ---- every page
    skip: "Vai al contenuto" | "Vai al contenuto" | "Skip to content";
    legal_heading: "Chi vende" | "Chi vende" | "Who sells";
    vat: "Partita IVA" | "Partita IVA" | "VAT number";
    rea: "Registro imprese / REA" | "Registro imprese / REA" | "Company register / REA";
    share_capital: "Capitale sociale" | "Capitale sociale" | "Share capital";
    terms: "Condizioni di vendita" | "Condizioni di vendita" | "Terms of sale";
    privacy: "Informativa sulla privacy" | "Informativa sulla privacy" | "Privacy notice";
    withdraw_link: "Recedere dal contratto qui" | "Recedere dal contratto qui" | "Withdraw from contract here";
    other_language: "Read this page in English" | "Read this page in English" | "Leggi questa pagina in italiano";
    about_page: "Informazioni su questa pagina" | "Informazioni su questa pagina" | "About this page";
    no_cookies: "Questa pagina non usa cookie e non traccia chi la guarda." | "Questa pagina non usa cookie e non traccia chi la guarda." | "This page uses no cookies and does not track its readers.";

    // ---- order page
    order_title: "Ordine {number}" | "Ordine {number}" | "Order {number}";
    order_of: "Ordine {number} del {date}" | "Ordine {number} del {date}" | "Order {number} of {date}";
    greeting_hidden: "Il tuo ordine" | "Il Suo ordine" | "Your order";
    track_parcel: "Segui il pacco sul sito di {carrier}" | "Segua il pacco sul sito di {carrier}" | "Track the parcel on the {carrier} site";
    track_parcel_plain: "Segui il pacco sul sito del corriere" | "Segua il pacco sul sito del corriere" | "Track the parcel on the carrier's site";
    choose_delivery: "Scegli una nuova consegna con {carrier}" | "Scelga una nuova consegna con {carrier}" | "Arrange a new delivery with {carrier}";
    choose_delivery_plain: "Scegli una nuova consegna con il corriere" | "Scelga una nuova consegna con il corriere" | "Arrange a new delivery with the carrier";
    where_to_collect: "Guarda dove ritirarlo" | "Guardi dove ritirarlo" | "See where to collect it";
    write_to_us: "Scrivici" | "Ci scriva" | "Write to us";
    something_wrong: "Qualcosa non va? Scrivici" | "Qualcosa non va? Ci scriva" | "Something wrong? Write to us";
    timeline: "Il percorso" | "Il percorso" | "The journey";
    parcel_n: "Pacco {n} di {all}" | "Pacco {n} di {all}" | "Parcel {n} of {all}";
    by_carrier: "con {carrier}" | "con {carrier}" | "with {carrier}";
    tracking_number: "Numero di spedizione" | "Numero di spedizione" | "Tracking number";
    copy: "Copia" | "Copia" | "Copy";
    copied: "Copiato" | "Copiato" | "Copied";
    in_this_parcel: "In questo pacco: {items}" | "In questo pacco: {items}" | "In this parcel: {items}";
    earlier_steps: "… e {n} passaggi precedenti" | "… e {n} passaggi precedenti" | "… and {n} earlier steps";
    now: "Adesso" | "Adesso" | "Now";
    bought: "Cosa hai comprato" | "Cosa ha comprato" | "What you bought";
    quantity: "{n} × {price}" | "{n} × {price}" | "{n} × {price}";
    more_lines: "… e altri {n} articoli" | "… e altri {n} articoli" | "… and {n} more items";
    subtotal: "Articoli" | "Articoli" | "Items";
    discount: "Sconto" | "Sconto" | "Discount";
    shipping: "Spedizione" | "Spedizione" | "Shipping";
    shipping_free: "Gratuita" | "Gratuita" | "Free";
    total: "Totale" | "Totale" | "Total";
    vat_included: "IVA inclusa" | "IVA inclusa" | "VAT included";
    vat_of: "di cui IVA {amount}" | "di cui IVA {amount}" | "including VAT of {amount}";
    refunded: "Rimborsato" | "Rimborsato" | "Refunded";
    payment: "Pagamento" | "Pagamento" | "Payment";
    pay_pending: "In attesa del pagamento" | "In attesa del pagamento" | "Waiting for payment";
    pay_cod: "In contrassegno, alla consegna" | "In contrassegno, alla consegna" | "Cash on delivery";
    pay_done: "Pagato" | "Pagato" | "Paid";
    pay_part_refunded: "Pagato, rimborsato in parte" | "Pagato, rimborsato in parte" | "Paid, partly refunded";
    pay_refunded: "Rimborsato" | "Rimborsato" | "Refunded";
    pay_voided: "Nessun addebito" | "Nessun addebito" | "Nothing was charged";
    delivery_to: "Consegna a" | "Consegna a" | "Delivery to";
    help: "Ti serve aiuto?" | "Le serve aiuto?" | "Need help?";
    help_text: "Rispondiamo noi di {shop}. Scrivi il numero dell'ordine, {number}: troviamo tutto il resto." | "Rispondiamo noi di {shop}. Scriva il numero dell'ordine, {number}: troviamo tutto il resto." | "We at {shop} answer ourselves. Give us the order number, {number}: we will find the rest.";
    by_email: "E-mail" | "E-mail" | "E-mail";
    by_phone: "Telefono" | "Telefono" | "Phone";
    withdraw_heading: "Recesso" | "Recesso" | "Withdrawal";
    withdraw_until: "Puoi cambiare idea e recedere dal contratto fino a {date} compreso, senza dire il motivo." | "Può cambiare idea e recedere dal contratto fino a {date} compreso, senza dire il motivo." | "You may change your mind and withdraw from the contract up to and including {date}, without giving a reason.";
    withdraw_open: "Puoi cambiare idea e recedere dal contratto entro 14 giorni da quando ricevi l'ultimo pacco, senza dire il motivo." | "Può cambiare idea e recedere dal contratto entro 14 giorni da quando riceve l'ultimo pacco, senza dire il motivo." | "You may change your mind and withdraw from the contract within 14 days of receiving the last parcel, without giving a reason.";
    withdraw_over: "Il periodo di recesso è finito {date}. Se qualcosa non va, scrivici: la garanzia legale vale due anni." | "Il periodo di recesso è finito {date}. Se qualcosa non va, ci scriva: la garanzia legale vale due anni." | "The withdrawal period ended on {date}. If something is wrong, write to us: the legal guarantee lasts two years.";
    withdraw_how: "Oggi il recesso si comunica per e-mail: basta una frase chiara con il tuo nome e il numero dell'ordine. Ti confermiamo subito che l'abbiamo ricevuta." | "Oggi il recesso si comunica per e-mail: basta una frase chiara con il Suo nome e il numero dell'ordine. Le confermiamo subito che l'abbiamo ricevuta." | "Today you withdraw by e-mail: one clear sentence with your name and the order number is enough. We will confirm at once that we received it.";
    withdraw_button: "Prepara l'e-mail di recesso" | "Prepari l'e-mail di recesso" | "Prepare the withdrawal e-mail";
    withdraw_subject: "Recesso dall'ordine {number}" | "Recesso dall'ordine {number}" | "Withdrawal from order {number}";
    withdraw_body: "Con la presente comunico il recesso dal contratto relativo all'ordine {number}.\n\nNome e cognome:\nData:" | "Con la presente comunico il recesso dal contratto relativo all'ordine {number}.\n\nNome e cognome:\nData:" | "I hereby give notice that I withdraw from the contract for order {number}.\n\nName:\nDate:";
    mail_subject: "Ordine {number}" | "Ordine {number}" | "Order {number}";
    messages_heading: "I messaggi che ricevi" | "I messaggi che riceve" | "The messages you get";
    messages_text: "Scegli tu quali messaggi ricevere e se misurare aperture e clic." | "Scelga quali messaggi ricevere e se misurare aperture e clic." | "Choose which messages you get and whether opens and clicks are measured.";
    preferences_link: "Preferenze di contatto" | "Preferenze di contatto" | "Contact preferences";
    updated_at: "Aggiornato {when}" | "Aggiornato {when}" | "Updated {when}";

    // ---- the sentence
    s_cancelled: "Il tuo ordine è stato annullato." | "Il Suo ordine è stato annullato." | "Your order has been cancelled.";
    s_cancelled_on: "Il tuo ordine è stato annullato {date}." | "Il Suo ordine è stato annullato {date}." | "Your order was cancelled {date}.";
    s_refunded: "Abbiamo rimborsato il tuo ordine: {amount}." | "Abbiamo rimborsato il Suo ordine: {amount}." | "We have refunded your order: {amount}.";
    s_waiting_payment: "Aspettiamo il pagamento, poi prepariamo il tuo ordine." | "Aspettiamo il pagamento, poi prepariamo il Suo ordine." | "We are waiting for the payment, then we will prepare your order.";
    s_preparing: "Stiamo preparando il tuo ordine." | "Stiamo preparando il Suo ordine." | "We are preparing your order.";
    s_preparing_until: "Stiamo preparando il tuo ordine: contiamo di consegnarlo entro {date}." | "Stiamo preparando il Suo ordine: contiamo di consegnarlo entro {date}." | "We are preparing your order and expect to deliver it by {date}.";
    s_announced: "Il tuo ordine è pronto: lo stiamo affidando al corriere." | "Il Suo ordine è pronto: lo stiamo affidando al corriere." | "Your order is ready: we are handing it to the carrier.";
    s_under_way: "Il tuo ordine è in viaggio." | "Il Suo ordine è in viaggio." | "Your order is on its way.";
    s_arrives: "Il tuo ordine arriva {date}." | "Il Suo ordine arriva {date}." | "Your order arrives {date}.";
    s_customs: "Il tuo ordine è in dogana." | "Il Suo ordine è in dogana." | "Your order is at customs.";
    s_at_depot: "Il tuo ordine è nella sede del corriere che te lo porterà." | "Il Suo ordine è nella sede del corriere che glielo porterà." | "Your order is at the depot that will deliver it.";
    s_out: "Il tuo ordine è in consegna oggi." | "Il Suo ordine è in consegna oggi." | "Your order is out for delivery today.";
    s_out_since: "Il tuo ordine è in consegna da {date}." | "Il Suo ordine è in consegna da {date}." | "Your order has been out for delivery since {date}.";
    s_attempt: "Il corriere è passato {date} e non ha potuto consegnare." | "Il corriere è passato {date} e non ha potuto consegnare." | "The driver came {date} and could not deliver.";
    s_held: "Il tuo pacco è in giacenza dal corriere: serve una tua indicazione." | "Il Suo pacco è in giacenza dal corriere: serve una Sua indicazione." | "Your parcel is held at the depot and needs your instructions.";
    s_pickup: "Il tuo pacco ti aspetta al punto di ritiro." | "Il Suo pacco La aspetta al punto di ritiro." | "Your parcel is waiting at the collection point.";
    s_pickup_at: "Il tuo pacco ti aspetta al punto di ritiro: {place}." | "Il Suo pacco La aspetta al punto di ritiro: {place}." | "Your parcel is waiting at the collection point: {place}.";
    s_delivered: "Il tuo ordine è arrivato {date}." | "Il Suo ordine è arrivato {date}." | "Your order arrived {date}.";
    s_collected: "Hai ritirato il tuo ordine {date}." | "Ha ritirato il Suo ordine {date}." | "You collected your order {date}.";
    s_refused: "Il pacco è stato rifiutato alla consegna e torna da noi." | "Il pacco è stato rifiutato alla consegna e torna da noi." | "The parcel was refused and is coming back to us.";
    s_returning: "Il pacco sta tornando da noi." | "Il pacco sta tornando da noi." | "The parcel is coming back to us.";
    s_returned: "Il pacco è tornato da noi." | "Il pacco è tornato da noi." | "The parcel has come back to us.";
    s_lost: "Il corriere non trova più il tuo pacco." | "Il corriere non trova più il Suo pacco." | "The carrier can no longer find your parcel.";
    s_silent: "Il corriere non ci dà più notizie del tuo pacco." | "Il corriere non ci dà più notizie del Suo pacco." | "The carrier no longer tells us about your parcel.";
    s_late: "Il tuo ordine è in ritardo: lo aspettavamo {date}." | "Il Suo ordine è in ritardo: lo aspettavamo {date}." | "Your order is late: we expected it {date}.";
    s_partly: "{n} di {all} pacchi sono arrivati." | "{n} di {all} pacchi sono arrivati." | "{n} of {all} parcels have arrived.";
    s_partly_one: "Un pacco su {all} è arrivato." | "Un pacco su {all} è arrivato." | "One of {all} parcels has arrived.";

    // ---- what comes next, under the sentence
    n_cancelled: "Se avevi già pagato, l'importo torna sullo stesso metodo di pagamento." | "Se aveva già pagato, l'importo torna sullo stesso metodo di pagamento." | "If you had already paid, the amount goes back to the same payment method.";
    n_refunded: "A seconda della banca, l'accredito può richiedere alcuni giorni." | "A seconda della banca, l'accredito può richiedere alcuni giorni." | "Depending on the bank, it may take a few days to appear.";
    n_waiting_payment: "Se hai già pagato con bonifico, può servire un giorno lavorativo o due." | "Se ha già pagato con bonifico, può servire un giorno lavorativo o due." | "If you have paid by bank transfer, it can take a working day or two.";
    n_preparing: "Ti avvisiamo quando parte." | "La avvisiamo quando parte." | "We will tell you when it leaves.";
    n_announced: "Il percorso appare qui al primo passaggio del corriere." | "Il percorso appare qui al primo passaggio del corriere." | "The journey appears here with the carrier's first scan.";
    n_under_way: "Ogni passaggio del corriere appare qui sotto." | "Ogni passaggio del corriere appare qui sotto." | "Every scan of the carrier appears below.";
    n_customs: "Di solito bastano pochi giorni. Se serve qualcosa da te, ti scriviamo." | "Di solito bastano pochi giorni. Se serve qualcosa da Lei, Le scriviamo." | "It usually takes a few days. If we need anything from you, we will write.";
    n_at_depot: "La consegna è il prossimo passo." | "La consegna è il prossimo passo." | "Delivery is the next step.";
    n_out: "Se puoi, tieni il telefono vicino: il corriere potrebbe chiamare." | "Se può, tenga il telefono vicino: il corriere potrebbe chiamare." | "Keep your phone near if you can: the driver may call.";
    n_out_cod: "Paghi al corriere {amount}." | "Paga al corriere {amount}." | "You pay the driver {amount}.";
    n_attempt: "Di solito il corriere riprova il giorno lavorativo dopo. Puoi anche scegliere tu quando." | "Di solito il corriere riprova il giorno lavorativo dopo. Può anche scegliere Lei quando." | "The driver usually tries again the next working day. You can also choose when.";
    n_held: "Il corriere lo tiene per pochi giorni, poi ce lo rimanda. Scegli subito che cosa fare." | "Il corriere lo tiene per pochi giorni, poi ce lo rimanda. Scelga subito che cosa fare." | "The carrier keeps it for a few days, then sends it back to us. Please choose now.";
    n_pickup: "Porta con te un documento e il numero di spedizione." | "Porti con sé un documento e il numero di spedizione." | "Bring an identity document and the tracking number.";
    n_delivered: "Controlla che ci sia tutto e che sia intero." | "Controlli che ci sia tutto e che sia intero." | "Check that everything is there and intact.";
    n_back: "Scrivici e decidiamo insieme: rispedirlo o rimborsarti." | "Ci scriva e decidiamo insieme: rispedirlo o rimborsarLa." | "Write to us and we will decide together: send it again or refund you.";
    n_lost: "Ci dispiace. Lo stiamo cercando con il corriere: scrivici se preferisci subito una sostituzione o il rimborso." | "Ci dispiace. Lo stiamo cercando con il corriere: ci scriva se preferisce subito una sostituzione o il rimborso." | "We are sorry. We are looking for it with the carrier: write to us if you would rather have a replacement or a refund now.";
    n_late: "Ci dispiace. Ti avvisiamo appena il corriere ci dice un nuovo giorno." | "Ci dispiace. La avvisiamo appena il corriere ci dice un nuovo giorno." | "We are sorry. We will tell you as soon as the carrier names a new day.";

    // ---- preference centre
    pref_title: "Preferenze di contatto" | "Preferenze di contatto" | "Contact preferences";
    pref_intro: "Qui decidi quali messaggi di {shop} ricevere, e come. I messaggi sul tuo ordine (conferma, spedizione, rimborso) arrivano sempre per e-mail: sono dovuti." | "Qui decide quali messaggi di {shop} ricevere, e come. I messaggi sul Suo ordine (conferma, spedizione, rimborso) arrivano sempre per e-mail: sono dovuti." | "Decide here which messages of {shop} you get, and how. Messages about your order (confirmation, shipping, refund) always come by e-mail: they are due to you.";
    pref_for: "Per {address}" | "Per {address}" | "For {address}";
    pref_save: "Salva le preferenze" | "Salvi le preferenze" | "Save preferences";
    pref_saved: "Abbiamo salvato le tue preferenze." | "Abbiamo salvato le Sue preferenze." | "Your preferences are saved.";
    pref_saved_next: "Valgono da subito, anche per i messaggi già in partenza." | "Valgono da subito, anche per i messaggi già in partenza." | "They hold from now on, also for messages about to leave.";
    pref_unchanged: "Non è cambiato niente." | "Non è cambiato niente." | "Nothing has changed.";
    pref_back: "Torna alle preferenze" | "Torni alle preferenze" | "Back to preferences";
    pref_measure: "Misurazioni" | "Misurazioni" | "Measuring";
    pref_measure_hint: "Servono a capire che cosa è utile. Puoi spegnerle e continuare a ricevere le e-mail." | "Servono a capire che cosa è utile. Può spegnerle e continuare a ricevere le e-mail." | "They help us learn what is useful. You can switch them off and still get the e-mails.";
    pref_stop_measure: "Smetti di misurare aperture e clic, continua a mandarmi le e-mail" | "Smettete di misurare aperture e clic, continuate a mandarmi le e-mail" | "Stop measuring opens and clicks, keep sending me the e-mails";
    pref_stop_all: "Solo messaggi sui miei ordini" | "Solo messaggi sui miei ordini" | "Only messages about my orders";
    pref_quick: "Scelte rapide" | "Scelte rapide" | "Quick choices";
    t_marketing: "Offerte e novità" | "Offerte e novità" | "Offers and news";
    t_marketing_hint: "Promozioni e novità del negozio." | "Promozioni e novità del negozio." | "The shop's promotions and news.";
    t_similar: "Prodotti simili ai tuoi acquisti" | "Prodotti simili ai Suoi acquisti" | "Products similar to your purchases";
    t_similar_hint: "Qualche suggerimento dopo un acquisto." | "Qualche suggerimento dopo un acquisto." | "A few suggestions after a purchase.";
    t_feedback: "La tua opinione" | "La Sua opinione" | "Your opinion";
    t_feedback_hint: "Una domanda su com'è andata, dopo la consegna." | "Una domanda su com'è andata, dopo la consegna." | "One question about how it went, after delivery.";
    t_cart: "Carrello in sospeso" | "Carrello in sospeso" | "Unfinished cart";
    t_cart_hint: "Un promemoria se lasci un acquisto a metà." | "Un promemoria se lascia un acquisto a metà." | "A reminder if you leave a purchase unfinished.";
    t_care: "Consigli per l'uso" | "Consigli per l'uso" | "Help with your product";
    t_care_hint: "Guide e cura di quello che hai comprato." | "Guide e cura di quello che ha comprato." | "Guides and care for what you bought.";
    t_service: "Aggiornamenti sull'ordine" | "Aggiornamenti sull'ordine" | "Order updates";
    t_service_hint: "Oltre all'e-mail, che arriva comunque." | "Oltre all'e-mail, che arriva comunque." | "In addition to e-mail, which comes anyway.";
    t_open: "Misura se apro le e-mail" | "Misurate se apro le e-mail" | "Measure whether I open e-mails";
    t_click: "Misura quali link seguo" | "Misurate quali link seguo" | "Measure which links I follow";
    t_profiling: "Suggerimenti su misura, in base ai miei acquisti" | "Suggerimenti su misura, in base ai miei acquisti" | "Suggestions made for me, from my purchases";
    c_email: "E-mail" | "E-mail" | "E-mail";
    c_sms: "SMS" | "SMS" | "SMS";
    c_push: "Notifiche" | "Notifiche" | "Notifications";
    c_call: "Telefonate" | "Telefonate" | "Phone calls";

    // ---- unsubscribe
    unsub_title: "Annulla l'iscrizione" | "Annulli l'iscrizione" | "Unsubscribe";
    unsub_ask: "Non vuoi più ricevere «{topic}» da {shop} per e-mail?" | "Non vuole più ricevere «{topic}» da {shop} per e-mail?" | "Would you like to stop getting “{topic}” from {shop} by e-mail?";
    unsub_hint: "Continuerai a ricevere i messaggi sui tuoi ordini." | "Continuerà a ricevere i messaggi sui Suoi ordini." | "You will still get messages about your orders.";
    unsub_button: "Annulla l'iscrizione" | "Annulli l'iscrizione" | "Unsubscribe";
    unsub_done: "Iscrizione annullata." | "Iscrizione annullata." | "You are unsubscribed.";
    unsub_done_next: "Non ti mandiamo più «{topic}» per e-mail. Vale da subito." | "Non Le mandiamo più «{topic}» per e-mail. Vale da subito." | "We no longer send you “{topic}” by e-mail, starting now.";
    unsub_other: "Vedi tutte le preferenze" | "Veda tutte le preferenze" | "See all preferences";

    // ---- measuring
    measure_title: "Misurazioni" | "Misurazioni" | "Measuring";
    measure_ask: "Smettere di misurare aperture e clic?" | "Smettere di misurare aperture e clic?" | "Stop measuring opens and clicks?";
    measure_hint: "Continuerai a ricevere le stesse e-mail." | "Continuerà a ricevere le stesse e-mail." | "You will still get the same e-mails.";
    measure_button: "Smetti di misurare" | "Smettete di misurare" | "Stop measuring";
    measure_done: "Non misuriamo più aperture e clic." | "Non misuriamo più aperture e clic." | "We no longer measure opens and clicks.";
    measure_done_next: "Le e-mail continuano ad arrivare come prima." | "Le e-mail continuano ad arrivare come prima." | "The e-mails keep coming as before.";

    // ---- reminder
    remind_title: "Ricordamelo domani" | "Ricordatemelo domani" | "Remind me tomorrow";
    remind_ask: "Vuoi che te lo ricordiamo domani?" | "Vuole che glielo ricordiamo domani?" | "Shall we remind you tomorrow?";
    remind_hint: "Ti mandiamo lo stesso messaggio ancora una volta. La scadenza dell'offerta non cambia." | "Le mandiamo lo stesso messaggio ancora una volta. La scadenza dell'offerta non cambia." | "We will send the same message once more. The offer ends when it ends.";
    remind_button: "Ricordamelo domani" | "Ricordatemelo domani" | "Remind me tomorrow";
    remind_done: "D'accordo: te lo ricordiamo domani." | "D'accordo: glielo ricordiamo domani." | "All right: we will remind you tomorrow.";
    remind_done_next: "Un messaggio solo, alla stessa ora del giorno." | "Un messaggio solo, alla stessa ora del giorno." | "One message only, at about the same time of day.";

    // ---- errors
    e_missing: "Questa pagina non c'è." | "Questa pagina non c'è." | "This page is not here.";
    e_missing_why: "L'indirizzo è incompleto o non vale più." | "L'indirizzo è incompleto o non vale più." | "The address is incomplete or no longer valid.";
    e_missing_do: "Apri di nuovo il link dal messaggio più recente, oppure scrivi al negozio." | "Apra di nuovo il link dal messaggio più recente, oppure scriva al negozio." | "Open the link from the newest message again, or write to the shop.";
    e_form: "Non abbiamo salvato niente." | "Non abbiamo salvato niente." | "Nothing was saved.";
    e_form_why: "Il modulo non è arrivato intero, o è rimasto aperto troppo a lungo." | "Il modulo non è arrivato intero, o è rimasto aperto troppo a lungo." | "The form did not arrive whole, or was open for too long.";
    e_form_do: "Torna indietro, ricarica la pagina e riprova." | "Torni indietro, ricarichi la pagina e riprovi." | "Go back, reload the page and try again.";
    e_method: "Qui si può solo guardare." | "Qui si può solo guardare." | "This can only be looked at.";
    e_ours: "Qualcosa non ha funzionato, da parte nostra." | "Qualcosa non ha funzionato, da parte nostra." | "Something went wrong on our side.";
    e_ours_why: "Il tuo ordine è al sicuro: è solo questa pagina." | "Il Suo ordine è al sicuro: è solo questa pagina." | "Your order is safe: it is only this page.";
    e_ours_do: "Riprova tra un minuto. Se succede ancora, scrivici questo codice." | "Riprovi tra un minuto. Se succede ancora, ci scriva questo codice." | "Try again in a minute. If it happens again, send us this code.";
    e_busy: "C'è troppa gente insieme." | "C'è troppa gente insieme." | "Too many people at once.";
    e_busy_do: "Riprova tra qualche secondo." | "Riprovi tra qualche secondo." | "Try again in a few seconds.";
    e_code: "Codice" | "Codice" | "Code";

    // ---- image
    offer_ended: "offerta terminata" | "offerta terminata" | "offer ended";
}

macro_rules! own_texts {
    ($($name:ident: $it:literal | $en:literal;)*) => {
        impl Voice {$(
            #[doc = concat!("“", $it, "” (pages for the people of the shop)")]
            pub fn $name(&self) -> &'static str { self.say($it, $it, $en) }
        )*}
    };
}

own_texts! {
    cap_title: "Posta catturata" | "Captured mail";
    cap_intro: "Tutto ciò che Dopo ha deciso, dal più recente. Un negozio in prova trattiene i messaggi qui invece di spedirli." | "Everything Dopo has decided, newest first. A shop in trial keeps its messages here instead of sending them.";
    cap_empty: "Non c'è ancora nessun messaggio." | "There is no message yet.";
    cap_empty_do: "Appena arriva un ordine, qui appare che cosa riceve il cliente e perché." | "As soon as an order comes in, this shows what the customer gets, and why.";
    cap_no_shop: "Non c'è ancora nessun negozio. Aggiungine uno con «dopo shop add»." | "There is no shop yet. Add one with “dopo shop add”.";
    cap_all: "Tutti" | "All";
    cap_captured: "Trattenuti" | "Captured";
    cap_sent: "Spediti" | "Sent";
    cap_held: "Non spediti" | "Held back";
    cap_failed: "Non riusciti" | "Failed";
    cap_older: "Messaggi precedenti" | "Older messages";
    cap_newest: "Dal più recente" | "From the newest";
    cap_filter: "Quali messaggi" | "Which messages";
    cap_shops: "Negozi" | "Shops";
    cap_back: "Tutti i messaggi" | "All messages";
    cap_why: "Perché" | "Why";
    cap_evidence: "Prova" | "Evidence";
    cap_phone: "Come su un telefono" | "As on a phone";
    cap_desktop: "Come su un computer" | "As on a desktop";
    cap_text: "Versione di solo testo" | "Plain-text part";
    cap_headers: "Intestazioni" | "Headers";
    cap_sms: "SMS" | "SMS";
    cap_sms_size: "{n} caratteri {encoding}, {parts}" | "{n} characters {encoding}, {parts}";
    cap_nothing: "Non è stato scritto niente: il messaggio non è partito." | "Nothing was written: the message did not leave.";
    cap_gone: "Il messaggio non si può più mostrare: {why}" | "The message can no longer be shown: {why}";
    cap_to: "A" | "To";
    cap_from: "Da" | "From";
    cap_purpose: "Finalità" | "Purpose";
    cap_channel: "Canale" | "Channel";
    cap_journey: "Percorso e passo" | "Journey and step";
    cap_decided: "Deciso" | "Decided";
    cap_left: "Partito" | "Left";
    cap_due: "Parte" | "Leaves";
    cap_order_page: "Pagina dell'ordine" | "Order page";
    cap_measure: "Misurazioni" | "Measuring";
    cap_no_subject: "(non ancora scritto)" | "(not written yet)";
    st_queued: "In partenza" | "Waiting to leave";
    st_held: "Non spedito" | "Held back";
    st_sending: "In consegna al server" | "Being handed over";
    st_sent: "Spedito" | "Sent";
    st_captured: "Catturato" | "Captured";
    st_failed: "Non riuscito" | "Failed";
    st_bounced: "Tornato indietro" | "Bounced";
    st_in_doubt: "Consegna incerta" | "In doubt";
    st_platform: "Lo manda la piattaforma" | "Left to the platform";
    ch_push: "Notifica" | "Push";
    ch_call: "Telefonata" | "Call";
    m_off: "nessuna" | "none";
    m_aggregate: "anonima" | "anonymous";
    m_identified: "personale, con consenso" | "personal, with consent";
    m_open_click: "aperture: {open}; clic: {click}" | "opens: {open}; clicks: {click}";
    p_legal: "Dovuto per legge" | "Due by law";
    p_service: "Servizio" | "Service";
    p_care: "Cura del prodotto" | "Care";
    p_feedback: "Opinione" | "Feedback";
    p_cart: "Carrello in sospeso" | "Unfinished cart";
    p_similar: "Prodotti simili" | "Similar products";
    p_marketing: "Promozione" | "Marketing";
    p_third: "Offerte di terzi" | "Offers of others";
    in_title: "Accesso" | "Sign in";
    in_email: "E-mail" | "E-mail";
    in_password: "Password" | "Password";
    in_button: "Accedi" | "Sign in";
    in_wrong: "E-mail o password non corrispondono." | "E-mail and password do not match.";
    in_wrong_do: "Controlla maiuscole e tastiera, poi riprova." | "Check capitals and keyboard, then try again.";
    in_locked: "Troppi tentativi. Riprova tra {n} minuti." | "Too many attempts. Try again in {n} minutes.";
    in_out: "Esci" | "Sign out";
    in_form_old: "La pagina è rimasta aperta troppo a lungo. Riprova." | "The page was open for too long. Try again.";
    demo_title: "Dopo dal vivo" | "Dopo, live";
    demo_time: "Nel negozio di prova è {when}." | "In the demo shop it is {when}.";
    demo_intro: "Gli ordini arrivano, i pacchi viaggiano, i messaggi partono: l'orologio corre. Apri la pagina di un ordine come la vede il cliente, o il messaggio che ha ricevuto." | "Orders arrive, parcels travel, messages leave: the clock runs fast. Open an order's page as the customer sees it, or the message they got.";
    demo_refresh: "La pagina si aggiorna da sola ogni {n} secondi." | "This page renews itself every {n} seconds.";
    demo_pause: "Ferma" | "Pause";
    demo_go: "Riprendi gli aggiornamenti" | "Go on renewing";
    demo_orders: "Ordini in movimento" | "Orders on the move";
    demo_messages: "Ultimi messaggi" | "Latest messages";
    demo_all: "Tutti i messaggi catturati" | "All captured messages";
    demo_open: "Apri l'ordine {number}" | "Open order {number}";
}

impl Voice {
    /// What a scan says to a customer, in our words.
    pub fn parcel_state(&self, state: ParcelState) -> &'static str {
        let (tu, lei, en) = match state {
            ParcelState::Unknown => ("Nessuna notizia", "Nessuna notizia", "No news"),
            ParcelState::Announced => (
                "Pronto per il corriere",
                "Pronto per il corriere",
                "Ready for the carrier",
            ),
            ParcelState::PickedUp => (
                "Affidato al corriere",
                "Affidato al corriere",
                "Handed to the carrier",
            ),
            ParcelState::InTransit => ("In viaggio", "In viaggio", "On its way"),
            ParcelState::Customs => ("In dogana", "In dogana", "At customs"),
            ParcelState::AtDepot => (
                "Arrivato nella sede di consegna",
                "Arrivato nella sede di consegna",
                "At the delivery depot",
            ),
            ParcelState::OutForDelivery => ("In consegna", "In consegna", "Out for delivery"),
            ParcelState::AttemptFailed => (
                "Consegna non riuscita",
                "Consegna non riuscita",
                "Delivery attempt failed",
            ),
            ParcelState::HeldAtDepot => ("In giacenza", "In giacenza", "Held at the depot"),
            ParcelState::ReadyForPickup => (
                "Pronto per il ritiro",
                "Pronto per il ritiro",
                "Ready to collect",
            ),
            ParcelState::Delivered => ("Consegnato", "Consegnato", "Delivered"),
            ParcelState::Collected => ("Ritirato", "Ritirato", "Collected"),
            ParcelState::Refused => (
                "Rifiutato alla consegna",
                "Rifiutato alla consegna",
                "Refused at the door",
            ),
            ParcelState::Returning => (
                "In rientro al negozio",
                "In rientro al negozio",
                "Coming back to the shop",
            ),
            ParcelState::Returned => (
                "Tornato al negozio",
                "Tornato al negozio",
                "Back at the shop",
            ),
            ParcelState::Lost => ("Smarrito", "Smarrito", "Lost"),
            ParcelState::Cancelled => (
                "Spedizione annullata",
                "Spedizione annullata",
                "Shipment cancelled",
            ),
            ParcelState::Expired => (
                "Il corriere non dà più notizie",
                "Il corriere non dà più notizie",
                "No more news from the carrier",
            ),
        };
        self.say(tu, lei, en)
    }

    /// Order events in the timeline.
    pub fn order_step(&self, step: OrderStep) -> &'static str {
        match step {
            OrderStep::Placed => self.say("Ordine ricevuto", "Ordine ricevuto", "Order received"),
            OrderStep::Preparing => {
                self.say("In preparazione", "In preparazione", "Being prepared")
            }
            OrderStep::Shipped => self.say(
                "Affidato al corriere",
                "Affidato al corriere",
                "Handed to the carrier",
            ),
            OrderStep::Cancelled => {
                self.say("Ordine annullato", "Ordine annullato", "Order cancelled")
            }
            OrderStep::AwaitingPayment => self.say(
                "In attesa del pagamento",
                "In attesa del pagamento",
                "Waiting for payment",
            ),
        }
    }
}

/// What an order's own timeline can say before a carrier speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OrderStep {
    /// It came in.
    Placed,
    /// It is being prepared.
    Preparing,
    /// The shop handed it over.
    Shipped,
    /// It was cancelled.
    Cancelled,
    /// The money is awaited.
    AwaitingPayment,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_mixes_tu_and_lei_or_shouts() {
        for (name, tu, lei, en) in CATALOGUE {
            for text in [tu, lei, en] {
                assert!(!text.contains('!'), "{name}: no exclamation marks");
                assert!(
                    !text.contains("ec.europa.eu/consumers/odr"),
                    "{name}: CONS-17"
                );
                assert!(!text.is_empty(), "{name}");
            }
            let words = |text: &str| -> Vec<String> {
                text.split(|c: char| !c.is_alphabetic())
                    .map(str::to_lowercase)
                    .collect()
            };
            for word in words(lei) {
                assert!(
                    ![
                        "tuo", "tua", "tuoi", "tue", "ti", "te", "puoi", "hai", "sei", "scrivici"
                    ]
                    .contains(&word.as_str()),
                    "{name}: the Lei text says «{word}»"
                );
            }
            for word in tu.split(|c: char| !c.is_alphabetic()) {
                assert!(
                    !["Suo", "Sua", "Suoi", "Sue", "Lei"]
                        .iter()
                        .any(|w| *w == word && !tu.starts_with(w)),
                    "{name}: the tu text says «{word}»"
                );
            }
        }
    }

    #[test]
    fn every_placeholder_stands_in_all_three_texts() {
        let holes = |text: &str| -> std::collections::BTreeSet<String> {
            text.split('{')
                .skip(1)
                .filter_map(|t| t.split('}').next())
                .map(str::to_owned)
                .collect()
        };
        for (name, tu, lei, en) in CATALOGUE {
            assert_eq!(holes(tu), holes(lei), "{name}");
            assert_eq!(holes(tu), holes(en), "{name}");
        }
    }

    #[test]
    fn values_are_put_in_place_of_their_names() {
        assert_eq!(fill("{n} di {all}", &[("n", "1"), ("all", "3")]), "1 di 3");
    }
}
