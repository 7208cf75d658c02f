//! Every text of the customer pages, in one place: Italian with *tu*, Italian with *Lei*, English.
//!
//! Words follow `docs/glossary.md`. A text is never built from pieces of sentences; what varies stands in braces and is
//! filled by [`fill`]. Other languages, and a shop's own texts, come from files: see [`languages`].

mod dates;
pub mod languages;
mod reasons;

use dopo_core::italy::Locale;
use dopo_core::order::ProblemKind;
use dopo_core::parcel::{HoldAction, ParcelState};
use dopo_core::shop::{Register, ShopSettings};

/// In which language and how a page speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Voice {
    /// Language.
    pub locale: Locale,
    /// *Tu* or *Lei*; English has one form.
    pub register: Register,
    /// A language or texts from a file, in place of the built-in ones.
    pub own: Option<&'static languages::Language>,
}

impl Voice {
    /// A voice with the built-in texts.
    pub fn built_in(locale: Locale, register: Register) -> Self {
        Voice {
            locale,
            register,
            own: None,
        }
    }

    /// The voice for a person: what the address asks for, else their language, else the shop's.
    pub fn choose(shop: &ShopSettings, asked: Option<&str>, person: Option<Locale>) -> Self {
        let wanted = person.unwrap_or(shop.locale);
        let tag = asked.unwrap_or(wanted.tag());
        let own = languages::find(tag, &shop.name);
        let locale = match own {
            Some(own) => own.base,
            None => Locale::from_tag(tag).unwrap_or(wanted),
        };
        Voice {
            locale,
            register: shop.register,
            own: own.or_else(|| languages::find(locale.tag(), &shop.name)),
        }
    }

    /// The language tag for `lang`.
    pub fn tag(&self) -> &'static str {
        match self.own {
            Some(own) => &own.language,
            None => self.locale.tag(),
        }
    }

    /// One of three, or what a file says in its place.
    fn word(
        &self,
        name: &str,
        tu: &'static str,
        lei: &'static str,
        en: &'static str,
    ) -> &'static str {
        self.own
            .and_then(|own| own.word(name, self.register))
            .unwrap_or_else(|| self.say(tu, lei, en))
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
            pub fn $name(&self) -> &'static str { self.word(stringify!($name), $tu, $lei, $en) }
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
    goods_heading: "Sta bene con quello che hai preso" | "Sta bene con quello che ha preso" | "Goes well with what you bought";
    goods_stop: "Non vuoi vedere proposte? Dillo nelle preferenze" | "Non vuole vedere proposte? Lo dica nelle preferenze" | "Prefer not to see suggestions? Say so in your preferences";
    map_told: "Il pacco sulla carta d'Italia: {places}" | "Il pacco sulla carta d'Italia: {places}" | "The parcel on the map of Italy: {places}";
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

    // ---- when it arrives
    s_arrives_window: "Il tuo ordine arriva {day} {hours}." | "Il Suo ordine arriva {day} {hours}." | "Your order arrives {day} {hours}.";
    s_estimate: "Contiamo che il tuo ordine arrivi {date}." | "Contiamo che il Suo ordine arrivi {date}." | "We expect your order {date}.";
    s_promised: "Contiamo di consegnarti l'ordine entro {date}." | "Contiamo di consegnarLe l'ordine entro {date}." | "We expect to deliver your order by {date}.";
    s_window_over: "Il tuo ordine doveva arrivare oggi {hours}: il corriere è in ritardo." | "Il Suo ordine doveva arrivare oggi {hours}: il corriere è in ritardo." | "Your order should have come today {hours}: the carrier is late.";
    s_delayed: "Il tuo ordine è in ritardo: lo aspettiamo {date} invece che entro {promised}." | "Il Suo ordine è in ritardo: lo aspettiamo {date} invece che entro {promised}." | "Your order is late: we expect it {date} instead of by {promised}.";
    n_delayed: "Ci dispiace per l'attesa. Se ti crea un problema, scrivici: troviamo insieme una soluzione." | "Ci dispiace per l'attesa. Se Le crea un problema, ci scriva: troviamo insieme una soluzione." | "We are sorry for the wait. If it is a problem for you, write to us: we will find a way together.";
    n_window: "È la fascia che ci ha dato il corriere: se cambia, la vedi qui." | "È la fascia che ci ha dato il corriere: se cambia, la vede qui." | "This is the window the carrier gave us: if it changes, you will see it here.";
    n_estimate: "È una stima nostra: il corriere non ha ancora detto un giorno." | "È una stima nostra: il corriere non ha ancora detto un giorno." | "This is our own estimate: the carrier has not named a day yet.";
    s_silent_since: "Il corriere non dà notizie del tuo pacco da {date}." | "Il corriere non dà notizie del Suo pacco da {date}." | "The carrier has told nothing about your parcel since {date}.";
    n_silent: "Non vuol dire che sia perso: spesso manca solo una lettura. Appena il corriere lo registra, lo vedi qui." | "Non vuol dire che sia perso: spesso manca solo una lettura. Appena il corriere lo registra, lo vede qui." | "It does not mean that it is lost: often only a scan is missing. As soon as the carrier records it, you will see it here.";
    taken_back: "Il corriere lo aveva segnato come consegnato {date}, poi ha ritirato la notizia. Se invece ce l'hai, scrivici." | "Il corriere lo aveva segnato come consegnato {date}, poi ha ritirato la notizia. Se invece ce l'ha, ci scriva." | "The carrier had marked it as delivered {date} and then took that back. If you do have it, write to us.";
    step_taken_back: "Il corriere ha ritirato questa notizia." | "Il corriere ha ritirato questa notizia." | "The carrier took this back.";
    step_unknown: "Il corriere ha registrato un passaggio" | "Il corriere ha registrato un passaggio" | "The carrier recorded a scan";
    turn_buyer: "Tocca a te" | "Tocca a Lei" | "Your turn";
    turn_shop: "Tocca a noi" | "Tocca a noi" | "Our turn";
    turn_carrier: "Tocca al corriere" | "Tocca al corriere" | "The carrier's turn";
    turn_customs: "Tocca alla dogana" | "Tocca alla dogana" | "Customs' turn";
    turn_until: "{turn}, entro {deadline}" | "{turn}, entro {deadline}" | "{turn}, by {deadline}";
    dates_heading: "Quando arriva" | "Quando arriva" | "When it arrives";
    dates_shop: "Promesso da noi" | "Promesso da noi" | "We promised";
    dates_courier: "Dice il corriere" | "Dice il corriere" | "The carrier says";
    dates_ours: "Stimiamo noi" | "Stimiamo noi" | "We estimate";
    by_day: "entro {date}" | "entro {date}" | "by {date}";
    estimate_note: "Su 100 consegne come questa, {percent} arrivano in questi giorni: l'abbiamo imparato da {n} consegne." | "Su 100 consegne come questa, {percent} arrivano in questi giorni: l'abbiamo imparato da {n} consegne." | "Of 100 deliveries like this one, {percent} arrive on these days: learnt from {n} deliveries.";
    delay_heading: "Il ritardo" | "Il ritardo" | "The delay";
    delay_text: "Te lo avevamo promesso entro {promised} e arriva più tardi. Ci dispiace." | "Glielo avevamo promesso entro {promised} e arriva più tardi. Ci dispiace." | "We promised it by {promised} and it comes later. We are sorry.";
    delay_unknown: "Il corriere non ci ha detto il motivo." | "Il corriere non ci ha detto il motivo." | "The carrier has not told us why.";
    delay_can: "Puoi aspettare, scriverci se ti serve prima, oppure recedere dal contratto: si può anche prima che arrivi." | "Può aspettare, scriverci se Le serve prima, oppure recedere dal contratto: si può anche prima che arrivi." | "You can wait, write to us if you need it sooner, or withdraw from the contract: that is possible before it arrives, too.";
    delay_withdraw: "Recedere dal contratto" | "Recedere dal contratto" | "Withdraw from the contract";
    n_pickup_until: "Puoi ritirarlo fino a {date} compreso. Porta con te un documento e il numero di spedizione." | "Può ritirarlo fino a {date} compreso. Porti con sé un documento e il numero di spedizione." | "You can collect it up to and including {date}. Bring an identity document and the tracking number.";
    pickup_heading: "Dove ritirarlo" | "Dove ritirarlo" | "Where to collect it";
    pickup_hours: "Orari" | "Orari" | "Opening hours";
    pickup_until: "Ultimo giorno" | "Ultimo giorno" | "Last day";
    cod_label: "Da pagare al corriere" | "Da pagare al corriere" | "To pay the driver";
    cod_text: "Alla consegna si pagano {amount} al corriere." | "Alla consegna si pagano {amount} al corriere." | "{amount} are to be paid to the driver.";
    add_calendar: "Aggiungi al calendario" | "Aggiunga al calendario" | "Add to calendar";
    calendar_title: "Consegna dell'ordine {number} · {shop}" | "Consegna dell'ordine {number} · {shop}" | "Delivery of order {number} · {shop}";
    leg_return: "Rientro al negozio" | "Rientro al negozio" | "Return to the shop";
    leg_redelivery: "Nuova consegna" | "Nuova consegna" | "New delivery";
    return_arrived: "Arrivato al negozio" | "Arrivato al negozio" | "Arrived at the shop";
    former_number: "Prima viaggiava con il numero {number}." | "Prima viaggiava con il numero {number}." | "It travelled under the number {number} before.";
    live_news: "La pagina si è aggiornata: {sentence}" | "La pagina si è aggiornata: {sentence}" | "The page was updated: {sentence}";
    back_to_order: "Torna all'ordine" | "Torni all'ordine" | "Back to the order";

    // ---- a parcel held at the depot
    hold_heading: "Giacenza" | "Giacenza" | "Held at the depot";
    hold_title: "Pacco in giacenza" | "Pacco in giacenza" | "Parcel held at the depot";
    hold_action: "Scegli che cosa fare" | "Scelga che cosa fare" | "Choose what to do";
    hold_again: "Cambia la scelta" | "Cambi la scelta" | "Change the choice";
    hold_see: "Vedi la tua scelta" | "Veda la Sua scelta" | "See your choice";
    early_heading: "Consegna" | "Consegna" | "Delivery";
    early_title: "Consegna non riuscita" | "Consegna non riuscita" | "Delivery attempt failed";
    s_early_choose: "Il corriere ha bisogno di una tua indicazione: scegli che cosa fare entro {deadline}." | "Il corriere ha bisogno di una Sua indicazione: scelga che cosa fare entro {deadline}." | "The carrier needs to hear from you: choose what to do by {deadline}.";
    n_early_choose: "Se nessuno sceglie, di solito il corriere riprova o mette il pacco in giacenza." | "Se nessuno sceglie, di solito il corriere riprova o mette il pacco in giacenza." | "If nobody chooses, the carrier usually tries again or holds the parcel at the depot.";
    s_held_choose: "Il tuo pacco è in giacenza: scegli che cosa fare entro {deadline}." | "Il Suo pacco è in giacenza: scelga che cosa fare entro {deadline}." | "Your parcel is held at the depot: choose what to do by {deadline}.";
    n_held_choose: "Se nessuno sceglie, il corriere ce lo rimanda." | "Se nessuno sceglie, il corriere ce lo rimanda." | "If nobody chooses, the carrier sends it back to us.";
    n_held_usual: "Il corriere non ha detto fino a quando lo tiene: di solito sono {days} giorni." | "Il corriere non ha detto fino a quando lo tiene: di solito sono {days} giorni." | "The carrier has not said how long it will keep it: usually {days} days.";
    s_held_closed: "Il tuo pacco è in giacenza e non si può più scegliere da qui." | "Il Suo pacco è in giacenza e non si può più scegliere da qui." | "Your parcel is held at the depot and the time to choose here is over.";
    n_held_closed: "Sta per tornare da noi: scrivici subito, vediamo se il corriere può ancora fermarlo." | "Sta per tornare da noi: ci scriva subito, vediamo se il corriere può ancora fermarlo." | "It is about to come back to us: write to us now, we will see whether the carrier can still stop it.";
    s_held_asked: "Il tuo pacco è in giacenza: stiamo chiedendo al corriere {what}." | "Il Suo pacco è in giacenza: stiamo chiedendo al corriere {what}." | "Your parcel is held at the depot: we are asking the carrier for {what}.";
    n_held_asked: "La risposta del corriere appare qui." | "La risposta del corriere appare qui." | "The carrier's answer appears here.";
    s_held_accepted: "Il corriere ha accettato {what}." | "Il corriere ha accettato {what}." | "The carrier has accepted {what}.";
    n_held_accepted: "Il prossimo passaggio del pacco appare qui." | "Il prossimo passaggio del pacco appare qui." | "The parcel's next scan appears here.";
    s_held_deferred: "Il corriere ha ricevuto la richiesta: {what}." | "Il corriere ha ricevuto la richiesta: {what}." | "The carrier has received the request: {what}.";
    n_held_deferred: "Questo corriere non risponde subito: che cosa ha fatto si vede dal prossimo passaggio." | "Questo corriere non risponde subito: che cosa ha fatto si vede dal prossimo passaggio." | "This carrier does not answer at once: the next scan shows what it did.";
    s_held_refused: "Il corriere non ha accettato {what}." | "Il corriere non ha accettato {what}." | "The carrier has not accepted {what}.";
    n_held_refused: "Puoi scegliere altro entro {deadline}. Lo abbiamo saputo anche noi in negozio." | "Può scegliere altro entro {deadline}. Lo abbiamo saputo anche noi in negozio." | "You can choose something else by {deadline}. We in the shop know about it, too.";
    s_held_by_hand: "Abbiamo preso nota: {what}." | "Abbiamo preso nota: {what}." | "We have noted it: {what}.";
    n_held_by_hand: "A questo corriere lo diciamo noi dal negozio, a mano. Se serve altro ti scriviamo." | "A questo corriere lo diciamo noi dal negozio, a mano. Se serve altro Le scriviamo." | "We tell this carrier ourselves, by hand. If we need anything, we will write.";
    what_redeliver: "una nuova consegna" | "una nuova consegna" | "a new delivery";
    what_other_address: "la consegna a un altro indirizzo" | "la consegna a un altro indirizzo" | "delivery to another address";
    what_collect: "il ritiro in sede" | "il ritiro in sede" | "collection at the depot";
    what_send_back: "il rientro al negozio" | "il rientro al negozio" | "the return to the shop";
    hold_question: "Che cosa deve fare il corriere?" | "Che cosa deve fare il corriere?" | "What shall the carrier do?";
    hold_where: "È fermo in deposito presso: {branch}." | "È fermo in deposito presso: {branch}." | "It is kept at this depot: {branch}.";
    hold_left: "Tempo per scegliere:" | "Tempo per scegliere:" | "Time to choose:";
    hold_left_over: "scaduto" | "scaduto" | "over";
    h_redeliver: "Riportarlo allo stesso indirizzo" | "Riportarlo allo stesso indirizzo" | "Bring it again to the same address";
    h_other_address: "Portarlo a un altro indirizzo" | "Portarlo a un altro indirizzo" | "Bring it to another address";
    h_collect: "Tenerlo: lo ritiro in sede" | "Tenerlo: lo ritiro in sede" | "Keep it: I will collect it at the depot";
    h_send_back: "Rimandarlo al negozio" | "Rimandarlo al negozio" | "Send it back to the shop";
    h_collect_hint: "Serve un documento e il numero di spedizione." | "Serve un documento e il numero di spedizione." | "Bring an identity document and the tracking number.";
    h_send_back_hint: "Quando è tornato decidiamo insieme: rispedirlo o rimborsarti." | "Quando è tornato decidiamo insieme: rispedirlo o rimborsarLa." | "When it is back we decide together: send it again or refund you.";
    h_free: "Non costa niente: paga il negozio." | "Non costa niente: paga il negozio." | "It costs you nothing: the shop pays.";
    h_price: "A tuo carico: {price}." | "A Suo carico: {price}." | "You pay: {price}.";
    h_price_unknown: "È a tuo carico: prima di procedere chiedici quanto costa." | "È a Suo carico: prima di procedere ci chieda quanto costa." | "You pay for it: ask us for the price first.";
    hold_address: "L'altro indirizzo" | "L'altro indirizzo" | "The other address";
    f_name: "Nome sul citofono" | "Nome sul citofono" | "Name on the door";
    f_street: "Via e numero" | "Via e numero" | "Street and number";
    f_extra: "Scala, piano, presso (facoltativo)" | "Scala, piano, presso (facoltativo)" | "Floor, staircase, c/o (optional)";
    f_postal_code: "CAP" | "CAP" | "Postal code";
    f_city: "Città" | "Città" | "Town";
    f_province: "Provincia (sigla)" | "Provincia (sigla)" | "Province (two letters)";
    f_phone: "Telefono per il corriere (facoltativo)" | "Telefono per il corriere (facoltativo)" | "Phone for the driver (optional)";
    f_note: "Nota per il corriere (facoltativa)" | "Nota per il corriere (facoltativa)" | "Note for the driver (optional)";
    hold_button: "Dillo al corriere" | "Lo dica al corriere" | "Tell the carrier";
    hold_pick: "Scegli una delle possibilità." | "Scelga una delle possibilità." | "Choose one of these.";
    hold_address_missing: "Per un altro indirizzo servono via, CAP e città." | "Per un altro indirizzo servono via, CAP e città." | "Another address needs street, postal code and town.";
    hold_changed: "Nel frattempo le cose sono cambiate: la tua scelta non è partita." | "Nel frattempo le cose sono cambiate: la Sua scelta non è partita." | "Things have changed in the meantime: your choice was not sent.";
    hold_over: "Per questo pacco non c'è più niente da scegliere." | "Per questo pacco non c'è più niente da scegliere." | "There is nothing left to choose for this parcel.";

    // ---- asking the courier now
    ask_title: "Chiedi al corriere" | "Chieda al corriere" | "Ask the carrier";
    ask_button: "Chiedi ora al corriere" | "Chieda ora al corriere" | "Ask the carrier now";
    ask_hint: "Gli chiediamo subito dov'è il pacco: la risposta appare qui, di solito entro un minuto." | "Gli chiediamo subito dov'è il pacco: la risposta appare qui, di solito entro un minuto." | "We ask at once where the parcel is: the answer appears here, usually within a minute.";
    ask_open: "Lo abbiamo chiesto al corriere {when}: la risposta appare qui appena arriva." | "Lo abbiamo chiesto al corriere {when}: la risposta appare qui appena arriva." | "We asked the carrier {when}: the answer appears here as soon as it comes.";
    ask_unanswered: "Lo abbiamo chiesto al corriere {when} e non ha ancora risposto: continuiamo a chiedere." | "Lo abbiamo chiesto al corriere {when} e non ha ancora risposto: continuiamo a chiedere." | "We asked the carrier {when} and it has not answered yet: we keep asking.";
    ask_news: "Il corriere ha risposto {when}, con una novità: la vedi qui." | "Il corriere ha risposto {when}, con una novità: la vede qui." | "The carrier answered {when} with news: you see it here.";
    ask_same: "Il corriere ha risposto {when}: non ci sono novità." | "Il corriere ha risposto {when}: non ci sono novità." | "The carrier answered {when}: there is no news.";
    ask_unknown: "Il corriere ha risposto {when}, ma di questo pacco non sa dirci niente." | "Il corriere ha risposto {when}, ma di questo pacco non sa dirci niente." | "The carrier answered {when}, but can tell us nothing about this parcel.";
    ask_looked: "Lo abbiamo già chiesto al corriere {when}, e la risposta è quella che vedi." | "Lo abbiamo già chiesto al corriere {when}, e la risposta è quella che vede." | "We already asked the carrier {when}, and this is its answer.";
    ask_again: "Puoi chiedere di nuovo {when}." | "Può chiedere di nuovo {when}." | "You can ask again {when}.";
    ask_day_over: "Per oggi le domande al corriere su questo ordine sono finite: continuiamo a chiedere noi." | "Per oggi le domande al corriere su questo ordine sono finite: continuiamo a chiedere noi." | "No more questions to the carrier about this order today: we keep asking ourselves.";
    ask_by_itself: "A questo corriere non si può chiedere: ci avvisa lui quando c'è una novità, e la vedi qui." | "A questo corriere non si può chiedere: ci avvisa lui quando c'è una novità, e la vede qui." | "This carrier cannot be asked: it tells us when there is news, and you will see it here.";
    ask_busy: "In questo momento il corriere non prende altre domande: chiediamo noi appena si può." | "In questo momento il corriere non prende altre domande: chiediamo noi appena si può." | "The carrier takes no more questions right now: we ask as soon as it does.";
    ask_no_use: "Su questo pacco ora non c'è niente da chiedere al corriere." | "Su questo pacco ora non c'è niente da chiedere al corriere." | "There is nothing to ask the carrier about this parcel now.";

    // ---- a problem
    problem_title: "Segnala un problema" | "Segnali un problema" | "Report a problem";
    problem_intro: "Dicci che cosa è successo: lo legge una persona del negozio." | "Ci dica che cosa è successo: lo legge una persona del negozio." | "Tell us what happened: a person in the shop reads it.";
    problem_kind: "Che cosa è successo" | "Che cosa è successo" | "What happened";
    k_not_received: "Il pacco non è arrivato" | "Il pacco non è arrivato" | "The parcel did not come";
    k_damaged: "È arrivato danneggiato" | "È arrivato danneggiato" | "It came damaged";
    k_wrong_item: "È arrivata un'altra cosa" | "È arrivata un'altra cosa" | "Something else came";
    k_missing: "Manca qualcosa" | "Manca qualcosa" | "Something is missing";
    k_other: "Altro" | "Altro" | "Something else";
    problem_which: "Quale pacco" | "Quale pacco" | "Which parcel";
    problem_order: "Tutto l'ordine" | "Tutto l'ordine" | "The whole order";
    problem_text: "Che cosa dobbiamo sapere (facoltativo)" | "Che cosa dobbiamo sapere (facoltativo)" | "What we should know (optional)";
    problem_photos: "Foto (facoltative)" | "Foto (facoltative)" | "Photos (optional)";
    problem_photos_hint: "Fino a 4, in JPEG, PNG o WebP, al massimo 4 MB l'una. Togliamo luogo e data dello scatto prima di salvarle." | "Fino a 4, in JPEG, PNG o WebP, al massimo 4 MB l'una. Togliamo luogo e data dello scatto prima di salvarle." | "Up to 4, as JPEG, PNG or WebP, at most 4 MB each. We remove place and date before we keep them.";
    problem_button: "Invia la segnalazione" | "Invii la segnalazione" | "Send the report";
    problem_pick: "Scegli che cosa è successo." | "Scelga che cosa è successo." | "Choose what happened.";
    problem_photo_kind: "Una delle foto non è in JPEG, PNG o WebP: le altre cose che hai scritto sono ancora qui." | "Una delle foto non è in JPEG, PNG o WebP: le altre cose che ha scritto sono ancora qui." | "One of the photos is not a JPEG, PNG or WebP: what you wrote is still here.";
    problem_photo_size: "Una delle foto supera 4 MB: mandane una più piccola." | "Una delle foto supera 4 MB: ne mandi una più piccola." | "One of the photos is larger than 4 MB: send a smaller one.";
    problem_photo_many: "Le foto sono più di 4: scegli le più chiare." | "Le foto sono più di 4: scelga le più chiare." | "There are more than 4 photos: choose the clearest.";
    problem_busy: "Abbiamo già ricevuto diverse segnalazioni su questo ordine: le stiamo leggendo. Se è urgente, scrivici." | "Abbiamo già ricevuto diverse segnalazioni su questo ordine: le stiamo leggendo. Se è urgente, ci scriva." | "We have already received several reports about this order and are reading them. If it is urgent, write to us.";
    problem_done: "Abbiamo ricevuto la tua segnalazione." | "Abbiamo ricevuto la Sua segnalazione." | "We have received your report.";
    problem_done_next: "Una persona del negozio la legge e ti risponde all'e-mail dell'ordine, di solito entro un giorno lavorativo." | "Una persona del negozio la legge e Le risponde all'e-mail dell'ordine, di solito entro un giorno lavorativo." | "A person in the shop reads it and answers to the e-mail of the order, usually within a working day.";
    problem_done_not_received: "Con la segnalazione il negozio può chiedere al corriere dove e a chi l'ha lasciato." | "Con la segnalazione il negozio può chiedere al corriere dove e a chi l'ha lasciato." | "With your report the shop can ask the carrier where and with whom it was left.";
    problem_done_damaged: "Non buttare scatola e imballaggio: possono servire come prova." | "Non butti scatola e imballaggio: possono servire come prova." | "Keep the box and the packaging: they may be needed as proof.";
    problem_delivered: "Il corriere lo dà per consegnato {date}. Prima di scriverci, guarda anche dai vicini e in portineria: a volte è lì." | "Il corriere lo dà per consegnato {date}. Prima di scriverci, guardi anche dai vicini e in portineria: a volte è lì." | "The carrier says it was delivered {date}. Before you write, look with the neighbours or the porter: sometimes it is there.";
    problem_reported: "Hai segnalato {date}: {kind}." | "Ha segnalato {date}: {kind}." | "You reported {date}: {kind}.";

    // ---- look-up
    find_title: "Dov'è il mio ordine?" | "Dov'è il mio ordine?" | "Where is my order?";
    find_intro: "Scrivi il numero dell'ordine e l'e-mail con cui l'hai fatto: ti mandiamo il link alla sua pagina." | "Scriva il numero dell'ordine e l'e-mail con cui l'ha fatto: Le mandiamo il link alla sua pagina." | "Enter the order number and the e-mail you ordered with: we will send you the link to its page.";
    f_order_number: "Numero dell'ordine" | "Numero dell'ordine" | "Order number";
    f_email: "E-mail" | "E-mail" | "E-mail";
    find_number_hint: "Lo trovi nell'e-mail di conferma dell'ordine." | "Lo trova nell'e-mail di conferma dell'ordine." | "It stands in the e-mail that confirmed your order.";
    find_email_hint: "Quella con cui hai fatto l'ordine." | "Quella con cui ha fatto l'ordine." | "The one you ordered with.";
    find_help: "Non trovi il numero? Scrivici:" | "Non trova il numero? Ci scriva:" | "Cannot find the number? Write to us:";
    find_button: "Mandami il link" | "Mandatemi il link" | "Send me the link";
    find_missing: "Servono il numero dell'ordine e un'e-mail." | "Servono il numero dell'ordine e un'e-mail." | "Order number and e-mail are needed.";
    find_done: "Se i dati corrispondono, il link è in arrivo per e-mail." | "Se i dati corrispondono, il link è in arrivo per e-mail." | "If the details match, the link is on its way by e-mail.";
    find_done_next: "Guarda anche tra la posta indesiderata. Se tra qualche minuto non c'è niente, controlla numero ed e-mail oppure scrivi al negozio." | "Guardi anche tra la posta indesiderata. Se tra qualche minuto non c'è niente, controlli numero ed e-mail oppure scriva al negozio." | "Look in the junk folder, too. If nothing has come in a few minutes, check number and e-mail or write to the shop.";
    find_limited: "Troppe richieste da qui." | "Troppe richieste da qui." | "Too many requests from here.";
    find_limited_next: "Riprova tra {n} minuti." | "Riprovi tra {n} minuti." | "Try again in {n} minutes.";
    find_again: "Cerca un altro ordine" | "Cerchi un altro ordine" | "Look for another order";

    // ---- what a scan says
    ps_unknown: "Nessuna notizia" | "Nessuna notizia" | "No news";
    ps_announced: "Pronto per il corriere" | "Pronto per il corriere" | "Ready for the carrier";
    ps_picked_up: "Affidato al corriere" | "Affidato al corriere" | "Handed to the carrier";
    ps_in_transit: "In viaggio" | "In viaggio" | "On its way";
    ps_customs: "In dogana" | "In dogana" | "At customs";
    ps_at_depot: "Arrivato nella sede di consegna" | "Arrivato nella sede di consegna" | "At the delivery depot";
    ps_out_for_delivery: "In consegna" | "In consegna" | "Out for delivery";
    ps_attempt_failed: "Consegna non riuscita" | "Consegna non riuscita" | "Delivery attempt failed";
    ps_held_at_depot: "In giacenza" | "In giacenza" | "Held at the depot";
    ps_ready_for_pickup: "Pronto per il ritiro" | "Pronto per il ritiro" | "Ready to collect";
    ps_delivered: "Consegnato" | "Consegnato" | "Delivered";
    ps_collected: "Ritirato" | "Ritirato" | "Collected";
    ps_refused: "Rifiutato alla consegna" | "Rifiutato alla consegna" | "Refused at the door";
    ps_returning: "In rientro al negozio" | "In rientro al negozio" | "Coming back to the shop";
    ps_returned: "Tornato al negozio" | "Tornato al negozio" | "Back at the shop";
    ps_lost: "Smarrito" | "Smarrito" | "Lost";
    ps_cancelled: "Spedizione annullata" | "Spedizione annullata" | "Shipment cancelled";
    ps_expired: "Il corriere non dà più notizie" | "Il corriere non dà più notizie" | "No more news from the carrier";
    os_placed: "Ordine ricevuto" | "Ordine ricevuto" | "Order received";
    os_preparing: "In preparazione" | "In preparazione" | "Being prepared";
    os_shipped: "Affidato al corriere" | "Affidato al corriere" | "Handed to the carrier";
    os_cancelled: "Ordine annullato" | "Ordine annullato" | "Order cancelled";
    os_awaiting_payment: "In attesa del pagamento" | "In attesa del pagamento" | "Waiting for payment";

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
    unsub_ask_sms: "Non vuoi più ricevere «{topic}» da {shop} per SMS?" | "Non vuole più ricevere «{topic}» da {shop} per SMS?" | "Would you like to stop getting “{topic}” from {shop} by text message?";
    unsub_done_next_sms: "Non ti mandiamo più «{topic}» per SMS. Vale da subito." | "Non Le mandiamo più «{topic}» per SMS. Vale da subito." | "We no longer send you “{topic}” by text message, starting now.";
    unsub_other: "Vedi tutte le preferenze" | "Veda tutte le preferenze" | "See all preferences";

    // ---- short links
    short_over: "Questo link è scaduto" | "Questo link è scaduto" | "This link has expired";
    short_over_why: "I link dei nostri SMS valgono {days} giorni." | "I link dei nostri SMS valgono {days} giorni." | "The links in our text messages work for {days} days.";
    short_over_next: "Cerca il tuo ordine qui sotto, oppure scrivici a {contact}: rispondiamo noi. Per non ricevere più SMS basta scriverlo." | "Cerchi il Suo ordine qui sotto, oppure ci scriva a {contact}: rispondiamo noi. Per non ricevere più SMS basta scriverlo." | "Look up your order below, or write to us at {contact} and we will answer. To stop text messages, just say so.";
    short_over_find: "Cerca il tuo ordine" | "Cerchi il Suo ordine" | "Look up your order";

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

        /// Names of the texts for the people of the shop: they come in two languages only.
        const OWN_NAMES: &[&str] = &[$(stringify!($name)),*];
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
        match state {
            ParcelState::Unknown => self.ps_unknown(),
            ParcelState::Announced => self.ps_announced(),
            ParcelState::PickedUp => self.ps_picked_up(),
            ParcelState::InTransit => self.ps_in_transit(),
            ParcelState::Customs => self.ps_customs(),
            ParcelState::AtDepot => self.ps_at_depot(),
            ParcelState::OutForDelivery => self.ps_out_for_delivery(),
            ParcelState::AttemptFailed => self.ps_attempt_failed(),
            ParcelState::HeldAtDepot => self.ps_held_at_depot(),
            ParcelState::ReadyForPickup => self.ps_ready_for_pickup(),
            ParcelState::Delivered => self.ps_delivered(),
            ParcelState::Collected => self.ps_collected(),
            ParcelState::Refused => self.ps_refused(),
            ParcelState::Returning => self.ps_returning(),
            ParcelState::Returned => self.ps_returned(),
            ParcelState::Lost => self.ps_lost(),
            ParcelState::Cancelled => self.ps_cancelled(),
            ParcelState::Expired => self.ps_expired(),
        }
    }

    /// Order events in the timeline.
    pub fn order_step(&self, step: OrderStep) -> &'static str {
        match step {
            OrderStep::Placed => self.os_placed(),
            OrderStep::Preparing => self.os_preparing(),
            OrderStep::Shipped => self.os_shipped(),
            OrderStep::Cancelled => self.os_cancelled(),
            OrderStep::AwaitingPayment => self.os_awaiting_payment(),
        }
    }

    /// An action on a held parcel, as a choice.
    pub fn hold_choice(&self, action: HoldAction) -> &'static str {
        match action {
            HoldAction::Redeliver => self.h_redeliver(),
            HoldAction::OtherAddress => self.h_other_address(),
            HoldAction::Collect => self.h_collect(),
            HoldAction::SendBack => self.h_send_back(),
        }
    }

    /// The same within a sentence.
    pub fn hold_what(&self, action: HoldAction) -> &'static str {
        match action {
            HoldAction::Redeliver => self.what_redeliver(),
            HoldAction::OtherAddress => self.what_other_address(),
            HoldAction::Collect => self.what_collect(),
            HoldAction::SendBack => self.what_send_back(),
        }
    }

    /// What kind of problem, in the person's words.
    pub fn problem_kind_of(&self, kind: ProblemKind) -> &'static str {
        match kind {
            ProblemKind::NotReceived => self.k_not_received(),
            ProblemKind::Damaged => self.k_damaged(),
            ProblemKind::WrongItem => self.k_wrong_item(),
            ProblemKind::Missing => self.k_missing(),
            ProblemKind::Other => self.k_other(),
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
