//! The fields of a message, as far as a trader looks at them.

/// Tags that a trader looks at.
const TAGS: [u32; 16] = [7, 11, 16, 17, 34, 35, 36, 41, 43, 52, 112, 122, 150, 379, 584, 912];

/// See the module.
pub struct Fields<'a> {
    values: [&'a str; TAGS.len()],
}

/// What differs between a message and the same sent again: BeginString, BodyLength, SenderCompID, TargetCompID,
/// MsgSeqNum, PossDupFlag, SendingTime, OrigSendingTime, CheckSum.
fn passes(tag: u32) -> bool {
    matches!(tag, 8 | 9 | 49 | 56 | 34 | 43 | 52 | 122 | 10)
}

/// The fields of a message, and what of it lasts: all that it says, MsgType first.
pub fn read(message: &[u8]) -> (Fields<'_>, Box<[u8]>) {
    let mut values = [""; TAGS.len()];
    let mut lasting = Vec::with_capacity(message.len());
    let (mut start, mut tag, mut value_at) = (0, 0_u32, 0);
    for (at, byte) in message.iter().enumerate() {
        match byte {
            b'=' if value_at == 0 => value_at = at + 1,
            1 => {
                if let Ok(index) = TAGS.binary_search(&tag) {
                    values[index] = std::str::from_utf8(&message[value_at..at]).unwrap_or("");
                }
                if !passes(tag) {
                    lasting.extend_from_slice(&message[start..=at]);
                }
                (start, tag, value_at) = (at + 1, 0, 0);
            }
            digit if value_at == 0 => {
                tag = tag.wrapping_mul(10).wrapping_add(u32::from(digit.wrapping_sub(b'0')));
            }
            _ => {}
        }
    }
    (Fields { values }, lasting.into_boxed_slice())
}

impl<'a> Fields<'a> {
    /// The value of a field, empty where there is none.
    pub fn get(&self, tag: u32) -> &'a str {
        TAGS.binary_search(&tag).map_or("", |index| self.values[index])
    }

    /// The same as a number, 0 where it is none.
    pub fn number(&self, tag: u32) -> u64 {
        self.get(tag).parse().unwrap_or(0)
    }
}

/// A message as people read it.
pub fn shown(lasting: &[u8]) -> String {
    String::from_utf8_lossy(lasting).replace('\u{1}', "|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_sent_again_says_the_same() {
        let text = |header: &str| {
            format!(
                "8=FIX.4.4|9=99|35=8|49=A|56=B|34=7|{header}37=1|17=0-12-3|150=0|58=a=b|10=000|"
            )
            .replace('|', "\u{1}")
        };
        let (first, again) = (text("52=1|"), text("43=Y|52=2|122=1|"));
        let ((first, lasting), (again, lasts)) = (read(first.as_bytes()), read(again.as_bytes()));
        assert_eq!(shown(&lasting), "35=8|37=1|17=0-12-3|150=0|58=a=b|");
        assert_eq!(lasting, lasts);
        assert_eq!((first.number(34), first.get(43), again.get(43)), (7, "", "Y"));
    }
}
