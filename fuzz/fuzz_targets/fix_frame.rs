//! A stream gives the same messages however it is cut into packets.
#![no_main]

use castle::fix::frame::{self, Frame};
use libfuzzer_sys::fuzz_target;

const SIZE_MAX: usize = 4_096;

fn messages(stream: &[u8], piece: usize) -> Vec<Vec<u8>> {
    let mut buffer = Vec::new();
    let mut found = Vec::new();
    for piece in stream.chunks(piece) {
        buffer.extend_from_slice(piece);
        loop {
            match frame::next(&buffer, SIZE_MAX) {
                Frame::Incomplete => break,
                Frame::Message { length } => found.push(buffer.drain(..length).collect()),
                Frame::Garbled { skip } => {
                    assert!(skip > 0);
                    buffer.drain(..skip);
                }
                Frame::TooLong => return found,
            }
        }
    }
    found
}

fuzz_target!(|data: &[u8]| {
    let Some((piece, stream)) = data.split_first() else { return };
    let whole = messages(stream, stream.len().max(1));
    assert_eq!(whole, messages(stream, usize::from(*piece) % 32 + 1));
});
