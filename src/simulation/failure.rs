//! What is wrong with a seed.

use std::fmt;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The simulation noticed something: Castle has a defect, or the simulation has.
    Noticed(String),
    /// The machine that the simulation runs on gave it no file or no space: nothing was shown.
    Environment(String),
}

impl Failure {
    /// Without what names this run.
    pub fn without(self, name: &str) -> Self {
        match self {
            Self::Noticed(what) => Self::Noticed(what.replace(name, "")),
            Self::Environment(what) => Self::Environment(what.replace(name, "")),
        }
    }

    /// Of an error in what the simulation itself asked of the system.
    pub fn system(error: impl fmt::Display) -> Self {
        Self::Environment(error.to_string())
    }
}

impl From<String> for Failure {
    /// What the system under the simulation says names a number of its own: no simulated disk or socket does.
    fn from(what: String) -> Self {
        if what.contains("(os error ") { Self::Environment(what) } else { Self::Noticed(what) }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Noticed(what) => f.write_str(what),
            Self::Environment(what) => write!(f, "not of the simulation: {what}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_is_told_from_what_was_noticed() {
        let failure = |what: &str| Failure::from(what.to_owned());
        let full = std::io::Error::from_raw_os_error(28).to_string();
        assert!(matches!(failure(&full), Failure::Environment(_)));
        let simulated = std::io::Error::from(std::io::ErrorKind::StorageFull).to_string();
        assert!(matches!(failure(&simulated), Failure::Noticed(_)));
    }
}
