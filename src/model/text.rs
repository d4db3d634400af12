//! Short texts of a fixed capacity, inline in commands and events.

use siphasher::sip::SipHasher13;
use std::hash::Hasher;

use crate::model::wire::{Malformed, Wire};

/// A text of at most `N` bytes; `N` is at most 255. Bytes past its length are zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(C)]
pub struct Text<const N: usize> {
    length: u8,
    bytes: [u8; N],
}

/// A client's name for an order, 1 to 36 bytes (FIX 4.4 tag 11).
pub type ClOrdId = Text<36>;
/// The name of an instrument (FIX 4.4 tag 55).
pub type Symbol = Text<16>;
/// The name of an asset.
pub type AssetName = Text<8>;
/// SenderCompID or TargetCompID (FIX 4.4 tags 49 and 56).
pub type CompId = Text<24>;
/// What an operator calls a deposit or a withdrawal, so that it is booked once.
pub type Reference = Text<36>;
/// A client's id of a request, echoed in its answers.
pub type RequestId = Text<36>;
/// TestReqID (FIX 4.4 tag 112).
pub type TestReqId = Text<64>;
/// MsgType (FIX 4.4 tag 35).
pub type MsgType = Text<4>;
/// The name of a cluster.
pub type ClusterName = Text<32>;

impl<const N: usize> Text<N> {
    /// The text without a byte.
    pub const EMPTY: Self = Self { length: 0, bytes: [0; N] };

    /// The text of these bytes, or none where they are more than `N`.
    #[inline]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > N {
            return None;
        }
        let mut text = Self::EMPTY;
        text.length = bytes.len() as u8;
        text.bytes[..bytes.len()].copy_from_slice(bytes);
        Some(text)
    }

    /// The first `N` bytes as a text.
    pub fn truncated(bytes: &[u8]) -> Self {
        Self::new(&bytes[..bytes.len().min(N)]).unwrap_or(Self::EMPTY)
    }

    /// Its bytes.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    /// Whether both are the same: `==`, made of a few wide comparisons.
    #[inline(always)]
    pub fn is(&self, other: &Self) -> bool {
        let (words, rest) = self.bytes.as_chunks::<4>();
        let (other_words, other_rest) = other.bytes.as_chunks::<4>();
        let mut differ = u32::from(self.length ^ other.length);
        for (word, other) in words.iter().zip(other_words) {
            differ |= u32::from_ne_bytes(*word) ^ u32::from_ne_bytes(*other);
        }
        for (byte, other) in rest.iter().zip(other_rest) {
            differ |= u32::from(byte ^ other);
        }
        differ == 0
    }

    /// Whether it has no byte.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }
}

impl<const N: usize> Default for Text<N> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<const N: usize> std::fmt::Display for Text<N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        String::from_utf8_lossy(self.as_bytes()).fmt(f)
    }
}

impl<const N: usize> std::fmt::Debug for Text<N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", String::from_utf8_lossy(self.as_bytes()))
    }
}

impl<const N: usize> Wire for Text<N> {
    const SIZE: usize = N + 1;
    #[inline(always)]
    fn put(&self, out: &mut [u8]) {
        out[0] = self.length;
        out[1..=N].copy_from_slice(&self.bytes);
    }
    #[inline(always)]
    fn get(bytes: &[u8]) -> Result<Self, Malformed> {
        let length = bytes[0];
        let mut text = Self { length, bytes: [0; N] };
        text.bytes.copy_from_slice(&bytes[1..=N]);
        let used = usize::from(length);
        if used > N || text.bytes[used..].iter().any(|byte| *byte != 0) {
            return Err(Malformed { what: "length of a text", value: u64::from(length) });
        }
        Ok(text)
    }
}

/// The secret under which ClOrdIDs are hashed, so that nobody outside can choose ones that collide.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HashSecret(pub u128);

impl HashSecret {
    /// The hash of a ClOrdID of an account (SipHash-1-3). The gateway takes it while decoding; the
    /// engine still compares the bytes.
    #[inline]
    pub fn hash(self, account: crate::model::AccountId, cl_ord_id: &[u8]) -> u64 {
        let mut hasher = SipHasher13::new_with_keys(self.0 as u64, (self.0 >> 64) as u64);
        hasher.write_u32(account.0);
        hasher.write(cl_ord_id);
        hasher.finish()
    }

    /// The same as [`HashSecret::hash`], in two thirds of its instructions: all bytes are at hand, and those
    /// behind the text are zero.
    #[inline]
    pub fn hash_text(self, account: crate::model::AccountId, cl_ord_id: &ClOrdId) -> u64 {
        let (low, high) = (self.0 as u64, (self.0 >> 64) as u64);
        // What the algorithm's authors begin with: "somepseudorandomlygeneratedbytes".
        let mut state = [
            low ^ 0x736f_6d65_7073_6575,
            high ^ 0x646f_7261_6e64_6f6d,
            low ^ 0x6c79_6765_6e65_7261,
            high ^ 0x7465_6462_7974_6573,
        ];
        let mut take = |word: u64| {
            state[3] ^= word;
            sip_round(&mut state);
            state[0] ^= word;
        };
        let length = cl_ord_id.as_bytes().len() + 4;
        let (first, rest) = cl_ord_id.bytes.split_at(4);
        let (words, _) = rest.as_chunks::<8>();
        let mut word = u64::from(u32::from_le_bytes([first[0], first[1], first[2], first[3]]))
            << 32
            | u64::from(account.0);
        let mut taken = 0;
        while taken < length / 8 {
            take(word);
            // Behind the last word there is nothing but the length.
            word = words.get(taken).map_or(0, |word| u64::from_le_bytes(*word));
            taken += 1;
        }
        take(word | (length as u64) << 56);
        state[2] ^= 0xff;
        (0..3).for_each(|_| sip_round(&mut state));
        state[0] ^ state[1] ^ state[2] ^ state[3]
    }
}

#[inline(always)]
fn sip_round(state: &mut [u64; 4]) {
    let [mut v0, mut v1, mut v2, mut v3] = *state;
    v0 = v0.wrapping_add(v1);
    v2 = v2.wrapping_add(v3);
    v1 = v1.rotate_left(13) ^ v0;
    v3 = v3.rotate_left(16) ^ v2;
    v0 = v0.rotate_left(32).wrapping_add(v3);
    v2 = v2.wrapping_add(v1);
    v3 = v3.rotate_left(21) ^ v0;
    v1 = v1.rotate_left(17) ^ v2;
    *state = [v0, v1, v2.rotate_left(32), v3];
}

impl Wire for HashSecret {
    const SIZE: usize = 16;
    fn put(&self, out: &mut [u8]) {
        self.0.put(out);
    }
    fn get(bytes: &[u8]) -> Result<Self, Malformed> {
        u128::get(bytes).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::AccountId;

    #[test]
    fn a_text_has_the_hash_of_its_bytes() {
        let bytes: Vec<u8> = (0..36).map(|at| 200_u8.wrapping_mul(at) ^ 0x5a).collect();
        for secret in [HashSecret(0), HashSecret(0x0123_4567_89ab_cdef_0f1e_2d3c_4b5a_6978)] {
            for length in 0..=36 {
                for account in [AccountId(0), AccountId(7), AccountId(u32::MAX)] {
                    let text = ClOrdId::truncated(&bytes[..length]);
                    let hash = secret.hash(account, &bytes[..length]);
                    assert_eq!(secret.hash_text(account, &text), hash, "{length} bytes");
                }
            }
        }
    }
}
