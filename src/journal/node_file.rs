//! What a node of a cluster must never forget: a file `node` beside the segments.
//!
//! | offset | bytes | what |
//! |---|---|---|
//! | 0 | 8 | magic `CASTLEN1` |
//! | 8 | 8 | number of the writing |
//! | 16 | 4 | highest epoch seen |
//! | 20 | 4 | highest reign followed, by the epoch in which its primary took over |
//! | 24 | 8 | 1 while the journal is being cut, else 0 |
//! | 32 | 8 | then: the segment where it ends |
//! | 40 | 8 | the offset there |
//! | 48 | 8 | the last record that stays |
//! | 56 | 33 | cluster |
//! | 89 | 419 | zeros |
//! | 508 | 4 | CRC-32C of bytes 0 to 508 |
//!
//! It stands there twice, at 0 and at 4096, in pieces of a disk that are not torn together. The one with the
//! higher number counts. Both are written, one after the other, with a sync behind each, the one that does not
//! count first: so what counted is never lost to a writing that is interrupted, nor to a disk that damages one.
//!
//! Each promise and each cut of the journal is a writing, so between two writings the journal only grows. An older
//! image of the disk has a lower number, or a journal that is a beginning of this one.
//!
//! The epoch guards against an arbiter that was founded anew, or was given an old copy of its data: what it
//! says then is lower than what this node has seen, and is refused. So are records of a lower reign.

use super::disk::{Disk, DiskFile};
use super::error::OpenError;
use super::format::{long, word};
use crate::model::wire::Wire;
use crate::model::{ClusterName, Epoch, Sequence};

/// What the file is called.
pub const NODE_NAME: &str = "node";

const MAGIC: [u8; 8] = *b"CASTLEN1";
const NUMBER_AT: usize = 8;
const EPOCH_AT: usize = NUMBER_AT + 8;
const REIGN_AT: usize = EPOCH_AT + 4;
const IS_CUT_AT: usize = REIGN_AT + 4;
const SEGMENT_AT: usize = IS_CUT_AT + 8;
const OFFSET_AT: usize = SEGMENT_AT + 8;
const LAST_AT: usize = OFFSET_AT + 8;
const CLUSTER_AT: usize = LAST_AT + 8;
const RESERVED_AT: usize = CLUSTER_AT + ClusterName::SIZE;
const CRC_AT: usize = COPY_SIZE - 4;
const COPY_SIZE: usize = 512;
const _: () = assert!(RESERVED_AT <= CRC_AT);
/// Where the copies stand.
const COPIES_AT: [u64; 2] = [0, 4096];
const FILE_BYTES: u64 = 8192;

/// Where a journal is to end that is being cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CutAt {
    pub segment: u64,
    pub offset: u64,
    /// The last record that stays.
    pub last: Sequence,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Content {
    number: u64,
    epoch: Epoch,
    reign: Epoch,
    cut: Option<CutAt>,
    cluster: ClusterName,
}

/// See the module.
#[derive(Debug)]
pub struct NodeFile<F> {
    file: F,
    path: String,
    content: Content,
    /// The order in which the copies are written.
    order: [u64; 2],
}

enum Copy {
    Zero,
    Good(Content),
    Bad,
}

impl Content {
    fn put(&self) -> [u8; COPY_SIZE] {
        let mut out = [0; COPY_SIZE];
        let cut = self.cut.unwrap_or(CutAt { segment: 0, offset: 0, last: Sequence(0) });
        out[..NUMBER_AT].copy_from_slice(&MAGIC);
        self.number.put(&mut out[NUMBER_AT..EPOCH_AT]);
        self.epoch.put(&mut out[EPOCH_AT..REIGN_AT]);
        self.reign.put(&mut out[REIGN_AT..IS_CUT_AT]);
        u64::from(self.cut.is_some()).put(&mut out[IS_CUT_AT..SEGMENT_AT]);
        cut.segment.put(&mut out[SEGMENT_AT..OFFSET_AT]);
        cut.offset.put(&mut out[OFFSET_AT..LAST_AT]);
        cut.last.put(&mut out[LAST_AT..CLUSTER_AT]);
        self.cluster.put(&mut out[CLUSTER_AT..RESERVED_AT]);
        let crc = crc32c::crc32c(&out[..CRC_AT]);
        crc.put(&mut out[CRC_AT..]);
        out
    }

    fn get(bytes: &[u8; COPY_SIZE]) -> Copy {
        if bytes.iter().all(|byte| *byte == 0) {
            return Copy::Zero;
        }
        let is_whole = word(bytes, CRC_AT) == crc32c::crc32c(&bytes[..CRC_AT]);
        let cluster = ClusterName::get(&bytes[CLUSTER_AT..RESERVED_AT]);
        let (true, true, Ok(cluster)) = (is_whole, bytes[..NUMBER_AT] == MAGIC, cluster) else {
            return Copy::Bad;
        };
        let cut = CutAt {
            segment: long(bytes, SEGMENT_AT),
            offset: long(bytes, OFFSET_AT),
            last: Sequence(long(bytes, LAST_AT)),
        };
        Copy::Good(Self {
            number: long(bytes, NUMBER_AT),
            epoch: Epoch(word(bytes, EPOCH_AT)),
            reign: Epoch(word(bytes, REIGN_AT)),
            cut: (long(bytes, IS_CUT_AT) != 0).then_some(cut),
            cluster,
        })
    }
}

impl<F: DiskFile> NodeFile<F> {
    /// The node's file, made where there is none. A cut of the journal that was interrupted is finished.
    pub fn open<D: Disk<File = F>>(disk: &mut D, cluster: ClusterName) -> Result<Self, OpenError> {
        let mut node = match Self::existing(disk)? {
            Some(node) if node.content.cluster != cluster => {
                return Err(OpenError::WrongCluster {
                    path: node.path,
                    found: node.content.cluster.to_string(),
                    expected: cluster.to_string(),
                });
            }
            Some(node) => node,
            None => Self::begin(disk, cluster)?,
        };
        super::cut::finish(disk, &mut node)?;
        Ok(node)
    }

    /// The file if it is there and was ever written.
    pub(super) fn existing<D: Disk<File = F>>(disk: &mut D) -> Result<Option<Self>, OpenError> {
        let path = disk.path(NODE_NAME);
        let error = |action| OpenError::disk(action, path.clone());
        let names = disk.list().map_err(error("look for"))?;
        if !names.iter().any(|name| name == NODE_NAME) {
            return Ok(None);
        }
        let file = disk.open_allocated(NODE_NAME, FILE_BYTES).map_err(error("open"))?;
        let mut newest: Option<Content> = None;
        let mut order = COPIES_AT;
        let mut zeros = 0;
        for at in COPIES_AT {
            let mut bytes = [0; COPY_SIZE];
            file.read(at, &mut bytes).map_err(error("read"))?;
            match Content::get(&bytes) {
                Copy::Zero => zeros += 1,
                Copy::Bad => {}
                Copy::Good(found) if newest.is_some_and(|known| known.number >= found.number) => {}
                Copy::Good(found) => {
                    newest = Some(found);
                    // The other one first.
                    order = if at == COPIES_AT[0] { [COPIES_AT[1], at] } else { COPIES_AT };
                }
            }
        }
        match newest {
            Some(content) => Ok(Some(Self { file, path, content, order })),
            // The second copy is written only when the first is durable: nothing was ever noted.
            None if zeros > 0 => Ok(None),
            None => Err(OpenError::NodeFile { path }),
        }
    }

    fn begin<D: Disk<File = F>>(disk: &mut D, cluster: ClusterName) -> Result<Self, OpenError> {
        let path = disk.path(NODE_NAME);
        let error = |action| OpenError::disk(action, path.clone());
        let names = disk.list().map_err(error("look for"))?;
        let file = match names.iter().any(|name| name == NODE_NAME) {
            true => disk.open_allocated(NODE_NAME, FILE_BYTES).map_err(error("open"))?,
            false => disk.create(NODE_NAME, FILE_BYTES).map_err(error("create"))?,
        };
        disk.sync_directory().map_err(error("sync the directory of"))?;
        let content = Content { number: 0, epoch: Epoch(0), reign: Epoch(0), cut: None, cluster };
        let mut node = Self { file, path: path.clone(), content, order: COPIES_AT };
        node.write(content)?;
        Ok(node)
    }

    /// The highest epoch that this node has seen; 0 before the first.
    pub fn epoch(&self) -> Epoch {
        self.content.epoch
    }

    /// The highest reign that this node has followed, by the epoch in which its primary took over.
    pub fn reign(&self) -> Epoch {
        self.content.reign
    }

    /// The number of the last writing.
    pub fn writing(&self) -> u64 {
        self.content.number
    }

    /// Notes an epoch of the cluster and the reign that it is of, durable when this returns: only then may
    /// anything be done in them. Lower ones than were seen before are refused.
    pub fn see(&mut self, epoch: Epoch, reign: Epoch) -> Result<(), OpenError> {
        let Content { epoch: seen, reign: followed, .. } = self.content;
        let lower = |what, found, seen| {
            let path = self.path.clone();
            Err(OpenError::LowerEpoch { path, what, found, seen })
        };
        if epoch < seen {
            return lower("epoch", epoch, seen);
        }
        if reign < followed {
            return lower("reign", reign, followed);
        }
        if (epoch, reign) != (seen, followed) {
            self.write(Content { epoch, reign, ..self.content })?;
        }
        Ok(())
    }

    pub(super) fn cut(&self) -> Option<CutAt> {
        self.content.cut
    }

    pub(super) fn set_cut(&mut self, cut: Option<CutAt>) -> Result<(), OpenError> {
        self.write(Content { cut, ..self.content })
    }

    fn write(&mut self, content: Content) -> Result<(), OpenError> {
        let content = Content { number: content.number + 1, ..content };
        let bytes = content.put();
        for at in self.order {
            let written = self.file.write(at, &bytes).and_then(|()| self.file.sync());
            written.map_err(OpenError::disk("write", self.path.clone()))?;
        }
        self.content = content;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::simulated::SimulatedDisk;

    fn cluster() -> ClusterName {
        ClusterName::truncated(b"one")
    }

    fn open(
        disk: &SimulatedDisk,
    ) -> Result<NodeFile<super::super::simulated::SimulatedFile>, OpenError> {
        NodeFile::open(&mut disk.clone(), cluster())
    }

    #[test]
    fn each_promise_and_each_cut_is_a_writing_and_an_older_image_has_a_lower_number() {
        let disk = SimulatedDisk::new(1 << 20);
        let mut node = open(&disk).expect("it is made");
        node.see(Epoch(3), Epoch(2)).expect("higher");
        let promised = node.writing();
        let image = disk.copy();
        node.see(Epoch(3), Epoch(2)).expect("the same");
        assert_eq!(node.writing(), promised, "nothing to write");
        let cut = CutAt { segment: 1, offset: 0, last: Sequence(5) };
        node.set_cut(Some(cut)).expect("it is written");
        node.set_cut(None).expect("it is written");
        assert!(node.writing() > promised);
        assert_eq!(open(&disk).expect("it is there").writing(), node.writing());
        let restored = open(&image).expect("it is there");
        assert_eq!((restored.epoch(), restored.reign()), (Epoch(3), Epoch(2)));
        assert_eq!(restored.writing(), promised);
    }

    #[test]
    fn a_lower_epoch_than_was_seen_is_refused_by_name_and_value_also_after_a_restart() {
        let disk = SimulatedDisk::new(1 << 20);
        let mut node = open(&disk).expect("it is made");
        assert_eq!(node.epoch(), Epoch(0));
        node.see(Epoch(7), Epoch(5)).expect("it is higher");
        node.see(Epoch(7), Epoch(5)).expect("it is the same");
        drop(node);
        disk.crash(1);
        let mut node = open(&disk).expect("it is there");
        let error = node.see(Epoch(6), Epoch(5)).expect_err("it is lower").to_string();
        assert!(error.contains("epoch 6") && error.contains("epoch 7"), "{error}");
        assert!(error.contains("simulated/node"), "{error}");
        let error = node.see(Epoch(8), Epoch(4)).expect_err("it is lower").to_string();
        assert!(error.contains("reign 4") && error.contains("reign 5"), "{error}");
        assert_eq!((node.epoch(), node.reign()), (Epoch(7), Epoch(5)));
    }

    #[test]
    fn another_cluster_is_refused() {
        let disk = SimulatedDisk::new(1 << 20);
        open(&disk).expect("it is made");
        let other = NodeFile::open(&mut disk.clone(), ClusterName::truncated(b"two"));
        let error = other.expect_err("it is another's").to_string();
        assert!(error.contains("\"one\"") && error.contains("\"two\""), "{error}");
    }

    #[test]
    fn what_was_seen_survives_a_loss_of_power_at_any_moment() {
        for seed in 0..200 {
            let disk = SimulatedDisk::new(1 << 20);
            let mut seen = Epoch(0);
            for life in 0..10 {
                disk.power_off_after((seed + life) % 9);
                if let Ok(mut node) = open(&disk) {
                    assert!(node.epoch() >= seen, "seed {seed}: {} after {seen}", node.epoch());
                    seen = node.epoch();
                    for _ in 0..3 {
                        if node.see(Epoch(seen.0 + 1), Epoch(1)).is_ok() {
                            seen = node.epoch();
                        }
                    }
                }
                disk.crash(seed * 100 + life);
            }
            assert!(open(&disk).expect("the power stays on").epoch() >= seen);
        }
    }

    #[test]
    fn one_damaged_copy_is_made_good_by_the_other_and_two_are_refused() {
        let disk = SimulatedDisk::new(1 << 20);
        open(&disk).expect("it is made").see(Epoch(9), Epoch(9)).expect("it is higher");
        disk.flip(NODE_NAME, COPIES_AT[0] + 17, 1);
        assert_eq!(open(&disk).expect("one is whole").epoch(), Epoch(9));
        disk.flip(NODE_NAME, COPIES_AT[1] + 17, 1);
        let error = open(&disk).expect_err("none is whole").to_string();
        assert!(error.contains("simulated/node"), "{error}");
    }
}
