//! What a mail costs: encoding, signing, and handing over to a sink in the
//! same process. Prints figures; asserts nothing about speed.
//!
//! `cargo run -p dopo-connect --release --example smtp_speed`

use std::hint::black_box;
use std::time::{Duration, Instant};

use dopo_connect::mail::dkim::generate_ed25519;
use dopo_connect::mail::{DkimKey, DkimKeys, Mailbox, Outcome, OutgoingMail, SmtpConfig, SmtpPool};
use dopo_testkit::smtp_sink::{Fault, SinkOptions, SmtpSink};
use jiff::Timestamp;

const RSA: &str = include_str!("../tests/it/mail/keys/dkim-rsa-2048.pem");
const ROUNDS: usize = 2_000;
const MAILS: usize = 20_000;
const BATCH: usize = 100;

fn mail(number: usize, date: Timestamp) -> OutgoingMail {
    let row = "<tr><td style=\"padding:8px 0;font:400 16px/24px Arial,sans-serif\">Sedia impagliata, noce — quantità 2</td><td align=\"right\">52,00\u{a0}€</td></tr>\n";
    let mut html = String::from("<!doctype html><html lang=\"it\"><body><table>\n");
    while html.len() < 6 * 1024 {
        html.push_str(row);
    }
    html.push_str("</table></body></html>\n");
    OutgoingMail {
        message_id: format!("effetto-{number}@posta.negozio.example"),
        from: Mailbox::named("Mobilificio Però", "ordini@negozio.example"),
        reply_to: Some(Mailbox::new("assistenza@negozio.example")),
        envelope_from: format!("rimbalzi+{number}@posta.negozio.example"),
        to: Mailbox::named("Anna Bianchi", format!("cliente{number}@posta.example")),
        subject: format!("Il tuo ordine {number} è partito"),
        text: "Ciao Anna,\nil tuo ordine è partito e arriverà giovedì.\n".repeat(15),
        html,
        headers: vec![("Auto-Submitted".to_owned(), "auto-generated".to_owned())],
        date,
        attachments: Vec::new(),
    }
}

/// CPU time of this process so far, from Linux' own account.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: u64 = after
        .split_ascii_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    Duration::from_millis(ticks * 10)
}

fn each(what: &str, rounds: usize, mut work: impl FnMut()) {
    let start = Instant::now();
    for _ in 0..rounds {
        work();
    }
    let us = start.elapsed().as_secs_f64() * 1e6 / rounds as f64;
    println!("{what:<46}{us:>10.1} us");
}

async fn through_the_sink(what: &str, connections: usize, keys: DkimKeys, delay: Option<Duration>) {
    let sink = SmtpSink::start_with(SinkOptions::default())
        .await
        .expect("a free port");
    if let Some(delay) = delay {
        sink.add_fault(Fault::Delay(delay));
    }
    let config: SmtpConfig = format!("{}?connections={connections}", sink.url())
        .parse()
        .expect("our own URL");
    let pool = SmtpPool::new(config, keys).expect("no TLS to set up");
    let total = if delay.is_some() { MAILS / 10 } else { MAILS };
    let date = Timestamp::now();
    let batches: Vec<Vec<OutgoingMail>> = (0..total / BATCH)
        .map(|batch| (0..BATCH).map(|n| mail(batch * BATCH + n, date)).collect())
        .collect();
    let cpu_before = cpu();
    let start = Instant::now();
    let mut done = 0;
    for batch in batches {
        let outcomes = pool.send_batch(batch).await;
        done += outcomes
            .iter()
            .filter(|outcome| matches!(outcome, Outcome::Done { .. }))
            .count();
    }
    let seconds = start.elapsed().as_secs_f64();
    let cpu_us = (cpu() - cpu_before).as_secs_f64() * 1e6 / total as f64;
    assert_eq!((done, sink.accepted()), (total, total));
    println!(
        "{what:<46}{:>10.0} mails/s, {cpu_us:.0} us CPU a mail with the sink's part",
        total as f64 / seconds
    );
}

/// What the sink itself can take: prepared bytes, nobody waiting.
async fn sink_alone(message: &[u8]) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let sink = SmtpSink::start_with(SinkOptions::default())
        .await
        .expect("a free port");
    let mut one = b"MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n".to_vec();
    one.extend_from_slice(message);
    one.extend_from_slice(b".\r\n");
    let ten = one.repeat(10);
    let stream = tokio::net::TcpStream::connect(sink.address())
        .await
        .expect("our own sink");
    let (mut replies, mut commands) = stream.into_split();
    let reading = tokio::spawn(async move {
        let mut buffer = vec![0; 65_536];
        while replies.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
    });
    let start = Instant::now();
    for _ in 0..MAILS / 10 {
        commands.write_all(&ten).await.expect("the sink reads");
    }
    sink.wait_for(MAILS).await;
    let rate = MAILS as f64 / start.elapsed().as_secs_f64();
    println!("{:<46}{rate:>10.0} mails/s", "sink alone, 1 connection");
    reading.abort();
}

#[tokio::main]
async fn main() {
    let date = Timestamp::now();
    let one = mail(1, date);
    let bytes = one.encode().expect("a good mail").bytes;
    println!(
        "mail: {} bytes of HTML, {} encoded; CPUs: {}",
        one.html.len(),
        bytes.len(),
        std::thread::available_parallelism().map_or(0, usize::from)
    );
    each("encode", ROUNDS * 10, || {
        black_box(black_box(&one).encode().is_ok());
    });
    let rsa = DkimKey::from_pem("negozio.example", "rsa", RSA).expect("the test key");
    each("DKIM signature, RSA-2048", ROUNDS, || {
        black_box(rsa.sign(black_box(&bytes), date).is_ok());
    });
    let pkcs8 = generate_ed25519().expect("randomness");
    let ed25519 = DkimKey::from_pkcs8("negozio.example", "ed", &pkcs8).expect("our own key");
    each("DKIM signature, Ed25519", ROUNDS * 5, || {
        black_box(ed25519.sign(black_box(&bytes), date).is_ok());
    });
    sink_alone(&bytes).await;
    for connections in [1, 4] {
        let what = format!("hand-over, {connections} connection(s)");
        through_the_sink(&what, connections, DkimKeys::new(), None).await;
    }
    let keys = DkimKeys::new();
    keys.set("negozio.example", vec![ed25519]);
    through_the_sink("hand-over, 4 connections, Ed25519", 4, keys, None).await;
    let keys = DkimKeys::new();
    keys.set("negozio.example", vec![rsa]);
    through_the_sink("hand-over, 4 connections, RSA-2048", 4, keys, None).await;
    let delay = Some(Duration::from_millis(2));
    through_the_sink(
        "hand-over, 1 connection, 2 ms per reply",
        1,
        DkimKeys::new(),
        delay,
    )
    .await;
    through_the_sink(
        "hand-over, 20 connections, 2 ms per reply",
        20,
        DkimKeys::new(),
        delay,
    )
    .await;
}
