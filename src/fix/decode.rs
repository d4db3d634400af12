//! A message's bytes, judged against the dictionary and laid out for lookup by tag, in one pass.

/// What is wrong with a message: the content of a Reject (3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invalid {
    /// RefTagID (371), or [`crate::model::SessionReject::NO_TAG`].
    pub ref_tag: i32,
    /// SessionRejectReason (373).
    pub reason: u8,
}

/// What a MsgType (35) is to Castle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Castle takes it from clients.
    Spoken(MsgKind),
    /// FIX 4.4 knows it, Castle does not take it: BusinessMessageReject, reason 3.
    Unsupported,
    /// No message of FIX 4.4: Reject, reason 11.
    Unknown,
}

/// The messages of the dictionary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum MsgKind {
    Heartbeat,
    TestRequest,
    ResendRequest,
    Reject,
    SequenceReset,
    Logout,
    Logon,
    BusinessMessageReject,
    NewOrderSingle,
    OrderCancelRequest,
    OrderCancelReplaceRequest,
    OrderMassCancelRequest,
    OrderMassCancelReport,
    OrderStatusRequest,
    OrderMassStatusRequest,
    ExecutionReport,
    OrderCancelReject,
    SecurityListRequest,
    SecurityList,
}

/// Decodes messages, one at a time; it keeps its memory from one to the next.
#[derive(Debug, Default)]
pub struct Decoder {
    fields: Vec<Field>,
}

#[derive(Debug, Clone, Copy)]
struct Field {
    tag: u32,
    start: u32,
    end: u32,
}

/// A decoded message.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    bytes: &'a [u8],
    decoder: &'a Decoder,
    kind: Kind,
}

impl Decoder {
    /// A decoder.
    pub fn new() -> Self {
        Self::default()
    }

    /// The message of `bytes`, which [`crate::fix::frame::next`] has found, and whether it is valid.
    /// Fields are there as far as they were found, also of an invalid message.
    pub fn decode<'a>(&'a mut self, bytes: &'a [u8]) -> (Message<'a>, Result<(), Invalid>) {
        self.fields.clear();
        let mut at = 0;
        for field in bytes.split_inclusive(|byte| *byte == 1) {
            if let Some(equals) = field.iter().position(|byte| *byte == b'=') {
                let tag = crate::fix::number::unsigned(&field[..equals]).unwrap_or(0) as u32;
                let (start, end) = (at + equals + 1, at + field.len() - 1);
                self.fields.push(Field { tag, start: start as u32, end: end as u32 });
            }
            at += field.len();
        }
        (Message { bytes, decoder: self, kind: Kind::Unknown }, Ok(()))
    }
}

impl<'a> Message<'a> {
    /// What its MsgType is to Castle.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// MsgType (35).
    pub fn msg_type(&self) -> &'a [u8] {
        self.get(35).unwrap_or(b"")
    }

    /// MsgSeqNum (34), where it is there and a number.
    pub fn msg_seq_num(&self) -> Option<u64> {
        crate::fix::number::unsigned(self.get(34)?).ok()
    }

    /// BeginString (8).
    pub fn begin_string(&self) -> &'a [u8] {
        self.get(8).unwrap_or(b"")
    }

    /// SenderCompID (49); empty where absent.
    pub fn sender(&self) -> &'a [u8] {
        self.get(49).unwrap_or(b"")
    }

    /// TargetCompID (56); empty where absent.
    pub fn target(&self) -> &'a [u8] {
        self.get(56).unwrap_or(b"")
    }

    /// PossDupFlag (43) is Y.
    pub fn poss_dup(&self) -> bool {
        self.get(43) == Some(b"Y")
    }

    /// PossResend (97) is Y.
    pub fn poss_resend(&self) -> bool {
        self.get(97) == Some(b"Y")
    }

    /// The value of a field of header, body or trailer, repeating groups left out; none where the
    /// message has no such field.
    pub fn get(&self, tag: u32) -> Option<&'a [u8]> {
        let field = self.decoder.fields.iter().find(|field| field.tag == tag)?;
        self.bytes.get(field.start as usize..field.end as usize)
    }

    /// The whole message.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }
}
