//! What this machine allows at most, measured in the same run: the figures of the program stand beside it.

use anyhow::Result;
use dopo_testkit::smtp_sink::SmtpSink;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Bytes written before each `fdatasync`.
const SYNC_BYTES: usize = 8_192;
/// Size of the file they are written to, in bytes: allocated before, so that only data is synced.
const SYNC_FILE_BYTES: u64 = 64 * 1_024 * 1_024;
/// Connections to the sink.
const SINK_CONNECTIONS: usize = 4;
/// Size of the mails the sink is tried with, in bytes.
const SINK_MAIL_BYTES: usize = 14_000;

/// `fdatasync` of 8 KB a second.
///
/// # Errors
/// When the folder cannot be written to.
pub fn syncs_per_second(folder: &Path, span: Duration) -> Result<f64> {
    let path = folder.join("sync.bin");
    let file = File::create(&path)?;
    let block = vec![7; 1 << 20];
    for at in (0..SYNC_FILE_BYTES).step_by(block.len()) {
        file.write_all_at(&block, at)?;
    }
    file.sync_all()?;
    let begun = Instant::now();
    let mut count = 0;
    while begun.elapsed() < span {
        file.write_all_at(
            &block[..SYNC_BYTES],
            (count * SYNC_BYTES as u64) % SYNC_FILE_BYTES,
        )?;
        file.sync_data()?;
        count += 1;
    }
    let rate = count as f64 / begun.elapsed().as_secs_f64();
    drop(file);
    std::fs::remove_file(path)?;
    Ok(rate)
}

/// Mails a second that the sink takes from bare, pipelining connections.
///
/// # Errors
/// When a connection breaks.
pub async fn sink_mails_per_second(span: Duration) -> Result<f64> {
    let sink = SmtpSink::start_with(Default::default()).await?;
    let mut mail = b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n".to_vec();
    let mut text = b"Message-ID: <1@example.com>\r\n\r\n".to_vec();
    while text.len() < SINK_MAIL_BYTES {
        text.extend_from_slice(
            b"<td style=3D\"padding:0 24px\">Una riga come le altre di una mail</td>\r\n",
        );
    }
    text.extend_from_slice(b".\r\n");
    mail.shrink_to_fit();
    let begun = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..SINK_CONNECTIONS {
        let (mail, text, address) = (mail.clone(), text.clone(), sink.address());
        tasks.spawn(async move {
            let mut stream = TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let mut input = vec![0; 4_096];
            let _ = stream.read(&mut input).await?;
            while begun.elapsed() < span {
                stream.write_all(&mail).await?;
                read_until(&mut stream, &mut input, b"354").await?;
                stream.write_all(&text).await?;
                read_until(&mut stream, &mut input, b"queued").await?;
            }
            Ok::<(), std::io::Error>(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(sink.accepted() as f64 / begun.elapsed().as_secs_f64())
}

async fn read_until(
    stream: &mut TcpStream,
    input: &mut [u8],
    wanted: &[u8],
) -> std::io::Result<()> {
    let mut filled = 0;
    loop {
        let read = stream.read(&mut input[filled..]).await?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        filled += read;
        if memchr::memmem::find(&input[..filled], wanted).is_some() {
            return Ok(());
        }
    }
}
