//! Events as FIX messages.

use crate::fix::directory::Directory;
use crate::model::{Event, EventBody};

/// What the header of an outbound message takes from its session.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// SenderCompID (49): the venue's.
    pub sender: &'a [u8],
    /// TargetCompID (56): the client's.
    pub target: &'a [u8],
    /// SendingTime (52), in nanoseconds since 1970-01-01.
    pub sending_time_ns: u64,
    /// PossDupFlag (43): it is sent again; OrigSendingTime (122) is then the event's time.
    pub poss_dup: bool,
}

/// Appends the message of `event` to `out`; nothing for an event that is no message.
pub fn encode(event: &Event, header: &Outgoing<'_>, directory: &Directory, out: &mut Vec<u8>) {
    let _ = (event, header, directory, out);
}

/// Appends a SequenceReset with GapFillFlag in place of the messages from `begin` to just before
/// `new_seq_no`. It always carries PossDupFlag, and `orig_sending_time_ns` as OrigSendingTime.
pub fn gap_fill(
    begin: u64,
    new_seq_no: u64,
    header: &Outgoing<'_>,
    orig_sending_time_ns: u64,
    out: &mut Vec<u8>,
) {
    let _ = (begin, new_seq_no, header, orig_sending_time_ns, out);
}

/// Whether the event is a message of the session itself, which is gap-filled and never sent again
/// (FIX 4.4 volume 2, Resend Request). A Reject (3) is sent again.
pub fn is_admin(body: &EventBody) -> bool {
    matches!(
        body,
        EventBody::LogonAccepted(_)
            | EventBody::LogoutSent(_)
            | EventBody::Heartbeat(_)
            | EventBody::TestRequest(_)
            | EventBody::ResendRequest(_)
    )
}
