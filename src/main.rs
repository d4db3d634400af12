//! The one binary of Castle.

fn main() -> std::process::ExitCode {
    castle::cli::main()
}
