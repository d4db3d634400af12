//! Runs programs, shows what they write, and counts tests in it.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

/// What a line of a test begins with that could not run; its name and the reason follow.
const NOT_RUN: &str = "NOT RUN: ";

/// Tests that passed and failed, and those that could not run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    pub passed: u64,
    pub failed: u64,
    /// Each with its reason. Test programs count them among those that passed; here they are not.
    pub not_run: Vec<String>,
}

impl Counts {
    /// So many that passed, and nothing else.
    pub fn passed(passed: u64) -> Self {
        Self { passed, ..Self::default() }
    }

    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.not_run.extend(other.not_run);
    }

    /// As a line, which begins with those that passed.
    pub fn line(&self) -> String {
        let mut line = format!("{} passed, {} failed", self.passed, self.failed);
        if !self.not_run.is_empty() {
            line += &format!(", {} not run: {}", self.not_run.len(), self.not_run.join("; "));
        }
        line
    }
}

/// Runs a program; an error where it fails.
pub fn run_quietly(command: &mut Command) -> Result<(), String> {
    let status = command.status().map_err(|error| not_started(command, &error))?;
    if status.success() { Ok(()) } else { Err(format!("{} ended with {status}", shown(command))) }
}

/// Runs a program, shows its output, and adds up its lines that count tests. A program that fails
/// without a failed test counts as one failed test itself; one that counts nothing has failed.
pub fn run_counted(command: &mut Command) -> Result<Counts, String> {
    run_counted_by_line(command, |_| ())
}

/// The same, and gives each line to `look`.
pub fn run_counted_by_line(
    command: &mut Command,
    mut look: impl FnMut(&str),
) -> Result<Counts, String> {
    let mut child =
        command.stdout(Stdio::piped()).spawn().map_err(|error| not_started(command, &error))?;
    let mut counts = Counts::default();
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line);
            if !line.ends_with("... ok") {
                println!("{line}");
            }
            look(&line);
            counts.add(counted(&line).unwrap_or_default());
        }
    }
    // They were counted where they were found to have done nothing wrong.
    counts.passed = counts.passed.saturating_sub(counts.not_run.len() as u64);
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

/// The counts in a line such as `test result: ok. 3 passed; 0 failed; …` or `3 passed, 0 failed`, or in one of a test
/// that could not run.
fn counted(line: &str) -> Option<Counts> {
    let line = line.trim();
    if let Some(why) = line.strip_prefix(NOT_RUN) {
        return Some(Counts { not_run: vec![why.to_owned()], ..Counts::default() });
    }
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
    (is_passed && is_failed).then_some(Counts { passed, failed, ..Counts::default() })
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

    fn counts(passed: u64, failed: u64) -> Option<Counts> {
        Some(Counts { passed, failed, ..Counts::default() })
    }

    #[test]
    fn the_tests_of_a_test_program_are_counted() {
        let line = "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out";
        assert_eq!(counted(line), counts(12, 0));
        let line = "test result: FAILED. 1 passed; 2 failed; 0 ignored";
        assert_eq!(counted(line), counts(1, 2));
    }

    #[test]
    fn the_scenarios_of_a_client_are_counted() {
        assert_eq!(counted("18 passed, 0 failed"), counts(18, 0));
    }

    #[test]
    fn tests_that_could_not_run_are_no_longer_among_those_that_passed() {
        let said = "test result: ok. 3 passed; 0 failed; 0 ignored\nNOT RUN: disks: no mount\n";
        let counts = run_counted(Command::new("printf").arg(said)).expect("tests were counted");
        assert_eq!(counts.line(), "2 passed, 0 failed, 1 not run: disks: no mount");
        let all = "NOT RUN: disks: no mount\ntest result: ok. 1 passed; 0 failed; 0 ignored\n";
        let counts = run_counted(Command::new("printf").arg(all)).expect("that is no failure");
        assert_eq!(counts.line(), "0 passed, 0 failed, 1 not run: disks: no mount");
    }

    #[test]
    fn other_lines_count_nothing() {
        for line in ["", "passed", "3 passed", "all 3 passed, 0 failed", "3 failed, 1 passed"] {
            assert_eq!(counted(line), None, "{line}");
        }
    }
}
