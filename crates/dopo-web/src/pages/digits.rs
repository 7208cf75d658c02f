//! The countdown image: our own strokes for digits and letters, because a mail cannot bring a font.

use dopo_core::italy::Locale;
use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, PathBuilder, Pixmap, Rect, Stroke, Transform,
};

/// Width of the image in pixels; shown at half of it.
pub(crate) const WIDTH_PX: u32 = 600;
/// Height of the image in pixels; shown at half of it.
pub(crate) const HEIGHT_PX: u32 = 160;

const PAPER: [u8; 3] = [0xff, 0xff, 0xff];
const LINE: [u8; 3] = [0xdc, 0xd8, 0xcf];
const INK: [u8; 3] = [0x1f, 0x24, 0x30];
const MUTED: [u8; 3] = [0x5b, 0x62, 0x70];

/// A glyph as strokes on a grid 4 wide and 6 high, y downwards: `M` begins, `L` a line, `Q` a curve.
const GLYPHS: &[(char, &str)] = &[
    ('0', "M0 2 Q0 0 2 0 Q4 0 4 2 L4 4 Q4 6 2 6 Q0 6 0 4 L0 2"),
    ('1', "M0.8 1.2 L2.2 0 L2.2 6"),
    ('2', "M0 1.7 Q0 0 2 0 Q4 0 4 1.7 Q4 2.8 2.8 3.8 L0 6 L4 6"),
    (
        '3',
        "M0.1 1 Q0.6 0 2 0 Q3.8 0 3.8 1.5 Q3.8 2.8 1.6 2.8 Q4 2.8 4 4.3 Q4 6 2 6 Q0.4 6 0 4.8",
    ),
    ('4', "M3 6 L3 0 L0 4.3 L4 4.3"),
    (
        '5',
        "M3.7 0 L0.5 0 L0.2 2.8 Q1 2.2 2 2.2 Q4 2.2 4 4.1 Q4 6 2 6 Q0.5 6 0 5",
    ),
    (
        '6',
        "M3.6 0.9 Q3.1 0 2 0 Q0 0 0 3 L0 4 Q0 6 2 6 Q4 6 4 4.2 Q4 2.4 2 2.4 Q0.4 2.4 0 3.8",
    ),
    ('7', "M0 0 L4 0 L1.4 6"),
    (
        '8',
        "M2 2.7 Q0.3 2.7 0.3 1.35 Q0.3 0 2 0 Q3.7 0 3.7 1.35 Q3.7 2.7 2 2.7 Q0 2.7 0 4.35 Q0 6 2 6 Q4 6 4 4.35 Q4 2.7 2 2.7",
    ),
    (
        '9',
        "M0.4 5.1 Q0.9 6 2 6 Q4 6 4 3 L4 2 Q4 0 2 0 Q0 0 0 1.8 Q0 3.6 2 3.6 Q3.6 3.6 4 2.2",
    ),
    (
        'a',
        "M3.6 2.6 Q3.2 1.9 2 1.9 Q0.2 1.9 0.2 3.95 Q0.2 6 2 6 Q3.3 6 3.6 4.9 M3.6 1.9 L3.6 6",
    ),
    (
        'd',
        "M3.6 3 Q3.2 1.9 2 1.9 Q0.2 1.9 0.2 3.95 Q0.2 6 2 6 Q3.3 6 3.6 4.9 M3.6 0 L3.6 6",
    ),
    (
        'e',
        "M0.3 3.8 L3.6 3.8 Q3.6 1.9 1.95 1.9 Q0.2 1.9 0.2 3.95 Q0.2 6 2 6 Q3.1 6 3.5 5.2",
    ),
    ('f', "M3 0.2 Q1.3 -0.3 1.3 1.4 L1.3 6 M0.3 2.1 L2.7 2.1"),
    (
        'g',
        "M3.6 2.9 Q3.2 1.9 2 1.9 Q0.2 1.9 0.2 3.9 Q0.2 5.8 2 5.8 Q3.3 5.8 3.6 4.8 M3.6 1.9 L3.6 6.3 Q3.6 7.8 1.9 7.8 Q0.8 7.8 0.5 7.3",
    ),
    (
        'h',
        "M0.4 0 L0.4 6 M0.4 3.5 Q0.7 1.9 2 1.9 Q3.5 1.9 3.5 3.5 L3.5 6",
    ),
    ('i', "M1 1.9 L1 6 M1 0.2 L1 0.3"),
    (
        'm',
        "M0 1.9 L0 6 M0 3.4 Q0.2 1.9 1.2 1.9 Q2.3 1.9 2.3 3.4 L2.3 6 M2.3 3.4 Q2.5 1.9 3.5 1.9 Q4.6 1.9 4.6 3.4 L4.6 6",
    ),
    (
        'n',
        "M0.4 1.9 L0.4 6 M0.4 3.5 Q0.7 1.9 2 1.9 Q3.5 1.9 3.5 3.5 L3.5 6",
    ),
    (
        'o',
        "M2 1.9 Q0.1 1.9 0.1 3.95 Q0.1 6 2 6 Q3.9 6 3.9 3.95 Q3.9 1.9 2 1.9",
    ),
    ('r', "M0.6 1.9 L0.6 6 M0.6 3.6 Q0.9 1.9 2.7 2"),
    (
        's',
        "M3.4 2.6 Q3 1.9 1.9 1.9 Q0.5 1.9 0.5 2.9 Q0.5 3.8 2 3.95 Q3.5 4.1 3.5 5 Q3.5 6 2 6 Q0.7 6 0.3 5.2",
    ),
    ('t', "M1.4 0.6 L1.4 4.8 Q1.4 6.1 2.8 5.8 M0.3 2.1 L2.7 2.1"),
    (
        'u',
        "M0.4 1.9 L0.4 4.4 Q0.4 6 1.9 6 Q3.2 6 3.5 4.4 M3.5 1.9 L3.5 6",
    ),
    ('y', "M0.2 1.9 L2 6 M3.8 1.9 L1.9 6.4 Q1.3 7.8 0.2 7.6"),
];

fn advance(c: char) -> f32 {
    match c {
        ' ' => 2.6,
        'i' => 2.0,
        'r' | 't' | 'f' => 3.0,
        'm' => 4.8,
        '1' => 4.2,
        _ => 4.0,
    }
}

/// Space between glyphs, on the grid.
const GAP: f32 = 1.5;

fn width(text: &str) -> f32 {
    let n = text.chars().count();
    text.chars().map(advance).sum::<f32>() + GAP * n.saturating_sub(1) as f32
}

/// Draws `text` with its left end at `x` and its cap line at `y`; one grid unit is `unit` pixels.
fn write(pixmap: &mut Pixmap, text: &str, x: f32, y: f32, unit: f32, weight: f32, colour: [u8; 3]) {
    let mut at = x;
    for c in text.chars() {
        if let Some((_, strokes)) = GLYPHS.iter().find(|(glyph, _)| *glyph == c) {
            stroke(pixmap, strokes, at, y, unit, weight, colour);
        }
        at += (advance(c) + GAP) * unit;
    }
}

fn stroke(
    pixmap: &mut Pixmap,
    strokes: &str,
    x: f32,
    y: f32,
    unit: f32,
    weight: f32,
    colour: [u8; 3],
) {
    let mut path = PathBuilder::new();
    let mut tokens = strokes.split_whitespace();
    while let Some(first) = tokens.next() {
        let (command, first) = first.split_at(1);
        let number = |text: Option<&str>| {
            text.and_then(|t| t.parse::<f32>().ok()).unwrap_or_default() * unit
        };
        let x0 = x + number(Some(first));
        let y0 = y + number(tokens.next());
        match command {
            "M" => path.move_to(x0, y0),
            "L" => path.line_to(x0, y0),
            _ => {
                let x1 = x + number(tokens.next());
                let y1 = y + number(tokens.next());
                path.quad_to(x0, y0, x1, y1);
            }
        }
    }
    let Some(path) = path.finish() else { return };
    let stroke = Stroke {
        width: weight,
        line_cap: LineCap::Round,
        line_join: LineJoin::Round,
        ..Stroke::default()
    };
    pixmap.stroke_path(&path, &paint(colour), &stroke, Transform::identity(), None);
}

fn paint([r, g, b]: [u8; 3]) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color_rgba8(r, g, b, 255);
    paint.anti_alias = true;
    paint
}

/// The image as PNG: days, hours and minutes with their words, or that the offer has ended.
pub(crate) fn countdown(left: Option<(u32, u32, u32)>, locale: Locale) -> Option<Vec<u8>> {
    let mut pixmap = Pixmap::new(WIDTH_PX, HEIGHT_PX)?;
    let [r, g, b] = PAPER;
    pixmap.fill(Color::from_rgba8(r, g, b, 255));
    let (w, h) = (WIDTH_PX as f32, HEIGHT_PX as f32);
    match left {
        None => {
            let text = locale.pick("offerta terminata", "offer ended");
            let unit = 5.0;
            write(
                &mut pixmap,
                text,
                (w - width(text) * unit) / 2.0,
                (h - 6.0 * unit) / 2.0,
                unit,
                4.5,
                MUTED,
            );
        }
        Some((days, hours, minutes)) => {
            let word =
                |n: u32, it: (&'static str, &'static str), en: (&'static str, &'static str)| {
                    let (one, many) = locale.pick(it, en);
                    if n == 1 { one } else { many }
                };
            let parts = [
                (days, word(days, ("giorno", "giorni"), ("day", "days"))),
                (hours, word(hours, ("ora", "ore"), ("hour", "hours"))),
                (
                    minutes,
                    word(minutes, ("minuto", "minuti"), ("minute", "minutes")),
                ),
            ];
            let column = w / 3.0;
            for (i, (n, name)) in parts.into_iter().enumerate() {
                let centre = column * (i as f32 + 0.5);
                if i > 0
                    && let Some(rect) =
                        Rect::from_xywh(column * i as f32 - 1.0, 28.0, 2.0, h - 56.0)
                {
                    let path = PathBuilder::from_rect(rect);
                    pixmap.fill_path(
                        &path,
                        &paint(LINE),
                        FillRule::Winding,
                        Transform::identity(),
                        None,
                    );
                }
                let digits = format!("{n:02}");
                let unit = 10.0;
                write(
                    &mut pixmap,
                    &digits,
                    centre - width(&digits) * unit / 2.0,
                    26.0,
                    unit,
                    9.0,
                    INK,
                );
                let unit = 3.4;
                write(
                    &mut pixmap,
                    name,
                    centre - width(name) * unit / 2.0,
                    110.0,
                    unit,
                    3.2,
                    MUTED,
                );
            }
        }
    }
    encode(pixmap)
}

/// Encodes with a palette-free 8-bit RGB PNG: no alpha, small, understood by every mail reader.
fn encode(pixmap: Pixmap) -> Option<Vec<u8>> {
    let rgb: Vec<u8> = pixmap
        .data()
        .chunks_exact(4)
        .flat_map(|p| [p[0], p[1], p[2]])
        .collect();
    let mut out = Vec::with_capacity(8 * 1024);
    let mut encoder = png::Encoder::new(&mut out, WIDTH_PX, HEIGHT_PX);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(&rgb).ok()?;
    writer.finish().ok()?;
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_and_digit_that_is_written_can_be_drawn() {
        let words = [
            "offerta terminata",
            "offer ended",
            "giorno giorni ora ore minuto minuti",
            "day days hour hours minute minutes",
            "0123456789",
        ];
        for c in words.concat().chars().filter(|c| *c != ' ') {
            assert!(
                GLYPHS.iter().any(|(glyph, _)| *glyph == c),
                "no strokes for «{c}»"
            );
        }
    }

    #[test]
    fn the_image_is_the_same_for_the_same_time_and_another_after_the_end() {
        let now = countdown(Some((6, 23, 59)), Locale::It).unwrap();
        assert_eq!(now, countdown(Some((6, 23, 59)), Locale::It).unwrap());
        assert_ne!(now, countdown(None, Locale::It).unwrap());
        assert!(now.len() < 20_000, "{} bytes", now.len());
        assert!(now.starts_with(b"\x89PNG"));
    }
}
