//! Bytes that nobody expected, the same each time.

/// Numbers that look like chance: xorshift64 with a fixed start, so that a fault shows again.
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new() -> Self {
        Self(0x9E37_79B9_7F4A_7C15)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Below `limit`, which is above zero.
    pub(super) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).unwrap_or(0)
    }

    fn byte(&mut self) -> u8 {
        self.next().to_ne_bytes()[3]
    }

    /// Noise, torn JSON, or one of `seeds` with something wrong.
    pub(super) fn body(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        match self.below(4) {
            0 => {
                let length = self.below(300);
                (0..length).map(|_| self.byte()).collect()
            }
            1 => self.document(0).into_bytes(),
            _ if seeds.is_empty() => self.document(0).into_bytes(),
            _ => {
                let seed = seeds[self.below(seeds.len())].clone();
                self.spoilt(seed)
            }
        }
    }

    /// One to three mutations.
    pub(super) fn spoilt(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        for _ in 0..=self.below(3) {
            if bytes.is_empty() {
                bytes.push(self.byte());
            }
            let at = self.below(bytes.len());
            match self.below(5) {
                0 => bytes.truncate(at),
                1 => bytes[at] ^= 1 << self.below(8),
                2 => bytes[at] = self.byte(),
                3 => bytes.insert(at, self.byte()),
                _ => {
                    let end = (at + self.below(40)).min(bytes.len());
                    let piece = bytes[at..end].to_vec();
                    bytes.splice(at..at, piece);
                }
            }
        }
        bytes
    }

    /// JSON of odd shapes.
    fn document(&mut self, depth: u32) -> String {
        const KEYS: [&str; 12] = [
            "id",
            "error",
            "code",
            "message",
            "messages",
            "status",
            "sid",
            "data",
            "errors",
            "message_id",
            "",
            "\\u0000",
        ];
        match self.below(if depth > 3 { 6 } else { 9 }) {
            0 => "null".to_owned(),
            1 => (self.next() % 100_000).to_string(),
            2 => "-1e999".to_owned(),
            3 => format!("\"{}\"", "a".repeat(self.below(40))),
            4 => "\"\\ud800\"".to_owned(),
            5 => "true".to_owned(),
            6 => {
                let items: Vec<_> = (0..self.below(4)).map(|_| self.document(depth + 1)).collect();
                format!("[{}]", items.join(","))
            }
            _ => {
                let members: Vec<_> = (0..self.below(5))
                    .map(|_| {
                        format!(
                            "\"{}\":{}",
                            KEYS[self.below(KEYS.len())],
                            self.document(depth + 1)
                        )
                    })
                    .collect();
                format!("{{{}}}", members.join(","))
            }
        }
    }
}
