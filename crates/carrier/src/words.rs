//! The words both sides share, with their numbers on the border.

/// Declares an enum with its numbers, and the way back from a number.
macro_rules! numbered {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $word:ident = $number:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u32)]
        #[non_exhaustive]
        pub enum $name { $($(#[$word_doc])* $word = $number,)* }

        impl $name {
            /// All of them, by number.
            pub const ALL: &'static [Self] = &[$(Self::$word,)*];

            /// The number on the border.
            pub const fn number(self) -> u32 {
                self as u32
            }

            /// The word for a number; `None` for one that this version does not know.
            pub fn from_number(number: u32) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.number() == number)
            }
        }
    };
}

numbered! {
    /// What came of an attempt. The class alone decides what the host does next.
    Class {
        /// The carrier took the message: ids are stored, receipts awaited.
        Accepted = 0,
        /// Failed for now, and nothing was sent: backoff, then the next carrier.
        Temporary = 1,
        /// Asked to slow down: `scope` pauses for `retry_after`, no attempt is charged.
        RateLimited = 2,
        /// The number cannot receive SMS: final, nobody else is asked.
        InvalidNumber = 3,
        /// The recipient opted out: final, nobody else is asked.
        OptedOut = 4,
        /// This sender may not be used there: another carrier may.
        SenderNotAllowed = 5,
        /// A content, country or fraud filter: final here, elsewhere by policy.
        Blocked = 6,
        /// More parts than the carrier takes: final.
        TooLong = 7,
        /// The carrier did not understand the request: our fault; another carrier may.
        BadRequest = 8,
        /// Our credentials are refused: the instance rests, somebody is told.
        Unauthorized = 9,
        /// The account is empty: as unauthorised.
        NoFunds = 10,
        /// The answer was lost after the request left: never resent blindly.
        Ambiguous = 11,
        /// The carrier lacks a feature the message needs: another carrier.
        Unsupported = 12,
        /// The deadline passed before anything was sent: final.
        Expired = 13,
        /// The host's own word for a library that broke the contract; a carrier cannot say it.
        PluginFault = 14,
    }
}

numbered! {
    /// What a refusal is about.
    Scope {
        /// This message only.
        Message = 0,
        /// Everything from this sender.
        Sender = 1,
        /// Everything to this recipient.
        Recipient = 2,
        /// Everything through this instance.
        Instance = 3,
    }
}

numbered! {
    /// How far an exchange got.
    Transport {
        /// There is an answer.
        Ok = 0,
        /// The name could not be resolved.
        Dns = 1,
        /// No connection.
        Connect = 2,
        /// No secure connection.
        Tls = 3,
        /// No answer in time.
        Timeout = 4,
        /// The connection broke.
        Reset = 5,
        /// The answer is larger than the host takes.
        TooLarge = 6,
        /// The host does not let the instance talk to that address.
        Blocked = 7,
    }
}

numbered! {
    /// What kind of name a sender is.
    SenderKind {
        /// 1 to 11 letters and digits.
        Alphanumeric = 0,
        /// A phone number.
        LongNumber = 1,
        /// A short code.
        ShortCode = 2,
        /// A toll-free number.
        TollFree = 3,
    }
}

numbered! {
    /// How the text will be coded on the air.
    Encoding {
        /// The carrier decides.
        Auto = 0,
        /// The GSM 03.38 default alphabet is enough.
        Gsm7 = 1,
        /// It needs UCS-2.
        Ucs2 = 2,
        /// Bytes, in `parts`.
        Binary = 3,
    }
}

numbered! {
    /// What an event is about.
    EventKind {
        /// The fate of a message we sent.
        Receipt = 0,
        /// A message to us.
        Inbound = 1,
        /// Somebody opted out.
        OptOut = 2,
        /// The session itself.
        Session = 3,
    }
}

numbered! {
    /// What a receipt says of a message.
    ReceiptState {
        /// The carrier does not know, or its word is new to us.
        Unknown = 0,
        /// Waiting at the carrier.
        Queued = 1,
        /// Handed to the network.
        Sent = 2,
        /// On its way.
        EnRoute = 3,
        /// On the handset.
        Delivered = 4,
        /// Not delivered.
        Undelivered = 5,
        /// Its validity ran out.
        Expired = 6,
        /// Refused by the network.
        Rejected = 7,
        /// Removed at the carrier.
        Deleted = 8,
        /// Read by the recipient.
        Read = 9,
    }
}
