//! One HTTP request as bytes, and the answer to it.

use super::{BODY, Token};
use serde_json::Value;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A request before it is sent. Starts as a good one for `acme`.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Vec<u8>,
    /// The body in chunks of this size, without a `Content-Length`.
    pub(crate) chunks: Option<usize>,
}

impl Call {
    pub(crate) fn good() -> Self {
        Self::bare().header("authorization", Token::good().bearer())
    }

    /// A good one without `Authorization`.
    pub(crate) fn bare() -> Self {
        Self {
            method: "POST",
            path: "/auth0/acme/sms".into(),
            headers: vec![("content-type".into(), b"application/json".to_vec())],
            body: BODY.into(),
            chunks: None,
        }
    }

    pub(crate) fn method(mut self, method: &'static str) -> Self {
        self.method = method;
        self
    }

    pub(crate) fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    pub(crate) fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.into(), value.as_ref().to_vec()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(has, _)| has != name);
        self
    }

    pub(crate) fn body(mut self, body: impl AsRef<[u8]>) -> Self {
        self.body = body.as_ref().to_vec();
        self
    }

    pub(crate) fn chunked(mut self, size: usize) -> Self {
        self.chunks = Some(size);
        self
    }

    /// Request line and header fields, with the empty line.
    pub(crate) fn head(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\nhost: edge\r\n", self.method, self.path).into_bytes();
        for (name, value) in &self.headers {
            head.extend([name.as_bytes(), b": ", value, b"\r\n"].concat());
        }
        match self.chunks {
            Some(_) => head.extend(b"transfer-encoding: chunked\r\n"),
            None => head.extend(format!("content-length: {}\r\n", self.body.len()).bytes()),
        }
        head.extend(b"\r\n");
        head
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.head();
        if let Some(size) = self.chunks {
            for chunk in self.body.chunks(size) {
                bytes.extend(format!("{:x}\r\n", chunk.len()).bytes());
                bytes.extend(chunk);
                bytes.extend(b"\r\n");
            }
            bytes.extend(b"0\r\n\r\n");
        } else {
            bytes.extend(&self.body);
        }
        bytes
    }

    /// Sends it on a connection of its own and hears the answer.
    pub(crate) async fn to(&self, edge: SocketAddr) -> Answer {
        let mut stream = TcpStream::connect(edge).await.expect("the edge listens");
        // An edge that answered early may have closed already; its answer is what counts.
        let _ = stream.write_all(&self.bytes()).await;
        Answer::from(&mut stream, self.method).await.expect("an answer")
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) text: String,
}

impl Answer {
    /// Reads one answer; nothing if the connection ends before it.
    pub(crate) async fn from(stream: &mut TcpStream, method: &str) -> Option<Self> {
        let mut bytes = Vec::new();
        let end = loop {
            if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                return None;
            }
        };
        let head = String::from_utf8(bytes[..end].to_vec()).expect("an ASCII head");
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().expect("a status");
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let mut answer = Self {
            status,
            headers,
            text: String::new(),
        };
        let length = answer
            .header("content-length")
            .map_or(0, |length| length.parse().expect("a length"));
        while method != "HEAD" && bytes.len() < end + length {
            if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                break;
            }
        }
        answer.text = String::from_utf8(bytes[end..].to_vec()).expect("UTF-8");
        Some(answer)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(has, _)| has == name)
            .map(|(_, value)| value.as_str())
    }

    /// Everything the caller got to see.
    pub(crate) fn all(&self) -> String {
        format!("{self:?}")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }
}
