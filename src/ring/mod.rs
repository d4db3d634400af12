//! The lock-free ring.
