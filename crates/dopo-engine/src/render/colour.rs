//! Colours that can be read (A11Y-03: text reaches 4.5:1 in light and dark).

use std::sync::OnceLock;

/// The house accent, terracotta.
pub const ACCENT_DEFAULT: &str = "#a8481f";
/// Least contrast of text, as the WCAG ratio.
pub const CONTRAST_MIN: f64 = 4.5;
/// Paper of mails and pages in the light look.
pub const PAPER_LIGHT: &str = "#fbfaf7";
/// Surface of mails in the dark look.
pub const SURFACE_DARK: &str = "#1d2027";

/// Steps from a colour to black or white.
const STEPS: u32 = 64;

/// An accent with what it takes to use it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Accent {
    /// On light surfaces, and under button text.
    pub light: String,
    /// On dark surfaces.
    pub dark: String,
    /// Text on a button of the light accent: always white, the accent is darkened until it holds.
    pub on_light: &'static str,
}

/// The shop's colour, darkened for light surfaces and lightened for dark ones until text reaches 4.5:1; the house's
/// terracotta when there is none or it is no `#rrggbb`.
pub fn accessible_accent(wanted: Option<&str>) -> Accent {
    let rgb = wanted
        .and_then(parse)
        .or_else(|| parse(ACCENT_DEFAULT))
        .unwrap_or_default();
    let paper = parse(PAPER_LIGHT).unwrap_or_default();
    let surface = parse(SURFACE_DARK).unwrap_or_default();
    let reach = |toward: f64, against: [f64; 3]| -> String {
        let mixed = |step: u32| {
            rgb.map(|c| (c + (toward - c) * f64::from(step) / f64::from(STEPS)).round())
        };
        // Once it holds it holds on the rest of the way, and black or white at its end always do.
        let (mut fails, mut holds) = (0, STEPS);
        if ratio(mixed(0), against) >= CONTRAST_MIN {
            holds = 0;
        }
        while holds > fails + 1 {
            let middle = fails.midpoint(holds);
            match ratio(mixed(middle), against) >= CONTRAST_MIN {
                true => holds = middle,
                false => fails = middle,
            }
        }
        write(mixed(holds))
    };
    Accent {
        light: reach(0.0, paper),
        dark: reach(255.0, surface),
        on_light: "#ffffff",
    }
}

/// The WCAG contrast ratio of two `#rrggbb` colours, from 1 to 21; none when one of them is no colour.
pub fn contrast(one: &str, other: &str) -> Option<f64> {
    Some(ratio(parse(one)?, parse(other)?))
}

fn parse(text: &str) -> Option<[f64; 3]> {
    let hex = text.trim().strip_prefix('#')?;
    if hex.len() != 6 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let at = |i: usize| u8::from_str_radix(&hex[i..i + 2], 16).map(f64::from).ok();
    Some([at(0)?, at(2)?, at(4)?])
}

fn write(rgb: [f64; 3]) -> String {
    let [r, g, b] = rgb.map(|c| c.round().clamp(0.0, 255.0) as u8);
    format!("#{r:02x}{g:02x}{b:02x}")
}

fn ratio(one: [f64; 3], other: [f64; 3]) -> f64 {
    let light = linear();
    let luminance = |[r, g, b]: [f64; 3]| {
        let of = |c: f64| light[usize::from(c.clamp(0.0, 255.0) as u8)];
        0.2126 * of(r) + 0.7152 * of(g) + 0.0722 * of(b)
    };
    let (a, b) = (luminance(one), luminance(other));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// The light of each step of a channel, from 0 to 1 (WCAG 2.2, relative luminance).
fn linear() -> &'static [f64; 256] {
    static LINEAR: OnceLock<[f64; 256]> = OnceLock::new();
    LINEAR.get_or_init(|| {
        std::array::from_fn(|step| {
            let c = step as f64 / 255.0;
            if c <= 0.040_45 {
                c / 12.92
            } else {
                ((c + 0.055) / 1.055).powf(2.4)
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_accent_reaches_the_contrast_in_both_looks() {
        for wanted in [
            None,
            Some("#ffffff"),
            Some("#000000"),
            Some("#ffee00"),
            Some("#285a9e"),
            Some("red"),
            Some("#12345"),
        ] {
            let accent = accessible_accent(wanted);
            for (text, under) in [
                (accent.light.as_str(), PAPER_LIGHT),
                (accent.on_light, accent.light.as_str()),
                (accent.dark.as_str(), SURFACE_DARK),
            ] {
                let ratio = contrast(text, under).expect("colours");
                assert!(
                    ratio >= CONTRAST_MIN,
                    "{wanted:?}: {text} on {under} is {ratio:.2}"
                );
            }
        }
    }

    #[test]
    fn a_colour_that_holds_is_left_alone() {
        assert_eq!(accessible_accent(Some("#285a9e")).light, "#285a9e");
        assert_eq!(accessible_accent(None).light, ACCENT_DEFAULT);
    }
}
