//! Runs programs, shows what they write, and counts tests in it.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

/// Tests that passed and failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub passed: u64,
    pub failed: u64,
}

/// Runs a program; an error where it fails.
pub fn run_quietly(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|error| not_started(command, &error))?;
    if status.success() { Ok(()) } else { Err(format!("{} ended with {status}", shown(command))) }
}

/// Runs a program, shows its output, and adds up its lines that count tests. A program that fails
/// without a failed test counts as one failed test itself; one that counts nothing has failed.
pub fn run_counted(command: &mut Command) -> Result<Counts, String> {
    let mut child =
        command.stdout(Stdio::piped()).spawn().map_err(|error| not_started(command, &error))?;
    let mut counts = Counts::default();
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            if !line.ends_with("... ok") {
                println!("{line}");
            }
            if let Some(found) = counted(&line) {
                counts.passed += found.passed;
                counts.failed += found.failed;
            }
        }
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    if !status.success() && counts.failed == 0 {
        counts.failed = 1;
        println!("{} ended with {status}", shown(command));
    }
    if counts == Counts::default() {
        return Err(format!("{} ran no test", shown(command)));
    }
    Ok(counts)
}

/// What a program writes to its standard output.
pub fn output(command: &mut Command) -> Result<String, String> {
    let output =
        command.stderr(Stdio::inherit()).output().map_err(|error| not_started(command, &error))?;
    if !output.status.success() {
        return Err(format!("{} ended with {}", shown(command), output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The counts in a line such as `test result: ok. 3 passed; 0 failed; …` or `3 passed, 0 failed`.
fn counted(line: &str) -> Option<Counts> {
    let line = line.trim();
    let result = line.strip_prefix("test result: ");
    let text = match result {
        Some(rest) => rest.split_once(". ")?.1,
        None => line,
    };
    let mut words = text.split([' ', ',', ';']).filter(|word| !word.is_empty());
    let passed = words.next()?.parse().ok()?;
    let is_passed = words.next()? == "passed";
    let failed = words.next()?.parse().ok()?;
    let is_failed = words.next()? == "failed";
    (is_passed && is_failed).then_some(Counts { passed, failed })
}

fn shown(command: &Command) -> String {
    let words = [command.get_program()].into_iter().chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

fn not_started(command: &Command, error: &std::io::Error) -> String {
    format!("{} cannot be started: {error}", shown(command))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tests_of_a_test_program_are_counted() {
        let line = "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out";
        assert_eq!(counted(line), Some(Counts { passed: 12, failed: 0 }));
        let line = "test result: FAILED. 1 passed; 2 failed; 0 ignored";
        assert_eq!(counted(line), Some(Counts { passed: 1, failed: 2 }));
    }

    #[test]
    fn the_scenarios_of_a_client_are_counted() {
        assert_eq!(counted("18 passed, 0 failed"), Some(Counts { passed: 18, failed: 0 }));
    }

    #[test]
    fn other_lines_count_nothing() {
        for line in ["", "passed", "3 passed", "all 3 passed, 0 failed", "3 failed, 1 passed"] {
            assert_eq!(counted(line), None, "{line}");
        }
    }
}
