//! Colours that can be read (A11Y-03: text reaches 4.5:1 in light and dark).

/// The house accent, terracotta.
pub const ACCENT_DEFAULT: &str = "#a8481f";
/// Least contrast of text, as the WCAG ratio.
pub const CONTRAST_MIN: f64 = 4.5;
/// Paper of mails and pages in the light look.
pub const PAPER_LIGHT: &str = "#fbfaf7";
/// Surface of mails in the dark look.
pub const SURFACE_DARK: &str = "#1d2027";

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
        // 64 steps to black or white: the last one always holds.
        let mixed = (0..=64).map(|step| rgb.map(|c| c + (toward - c) * f64::from(step) / 64.0));
        let found = mixed
            .into_iter()
            .find(|c| ratio(c.map(f64::round), against) >= CONTRAST_MIN);
        write(found.unwrap_or([toward; 3]))
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
    let luminance = |rgb: [f64; 3]| {
        let [r, g, b] = rgb.map(|c| {
            let c = c / 255.0;
            if c <= 0.040_45 {
                c / 12.92
            } else {
                ((c + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * r + 0.7152 * g + 0.0722 * b
    };
    let (a, b) = (luminance(one), luminance(other));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
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
