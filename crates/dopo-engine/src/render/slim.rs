//! What MJML writes for every mail program there ever was, said in fewer bytes. Done once, when a template is published.
//!
//! A section of one column as wide as the mail, which is nearly every section, needs no nested tables of its own: its rows
//! stand in one table, and take their letters from the frame. Such sections are known by exactly what the MJML library
//! writes for them; whatever looks different (columns side by side, backgrounds, pictures behind text) stays as it was
//! written, with everything that Outlook needs of it.

use std::borrow::Cow;

/// The letters of every mail.
pub(super) const FONT: &str = "-apple-system,'Segoe UI',Helvetica,Arial,sans-serif";

const SECTION: &str = r#"<!--[if mso | IE]><table border="0" cellpadding="0" cellspacing="0" role="presentation" align="center" width="600" style="width:600px;"><tr><td style="line-height:0px;font-size:0px;mso-line-height-rule:exactly;"><![endif]--><div style="margin:0px auto;max-width:600px;"><table border="0" cellpadding="0" cellspacing="0" role="presentation" align="center" style="width:100%;"><tbody><tr><td style="direction:ltr;font-size:0px;padding:"#;
const COLUMN: &str = r#";text-align:center;"><!--[if mso | IE]><table border="0" cellpadding="0" cellspacing="0" role="presentation"><tr><![endif]--><!--[if mso | IE]><td style="vertical-align:top;width:600px;"><![endif]--><div class="mj-outlook-group-fix mj-column-per-100" style="font-size:0px;text-align:left;direction:ltr;display:inline-block;vertical-align:top;width:100%;"><table border="0" cellpadding="0" cellspacing="0" role="presentation" width="100%" style="vertical-align:top;"><tbody>"#;
const SECTION_END: &str = r#"</tbody></table></div><!--[if mso | IE]></td><![endif]--><!--[if mso | IE]></tr></table><![endif]--></td></tr></tbody></table></div><!--[if mso | IE]></td></tr></table><![endif]-->"#;
const CELL_END: &str = r#"word-break:break-word;">"#;
const TEXT: &str = r#"<div style="font-family:"#;
const TABLE: &str =
    r#"<table border="0" cellpadding="0" cellspacing="0" width="100%" style="color:"#;
const BUTTON: &str = r#"<table border="0" cellpadding="0" cellspacing="0" role="presentation" style="border-collapse:separate;line-height:100%;"><tbody><tr>"#;
const BUTTON_END: &str = "</tr></tbody></table></td></tr>";
const RULE: &str = r#"<p style="border-top:"#;
const RULE_SHAPE: &str = r#";font-size:1px;margin:0px auto;width:100%;"></p><!--[if mso | IE]>"#;
const RULE_END: &str = "<![endif]--></td></tr>";
const OUR_TABLE: &str =
    r#"<table role="presentation" width="100%" cellpadding="0" cellspacing="0""#;

/// What a cell of ours takes from the frame and need not say itself.
const INHERITED: [&str; 9] = [
    "font-family:-apple-system,'Segoe UI',Helvetica,Arial,sans-serif",
    "font-size:16px",
    "line-height:24px",
    "color:#1f2430",
    "text-align:left",
    "table-layout:auto",
    "width:100%",
    "border:none",
    "",
];

/// An author's sections as the MJML library rendered them.
pub(super) struct Sections {
    /// What stands between the frame's header and footer.
    pub html: String,
    /// Styles that must stand in the head, as whole elements; empty where everything is one column.
    pub style: String,
}

/// The sections of a document that the MJML library rendered, slimmed; `None` where it is no such document.
pub(super) fn sections(document: &str) -> Option<Sections> {
    let (head, body) = document.split_once("<body")?;
    let (_, body) = body.split_once("<div")?;
    let (_, body) = body.split_once('>')?;
    let body = body.rsplit_once("</div></body>")?.0;
    let html = one_column(body).replace("<![endif]--><!--[if mso | IE]>", "");
    // What components ask for comes after the base styles, which the frame has in its own words.
    let asked = head
        .rsplit_once("<![endif]-->")
        .and_then(|(_, rest)| rest.split_once("</head>"))
        .map_or("", |(style, _)| style.trim());
    let columns = html.contains("mj-column-") || html.contains("mj-full-width");
    Some(Sections {
        style: if columns {
            asked.to_owned()
        } else {
            String::new()
        },
        html,
    })
}

/// Sections of one whole column become tables of rows.
fn one_column(body: &str) -> String {
    let mut out = String::with_capacity(body.len());
    let mut rest = body;
    while let Some((before, section)) = rest.split_once(SECTION) {
        out.push_str(before);
        match plain_section(section) {
            Some((padding, inside, after)) => {
                let inside = rows(inside);
                if matches!(padding, "0" | "0px") {
                    out.push_str(&format!("{OUR_TABLE}>{inside}</table>"));
                } else {
                    out.push_str(&format!(
                        "{OUR_TABLE}><tr><td style=\"padding:{padding}\">{OUR_TABLE}>{inside}</table></td></tr></table>"
                    ));
                }
                rest = after;
            }
            None => {
                out.push_str(SECTION);
                rest = section;
            }
        }
    }
    out.push_str(rest);
    out
}

/// Padding, rows and what follows, of a section that holds one whole column and nothing else.
fn plain_section(section: &str) -> Option<(&str, &str, &str)> {
    let (padding, rest) = section.split_once(COLUMN)?;
    let (inside, after) = rest.split_once(SECTION_END)?;
    let plain = !padding.contains(['"', ';', '<']) && !inside.contains("mj-outlook-group-fix");
    plain.then_some((padding, inside, after))
}

/// The rows of a column: text, tables, buttons and lines lose what the frame says already.
fn rows(inside: &str) -> String {
    let mut out = String::with_capacity(inside.len());
    let mut rest = inside;
    while let Some((before, after)) = rest.split_once(CELL_END) {
        let slimmed = before.rfind("<td ").and_then(|at| {
            let (before, cell) = before.split_at(at);
            let (cell, after) = row(cell, after)?;
            Some((before, cell, after))
        });
        match slimmed {
            Some((before, cell, after)) => {
                out.push_str(before);
                out.push_str(&cell);
                rest = after;
            }
            None => {
                out.push_str(before);
                out.push_str(CELL_END);
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// One cell in fewer words and what follows it, where it is of a known kind. `cell` is its tag up to [`CELL_END`].
fn row<'a>(cell: &str, content: &'a str) -> Option<(String, &'a str)> {
    if let Some(styled) = content.strip_prefix(TEXT) {
        let (style, inside) = styled.split_once("\">")?;
        let style = format!("font-family:{style}");
        let (inside, after) = inside.split_at(end_of_div(inside)?);
        let after = after.strip_prefix("</div></td></tr>")?;
        let cell = open_cell(cell, &style)?;
        return Some((format!("{cell}{}</td></tr>", inside.trim()), after));
    }
    if let Some(styled) = content.strip_prefix(TABLE) {
        let (style, after) = styled.split_once("\">")?;
        let own = own_style(&format!("color:{style}"), None);
        let cell = open_cell(cell, "")?;
        return Some((format!("{cell}{OUR_TABLE}{}>", attribute(&own)), after));
    }
    if let Some(button) = content.strip_prefix(BUTTON) {
        let (button, after) = button.split_once(BUTTON_END)?;
        let cell = open_cell(&cell.replace(r#" vertical-align="middle""#, ""), "")?;
        let family = format!("font-family:{FONT};");
        let button = button
            .replace(r#" role="presentation" valign="middle""#, "")
            .replace("style=\"border:none;", "style=\"")
            .replace("cursor:auto;", "")
            .replace("margin:0;", "")
            .replace("text-transform:none;", "")
            .replace(&format!("{family}font-size:16px;"), "")
            .replace(&family, "")
            .replace(";\">", "\">");
        let table = r#"<table role="presentation" cellpadding="0" cellspacing="0">"#;
        return Some((
            format!("{cell}{table}<tr>{button}</tr></table></td></tr>"),
            after,
        ));
    }
    let (border, rest) = content.strip_prefix(RULE)?.split_once(RULE_SHAPE)?;
    let (outlook, after) = rest.split_once(RULE_END)?;
    if border.contains('"') || outlook.contains("<![endif]") {
        return None;
    }
    let cell = open_cell(&cell.replace(r#"align="center" "#, ""), "")?;
    Some((
        format!(
            "{cell}{OUR_TABLE}><tr><td style=\"border-top:{border};font-size:0;line-height:0\">&nbsp;</td></tr></table></td></tr>"
        ),
        after,
    ))
}

/// A cell's tag with what its content said of letters, less what the frame says.
fn open_cell(cell: &str, content: &str) -> Option<String> {
    let (attributes, style) = cell.split_once("style=\"")?;
    let centred = attributes
        .contains(r#"align="center""#)
        .then_some("text-align:center");
    let attributes = attributes
        .replace(r#"align="left" "#, "")
        .trim_end()
        .to_owned();
    let own = [
        own_style(&style.replace("font-size:0px;", ""), None),
        own_style(content, centred),
    ]
    .into_iter()
    .filter(|style| !style.is_empty())
    .collect::<Vec<_>>()
    .join(";");
    Some(format!("{attributes}{}>", attribute(&own)))
}

fn attribute(style: &str) -> Cow<'static, str> {
    match style {
        "" => Cow::Borrowed(""),
        style => Cow::Owned(format!(" style=\"{style}\"")),
    }
}

/// The declarations that are not inherited anyway.
fn own_style(style: &str, said: Option<&str>) -> String {
    style
        .split(';')
        .filter(|one| !INHERITED.contains(one) && Some(*one) != said)
        .collect::<Vec<_>>()
        .join(";")
}

/// Where the `</div>` of an element stands whose inside this is.
fn end_of_div(inside: &str) -> Option<usize> {
    let mut open = 1_usize;
    let mut at = 0;
    while let Some(next) = inside[at..].find('<') {
        let tag = &inside[at + next..];
        if tag.starts_with("<div") {
            open += 1;
        } else if tag.starts_with("</div>") {
            open -= 1;
            if open == 0 {
                return Some(at + next);
            }
        }
        at += next + 1;
    }
    None
}

/// Elements that begin and end a line: white space beside them is not seen.
const BLOCKS: [&str; 17] = [
    "html", "head", "body", "meta", "title", "style", "table", "tbody", "thead", "tr", "td", "th",
    "p", "h1", "h2", "div", "br",
];

/// White space beside a block goes; any other that holds a line end becomes one line end. Nothing in a mail is
/// preformatted.
pub(super) fn tighten(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    let space = |c: char| c.is_whitespace() && c != '\u{a0}';
    while let Some(start) = rest.find(space) {
        out.push_str(&rest[..start]);
        let run_end = rest[start..]
            .find(|c| !space(c))
            .map_or(rest.len(), |n| start + n);
        let run = &rest[start..run_end];
        rest = &rest[run_end..];
        let seen = matches!(
            (beside(block_before, &out), beside(block_after, rest)),
            (Beside::Other, Beside::Other | Beside::BlockBeyondLogic)
                | (Beside::BlockBeyondLogic, Beside::Other)
        );
        if seen {
            out.push(if run.contains('\n') { '\n' } else { ' ' });
        }
    }
    out.push_str(rest);
    out
}

/// What stands beside white space.
enum Beside {
    /// A block.
    Block,
    /// Template logic, and a block on its other side.
    BlockBeyondLogic,
    /// Text, an element within a line, a tag's inside.
    Other,
}

fn beside(look: fn(&str) -> (bool, bool), text: &str) -> Beside {
    match look(text) {
        (true, false) => Beside::Block,
        (true, true) => Beside::BlockBeyondLogic,
        (false, _) => Beside::Other,
    }
}

/// Whether a text ends with a block's tag, and whether template logic comes after it.
fn block_before(mut text: &str) -> (bool, bool) {
    let mut logic = false;
    while text.ends_with("%}") {
        let Some((before, _)) = text.rsplit_once("{%") else {
            return (false, logic);
        };
        (text, logic) = (before, true);
    }
    let block = text.ends_with('>')
        && (text.rfind('<')).is_some_and(|at| is_block(text[at + 1..].trim_start_matches('/')));
    (block || text.is_empty(), logic)
}

/// Whether a text begins with a block's tag, and whether template logic comes before it.
fn block_after(mut text: &str) -> (bool, bool) {
    let mut logic = false;
    while text.starts_with("{%") {
        let Some((_, after)) = text.split_once("%}") else {
            return (false, logic);
        };
        (text, logic) = (after, true);
    }
    let tag = text.strip_prefix('<');
    let block = tag.is_some_and(|tag| is_block(tag.trim_start_matches('/')));
    (block || text.is_empty(), logic)
}

fn is_block(tag: &str) -> bool {
    let name = tag
        .split(|c: char| !c.is_ascii_alphanumeric())
        .next()
        .unwrap_or_default();
    BLOCKS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_is_kept_where_it_is_seen_and_nowhere_else() {
        for (html, tight) in [
            ("<tr>\n  <td>a</td>\n</tr>", "<tr><td>a</td></tr>"),
            (
                "<p>a <strong>b</strong>\n<em>c</em></p>",
                "<p>a <strong>b</strong>\n<em>c</em></p>",
            ),
            ("<td>a\u{a0}€ </td>", "<td>a\u{a0}€</td>"),
            (
                "{% for l in ls %}\n<tr></tr>\n{% endfor %}\n</table>",
                "{% for l in ls %}<tr></tr>{% endfor %}</table>",
            ),
            (
                "<tr></tr>{% endif %}\n{% endfor %}</table>",
                "<tr></tr>{% endif %}{% endfor %}</table>",
            ),
            (
                "<p>a{% if b %}\n{{ b }}{% endif %}</p>",
                "<p>a{% if b %}\n{{ b }}{% endif %}</p>",
            ),
            (
                "{% if a %}<b>{{ a }}</b>{% endif %}\nb",
                "{% if a %}<b>{{ a }}</b>{% endif %}\nb",
            ),
            (
                "<p>a</p>{% if x %}<p>b</p>{% endif %}\nc",
                "<p>a</p>{% if x %}<p>b</p>{% endif %}\nc",
            ),
            (
                "<td class=\"a\"\n style=\"b\">",
                "<td class=\"a\"\nstyle=\"b\">",
            ),
        ] {
            assert_eq!(tighten(html), tight);
        }
    }

    #[test]
    fn a_cell_whose_divs_do_not_match_stays_as_it_was() {
        let odd = r#"<tr><td align="left" style="font-size:0px;padding:0;word-break:break-word;"><div style="font-family:serif;">{% if a %}<div>{% else %}<div>{% endif %}b</div></div></td></tr>"#;
        assert_eq!(rows(odd), odd);
    }

    #[test]
    fn what_differs_from_the_frame_is_said_in_the_cell() {
        let small = r##"<tr><td align="center" class="x" style="background:#fbfaf7;font-size:0px;padding:20px 24px;word-break:break-word;"><div style="font-family:-apple-system,'Segoe UI',Helvetica,Arial,sans-serif;font-size:14px;line-height:24px;text-align:center;color:#5b6270;"><div>a</div>b</div></td></tr>"##;
        assert_eq!(
            rows(small),
            r##"<tr><td align="center" class="x" style="background:#fbfaf7;padding:20px 24px;font-size:14px;color:#5b6270"><div>a</div>b</td></tr>"##
        );
    }
}
