//! The limits of what a library may say. One set of numbers: for the sinks of a library in this process, for those in a
//! worker, and for what reads a worker's frames, since a library in a worker can write them itself.

use aldis_carrier::abi::WRITE_LIMIT;

/// The bytes, and the memory of the lists, of all that is said in one call, or told besides. What a session may write
/// (`ALDIS_WRITE_LIMIT`, 4 MiB) fits in with room for the rest, and nothing else comes near it: a request has at most
/// 1 MiB of body, and 64 KiB of bytes are handed over at once.
pub(crate) const CALL: usize = WRITE_LIMIT + 128 * 1024;

/// The wishes for several messages that a worker is handed together; beyond it the next ones are not taken in, so
/// that the last one that was may add a call's worth. 64 messages of ten parts are some 200 KiB.
pub(crate) const BATCH: usize = 1024 * 1024;

/// Elements of one list, as many as are copied from a library's memory (`aldis_carrier::copying`).
pub(crate) const LIST: usize = 4096;

/// Events of one call-back: its body has at most 64 KiB (the edge's and delivery's limit), and none tells of something
/// in less than 16 bytes.
pub(crate) const EVENTS: usize = 4096;

/// Wishes of one call of a session: it is handed at most 64 KiB, and none of those bytes asks for more than one.
pub(crate) const ACTS: usize = 64 * 1024;

/// A line for the log, a detail or a code: so much is looked at, which is more than is ever shown, since what to hide may
/// lie across the end of that.
pub(crate) const WORDS: usize = 64 * 1024;

/// One of the carrier's ids, or a number. SMPP has 64 characters of id (5.0, section 4.7.9), the longest known otherwise
/// are below 100, and delivery keeps 256 bytes.
pub(crate) const ID: usize = 1024;

/// A text that came in: 64 KiB of UCS-2 (`message_payload`, SMPP 5.0 section 4.8.4.36) are 96 KiB in UTF-8.
pub(crate) const TEXT: usize = 128 * 1024;

/// Attributes of one event, and each key or value of them.
pub(crate) const ATTRIBUTES: usize = 256;
pub(crate) const ATTRIBUTE: usize = 4096;

/// The answer to a call-back, which travels in a gRPC message of 4 MiB at most.
pub(crate) const REPLY: usize = 256 * 1024;

/// Log lines, metrics and kept values of one call, and their bytes. A chatty library writes some ten.
pub(crate) const ASIDES: u32 = 256;
pub(crate) const ASIDE_BYTES: usize = 1024 * 1024;

/// A metric's labels, and the bytes of its name or of one of them: the longest of ours have 40.
pub(crate) const LABELS: usize = 16;
pub(crate) const LABEL: usize = 256;

/// The description that a library gives of itself.
pub(crate) const DESCRIPTOR: usize = 1024 * 1024;

/// The number of things that a kernel does not grant a worker.
pub(crate) const GAPS: usize = 16;
