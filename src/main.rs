//! The one binary of Castle.

fn main() {}
