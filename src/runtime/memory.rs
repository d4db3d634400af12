//! What a program can tell the machine about its memory: what it will read soon, and that much of it
//! is better mapped in large pages.

use std::alloc::{GlobalAlloc, Layout, System};

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
        }
        pointer
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: `alloc` has widened the same layout.
        unsafe { System.dealloc(pointer, widened(layout)) }
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
}
