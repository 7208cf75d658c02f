//! Photos on their way in: told apart by their first bytes, and everything that is no picture taken out (place, time and
//! device of the shot, thumbnails, comments, what follows the picture).
//!
//! JPEG (ITU-T T.81, JFIF, Exif 2.32), PNG (third edition), WebP (RFC 9649). Of Exif only the orientation is kept, without
//! which photos lie on their side.

/// Largest photo that is taken, in bytes.
pub(crate) const PHOTO_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A picture and nothing else.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Photo {
    pub media_type: &'static str,
    pub bytes: Vec<u8>,
}

/// The picture in a file; `None` when it is none of the three kinds, or not whole.
pub(crate) fn clean(file: &[u8]) -> Option<Photo> {
    let (media_type, bytes) = if file.starts_with(&[0xff, 0xd8, 0xff]) {
        ("image/jpeg", jpeg(file)?)
    } else if file.starts_with(PNG) {
        ("image/png", png(file)?)
    } else if file.starts_with(b"RIFF") && file.get(8..12) == Some(b"WEBP") {
        ("image/webp", webp(file)?)
    } else {
        return None;
    };
    Some(Photo { media_type, bytes })
}

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

fn be16(bytes: &[u8], at: usize) -> Option<usize> {
    let pair = bytes.get(at..at + 2)?;
    Some(usize::from(u16::from_be_bytes([pair[0], pair[1]])))
}

fn jpeg(file: &[u8]) -> Option<Vec<u8>> {
    const SOI: u8 = 0xd8;
    const EOI: u8 = 0xd9;
    const SOS: u8 = 0xda;
    let mut out = vec![0xff, SOI];
    let mut at = 2;
    let mut scanned = false;
    loop {
        // Markers may be padded with 0xff.
        while file.get(at..at + 2)? == [0xff, 0xff] {
            at += 1;
        }
        if file[at] != 0xff {
            return None;
        }
        let marker = *file.get(at + 1)?;
        if marker == EOI {
            out.extend_from_slice(&[0xff, EOI]);
            return scanned.then_some(out);
        }
        let length = be16(file, at + 2)?;
        let segment = file.get(at..at + 2 + length)?;
        let content = segment.get(4..)?;
        match marker {
            0xe1 => {
                if let Some(turned) = orientation(content) {
                    out.extend_from_slice(&exif_of(turned));
                }
            }
            // Colour profiles, JFIF and Adobe's colour transform belong to the picture.
            0xe2 if content.starts_with(b"ICC_PROFILE\0") => out.extend_from_slice(segment),
            0xe0 if content.starts_with(b"JFIF\0") => {
                // Without its thumbnail.
                let head = content.get(..12)?;
                out.extend_from_slice(&[0xff, 0xe0, 0, 16]);
                out.extend_from_slice(head);
                out.extend_from_slice(&[0, 0]);
            }
            0xee if content.starts_with(b"Adobe") => out.extend_from_slice(segment),
            0xe0..=0xef | 0xfe => {}
            _ => out.extend_from_slice(segment),
        }
        at += 2 + length;
        if marker == SOS {
            scanned = true;
            let from = at;
            // The picture's data: until a marker that is neither a stuffed byte nor a restart.
            loop {
                let next = file.get(at..)?.iter().position(|byte| *byte == 0xff)?;
                at += next;
                match file.get(at + 1)? {
                    0x00 | 0xd0..=0xd7 => at += 2,
                    0xff => at += 1,
                    _ => break,
                }
            }
            out.extend_from_slice(&file[from..at]);
        }
    }
}

/// The orientation that Exif names, from 1 to 8.
fn orientation(content: &[u8]) -> Option<u16> {
    let tiff = content.strip_prefix(b"Exif\0\0")?;
    let little = match tiff.get(..4)? {
        b"II*\0" => true,
        b"MM\0*" => false,
        _ => return None,
    };
    let two = |at: usize| -> Option<u16> {
        let pair: [u8; 2] = tiff.get(at..at.checked_add(2)?)?.try_into().ok()?;
        Some(if little {
            u16::from_le_bytes(pair)
        } else {
            u16::from_be_bytes(pair)
        })
    };
    let four = |at: usize| -> Option<u32> {
        let quad: [u8; 4] = tiff.get(at..at.checked_add(4)?)?.try_into().ok()?;
        Some(if little {
            u32::from_le_bytes(quad)
        } else {
            u32::from_be_bytes(quad)
        })
    };
    let directory = usize::try_from(four(4)?).ok()?;
    let entries = usize::from(two(directory)?);
    (0..entries).find_map(|n| {
        let entry = directory.checked_add(2 + n * 12)?;
        let short = two(entry)? == 0x0112 && two(entry + 2)? == 3;
        short
            .then(|| two(entry + 8))
            .flatten()
            .filter(|turned| (2..=8).contains(turned))
    })
}

/// An Exif segment that names an orientation and nothing else.
fn exif_of(turned: u16) -> Vec<u8> {
    let mut out = vec![0xff, 0xe1, 0, 34];
    out.extend_from_slice(b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01");
    out.extend_from_slice(&turned.to_be_bytes());
    out.extend_from_slice(&[0, 0, 0, 0, 0, 0]);
    out
}

fn png(file: &[u8]) -> Option<Vec<u8>> {
    const KEPT: [&[u8; 4]; 11] = [
        b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT",
        b"pHYs",
    ];
    let mut out = PNG.to_vec();
    let mut at = PNG.len();
    let mut first = true;
    loop {
        let length: [u8; 4] = file.get(at..at + 4)?.try_into().ok()?;
        let length = usize::try_from(u32::from_be_bytes(length)).ok()?;
        let kind: &[u8; 4] = file.get(at + 4..at + 8)?.try_into().ok()?;
        let chunk = file.get(at..at.checked_add(12)?.checked_add(length)?)?;
        if first && kind != b"IHDR" {
            return None;
        }
        first = false;
        if KEPT.contains(&kind) {
            out.extend_from_slice(chunk);
        }
        if kind == b"IEND" {
            return Some(out);
        }
        at += chunk.len();
    }
}

fn webp(file: &[u8]) -> Option<Vec<u8>> {
    /// Bits of the extended head that say that Exif or XMP follow.
    const METADATA: u8 = 0b0000_1100;
    let length: [u8; 4] = file.get(4..8)?.try_into().ok()?;
    let end = usize::try_from(u32::from_le_bytes(length))
        .ok()?
        .checked_add(8)?;
    let file = file.get(..end)?;
    let mut out = b"RIFF\0\0\0\0WEBP".to_vec();
    let mut at = 12;
    let mut picture = false;
    while at < file.len() {
        let kind = file.get(at..at + 4)?;
        let length: [u8; 4] = file.get(at + 4..at + 8)?.try_into().ok()?;
        let length = usize::try_from(u32::from_le_bytes(length)).ok()?;
        let padded = length.checked_add(8)?.checked_add(length % 2)?;
        let chunk = file.get(at..at.checked_add(padded)?)?;
        match kind {
            b"VP8X" => {
                let from = out.len();
                out.extend_from_slice(chunk);
                *out.get_mut(from + 8)? &= !METADATA;
            }
            b"VP8 " | b"VP8L" | b"ANMF" => {
                picture = true;
                out.extend_from_slice(chunk);
            }
            b"ALPH" | b"ANIM" | b"ICCP" => out.extend_from_slice(chunk),
            _ => {}
        }
        at += padded;
    }
    let size = u32::try_from(out.len() - 8).ok()?;
    out[4..8].copy_from_slice(&size.to_le_bytes());
    picture.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len() + 2).expect("a short segment");
        [&[0xff, marker], &length.to_be_bytes()[..], content].concat()
    }

    fn photo(exif: &[u8]) -> Vec<u8> {
        [
            &[0xff, 0xd8][..],
            &segment(0xe0, b"JFIF\0\x01\x02\0\0\x01\0\x01\x01\x01thumb"),
            &segment(0xe1, exif),
            &segment(0xe1, b"http://ns.adobe.com/xap/1.0/\0<x>Via Garibaldi</x>"),
            &segment(0xfe, b"shot by Chiara"),
            &segment(0xdb, &[0; 65]),
            &segment(0xda, &[1, 1, 0, 0, 63, 0]),
            &[1, 2, 0xff, 0x00, 3, 0xff, 0xd0, 4],
            &segment(0xc4, &[0; 10]),
            &segment(0xda, &[1, 1, 0, 0, 63, 0]),
            &[9, 9, 0xff, 0xd9],
            b"a whole film after it",
        ]
        .concat()
    }

    fn has(bytes: &[u8], needle: &[u8]) -> bool {
        bytes.windows(needle.len()).any(|part| part == needle)
    }

    #[test]
    fn a_jpeg_loses_place_time_and_device_and_keeps_its_picture_and_which_way_is_up() {
        let exif = b"Exif\0\0II*\0\x08\0\0\0\x02\0\x0f\x01\x02\0\x06\0\0\0\x26\0\0\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0Canon\0GPS 40.35 18.17";
        let cleaned = clean(&photo(exif)).expect("a photo");
        assert_eq!(cleaned.media_type, "image/jpeg");
        for gone in [
            &b"Canon"[..],
            b"GPS",
            b"Garibaldi",
            b"Chiara",
            b"film",
            b"thumb",
        ] {
            assert!(!has(&cleaned.bytes, gone), "{gone:?}");
        }
        assert!(has(&cleaned.bytes, &[1, 2, 0xff, 0x00, 3, 0xff, 0xd0, 4]));
        assert!(cleaned.bytes.ends_with(&[9, 9, 0xff, 0xd9]));
        let at = cleaned
            .bytes
            .windows(6)
            .position(|part| part == b"Exif\0\0")
            .expect("an orientation");
        assert_eq!(orientation(&cleaned.bytes[at..]), Some(6));
        assert_eq!(
            clean(&cleaned.bytes),
            Some(cleaned.clone()),
            "cleaning twice changes nothing"
        );
    }

    #[test]
    fn a_png_and_a_webp_lose_their_texts() {
        let chunk = |kind: &[u8; 4], content: &[u8]| -> Vec<u8> {
            let length = u32::try_from(content.len()).expect("short");
            [&length.to_be_bytes()[..], kind, content, &[0; 4]].concat()
        };
        let file = [
            PNG,
            &chunk(b"IHDR", &[0; 13]),
            &chunk(b"tEXt", b"Author\0Chiara"),
            &chunk(b"eXIf", b"GPS"),
            &chunk(b"IDAT", b"picture"),
            &chunk(b"IEND", b""),
            b"after",
        ]
        .concat();
        let cleaned = clean(&file).expect("a PNG");
        assert!(has(&cleaned.bytes, b"picture") && !has(&cleaned.bytes, b"Chiara"));
        assert!(!has(&cleaned.bytes, b"GPS") && !has(&cleaned.bytes, b"after"));

        let riff = |kind: &[u8; 4], content: &[u8]| -> Vec<u8> {
            let length = u32::try_from(content.len()).expect("short");
            [kind, &length.to_le_bytes()[..], content].concat()
        };
        let body = [
            b"WEBP".to_vec(),
            riff(b"VP8X", &[0b0000_1100, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            riff(b"VP8 ", b"pictur"),
            riff(b"EXIF", b"GPSx"),
        ]
        .concat();
        let file = riff(b"RIFF", &body);
        let cleaned = clean(&file).expect("a WebP");
        assert!(has(&cleaned.bytes, b"pictur") && !has(&cleaned.bytes, b"GPS"));
        assert_eq!(
            cleaned.bytes[20], 0,
            "the head no longer speaks of metadata"
        );
        assert_eq!(
            u32::from_le_bytes(cleaned.bytes[4..8].try_into().expect("four")) as usize + 8,
            cleaned.bytes.len()
        );
    }

    #[test]
    fn whatever_is_no_whole_picture_is_refused_and_never_a_panic() {
        for file in [
            &b""[..],
            b"GIF89a",
            b"<svg onload=alert(1)>",
            b"\xff\xd8\xff",
            b"RIFF\xff\xff\xff\xffWEBP",
            PNG,
            b"%PDF-1.7",
        ] {
            assert_eq!(clean(file), None, "{file:?}");
        }
        let whole = photo(b"Exif\0\0MM\0*\0\0\0\x08\0\x01");
        for cut in 0..whole.len() - 22 {
            assert_eq!(clean(&whole[..cut]), None, "{cut}");
        }
    }
}
