//! The carrier: as quick as can be over HTTP, and exactly as slow as it says over a connection that stays.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _};

fn listen() -> TcpListener {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a socket");
    println!("{}", listener.local_addr().expect("an address").port());
    std::io::stdout().flush().expect("said");
    listener
}

/// One thread for all connections: a thread for each would have to be woken for each message, by whoever sends it.
pub(crate) fn http() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let listener = listen();
        listener.set_nonblocking(true).expect("an option");
        let listener = tokio::net::TcpListener::from_std(listener).expect("a socket");
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(exchange(stream));
        }
    });
}

async fn exchange(stream: tokio::net::TcpStream) -> Option<()> {
    const ANSWER: &[u8] = b"HTTP/1.1 201 Created\r\ncontent-length: 12\r\n\r\n{\"id\":\"SM1\"}";
    stream.set_nodelay(true).ok()?;
    let mut stream = tokio::io::BufReader::new(stream);
    let (mut line, mut body) = (String::new(), Vec::new());
    loop {
        let mut length = 0;
        loop {
            line.clear();
            match stream.read_line(&mut line).await.ok()? {
                0 => return None,
                1..=2 => break,
                _ => {}
            }
            if let Some(count) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = count.trim().parse().ok()?;
            }
        }
        body.resize(length, 0);
        stream.read_exact(&mut body).await.ok()?;
        stream.write_all(ANSWER).await.ok()?;
    }
}

/// Answers that are due, and their moments.
type Due = Arc<(Mutex<VecDeque<(Instant, String)>>, Condvar)>;

pub(crate) fn session(window: &str, delay: Duration) {
    for stream in listen().incoming().flatten() {
        let mut writer = stream.try_clone().expect("a socket");
        stream.set_nodelay(true).expect("an option");
        let mut lines = BufReader::new(stream).lines();
        let _greeting = lines.next();
        writeln!(writer, "GO {window} 0").expect("written");
        let due = Due::default();
        let later = Arc::clone(&due);
        thread::spawn(move || answer(&later, writer));
        for line in lines.map_while(Result::ok) {
            if let Some(token) = line.split(' ').nth(1) {
                let answer = format!("OK {token} 0\n");
                due.0
                    .lock()
                    .expect("a queue")
                    .push_back((Instant::now() + delay, answer));
                due.1.notify_one();
            }
        }
    }
}

fn answer(due: &Due, mut writer: TcpStream) {
    let mut batch = String::new();
    loop {
        let mut queue = due.0.lock().expect("a queue");
        while queue.is_empty() {
            queue = due.1.wait(queue).expect("a queue");
        }
        let now = Instant::now();
        let first = queue.front().map_or(now, |(moment, _)| *moment);
        while queue.front().is_some_and(|(moment, _)| *moment <= now) {
            batch.extend(queue.pop_front().map(|(_, answer)| answer));
        }
        drop(queue);
        if batch.is_empty() {
            thread::sleep(first.saturating_duration_since(now));
        } else if writer.write_all(batch.as_bytes()).is_err() {
            return;
        }
        batch.clear();
    }
}
