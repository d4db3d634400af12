//! What a program can tell the machine about its memory: what it will read soon, and that much of it
//! is better mapped in large pages.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that a cache moves at once.
const LINE: usize = 64;
/// Bytes of a large page of x86-64 and AArch64 with small pages of 4 KiB.
const LARGE_PAGE: usize = 2 << 20;

/// Begins to bring a place into the cache, and waits for nothing.
#[inline(always)]
pub fn prefetch<T>(place: &T) {
    let start = std::ptr::from_ref(place).cast::<i8>();
    let mut offset = 0;
    while offset < size_of::<T>() {
        prefetch_line(start.wrapping_add(offset));
        offset += LINE;
    }
    if !align_of::<T>().is_multiple_of(LINE) {
        prefetch_line(start.wrapping_add(size_of::<T>().saturating_sub(1)));
    }
}

#[inline(always)]
fn prefetch_line(line: *const i8) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch reads nothing that the program could see and never faults.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(line);
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = line;
}

/// Large allocations that are remembered, to be touched ahead: more are left to be touched as they are used.
const REMEMBERED_MAX: usize = 256;

/// A large allocation: where it begins, 0 where the place is free, and its bytes.
struct Large {
    start: AtomicUsize,
    size: AtomicUsize,
}

static LARGE: [Large; REMEMBERED_MAX] =
    [const { Large { start: AtomicUsize::new(0), size: AtomicUsize::new(0) } }; REMEMBERED_MAX];

fn remember(start: usize, size: usize) {
    for place in &LARGE {
        let (free, ordering) = (0, Ordering::Relaxed);
        if place.start.compare_exchange(free, start, ordering, ordering).is_ok() {
            return place.size.store(size, Ordering::Relaxed);
        }
    }
}

fn forget(start: usize) {
    for place in &LARGE {
        if place.start.load(Ordering::Relaxed) == start {
            place.size.store(0, Ordering::Relaxed);
            return place.start.store(0, Ordering::Relaxed);
        }
    }
}

/// Has the machine give memory now for all that [`LargePages`] has reserved, so that nobody waits for it at
/// the first touch: a large page is cleared then, and a virtual machine's host may have to find it first.
/// Gives the bytes; those that the kernel refuses are touched as they are used.
pub fn touch_reserved() -> usize {
    let mut touched = 0;
    for place in &LARGE {
        let (start, size) =
            (place.start.load(Ordering::Relaxed), place.size.load(Ordering::Relaxed));
        #[cfg(target_os = "linux")]
        if start != 0 && size != 0 {
            let pointer = std::ptr::with_exposed_provenance_mut::<libc::c_void>(start);
            // SAFETY: it changes no byte, whosever the range may be meanwhile: pages that are there stay,
            // and where none can be the kernel says so.
            let result = unsafe { libc::madvise(pointer, size, libc::MADV_POPULATE_WRITE) };
            touched += if result == 0 { size } else { 0 };
        }
        #[cfg(not(target_os = "linux"))]
        let _ = (start, size);
    }
    touched
}

/// The system's allocator, but what is large lies in large pages where the kernel gives them: random
/// reads in a gigabyte of small pages spend more time on finding the page than on the read.
#[derive(Debug, Clone, Copy, Default)]
pub struct LargePages;

// SAFETY: every call is passed on to the system's allocator, with a greater alignment where `alloc`
// and `dealloc` agree on it by the layout alone; advice changes no content.
unsafe impl GlobalAlloc for LargePages {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps the contract of `alloc`, and a greater alignment is in it.
        let pointer = unsafe { System.alloc(widened(layout)) };
        if layout.size() >= LARGE_PAGE && !pointer.is_null() {
            // SAFETY: the range was just allocated, whole large pages of it are advised.
            unsafe { advise(pointer, layout.size()) };
            remember(pointer.expose_provenance(), layout.size());
        }
        pointer
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if layout.size() >= LARGE_PAGE {
            forget(pointer.addr());
        }
        // SAFETY: `alloc` has widened the same layout.
        unsafe { System.dealloc(pointer, widened(layout)) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if layout.size() < LARGE_PAGE {
            // SAFETY: the caller keeps the contract, and what is small is not widened.
            return unsafe { System.alloc_zeroed(layout) };
        }
        // SAFETY: the caller keeps the contract of `alloc`; what it gave is as long as the layout says.
        unsafe {
            let pointer = self.alloc(layout);
            if !pointer.is_null() {
                pointer.write_bytes(0, layout.size());
            }
            pointer
        }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if layout.size().max(size) < LARGE_PAGE {
            // SAFETY: the caller keeps the contract, and neither of the two is widened.
            return unsafe { System.realloc(pointer, layout, size) };
        }
        // SAFETY: by the contract of `realloc` the new size makes a layout with the same alignment, and
        // `pointer` was allocated by the old one; both are at least as long as what is copied.
        unsafe {
            let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !new.is_null() {
                new.copy_from_nonoverlapping(pointer, layout.size().min(size));
                self.dealloc(pointer, layout);
            }
            new
        }
    }
}

fn widened(layout: Layout) -> Layout {
    if layout.size() < LARGE_PAGE {
        return layout;
    }
    layout.align_to(LARGE_PAGE).unwrap_or(layout)
}

/// Asks for large pages; a kernel that has none goes on as before.
///
/// # Safety
/// The range is allocated and begins at a large page where `widened` could have it so.
unsafe fn advise(pointer: *mut u8, size: usize) {
    #[cfg(target_os = "linux")]
    if pointer.addr().is_multiple_of(LARGE_PAGE) {
        // SAFETY: only whole pages of the allocated range are named, and advice changes no content.
        let _ = unsafe { libc::madvise(pointer.cast(), size, libc::MADV_HUGEPAGE) };
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (pointer, size);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_reserved_is_touched_and_keeps_its_content() {
        let layout = Layout::from_size_align(2 * LARGE_PAGE, 64).unwrap();
        // SAFETY: the layout has a size, and what is allocated is given back by the same one.
        unsafe {
            let pointer = LargePages.alloc(layout);
            pointer.write(7);
            if cfg!(target_os = "linux") {
                assert!(touch_reserved() >= 2 * LARGE_PAGE);
            }
            assert_eq!(pointer.read(), 7);
            LargePages.dealloc(pointer, layout);
        }
    }

    #[test]
    fn large_and_small_memory_is_as_asked_for() {
        for size in [1, LARGE_PAGE - 1, LARGE_PAGE, 3 * LARGE_PAGE + 5] {
            let layout = Layout::from_size_align(size, 64).unwrap();
            // SAFETY: the layout has a size, and what is allocated is given back by the same one.
            unsafe {
                let pointer = LargePages.alloc(layout);
                assert!(!pointer.is_null() && pointer.addr().is_multiple_of(64));
                pointer.add(size - 1).write(7);
                prefetch(&*pointer.add(size - 1));
                assert_eq!(pointer.add(size - 1).read(), 7);
                LargePages.dealloc(pointer, layout);
            }
        }
    }

    #[test]
    fn memory_is_zeroed_and_keeps_its_content_when_it_grows_and_shrinks() {
        let layout = |size| Layout::from_size_align(size, 64).unwrap();
        for (size, other) in
            [(100, 200), (100, 3 * LARGE_PAGE), (3 * LARGE_PAGE, 2 * LARGE_PAGE + 5)]
        {
            for (from, to) in [(size, other), (other, size)] {
                // SAFETY: each layout has a size, and each pointer is used by the layout that it was given
                // for, within the lesser of the two sizes.
                unsafe {
                    let pointer = LargePages.alloc_zeroed(layout(from));
                    let last = from.min(to) - 1;
                    assert_eq!((pointer.read(), pointer.add(last).read()), (0, 0));
                    pointer.add(last).write(7);
                    let pointer = LargePages.realloc(pointer, layout(from), to);
                    assert!(pointer.addr().is_multiple_of(64));
                    assert_eq!((pointer.read(), pointer.add(last).read()), (0, 7));
                    LargePages.dealloc(pointer, layout(to));
                }
            }
        }
    }
}
