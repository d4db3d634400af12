//! The one binary of Castle.

use castle::runtime::LargePages;

#[global_allocator]
static MEMORY: LargePages = LargePages;

fn main() -> std::process::ExitCode {
    castle::cli::main()
}
