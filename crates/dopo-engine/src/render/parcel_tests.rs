//! What the mails about parcels say in each situation, as facts.

use super::check::preheader_of;
use super::samples::{Sample, Situation};
use super::*;
use crate::library;
use dopo_core::consent::{Channel, Purpose};
use dopo_core::shop::Register;

fn channel(source: &TemplateSource) -> Channel {
    match source.sms {
        Some(_) => Channel::Sms,
        None => Channel::Email,
    }
}

fn service() -> &'static [(TemplateSource, Prepared)] {
    static READY: OnceLock<Vec<(TemplateSource, Prepared)>> = OnceLock::new();
    READY.get_or_init(|| {
        library::templates()
            .into_iter()
            .filter(|t| t.purpose == Purpose::Service)
            .map(|source| {
                let row = source.row().expect("compiles");
                (source, prepare_one(&row).expect("can be filled"))
            })
            .collect()
    })
}

fn fill(prepared: &Prepared, sample: &Sample) -> Rendered {
    let context = serde_json::to_value(sample.context()).expect("a context is JSON");
    render(prepared, &context).expect("renders")
}

fn mail(name: &str, locale: Locale, register: Register, situation: Situation) -> Rendered {
    let (source, prepared) = service()
        .iter()
        .find(|(t, _)| t.name == name && t.locale == locale)
        .expect("in the library");
    fill(
        prepared,
        &Sample::of(situation, channel(source), locale, register),
    )
}

fn says(mail: &Rendered, words: &[&str]) {
    let html = mail.html.replace("<strong>", "").replace("</strong>", "");
    for word in words {
        assert!(mail.text.contains(word), "`{word}` in {}", mail.text);
        assert!(
            html.contains(&word.replace('\'', "&#39;")) || html.contains(word),
            "`{word}` in the HTML of {}",
            mail.subject
        );
    }
}

#[test]
fn every_service_template_reads_whole_in_every_situation() {
    for (source, prepared) in service() {
        for situation in Situation::ALL {
            for register in [Register::Tu, Register::Lei] {
                let sample = Sample::of(situation, channel(source), source.locale, register);
                let mail = fill(prepared, &sample);
                let at = format!(
                    "{} {} {register:?} {situation:?}",
                    source.name,
                    source.locale.tag()
                );
                for wrong in ["{{", "{%", "[[", "]]", " .", " ,", "..", ": .", "None"] {
                    assert!(!mail.text.contains(wrong), "{at}: `{wrong}` {}", mail.text);
                }
                if source.sms.is_some() {
                    assert!(dopo_core::sms::measure(&mail.text).parts <= 1, "{at}");
                    continue;
                }
                assert!(mail.subject.chars().count() <= 50, "{at}: {}", mail.subject);
                let preheader = preheader_of(&mail.html);
                assert!(
                    (40..=90).contains(&preheader.chars().count()),
                    "{at}: {} `{preheader}`",
                    preheader.chars().count()
                );
                assert_eq!(
                    mail.html.matches("class=\"button\"").count()
                        + mail.html.matches("class=\"button ").count(),
                    1,
                    "{at}: one clear button"
                );
            }
        }
    }
}

#[test]
fn a_window_is_told_with_its_hours_and_an_estimate_with_its_days() {
    let it = |name, situation| mail(name, Locale::It, Register::Tu, situation);
    says(
        &it("shipped", Situation::Tomorrow),
        &["L'arrivo è previsto domani tra le 10 e le 14."],
    );
    says(
        &it("out_for_delivery", Situation::Today),
        &[
            "dovrebbe arrivare oggi tra le 11:30 e le 14:30.",
            "1.356,00\u{a0}€",
        ],
    );
    says(
        &it("delayed", Situation::Late),
        &[
            "L'avevamo annunciato per mercoledì 25 novembre; ora l'arrivo è previsto tra giovedì 26 e sabato 28 novembre.",
            "Motivo: il maltempo rallenta le consegne.",
            "rimborso compreso",
        ],
    );
    says(
        &mail("delayed", Locale::En, Register::Lei, Situation::Late),
        &[
            "it is now expected between Thursday 26 and Saturday 28 November.",
            "Reason: bad weather slows deliveries down.",
        ],
    );
}

#[test]
fn a_hold_is_told_with_its_end_its_cost_and_the_link_to_answer_it() {
    let held = mail("held", Locale::It, Register::Lei, Situation::Held);
    says(
        &held,
        &[
            "BRT Pisa",
            "Motivo: all'indirizzo non c'era nessuno.",
            "sabato 28 novembre alle 6:30",
            "Per Lei non ci sono spese.",
            "Senza una scelta il pacco torna al negozio sabato 28 novembre.",
            "/hold/0",
        ],
    );
    let paid = mail("held", Locale::It, Register::Tu, Situation::HeldAndPaid);
    says(
        &paid,
        &[
            "Una nuova consegna costa 5 € alla consegna.",
            "dopo qualche giorno il pacco torna al negozio",
            "incassa 49,90\u{a0}€",
        ],
    );
    assert!(!paid.text.contains("non ci sono spese"));
    let sms = mail("hold_sms", Locale::It, Register::Tu, Situation::Held);
    assert!(
        sms.text
            .contains("è fermo in deposito. Scegli entro il 28/11 ore 6:30: https://"),
        "{}",
        sms.text
    );
    says(
        &mail(
            "hold_answered",
            Locale::It,
            Register::Tu,
            Situation::Answered,
        ),
        &[
            "la tua scelta per il pacco dell'ordine #1001: una nuova consegna allo stesso indirizzo.",
            "appena conferma lo vedi nella pagina dell'ordine",
        ],
    );
    says(
        &mail(
            "hold_answered",
            Locale::It,
            Register::Tu,
            Situation::AnswerRefused,
        ),
        &["Il corriere però non l'ha accettata"],
    );
}

#[test]
fn an_attempt_that_needs_its_person_says_so_and_another_does_not() {
    let it = |situation| mail("attempt_failed", Locale::It, Register::Tu, situation);
    says(&it(Situation::Absent), &["Non devi fare niente"]);
    says(
        &it(Situation::WrongAddress),
        &[
            "l'indirizzo è sbagliato o incompleto",
            "serve una tua indicazione",
        ],
    );
}

#[test]
fn a_pick_up_point_is_told_with_place_hours_and_last_day() {
    for name in ["pickup_ready", "pickup_reminder"] {
        says(
            &mail(name, Locale::It, Register::Tu, Situation::Waiting),
            &[
                "Edicola Borgo Stretto",
                "Borgo Stretto 24, 56127 Pisa",
                "sab 7:00-13:00",
                "sabato 28 novembre compreso",
                "Al ritiro si pagano 49,90\u{a0}€",
            ],
        );
    }
}

#[test]
fn silence_is_never_told_as_a_loss() {
    for locale in [Locale::It, Locale::En] {
        for register in [Register::Tu, Register::Lei] {
            let mail = mail("silent", locale, register, Situation::Silent);
            for part in [&mail.subject, &mail.text, &mail.html] {
                let part = part.to_lowercase();
                for word in part.split(|c: char| !c.is_alphabetic()) {
                    let loss = ["smarrit", "perdut"].iter().any(|w| word.starts_with(w));
                    assert!(
                        !loss && !["perso", "persa", "lost", "gone"].contains(&word),
                        "{word} in {part}"
                    );
                }
            }
            says(
                &mail,
                &[locale.pick("lunedì 16 novembre", "Monday 16 November")],
            );
        }
    }
}

#[test]
fn a_delivery_taken_back_is_apologised_for_and_says_when_the_days_begin() {
    says(
        &mail(
            "delivery_taken_back",
            Locale::It,
            Register::Lei,
            Situation::TakenBack,
        ),
        &[
            "Ci scusiamo",
            "I 14 giorni per cambiare idea partono solo quando arriva davvero.",
        ],
    );
}
