//! After a failed sync the system may remember for written what is not on the disk.

use super::disk::Disk;
use super::error::OpenError;
use super::format::{segment_name, segment_number};
use super::node_file::NODE_NAME;
use super::read::segment_header;

/// Segments that records can be written to unsynced.
const SEGMENTS_UNSYNCED: usize = 2;

/// Has the system forget what it may remember for written and is not, since a sync failed: of the node's own file, and
/// of the last two segments that have begun, which are all that records can be written to unsynced. Behind those lie
/// some that are prepared.
///
/// # Errors
/// Where the directory or a file cannot be read.
pub fn forget_unsynced<D: Disk>(disk: &D) -> Result<(), OpenError> {
    let names = disk.list().map_err(OpenError::disk("list", disk.path("")))?;
    let mut segments: Vec<u64> = names.iter().filter_map(|name| segment_number(name)).collect();
    segments.sort_unstable();
    let forget = |name: &str| disk.forget(name).map_err(OpenError::disk("open", disk.path(name)));
    let mut begun = 0;
    for number in segments.into_iter().rev() {
        begun += usize::from(segment_header(disk, number)?.is_some());
        forget(&segment_name(number))?;
        if begun == SEGMENTS_UNSYNCED {
            break;
        }
    }
    names.iter().find(|name| *name == NODE_NAME).map_or(Ok(()), |name| forget(name))
}
