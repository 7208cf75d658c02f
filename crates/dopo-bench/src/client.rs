//! A small HTTP/1.1 client that holds its connections: it costs little, because it shares the cores with what is measured.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Bytes asked of a socket at once.
const READ_BYTES: usize = 32 * 1_024;

/// What came back.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Bytes of the body as they went over the wire.
    pub body_bytes: usize,
}

/// One connection, held.
pub struct Connection {
    stream: TcpStream,
    input: Vec<u8>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens there.
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Connection {
            stream,
            input: Vec::with_capacity(READ_BYTES),
        })
    }

    /// Sends a whole request and reads the whole answer.
    ///
    /// # Errors
    /// When the connection breaks or the answer is not HTTP/1.1.
    pub async fn ask(&mut self, request: &[u8]) -> Result<Answer> {
        self.stream.write_all(request).await?;
        self.input.clear();
        let head_end = loop {
            self.fill().await?;
            if let Some(at) = memchr::memmem::find(&self.input, b"\r\n\r\n") {
                break at + 4;
            }
        };
        let (status, body) = head(&self.input[..head_end])?;
        let body_bytes = match body {
            Body::Sized(bytes) => {
                while self.input.len() < head_end + bytes {
                    self.fill().await?;
                }
                bytes
            }
            Body::Chunked => self.chunks(head_end).await?,
        };
        Ok(Answer { status, body_bytes })
    }

    /// The last answer's body, where it came whole and not in chunks.
    pub fn body(&self) -> &[u8] {
        let from = memchr::memmem::find(&self.input, b"\r\n\r\n").map_or(0, |at| at + 4);
        &self.input[from..]
    }

    /// What the last answer's body began with, for saying what went wrong.
    pub fn excerpt(&self) -> String {
        let from = memchr::memmem::find(&self.input, b"\r\n\r\n").map_or(0, |at| at + 4);
        String::from_utf8_lossy(&self.input[from..])
            .chars()
            .take(600)
            .collect()
    }

    async fn fill(&mut self) -> Result<()> {
        self.input.reserve(READ_BYTES);
        if self.stream.read_buf(&mut self.input).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }

    /// Reads chunks to the last one; returns their bytes without the framing.
    async fn chunks(&mut self, mut at: usize) -> Result<usize> {
        let mut total = 0;
        loop {
            let end = loop {
                match memchr::memmem::find(&self.input[at..], b"\r\n") {
                    Some(end) => break at + end,
                    None => self.fill().await?,
                }
            };
            let size = std::str::from_utf8(&self.input[at..end])
                .ok()
                .and_then(|hex| usize::from_str_radix(hex, 16).ok())
                .ok_or_else(|| Error::new(ErrorKind::InvalidData, "a chunk has no size"))?;
            at = end + 2 + size + 2;
            while self.input.len() < at {
                self.fill().await?;
            }
            if size == 0 {
                return Ok(total);
            }
            total += size;
        }
    }
}

enum Body {
    Sized(usize),
    Chunked,
}

/// The status and how the body is framed.
fn head(bytes: &[u8]) -> Result<(u16, Body)> {
    let bad = || Error::new(ErrorKind::InvalidData, "the answer is not HTTP/1.1");
    let text = std::str::from_utf8(bytes).map_err(|_| bad())?;
    let status = text
        .get(9..12)
        .and_then(|code| code.parse().ok())
        .ok_or_else(bad)?;
    for line in text.split("\r\n").skip(1) {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        if name.eq_ignore_ascii_case("content-length") {
            return Ok((
                status,
                Body::Sized(value.trim().parse().map_err(|_| bad())?),
            ));
        }
        if name.eq_ignore_ascii_case("transfer-encoding") {
            return Ok((status, Body::Chunked));
        }
    }
    Ok((status, Body::Sized(0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    async fn answered_with(answer: &'static [u8]) -> Result<Answer> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a client");
            let mut asked = [0; 64];
            let _ = stream.read(&mut asked).await.expect("a request");
            // In two pieces, so that no frame comes whole.
            let (one, two) = answer.split_at(answer.len() / 2);
            stream.write_all(one).await.expect("it is written");
            stream.flush().await.expect("it is written");
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            stream.write_all(two).await.expect("it is written");
        });
        Connection::open(address)
            .await?
            .ask(b"GET / HTTP/1.1\r\n\r\n")
            .await
    }

    #[tokio::test]
    async fn bodies_are_read_to_their_end_however_they_are_framed() {
        let sized = answered_with(b"HTTP/1.1 207 x\r\nContent-Length: 5\r\n\r\nhello")
            .await
            .expect("an answer");
        assert_eq!((sized.status, sized.body_bytes), (207, 5));
        let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nb\r\n0123456789a\r\n0\r\n\r\n";
        let chunked = answered_with(chunked).await.expect("an answer");
        assert_eq!((chunked.status, chunked.body_bytes), (200, 16));
        assert!(
            answered_with(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello")
                .await
                .is_err()
        );
    }
}
