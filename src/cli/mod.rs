//! One file per subcommand of `castle`.
