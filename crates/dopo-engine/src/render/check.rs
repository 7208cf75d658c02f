//! What a template must say, may not say, and could say better.

use super::compile::{
    ELEMENTS, PIECES, SOURCE_BYTES_MAX, TemplateProblem, TemplateSource, address, pieces,
    register_name,
};
use super::context::is_commercial;
use super::samples::{Richness, sample};
use super::{
    HTML_BYTES_MAX, LEGAL_BLOCK_BYTES_MAX, Prepared, RenderError, prepare_one, render, sandbox,
};
use crate::ports::{Rendered, TemplateRow};
use dopo_core::consent::Purpose;
use dopo_core::italy::Locale;
use dopo_core::shop::Register;
use std::collections::BTreeSet;

/// Longest subject that shows whole on most screens, in characters (MAIL-08, advice).
pub const SUBJECT_CHARS_ADVISED: usize = 50;
/// Shortest and longest preheader that fills its place, in characters (MAIL-08, advice).
pub const PREHEADER_CHARS_ADVISED: (usize, usize) = (40, 90);

/// Line of a byte in a text, from 1.
fn line_at(text: &str, at: usize) -> usize {
    text.as_bytes()[..at.min(text.len())]
        .iter()
        .filter(|b| **b == b'\n')
        .count()
        + 1
}

/// What can be said without compiling.
pub(super) fn check_source(source: &TemplateSource, problems: &mut Vec<TemplateProblem>) {
    let mut say = |part: &str, line, it: &str, en: &str| {
        problems.push(TemplateProblem::new(part, line, it, en))
    };
    for (part, text) in source.parts() {
        if text.trim().is_empty() {
            say(part, 0, "Questa parte è vuota.", "This part is empty.");
        }
        if text.len() > SOURCE_BYTES_MAX {
            say(
                part,
                0,
                "Questa parte supera 128 KiB.",
                "This part exceeds 128 KiB.",
            );
        }
        if let Some(at) = text.find("ec.europa.eu/consumers/odr") {
            let line = line_at(text, at);
            say(
                part,
                line,
                "La piattaforma ODR europea è chiusa dal 20 luglio 2025: togli il link e indica il tuo organismo.",
                "The EU dispute platform closed on 20 July 2025: remove the link and name your dispute body.",
            );
        }
        let lower = text.to_lowercase();
        for word in [
            "<script",
            "<form",
            "<iframe",
            "<object",
            "<embed",
            "<link",
            "@import",
            "javascript:",
            "\"data:",
            "<mj-include",
            "<mj-font",
            "<mj-head",
            "<mj-body",
        ] {
            if let Some(at) = lower.find(word) {
                let line = line_at(&lower, at);
                say(
                    part,
                    line,
                    &format!("`{word}` non può stare in un messaggio."),
                    &format!("`{word}` cannot stand in a message."),
                );
            }
        }
        for word in ["include", "import", "extends", "macro", "call"] {
            for at in tags(text)
                .filter(|(_, tag)| tag.split_whitespace().next() == Some(word))
                .map(|(at, _)| at)
            {
                say(
                    part,
                    line_at(text, at),
                    &format!("`{word}` non è permesso."),
                    &format!("`{word}` is not allowed."),
                );
            }
        }
        let mut rest = text;
        while let Some((_, after)) = rest.split_once("{{>") {
            let name = after.split("}}").next().unwrap_or_default().trim();
            if !PIECES.iter().any(|(piece, ..)| *piece == name) {
                let line = line_at(text, text.len() - after.len());
                let known = PIECES.map(|(piece, ..)| piece).join(", ");
                say(
                    part,
                    line,
                    &format!("Non c'è un pezzo `{name}`: ci sono {known}."),
                    &format!("There is no piece `{name}`: there are {known}."),
                );
            }
            rest = after;
        }
        for (at, _) in lower.match_indices("<mj-") {
            let name: String = lower[at + 1..]
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '-')
                .collect();
            if !ELEMENTS.contains(&name.as_str()) {
                let known = ELEMENTS.join(", ");
                say(
                    part,
                    line_at(&lower, at),
                    &format!("L'elemento `{name}` non c'è: ci sono {known}."),
                    &format!("There is no element `{name}`: there are {known}."),
                );
            }
        }
        for tag in ["<mj-image", "<img"] {
            for (at, _) in lower.match_indices(tag) {
                let element = lower[at..].split('>').next().unwrap_or_default();
                if !element.contains(" alt=") && !element.contains("\nalt=") {
                    say(
                        part,
                        line_at(text, at),
                        "Un'immagine ha bisogno di `alt`, vuoto se è solo ornamento.",
                        "An image needs `alt`, empty where it is decoration.",
                    );
                }
            }
        }
        for attribute in ["href=\"", "src=\""] {
            for (at, _) in text.match_indices(attribute) {
                let value = text[at + attribute.len()..]
                    .split('"')
                    .next()
                    .unwrap_or_default()
                    .trim();
                let fixed = ["https://", "http://", "mailto:", "tel:", "#"]
                    .iter()
                    .any(|s| value.starts_with(s));
                let ours = value
                    .strip_prefix("{{")
                    .and_then(|v| v.split("}}").next())
                    .map(str::trim);
                let link = |v: &str| {
                    v.starts_with("links.") || v.ends_with("url") || v.ends_with("phone_uri")
                };
                if !fixed && !ours.is_some_and(link) {
                    say(
                        part,
                        line_at(text, at),
                        "Un link comincia con https:// oppure è un campo che finisce in `url`.",
                        "A link begins with https:// or is a field that ends in `url`.",
                    );
                }
            }
        }
        if !is_commercial(source.purpose) {
            for (at, name) in promotional(text) {
                say(
                    part,
                    line_at(text, at),
                    &format!(
                        "`{name}` promuove: sta solo dentro `{{% if promo %}}` … `{{% endif %}}`, mai in oggetto e anteprima."
                    ),
                    &format!(
                        "`{name}` promotes: it stands only inside `{{% if promo %}}` … `{{% endif %}}`, never in subject or preheader."
                    ),
                );
            }
            if matches!(part, "subject" | "preheader") && text.contains("promo") {
                say(
                    part,
                    1,
                    "Oggetto e anteprima di questo messaggio non possono promuovere.",
                    "Subject and preheader of this message cannot promote.",
                );
            }
        }
    }
    let subject = source.subject.trim().to_lowercase();
    if ["re:", "r:", "fwd:", "fw:", "i:"]
        .iter()
        .any(|s| subject.starts_with(s))
    {
        say(
            "subject",
            1,
            "Un oggetto non finge una risposta (\"Re:\", \"I:\").",
            "A subject does not feign a reply (\"Re:\", \"Fwd:\").",
        );
    }
    if let Some(sms) = &source.sms {
        if !sms.trim_start().starts_with("{{ shop.name }}") {
            say(
                "sms",
                1,
                "Un SMS comincia con `{{ shop.name }}`.",
                "An SMS begins with `{{ shop.name }}`.",
            );
        }
        if is_commercial(source.purpose) && !sms.contains("links.unsubscribe") {
            say(
                "sms",
                0,
                "Un SMS promozionale ha bisogno di `links.unsubscribe`.",
                "A promotional SMS needs `links.unsubscribe`.",
            );
        }
    }
    for (it, en, any_of) in required_items(&source.name) {
        for (part, text) in [("text", &source.text), ("mjml", &source.mjml)] {
            let text = pieces(text, source.locale);
            if !any_of.iter().any(|item| text.contains(item)) {
                say(
                    part,
                    0,
                    &format!("Manca per legge: {it} ({}).", any_of.join(", ")),
                    &format!("Required by law: {en} ({}).", any_of.join(", ")),
                );
            }
        }
    }
}

/// What the law requires a template to say, by its name: Italian, English, and the fields of which one must be there
/// (CONS-01: D.Lgs. 70/2003 art. 13; CONS-05: Consumer Code art. 54-bis).
pub fn required_items(
    template: &str,
) -> &'static [(&'static str, &'static str, &'static [&'static str])] {
    match template {
        "order_receipt" => &[
            (
                "riepilogo delle condizioni",
                "summary of the terms",
                &["shop.terms_url"],
            ),
            (
                "caratteristiche essenziali",
                "essential characteristics",
                &["in order.lines"],
            ),
            ("prezzo dettagliato", "detailed price", &["order.total"]),
            ("mezzo di pagamento", "means of payment", &["order.payment"]),
            (
                "recesso",
                "withdrawal",
                &["recedere dal contratto qui", "withdraw from contract here"],
            ),
            ("costi di consegna", "delivery costs", &["order.shipping"]),
            ("tributi", "taxes", &["order.tax"]),
        ],
        _ => &[],
    }
}

/// The inside of every `{% … %}`, with its place.
fn tags(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.match_indices("{%").map(|(at, _)| {
        let inside = text[at + 2..].split("%}").next().unwrap_or_default();
        (at, inside.trim_matches('-').trim())
    })
}

/// Fields that promote, outside of `{% if promo %}`.
fn promotional(text: &str) -> Vec<(usize, &'static str)> {
    let mut found = Vec::new();
    // Whether each open `if` is one that asks for `promo`.
    let mut open: Vec<bool> = Vec::new();
    let mut marks: Vec<(usize, bool)> = vec![(0, false)];
    for (at, tag) in tags(text) {
        let mut words = tag.split_whitespace();
        match words.next() {
            Some("if") => open.push(tag == "if promo" || tag.starts_with("if promo and ")),
            Some("else" | "elif") => {
                if let Some(last) = open.last_mut() {
                    *last = tag == "elif promo" || tag.starts_with("elif promo and ");
                }
            }
            Some("endif") => {
                open.pop();
            }
            _ => {}
        }
        marks.push((at, open.contains(&true)));
    }
    for name in [
        "coupon",
        "products",
        "links.countdown",
        "links.reminder",
        "shop.url",
    ] {
        for (at, _) in text.match_indices(name) {
            let before = text[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '.' || c == '/') {
                continue;
            }
            let inside_code = text[..at].rfind("{{").max(text[..at].rfind("{%"));
            let closed = text[..at].rfind("}}").max(text[..at].rfind("%}"));
            if inside_code.is_none() || inside_code < closed {
                continue;
            }
            let allowed = marks
                .iter()
                .rev()
                .find(|(mark, _)| *mark <= at)
                .is_some_and(|(_, promo)| *promo);
            if !allowed {
                found.push((at, name));
            }
        }
    }
    found
}

/// Every name that a template reads must exist, whether or not a sample comes by it.
pub(super) fn check_names(
    source: &TemplateSource,
    compiled: &serde_json::Value,
    problems: &mut Vec<TemplateProblem>,
) {
    let mut known = BTreeSet::new();
    for purpose in [Purpose::Service, Purpose::Cart, Purpose::Marketing] {
        let context = sample(
            purpose,
            source.channel(),
            source.locale,
            Register::Tu,
            Richness::Full,
        );
        names_of(
            "",
            &serde_json::to_value(context).unwrap_or_default(),
            &mut known,
        );
    }
    let environment = sandbox();
    let parts = compiled["tu"].as_object();
    for (part, text) in parts.into_iter().flatten() {
        let Ok(template) =
            environment.template_from_named_str("part.html", text.as_str().unwrap_or_default())
        else {
            continue;
        };
        let mut unknown: Vec<String> = template
            .undeclared_variables(true)
            .into_iter()
            .filter(|name| {
                name != "structured_data" && name != "loop" && !name.starts_with("loop.")
            })
            .filter(|name| !known.contains(name))
            .collect();
        unknown.sort();
        for name in unknown {
            let (part, line) = place_of(source, part, &name);
            let nearest =
                dopo_core::journey::check::nearest(&name, known.iter().map(String::as_str));
            let (it, en) = match nearest {
                Some(near) => (
                    format!(" Forse `{near}`?"),
                    format!(" Did you mean `{near}`?"),
                ),
                None => (String::new(), String::new()),
            };
            problems.push(TemplateProblem::new(
                part,
                line,
                format!("Il campo `{name}` non esiste.{it}"),
                format!("There is no field `{name}`.{en}"),
            ));
        }
    }
}

fn names_of(prefix: &str, value: &serde_json::Value, out: &mut BTreeSet<String>) {
    if let serde_json::Value::Object(fields) = value {
        for (name, value) in fields {
            let path = if prefix.is_empty() {
                name.clone()
            } else {
                format!("{prefix}.{name}")
            };
            names_of(&path, value, out);
            out.insert(path);
        }
    }
}

/// Where the author wrote a name: the compiled `html` is made of `mjml` and `preheader`.
fn place_of(source: &TemplateSource, compiled_part: &str, name: &str) -> (&'static str, usize) {
    let candidates: &[&str] = match compiled_part {
        "html" => &["mjml", "preheader"],
        other => &[other],
    };
    for (part, text) in source.parts() {
        if candidates.contains(&part)
            && let Some(at) = text.find(name)
        {
            return (part, line_at(text, at));
        }
    }
    (if source.sms.is_some() { "sms" } else { "mjml" }, 0)
}

/// Renders every sample and looks at what comes out.
pub(super) fn check_samples(
    source: &TemplateSource,
    compiled: &serde_json::Value,
    problems: &mut Vec<TemplateProblem>,
) {
    let row = TemplateRow {
        name: source.name.clone(),
        locale: source.locale.tag().to_owned(),
        version: 0,
        source: serde_json::Value::Null,
        compiled: compiled.clone(),
    };
    let prepared = match prepare_one(&row) {
        Ok(prepared) => prepared,
        Err(error) => {
            return problems.push(TemplateProblem::new(
                "mjml",
                0,
                error.to_string(),
                error.to_string(),
            ));
        }
    };
    for register in [Register::Tu, Register::Lei] {
        for richness in [Richness::Full, Richness::Bare] {
            check_sample(source, &prepared, register, richness, problems);
            if !problems.is_empty() {
                return;
            }
        }
    }
}

fn check_sample(
    source: &TemplateSource,
    prepared: &Prepared,
    register: Register,
    richness: Richness,
    problems: &mut Vec<TemplateProblem>,
) {
    let context = sample(
        source.purpose,
        source.channel(),
        source.locale,
        register,
        richness,
    );
    let seller = context.seller.legal_name.replace('&', "&amp;");
    let context = serde_json::to_value(context).unwrap_or_default();
    let rendered = match render(prepared, &context) {
        Ok(rendered) => rendered,
        Err(RenderError::Failed { part, what, .. }) => {
            let name = what.rsplit('`').nth(1).unwrap_or_default().to_owned();
            let (part, line) = place_of(source, &part, &name);
            return problems.push(TemplateProblem::new(
                part,
                line,
                format!("Con i valori di prova non riesce: {what}."),
                format!("Fails with the sample values: {what}."),
            ));
        }
        Err(error) => {
            return problems.push(TemplateProblem::new(
                "mjml",
                0,
                error.to_string(),
                error.to_string(),
            ));
        }
    };
    let mut say =
        |part: &str, it: String, en: String| problems.push(TemplateProblem::new(part, 0, it, en));
    for (part, text) in [
        ("subject", &rendered.subject),
        ("text", &rendered.text),
        ("mjml", &rendered.html),
    ] {
        if text.contains("{{") || text.contains("{%") || text.contains("[[") {
            say(
                part,
                "Restano segnaposto non risolti.".into(),
                "Placeholders remain unresolved.".into(),
            );
        }
    }
    if source.sms.is_some() {
        if rendered.text.trim().is_empty() {
            say(
                "sms",
                "Il testo è vuoto.".into(),
                "The text is empty.".into(),
            );
        }
        return;
    }
    if rendered.subject.is_empty() {
        say(
            "subject",
            "L'oggetto è vuoto.".into(),
            "The subject is empty.".into(),
        );
    }
    if rendered.html.len() > HTML_BYTES_MAX {
        say(
            "mjml",
            "La parte HTML supera 90 KB: Gmail la taglierebbe.".into(),
            "The HTML part exceeds 90 KB: Gmail would clip it.".into(),
        );
    }
    if rendered
        .html
        .rfind(&seller)
        .is_none_or(|at| at > LEGAL_BLOCK_BYTES_MAX)
    {
        say(
            "mjml",
            "I dati del venditore verrebbero tagliati: accorcia il messaggio.".into(),
            "The seller's identity would be clipped: shorten the message.".into(),
        );
    }
    for missing in missing_from_text(&rendered) {
        say(
            "text",
            format!("Il testo semplice non contiene `{missing}`, che sta nell'HTML."),
            format!("The plain text lacks `{missing}`, which the HTML shows."),
        );
    }
}

/// Links and amounts of the HTML part that the text part does not have (A11Y-03).
pub fn missing_from_text(rendered: &Rendered) -> Vec<String> {
    let mut missing = BTreeSet::new();
    for (at, _) in rendered.html.match_indices("href=\"") {
        let link = rendered.html[at + 6..]
            .split('"')
            .next()
            .unwrap_or_default()
            .replace("&amp;", "&")
            .replace("&#39;", "'");
        let shown = link.trim_start_matches("mailto:");
        if !link.starts_with("tel:") && !rendered.text.contains(shown) {
            missing.insert(link);
        }
    }
    let plain = |text: &str| text.replace('\u{a0}', " ");
    let (html, text) = (plain(&rendered.html), plain(&rendered.text));
    for (at, _) in html.match_indices(" €") {
        let from = html[..at]
            .rfind(|c: char| !c.is_ascii_digit() && !",.-−".contains(c))
            .map_or(0, |n| n + 1);
        let from = (from..at).find(|n| html.is_char_boundary(*n)).unwrap_or(at);
        let amount = html[from..at].trim_start_matches(['.', ',']);
        if amount.bytes().any(|b| b.is_ascii_digit()) && !text.contains(&format!("{amount} €")) {
            missing.insert(format!("{amount} €"));
        }
    }
    for (at, _) in html.match_indices('€') {
        let after = &html[at + '€'.len_utf8()..];
        let amount: String = after
            .chars()
            .take_while(|c| c.is_ascii_digit() || ",.".contains(*c))
            .collect();
        let amount = amount.trim_end_matches(['.', ',']);
        if !amount.is_empty() && !text.contains(&format!("€{amount}")) {
            missing.insert(format!("€{amount}"));
        }
    }
    missing.into_iter().collect()
}

/// Words that promise more for the environment than can be shown (CONS-14: D.Lgs. 30/2026).
pub const ENVIRONMENTAL_WORDS: [&str; 13] = [
    "ecologic",
    "eco-friendly",
    "ecofriendly",
    "green",
    "sostenibil",
    "impatto zero",
    "carbon neutral",
    "climate positive",
    "climate neutral",
    "biodegradabil",
    "amico dell'ambiente",
    "sustainab",
    "environmentally friendly",
];

/// Italian words that only *tu* says, and that only *Lei* says (IT-03).
const TU_WORDS: [&str; 24] = [
    "tu", "tuo", "tua", "tuoi", "tue", "ti", "te", "hai", "puoi", "vuoi", "ricevi", "segui",
    "scegli", "trovi", "scrivici", "clicca", "guarda", "usa", "riprendi", "rispondi", "sei",
    "leggi", "apri", "ciao",
];
const LEI_WORDS: [&str; 16] = [
    "Suo", "Sua", "Suoi", "Sue", "Le", "Lei", "può", "segua", "scelga", "riceve", "clicchi",
    "scriva", "trova", "guardi", "usi", "gentile",
];

/// What could be better about a template: advice, not a refusal.
pub fn remarks(source: &TemplateSource) -> Vec<TemplateProblem> {
    let mut remarks = Vec::new();
    for (part, text) in source.parts() {
        let lower = text.to_lowercase();
        for word in ENVIRONMENTAL_WORDS {
            if let Some(at) = lower.find(word) {
                remarks.push(TemplateProblem::new(
                    part,
                    line_at(&lower, at),
                    format!("«{word}…»: una promessa ambientale va spiegata e dimostrata qui stesso, altrimenti toglila."),
                    format!("«{word}…»: an environmental claim must be explained and shown right here; otherwise remove it."),
                ));
            }
        }
        if source.locale == Locale::It {
            for (register, foreign) in [
                (Register::Tu, &LEI_WORDS[..]),
                (Register::Lei, &TU_WORDS[..]),
            ] {
                for (line, word) in mixed(&address(&pieces(text, source.locale), register), foreign)
                {
                    let form = register_name(register);
                    remarks.push(TemplateProblem::new(
                        part,
                        line,
                        format!("«{word}» non va con il {form}: scrivi `[[tu|Lei]]`."),
                        format!("«{word}» does not go with {form}: write `[[tu|Lei]]`."),
                    ));
                }
            }
        }
    }
    let Ok(row) = source.row() else {
        return remarks;
    };
    let Ok(prepared) = prepare_one(&row) else {
        return remarks;
    };
    for register in [Register::Tu, Register::Lei] {
        let context = sample(
            source.purpose,
            source.channel(),
            source.locale,
            register,
            Richness::Full,
        );
        let Ok(context) = serde_json::to_value(context) else {
            continue;
        };
        let Ok(rendered) = render(&prepared, &context) else {
            continue;
        };
        if rendered.subject.chars().count() > SUBJECT_CHARS_ADVISED {
            remarks.push(TemplateProblem::new(
                "subject",
                0,
                "Più di 50 caratteri: molti schermi lo tagliano.",
                "More than 50 characters: many screens cut it.",
            ));
        }
        let (least, most) = PREHEADER_CHARS_ADVISED;
        let preheader = preheader_of(&rendered.html).chars().count();
        if source.sms.is_none() && !(least..=most).contains(&preheader) {
            remarks.push(TemplateProblem::new(
                "preheader",
                0,
                "L'anteprima riesce meglio tra 40 e 90 caratteri.",
                "A preheader works best between 40 and 90 characters.",
            ));
        }
        let size = dopo_core::sms::measure(&rendered.text);
        if source.sms.is_some() && size.parts > 1 {
            remarks.push(TemplateProblem::new(
                "sms",
                0,
                "Con i valori di prova parte in più SMS.",
                "With the sample values it leaves as several SMS.",
            ));
        }
    }
    remarks
}

/// The hidden first line of a rendered mail.
pub fn preheader_of(html: &str) -> String {
    let after = html
        .split("<div class=\"pre\"")
        .nth(1)
        .and_then(|rest| rest.split_once('>'));
    let text = after
        .map(|(_, rest)| rest.split('<').next().unwrap_or_default())
        .unwrap_or_default();
    text.replace("&amp;", "&")
        .replace("&#39;", "'")
        .replace("&quot;", "\"")
        .trim()
        .to_owned()
}

/// Words of another form of address in the visible text, with their lines.
fn mixed<'a>(text: &str, foreign: &[&'a str]) -> Vec<(usize, &'a str)> {
    let mut found = Vec::new();
    let mut visible = String::with_capacity(text.len());
    let mut hidden: Option<&str> = None;
    let mut rest = text;
    // Tags and placeholders are no words.
    while let Some(c) = rest.chars().next() {
        let step = match hidden {
            Some(end) if rest.starts_with(end) => {
                hidden = None;
                end.len()
            }
            Some(_) => {
                if c == '\n' {
                    visible.push('\n');
                }
                c.len_utf8()
            }
            None => {
                hidden = [("{{", "}}"), ("{%", "%}"), ("<", ">")]
                    .into_iter()
                    .find(|(s, _)| rest.starts_with(s))
                    .map(|(_, e)| e);
                visible.push(if hidden.is_some() { ' ' } else { c });
                c.len_utf8()
            }
        };
        rest = &rest[step..];
    }
    for (number, line) in visible.lines().enumerate() {
        let mut begins = true;
        for token in line.split_inclusive(|c: char| !c.is_alphabetic()) {
            let word = token.trim_end_matches(|c: char| !c.is_alphabetic());
            // Capital courtesy words differ from plain articles ("Le" and "le"), which only a
            // sentence's beginning capitalises; all others match in any case.
            let hit = foreign
                .iter()
                .find(|f| match f.starts_with(char::is_uppercase) {
                    true => **f == word && !begins,
                    false => word.to_lowercase() == **f,
                });
            if let Some(word) = hit {
                found.push((number + 1, *word));
            }
            begins = token.ends_with(['.', ':', '?', '!', '-', '«']) || (word.is_empty() && begins);
        }
    }
    found
}
