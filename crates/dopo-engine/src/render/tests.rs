//! What every mail of the library keeps, as facts.

use super::check::{ENVIRONMENTAL_WORDS, missing_from_text, preheader_of};
use super::samples::{Richness, Sample};
use super::*;
use crate::library;
use dopo_core::consent::{Channel, Purpose};
use dopo_core::gate::Basis;
use dopo_core::shop::{Register, TrackingMode};

const REGISTERS: [Register; 2] = [Register::Tu, Register::Lei];
const RICHNESS: [Richness; 2] = [Richness::Full, Richness::Bare];

fn channel(source: &TemplateSource) -> Channel {
    if source.sms.is_some() {
        Channel::Sms
    } else {
        Channel::Email
    }
}

fn ready(source: &TemplateSource) -> Prepared {
    let row = source.row().unwrap_or_else(|problems| {
        let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
        panic!("{} {}: {all:#?}", source.name, source.locale.tag())
    });
    prepare_one(&row).expect("what compiles can be filled")
}

/// The library, compiled once for all tests.
fn library_ready() -> &'static [(TemplateSource, Prepared)] {
    static READY: OnceLock<Vec<(TemplateSource, Prepared)>> = OnceLock::new();
    READY.get_or_init(|| {
        library::templates()
            .into_iter()
            .map(|source| (source.clone(), ready(&source)))
            .collect()
    })
}

fn built_in(name: &str, locale: Locale) -> TemplateSource {
    library::templates()
        .into_iter()
        .find(|t| t.name == name && t.locale == locale)
        .expect("in the library")
}

fn fill(prepared: &Prepared, sample: &Sample) -> Rendered {
    let context = serde_json::to_value(sample.context()).expect("a context is JSON");
    render(prepared, &context).expect("renders")
}

/// Every built-in template with every sample.
fn each(mut look: impl FnMut(&TemplateSource, Register, Richness, &Rendered)) {
    for (source, prepared) in library_ready() {
        for register in REGISTERS {
            for richness in RICHNESS {
                let sample = Sample::new(
                    source.purpose,
                    channel(source),
                    source.locale,
                    register,
                    richness,
                );
                look(source, register, richness, &fill(prepared, &sample));
            }
        }
    }
}

#[test]
fn every_template_says_everything_in_both_languages_and_forms_of_address() {
    let mut seen = 0;
    each(|source, register, richness, mail| {
        seen += 1;
        let at = format!(
            "{} {} {register:?} {richness:?}",
            source.name,
            source.locale.tag()
        );
        for part in [&mail.subject, &mail.text, &mail.html] {
            for wrong in ["{{", "{%", "[[", "]]", "None", "none,", "undefined", "NaN"] {
                let visible = part
                    .replace("display:none", "")
                    .replace("text-decoration: none", "");
                assert!(!visible.contains(wrong), "{at}: {wrong} in {part}");
            }
            assert!(
                part.split(|c: char| !c.is_alphanumeric())
                    .all(|word| word != "null"),
                "{at}: null in {part}"
            );
            assert!(!part.contains("ec.europa.eu/consumers/odr"), "{at}");
            for word in ENVIRONMENTAL_WORDS {
                assert!(!part.to_lowercase().contains(word), "{at}: {word}");
            }
        }
        if source.sms.is_some() {
            return;
        }
        assert_eq!(
            missing_from_text(mail),
            Vec::<String>::new(),
            "{at}: the text lacks what the HTML shows"
        );
        assert!(
            mail.html.len() <= HTML_BYTES_MAX,
            "{at}: {} bytes",
            mail.html.len()
        );
        let seller = mail
            .html
            .rfind("Faggio &amp; Figli")
            .expect("the seller is named");
        assert!(seller <= LEGAL_BLOCK_BYTES_MAX, "{at}");
        assert!(
            mail.text.contains("Faggio & Figli")
                && mail.text.contains("IT00743110157")
                && mail.text.contains("CO-312456")
        );
        assert!(
            mail.html
                .contains(&format!("<html lang=\"{}\"", source.locale.tag())),
            "{at}"
        );
        for tag in ["<link", "@import", "<iframe", "<form", "\"data:", "url("] {
            assert!(!mail.html.contains(tag), "{at}: {tag}");
        }
        assert_eq!(
            mail.html.matches("<script").count(),
            mail.html.matches("application/ld+json").count(),
            "{at}"
        );
        for (at_byte, _) in mail.html.match_indices("<img") {
            let element = mail.html[at_byte..].split('>').next().unwrap_or_default();
            assert!(element.contains("alt=\""), "{at}: {element}");
        }
        for (at_byte, _) in mail.html.match_indices("<table") {
            let element = mail.html[at_byte..].split('>').next().unwrap_or_default();
            assert!(element.contains("role=\"presentation\""), "{at}: {element}");
        }
        assert!(mail.html.contains("<!--[if mso"), "{at}: Outlook is served");
        assert!(
            mail.html
                .contains("name=\"color-scheme\" content=\"light dark\""),
            "{at}"
        );
    });
    assert_eq!(seen, 28 * 2 * 2 * 2);
}

#[test]
fn subjects_and_preheaders_fit_and_no_form_of_address_is_mixed() {
    for source in library::templates() {
        let found: Vec<String> = remarks(&source).iter().map(ToString::to_string).collect();
        assert!(
            found.is_empty(),
            "{} {}: {found:#?}",
            source.name,
            source.locale.tag()
        );
    }
    each(|source, register, richness, mail| {
        if source.sms.is_none() {
            let preheader = preheader_of(&mail.html);
            let length = preheader.chars().count();
            assert!(
                (40..=90).contains(&length),
                "{} {register:?} {richness:?}: {length} `{preheader}`",
                source.name
            );
            assert!(
                mail.subject.chars().count() <= 50,
                "{}: {}",
                source.name,
                mail.subject
            );
        }
    });
}

#[test]
fn an_sms_is_one_part_and_begins_with_the_shop() {
    each(|source, _, _, message| {
        if source.sms.is_some() {
            let size = dopo_core::sms::measure(&message.text);
            assert_eq!(size.parts, 1, "{}", message.text);
            assert_eq!(
                dopo_core::sms::first_outside_gsm7(&message.text),
                None,
                "{}",
                message.text
            );
            assert!(
                message.text.starts_with("Faggio: ")
                    && message.html.is_empty()
                    && message.subject.is_empty()
            );
            if source.purpose == Purpose::Marketing {
                assert!(
                    message.text.contains("https://dopo.example/u/"),
                    "{}",
                    message.text
                );
            }
        }
    });
}

#[test]
fn without_basis_a_service_mail_promotes_nothing() {
    for name in [
        "shipped",
        "out_for_delivery",
        "delivered",
        "attempt_failed",
        "pickup_ready",
        "pickup_reminder",
        "pickup_last_day",
        "held",
        "hold_reminder",
        "hold_answered",
        "delayed",
        "silent",
        "delivery_taken_back",
        "returned",
        "lost",
        "problem_received",
    ] {
        for locale in [Locale::It, Locale::En] {
            let source = built_in(name, locale);
            let prepared = ready(&source);
            let marketing = Sample::new(
                Purpose::Marketing,
                Channel::Email,
                locale,
                Register::Tu,
                Richness::Full,
            );
            let mut sample = Sample::new(
                Purpose::Service,
                Channel::Email,
                locale,
                Register::Tu,
                Richness::Full,
            );
            // Everything that could promote is at hand, and the gate says no.
            sample.message.send.coupon = marketing.message.send.coupon.clone();
            sample.links.countdown = marketing.links.countdown.clone();
            sample.links.reminder = marketing.links.reminder.clone();
            sample.grant.promo_blocks = false;
            let mail = fill(&prepared, &sample);
            for part in [&mail.subject, &mail.text, &mail.html] {
                for promotional in [
                    "GRAZIE-",
                    "€",
                    "15%",
                    "Ticino",
                    "Brembo",
                    "https://faggio.example/prodotti",
                    "/k/",
                    "/r/",
                    "/u/",
                ] {
                    assert!(
                        !part.contains(promotional),
                        "{name}: {promotional} in {part}"
                    );
                }
                assert!(
                    !part.contains("https://faggio.example\""),
                    "{name}: a link to the shop front"
                );
            }
            let context = sample.context();
            assert!(context.coupon.is_none() && context.products.is_empty() && !context.promo);
        }
    }
}

#[test]
fn a_promotional_block_stands_with_basis_and_falls_without() {
    let mut source = built_in("delivered", Locale::It);
    source.text.push_str("\n{% if promo and products %}Da vedere: {% for product in products %}{{ product.title }} {{ product.url }} {% endfor %}{% endif %}");
    source.mjml.push_str("<mj-section><mj-column><mj-text>{% if promo and products %}{% for product in products %}<a href=\"{{ product.url }}\">{{ product.title }}</a>{% endfor %}{% endif %}</mj-text></mj-column></mj-section>");
    let prepared = ready(&source);
    assert!(
        !needs_products(&prepared),
        "a service mail leaves without recommendations too"
    );
    let mut sample = Sample::new(
        Purpose::Service,
        Channel::Email,
        Locale::It,
        Register::Tu,
        Richness::Full,
    );
    assert!(!fill(&prepared, &sample).html.contains("Ticino"));
    sample.grant.promo_blocks = true;
    let mail = fill(&prepared, &sample);
    assert!(mail.html.contains("Ticino") && mail.text.contains("Ticino"));
}

#[test]
fn promotion_outside_its_block_is_refused_with_its_place() {
    for (part, text) in [
        ("subject", "Consegnato {{ coupon.code }}"),
        (
            "mjml",
            "<mj-section><mj-column>\n<mj-text>{{ coupon.code }}</mj-text></mj-column></mj-section>",
        ),
        (
            "text",
            "{% if promo %}{{ coupon.code }}{% else %}{{ coupon.percent }}{% endif %}",
        ),
        (
            "text",
            "{% for product in products %}{{ product.title }}{% endfor %}",
        ),
    ] {
        let mut source = built_in("delivered", Locale::It);
        match part {
            "subject" => source.subject = text.to_owned(),
            "mjml" => source.mjml = text.to_owned(),
            _ => source.text = text.to_owned(),
        }
        let problems = compile(&source).expect_err("promotes");
        assert!(
            problems
                .iter()
                .any(|p| p.part == part && p.en.contains("promotes")),
            "{part}: {problems:?}"
        );
    }
}

#[test]
fn a_receipt_without_one_of_the_seven_items_is_refused() {
    let whole = built_in("order_receipt", Locale::It);
    assert_eq!(required_items("order_receipt").len(), 7);
    for (item, field) in [
        ("recesso", "recedere dal contratto qui"),
        ("costi di consegna", "order.shipping"),
        ("tributi", "order.tax"),
        ("mezzo di pagamento", "order.payment"),
        ("prezzo dettagliato", "order.total"),
        ("riepilogo delle condizioni", "shop.terms_url"),
        ("caratteristiche essenziali", "{{> lines }}"),
    ] {
        let mut source = whole.clone();
        source.mjml = source.mjml.replace(field, "order.number");
        let problems = compile(&source).expect_err("incomplete");
        assert!(
            problems
                .iter()
                .any(|p| p.part == "mjml" && p.it.contains(item)),
            "{item}: {problems:?}"
        );
    }
}

#[test]
fn marketing_says_who_why_and_how_to_stop_and_carries_no_structured_data() {
    each(|source, _, _, mail| {
        if source.sms.is_some() {
            return;
        }
        let commercial = super::context::is_commercial(source.purpose);
        let service = matches!(source.purpose, Purpose::Legal | Purpose::Service);
        for part in [&mail.text, &mail.html] {
            assert_eq!(
                part.contains("https://dopo.example/u/"),
                !service,
                "{}",
                source.name
            );
            assert!(
                part.contains("https://dopo.example/p/"),
                "{}: preferences",
                source.name
            );
            assert!(
                part.contains(source.locale.pick("perché", "because")),
                "{}: why",
                source.name
            );
            assert!(
                part.contains("ciao@faggio.example"),
                "{}: rights contact",
                source.name
            );
        }
        if commercial {
            assert!(
                !mail.html.contains("application/ld+json"),
                "{}",
                source.name
            );
        }
    });
}

#[test]
fn measuring_is_told_and_can_be_stopped() {
    let prepared = ready(&built_in("guide_24h", Locale::It));
    let mut sample = Sample::new(
        Purpose::Care,
        Channel::Email,
        Locale::It,
        Register::Tu,
        Richness::Full,
    );
    let mail = fill(&prepared, &sample);
    assert!(
        mail.html.contains("https://dopo.example/i/")
            && mail.html.contains("Con il tuo consenso misuriamo")
    );
    assert!(
        mail.html.contains("https://dopo.example/m/")
            && mail.text.contains("https://dopo.example/m/")
    );
    sample.grant.tracking_open = TrackingMode::Aggregate;
    sample.grant.tracking_click = TrackingMode::Off;
    assert!(fill(&prepared, &sample).html.contains("in forma anonima"));
    sample.grant.tracking_open = TrackingMode::Off;
    sample.links.pixel = None;
    let mail = fill(&prepared, &sample);
    assert!(
        !mail.html.contains("https://dopo.example/i/")
            && !mail.html.contains("https://dopo.example/m/")
    );
}

#[test]
fn an_offer_ends_when_it_says_in_words_and_in_the_picture() {
    let mail = fill(
        &ready(&built_in("offer_72h", Locale::It)),
        &Sample::new(
            Purpose::MarketingSimilar,
            Channel::Email,
            Locale::It,
            Register::Tu,
            Richness::Full,
        ),
    );
    assert!(
        mail.html
            .contains("alt=\"Scade venerdì 27 novembre alle 18:30\""),
        "{}",
        mail.html
    );
    for part in [&mail.text, &mail.html] {
        assert!(
            part.contains("GRAZIE-7K3MQ2XD") && part.contains("venerdì 27 novembre alle 18:30")
        );
        assert!(part.contains("Ricordamelo") && part.contains("https://dopo.example/r/"));
    }
}

#[test]
fn structured_data_is_json_that_matches_the_mail_and_cannot_leave_its_block() {
    for (name, kind, purpose) in [
        ("order_receipt", "Order", Purpose::Legal),
        ("shipped", "ParcelDelivery", Purpose::Service),
    ] {
        let mut sample = Sample::new(
            purpose,
            Channel::Email,
            Locale::It,
            Register::Tu,
            Richness::Full,
        );
        let order = sample.order.as_mut().expect("an order");
        order.snapshot.lines[0].title = "</script><script>alert(1)</script>".to_owned();
        let mail = fill(&ready(&built_in(name, Locale::It)), &sample);
        let block = mail
            .html
            .split("<script type=\"application/ld+json\">")
            .nth(1)
            .and_then(|b| b.split("</script>").next());
        let json: serde_json::Value = serde_json::from_str(block.expect("a block")).expect("JSON");
        assert_eq!(json["@type"], kind);
        assert_eq!(mail.html.matches("</script>").count(), 1);
        assert!(mail.html.contains("#1001"));
        if kind == "ParcelDelivery" {
            assert_eq!(json["carrier"]["name"], "BRT");
            assert_eq!(json["deliveryAddress"]["addressLocality"], "Pisa");
            assert_eq!(json["trackingNumber"], "173092817364");
            assert_eq!(json["partOfOrder"]["orderNumber"], "#1001");
            let until = json["expectedArrivalUntil"].as_str().expect("a time");
            assert!(
                until.parse::<jiff::Timestamp>().is_ok() && until.ends_with("+01:00"),
                "{until}"
            );
        } else {
            assert_eq!(json["price"], "1356.00");
            assert!(mail.text.contains("1.356,00\u{a0}€"));
        }
    }
}

#[test]
fn hostile_data_is_shown_as_it_is_and_does_nothing() {
    let names = [
        "{{7*7}}",
        "${7*7}",
        "{% raw %}",
        "<script>alert(1)</script>",
        "\"onmouseover=alert(1)",
        "a\u{202e}b\u{200b}c",
        "X\r\nBcc: a@b.it",
    ];
    for name in names {
        for (source, prepared) in library_ready() {
            let mut sample = Sample::new(
                source.purpose,
                channel(source),
                source.locale,
                Register::Tu,
                Richness::Full,
            );
            sample.customer.first_name = Some(name.to_owned());
            let lines = sample.order.as_mut().map(|o| &mut o.snapshot.lines);
            let lines = lines
                .or_else(|| sample.cart.as_mut().map(|c| &mut c.snapshot.lines))
                .expect("lines");
            lines[0].title = name.to_owned();
            lines[0].image_url = Some("javascript:alert(1)".to_owned());
            for product in &mut sample.products {
                product.title = name.to_owned();
            }
            let mail = fill(prepared, &sample);
            assert!(
                !mail
                    .subject
                    .contains(['\r', '\n', '\u{202e}', '\u{200b}', '\0']),
                "{:?}",
                mail.subject
            );
            for part in [&mail.subject, &mail.text, &mail.html] {
                assert!(
                    !part.contains("49")
                        || source.name.starts_with("sms")
                        || name != "{{7*7}}"
                        || !part.contains(">49<"),
                    "{name}"
                );
                assert!(
                    !part.contains("javascript:")
                        && !part.contains('\u{202e}')
                        && !part.contains('\u{200b}')
                );
                assert!(!part.contains("\nBcc:"), "{name}: {part}");
            }
            // In the JSON of structured data a quote is escaped by JSON's own rules.
            let visible = mail.html.split("</script>").last().unwrap_or_default();
            assert!(
                !mail.html.contains("<script>alert") && !visible.contains("\"onmouseover"),
                "{name}"
            );

            let shows_title = source.text.contains("lines_text")
                || source.text.contains("parcel_text")
                || source.text.contains("first_title");
            if shows_title && name.starts_with(['{', '$', '<']) {
                assert!(
                    mail.text.contains(name),
                    "{} {name}: {}",
                    source.name,
                    mail.text
                );
            }
        }
    }
}

#[test]
fn a_mistake_is_named_with_its_part_line_and_a_suggestion() {
    let mut source = built_in("shipped", Locale::It);
    source.text = "Ciao\n{{ order.numbr }}".to_owned();
    let problems = compile(&source).expect_err("a typing mistake");
    assert_eq!(
        (problems[0].part.as_str(), problems[0].line),
        ("text", 2),
        "{problems:?}"
    );
    assert!(
        problems[0].en.contains("`order.numbr`") && problems[0].en.contains("order.number"),
        "{problems:?}"
    );

    source.text = "Ciao\n\n{% if order %}".to_owned();
    let problems = compile(&source).expect_err("an open block");
    assert_eq!(problems[0].part, "text");

    source = built_in("shipped", Locale::It);
    source.mjml =
        "<mj-section>\n<mj-column>\n<mj-wrong></mj-wrong></mj-column></mj-section>".to_owned();
    let problems = compile(&source).expect_err("no such element");
    assert_eq!(
        (problems[0].part.as_str(), problems[0].line),
        ("mjml", 3),
        "{problems:?}"
    );
}

#[test]
fn a_value_that_can_be_missing_must_be_asked_for() {
    let mut source = built_in("shipped", Locale::It);
    source.text.push_str("\n{{ parcel.carrier }}");
    let problems = compile(&source).expect_err("the carrier is not always known");
    assert!(
        problems[0].en.contains("without `{% if %}`"),
        "{problems:?}"
    );
}

#[test]
fn a_template_cannot_run_for_ever_or_reach_outside() {
    let mut source = built_in("shipped", Locale::It);
    for (text, why) in [
        (
            "{% for a in order.number %}{% for b in order.number %}{% for c in shop.name %}{{ c }}{% endfor %}{% endfor %}{% endfor %}",
            "",
        ),
        ("{% include \"tu.text\" %}", "not allowed"),
        ("{{ range(10) }}", "range"),
        ("{{ order.number | pprint }}", "pprint"),
        ("{{ debug() }}", "debug"),
    ] {
        source.text = text.to_owned();
        let problems = compile(&source).err().unwrap_or_default();
        assert!(
            !problems.is_empty() && problems[0].en.contains(why),
            "{text}: {problems:?}"
        );
    }
    let nested = "{% for a in l %}{% for b in l %}{% for c in l %}{% for d in l %}{{ d }}{% endfor %}{% endfor %}{% endfor %}{% endfor %}";
    let row = TemplateRow {
        name: "loop".into(),
        locale: "it".into(),
        version: 1,
        source: serde_json::Value::Null,
        compiled: serde_json::json!({ "tu": { "subject": "x", "text": nested, "html": "y" }, "lei": {} }),
    };
    let list: Vec<u32> = (0..100).collect();
    let error = render(
        &prepare_one(&row).expect("compiles"),
        &serde_json::json!({ "l": list }),
    )
    .expect_err("cut");
    assert!(error.to_string().contains("runs too long"), "{error}");

    let mut long = row.clone();
    long.compiled["tu"]["text"] =
        format!("{{% for a in l %}}{}{{% endfor %}}", "x".repeat(20_000)).into();
    let error = render(
        &prepare_one(&long).expect("compiles"),
        &serde_json::json!({ "l": list }),
    )
    .expect_err("cut");
    assert!(matches!(error, RenderError::TooLong { .. }), "{error}");
}

#[test]
fn the_language_falls_back_to_italian_and_the_newest_version_wins() {
    let row = |locale: &str, version: u32| TemplateRow {
        name: "t".into(),
        locale: locale.into(),
        version,
        source: serde_json::Value::Null,
        compiled: serde_json::json!({ "tu": { "sms": format!("{locale} {version}") }, "lei": {} }),
    };
    let templates = Templates::prepare(vec![row("it", 2), row("it", 1), row("en", 1)]);
    assert_eq!(templates.get("t", Locale::It).expect("there").version, 2);
    assert_eq!(
        templates.get("t", Locale::En).expect("there").locale,
        Locale::En
    );
    let only_italian = Templates::prepare(vec![row("it", 3)]);
    assert_eq!(
        only_italian.get("t", Locale::En).expect("there").locale,
        Locale::It
    );
    assert!(only_italian.get("u", Locale::It).is_none());
}

#[test]
fn equal_templates_of_two_shops_are_held_once() {
    let source = built_in("shipped", Locale::It);
    let (one, other) = (ready(&source), ready(&source));
    assert!(Arc::ptr_eq(&one.program, &other.program));
}

#[test]
fn the_reason_of_a_cart_reminder_without_consent_says_that_it_is_the_only_one() {
    let why = why_words(
        Basis::CartReminder,
        Purpose::Cart,
        Register::Tu,
        Locale::It,
        "Faggio",
    );
    assert!(why.contains("unico promemoria"));
}

#[test]
fn every_journey_of_the_library_finds_its_templates() {
    let templates = library::templates();
    let names: Vec<&str> = templates.iter().map(|t| t.name.as_str()).collect();
    for (name, document) in library::journeys() {
        let (journey, remarks) = dopo_core::journey::check::check(document, &names);
        assert!(journey.is_some(), "{name}: {remarks:?}");
    }
}

/// The HTML part of each mail with the full sample, in bytes: what it was before sections were slimmed when a template is
/// published (0: there was no such mail yet), and how much it may be, in either language and form of address.
const HTML_BYTES: [(&str, usize, usize); 24] = [
    ("attempt_failed", 12_702, 6_500),
    ("cart_1h", 12_803, 6_300),
    ("cart_24h", 12_807, 6_300),
    ("cart_72h", 12_784, 6_300),
    ("cross_sell_48h", 12_948, 6_500),
    ("delayed", 13_671, 7_000),
    ("delivered", 14_227, 7_400),
    ("delivery_taken_back", 12_814, 6_600),
    ("guide_24h", 12_705, 6_200),
    ("held", 12_822, 6_600),
    ("hold_answered", 12_479, 6_300),
    ("hold_refused", 0, 6_600),
    ("hold_reminder", 12_781, 6_600),
    ("lost", 12_735, 6_500),
    ("offer_72h", 12_647, 6_200),
    ("order_receipt", 17_882, 9_900),
    ("out_for_delivery", 13_177, 6_600),
    ("pickup_last_day", 13_419, 7_000),
    ("pickup_ready", 13_326, 6_900),
    ("pickup_reminder", 13_339, 6_900),
    ("problem_received", 11_742, 5_800),
    ("returned", 13_497, 6_900),
    ("shipped", 15_180, 7_800),
    ("silent", 12_862, 6_700),
];

#[test]
fn a_mail_is_no_larger_than_it_must_be() {
    let mut seen = std::collections::BTreeSet::new();
    each(|source, register, richness, mail| {
        if source.sms.is_some() {
            return;
        }
        let at = format!("{} {} {register:?}", source.name, source.locale.tag());
        let known = HTML_BYTES.iter().find(|(name, ..)| *name == source.name);
        let (name, was, most) = known.unwrap_or_else(|| panic!("{at}: how large may it be?"));
        let bytes = mail.html.len();
        assert!(bytes <= *most, "{at} {richness:?}: {bytes} bytes");
        assert!(*was == 0 || most * 10 <= was * 6, "{name} has grown");
        // Nothing of what one whole column needs nowhere is left, and Outlook gets its width and letters.
        assert!(!mail.html.contains("mj-"), "{at}");
        assert!(
            mail.html.contains(
                "<!--[if mso]><table role=\"presentation\" align=\"center\" width=\"600\""
            )
        );
        assert!(mail.html.contains("<style>td,p,h1,h2{font-family:"));
        assert_eq!(
            mail.html.matches("<!--[if mso]>").count(),
            mail.html.matches("<![endif]-->").count(),
            "{at}"
        );
        seen.insert(source.name.clone());
    });
    assert_eq!(seen.len(), HTML_BYTES.len());
}

#[test]
fn columns_side_by_side_stay_as_mjml_makes_them() {
    let mut source = built_in("delivered", Locale::It);
    source.mjml.push_str("<mj-section><mj-column><mj-text>uno</mj-text></mj-column><mj-column><mj-text>due</mj-text></mj-column></mj-section>");
    let sample = Sample::new(
        Purpose::Service,
        Channel::Email,
        Locale::It,
        Register::Tu,
        Richness::Full,
    );
    let html = fill(&ready(&source), &sample).html;
    assert_eq!(
        html.matches("class=\"mj-outlook-group-fix mj-column-per-50\"")
            .count(),
        2
    );
    assert!(html.contains(".mj-column-per-50 { width:50% !important;"));
    assert!(html.contains("<!--[if mso | IE]>"));
    // The one-column section before it is plain all the same.
    assert!(!html.contains("class=\"mj-outlook-group-fix mj-column-per-100\""));
}

/// Writes every sample to the folder of `DOPO_MAILS_DIR`, for looking at them.
#[test]
fn samples_can_be_written_for_looking_at_them() {
    let Some(folder) = std::env::var_os("DOPO_MAILS_DIR").map(std::path::PathBuf::from) else {
        return;
    };
    each(|source, register, richness, mail| {
        let name = format!(
            "{}.{}.{register:?}.{richness:?}",
            source.name,
            source.locale.tag()
        );
        let text = format!("{}\n\n{}", mail.subject, mail.text);
        std::fs::write(folder.join(format!("{name}.txt")), text).expect("written");
        if source.sms.is_none() {
            std::fs::write(folder.join(format!("{name}.html")), &mail.html).expect("written");
        }
    });
}
