//! What delivery and a worker say to each other: a length, 4 bytes little-endian, and so many bytes of postcard.
//!
//! Private to one build of both, which [`BUILD`] sees to; what a worker says is still believed in nothing, for a
//! library has its hands in there.

use crate::border::aside::Aside;
use crate::border::calls::{LentAnswer, Verdict};
use crate::border::{RawAct, RawEvent, RawLink, Word};
use crate::bounded;
use crate::callback::CallbackRequest;
use crate::limits;
use crate::submission::CarrierMessage;
use bytes::{Buf, Bytes, BytesMut};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

#[cfg(test)]
mod tests;

/// Both ends are of the same version, and of the same sources: two builds of one version differ too.
pub(crate) const BUILD: &str = concat!(env!("CARGO_PKG_VERSION"), "/", env!("ALDIS_SOURCES"));

/// The longest frame that a worker may send, in bytes. What its sinks take in one call weighs no more than `limits::CALL`, and
/// less in a frame; the rest is for what is around it.
pub const FROM_WORKER: usize = limits::CALL + 4 * 1024;

/// The longest to a worker, which comes from delivery: settings, a carrier's answer of a MiB, a call-back of 64 KiB.
pub(crate) const TO_WORKER: usize = 32 * 1024 * 1024;

/// The first frame to a worker.
#[derive(Serialize, Deserialize)]
pub(crate) struct Begin {
    pub(crate) build: String,
    /// `None`: a trial, the worker ends after its [`Said::Loaded`].
    pub(crate) instance: Option<BeginInstance>,
}

/// What the instance is made from.
#[derive(Serialize, Deserialize)]
pub(crate) struct BeginInstance {
    pub(crate) name: String,
    /// JSON.
    pub(crate) settings: String,
    pub(crate) secrets: Vec<(String, String)>,
    pub(crate) callback_base_url: Option<String>,
    /// What the instance before it had put on its shelf.
    pub(crate) shelf: Vec<(Vec<u8>, Vec<u8>)>,
    pub(crate) now_unix_ms: u64,
}

/// Every later frame to a worker.
#[derive(Serialize, Deserialize)]
pub(crate) struct Call<'a> {
    /// Names the call in the answer; never 0.
    pub(crate) id: u64,
    /// By the host's clock.
    pub(crate) now_unix_ms: u64,
    #[serde(borrow)]
    pub(crate) ask: Ask<'a>,
}

/// One call into the library.
#[derive(Serialize, Deserialize)]
pub(crate) enum Ask<'a> {
    Submit(Cow<'a, CarrierMessage>, u64),
    Response(Cow<'a, CarrierMessage>, #[serde(borrow)] LentAnswer<'a>),
    Callback(Cow<'a, CallbackRequest>),
    Open {
        machine: u64,
        link: u32,
        name: Cow<'a, str>,
    },
    Bytes(u64, #[serde(with = "serde_bytes")] &'a [u8]),
    Timer(u64, u32),
    /// Several are handed over at once. What a machine wants with one of them may leave no room for those behind it.
    Message {
        machine: u64,
        /// Names those that were handed over together.
        batch: u64,
        token: u64,
        message: Cow<'a, CarrierMessage>,
    },
    Drain(u64),
    /// Has no answer.
    Destroy(u64),
}

/// What a worker says.
#[derive(Serialize, Deserialize)]
pub(crate) enum Said {
    /// It cannot be a worker here, whatever the library.
    Unfit(Words),
    Loaded(Result<Loaded, Words>),
    /// The instance is made, and wants these links; `None`: it is of the http style.
    Made(Result<Option<Links>, Refused>),
    /// Something the library told the host during a call.
    Aside(u64, Aside),
    Answer(Answered),
}

/// A reason in words.
#[derive(Serialize, Deserialize)]
pub(crate) struct Words(#[serde(deserialize_with = "bounded::words")] pub(crate) String);

/// The links that an instance wants.
#[derive(Serialize, Deserialize)]
pub(crate) struct Links(
    #[serde(deserialize_with = "bounded::list::<_, _, { aldis_carrier::abi::LINK_LIMIT }>")]
    pub(crate)  Vec<RawLink>,
);

/// What a library turned out to be.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Loaded {
    #[serde(with = "serde_bytes")]
    pub(crate) descriptor: Vec<u8>,
    pub(crate) session: bool,
    pub(crate) webhook: bool,
    /// What this kernel does not keep from it, each with the reason.
    #[serde(deserialize_with = "bounded::list::<_, _, { limits::GAPS }>")]
    pub(crate) gaps: Vec<String>,
}

/// A setting at fault.
#[derive(Serialize, Deserialize)]
pub(crate) struct Refused {
    #[serde(deserialize_with = "bounded::words")]
    pub(crate) key: String,
    #[serde(deserialize_with = "bounded::words")]
    pub(crate) reason: String,
}

/// The answer to a call.
#[derive(Serialize, Deserialize)]
pub(crate) struct Answered {
    pub(crate) id: u64,
    pub(crate) took_us: u32,
    pub(crate) answer: Result<Answer, Words>,
}

#[derive(Serialize, Deserialize)]
pub(crate) enum Answer {
    Word(Word),
    Verdict(Verdict),
    Acts(#[serde(deserialize_with = "bounded::list::<_, _, { limits::ACTS }>")] Vec<RawAct>),
    /// The call was not made: a message before this one of its batch changed what there is room for.
    Held,
}

/// Appends one frame.
pub(crate) fn put(frame: &impl Serialize, to: &mut Vec<u8>) -> Result<(), String> {
    let start = to.len();
    to.extend_from_slice(&[0; 4]);
    let mut whole = postcard::to_extend(frame, std::mem::take(to)).map_err(|error| error.to_string())?;
    let length = u32::try_from(whole.len() - start - 4).map_err(|error| error.to_string())?;
    whole[start..start + 4].copy_from_slice(&length.to_le_bytes());
    *to = whole;
    Ok(())
}

/// Takes the next whole frame, of at most `longest` bytes, out of what has arrived; `None`: more has to arrive.
pub(crate) fn next(arrived: &mut BytesMut, longest: usize) -> Result<Option<BytesMut>, String> {
    let Some(length) = arrived.first_chunk::<4>() else {
        return Ok(None);
    };
    let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
    if length > longest {
        return Err(format!("a frame of {length} bytes"));
    }
    if arrived.len() < 4 + length {
        arrived.reserve(4 + length - arrived.len());
        return Ok(None);
    }
    arrived.advance(4);
    Ok(Some(arrived.split_to(length)))
}

/// Reads a whole frame, which takes no more memory than its own length and [`limits::CALL`] for its lists.
pub(crate) fn read<'a, T: Deserialize<'a>>(frame: &'a [u8]) -> Result<T, String> {
    match bounded::within(limits::CALL, || postcard::take_from_bytes(frame)) {
        Ok((said, [])) => Ok(said),
        Ok((_, rest)) => Err(format!("a frame with {} bytes too many", rest.len())),
        Err(error) => Err(format!("a frame that cannot be read: {error}")),
    }
}

/// How many frames of a worker these bytes begin with. Whatever they are, that is all that happens.
pub fn count(bytes: &[u8]) -> usize {
    let (mut arrived, mut count) = (BytesMut::from(bytes), 0);
    while let Ok(Some(frame)) = next(&mut arrived, FROM_WORKER) {
        if read::<Said>(&frame).is_err() {
            break;
        }
        count += 1;
    }
    count
}

/// The memory that what one frame says takes; `None`: it cannot be read.
pub fn memory(bytes: &[u8]) -> Option<usize> {
    read::<Said>(bytes).ok().map(|said| said.weight())
}

impl Said {
    fn weight(&self) -> usize {
        match self {
            Self::Unfit(words) | Self::Loaded(Err(words)) => words.0.len(),
            Self::Loaded(Ok(loaded)) => loaded.descriptor.len() + texts(&loaded.gaps),
            Self::Made(Ok(links)) => {
                let links = links.iter().flat_map(|links| &links.0);
                links
                    .map(|link| {
                        size_of_val(link) + link.name.len() + link.host.len() + link.server_name.len()
                    })
                    .sum()
            }
            Self::Made(Err(refused)) => refused.key.len() + refused.reason.len(),
            Self::Aside(_, aside) => aside.weight(),
            Self::Answer(answered) => match &answered.answer {
                Ok(answer) => answer.weight(),
                Err(words) => words.0.len(),
            },
        }
    }
}

impl Answer {
    fn weight(&self) -> usize {
        match self {
            Self::Word(Word::Http(request)) => {
                let headers = request.headers.iter();
                let headers = headers.map(|header| size_of_val(header) + header.0.len() + header.1.len());
                let texts = [&request.method, &request.url, &request.body, &request.state];
                headers.sum::<usize>() + texts.map(Bytes::len).iter().sum::<usize>()
            }
            Self::Word(Word::Complete(outcome)) => outcome.weight(),
            Self::Verdict(Verdict::Verified(events, reply)) => {
                let headers = reply.iter().flat_map(|reply| &reply.headers);
                let headers = headers.map(|header| size_of_val(header) + header.0.len() + header.1.len());
                let body = reply.as_ref().map_or(0, |reply| reply.body.len());
                events.iter().map(RawEvent::weight).sum::<usize>() + headers.sum::<usize>() + body
            }
            Self::Acts(acts) => acts.iter().map(RawAct::weight).sum(),
            Self::Word(Word::Wait(_)) | Self::Verdict(_) | Self::Held => 0,
        }
    }
}

fn texts(texts: &[String]) -> usize {
    texts.iter().map(|text| size_of_val(text) + text.len()).sum()
}
