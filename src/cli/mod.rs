//! One file per subcommand of `castle`.

pub mod journal;
