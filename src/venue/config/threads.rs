//! `[threads]`: which agents share a runner, and where and how each runner runs.

use std::fmt;

use super::read::{ConfigError, Section};

/// From so many cores on each agent has a runner of its own, which spins.
pub const CORES_FOR_THREE: usize = 8;

/// Which agents share a runner. The syncer always has its own: fdatasync blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// Gateway, engine and journal on one. Only where it is asked for: a write of the journal can stall for
    /// milliseconds, and then everybody waits.
    One,
    /// Gateway and engine on one, the journal on another.
    Two,
    /// Gateway, engine and journal on one each.
    Three,
}

/// The runners, as the file has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadsConfig {
    /// The placement, where one is given or follows from a runner that is named.
    pub placement: Option<Placement>,
    /// Gateway and engine, where they share a runner.
    pub gateway_engine: ThreadConfig,
    /// The gateway, where it has its own.
    pub gateway: ThreadConfig,
    /// The engine, where it has its own.
    pub engine: ThreadConfig,
    /// The journal, where it has its own.
    pub journal: ThreadConfig,
    /// The syncer.
    pub syncer: ThreadConfig,
}

/// One runner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ThreadConfig {
    /// The core it is pinned to.
    pub core: Option<usize>,
    /// What it does without work, where that is given.
    pub idle: Option<IdleConfig>,
}

/// What a runner does without work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdleConfig {
    /// Looks again at once.
    Spin,
    /// Lets other threads run.
    Yield,
    /// Spins, then yields, then sleeps until it is woken.
    Park,
}

/// What follows for a machine: every runner with its core and what it does without work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Cores that the process may use.
    pub cores: usize,
    /// The placement.
    pub placement: Placement,
    /// The configuration names it; otherwise it was chosen by the cores.
    pub is_given: bool,
    /// The runner of the gateway.
    pub gateway: Place,
    /// The runner of the engine: the gateway's, but in [`Placement::Three`].
    pub engine: Place,
    /// The runner of the journal: the gateway's in [`Placement::One`].
    pub journal: Place,
    /// The runner of the syncer.
    pub syncer: Place,
}

/// Where and how a runner runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The core it is pinned to.
    pub core: Option<usize>,
    /// What it does without work.
    pub idle: IdleConfig,
}

impl ThreadsConfig {
    /// What the configuration means where the process may use so many cores.
    pub fn plan(&self, cores: usize) -> Plan {
        let is_large = cores >= CORES_FOR_THREE;
        let chosen = if is_large { Placement::Three } else { Placement::Two };
        let placement = self.placement.unwrap_or(chosen);
        let default = if is_large { IdleConfig::Spin } else { IdleConfig::Park };
        let place = |thread: ThreadConfig| Place {
            core: thread.core,
            idle: thread.idle.unwrap_or(default),
        };
        let shared = place(self.gateway_engine);
        let (gateway, engine, journal) = match placement {
            Placement::One => (shared, shared, shared),
            Placement::Two => (shared, shared, place(self.journal)),
            Placement::Three => (place(self.gateway), place(self.engine), place(self.journal)),
        };
        // Where nothing is said of it the syncer is where the journal is, unless that is the engine's core.
        let near = if placement == Placement::One { None } else { journal.core };
        let syncer = Place {
            core: self.syncer.core.or(near),
            // It mostly waits for the disk: spinning gains it nothing there.
            idle: self.syncer.idle.unwrap_or(IdleConfig::Park),
        };
        let is_given = self.placement.is_some();
        Plan { cores, placement, is_given, gateway, engine, journal, syncer }
    }
}

impl Placement {
    /// Its name in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::One => "one",
            Self::Two => "two",
            Self::Three => "three",
        }
    }
}

impl Plan {
    /// On a machine of two cores, where the placement was not given, threads of which nothing was said go to
    /// the last core. A thread that the system puts on the core of a client that never sleeps waits for that
    /// client's time slice, for milliseconds (docs/placement.md).
    #[must_use]
    pub fn kept_from_clients(mut self, allowed: &[usize]) -> Self {
        if let [_, last] = allowed
            && !self.is_given
            && self.placement == Placement::Two
        {
            let places = [&mut self.gateway, &mut self.engine, &mut self.journal, &mut self.syncer];
            for place in places {
                place.core = place.core.or(Some(*last));
            }
        }
        self
    }

    /// The placement and why it is this one, for people.
    pub fn placement_text(&self) -> String {
        let cores = match self.cores {
            1 => "1 core".to_owned(),
            cores => format!("{cores} cores"),
        };
        if self.is_given {
            format!("{}, as configured; the process may use {cores}", self.placement.name())
        } else {
            format!("{}, for a process that may use {cores}", self.placement.name())
        }
    }

    /// What an operator should know of the plan although it can be carried out.
    pub fn warning(&self) -> Option<&'static str> {
        (self.placement == Placement::One).then_some(
            "[threads] placement = \"one\": the journal shares the thread of gateway and engine; while the \
             disk's write-back holds one of its pages everybody waits, for milliseconds at times",
        )
    }
}

/// The runners, one after the other.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.placement {
            Placement::One => write!(f, "gateway, engine, journal {}", self.gateway)?,
            Placement::Two => {
                write!(f, "gateway, engine {}; journal {}", self.gateway, self.journal)?;
            }
            Placement::Three => {
                write!(f, "gateway {}; engine {}", self.gateway, self.engine)?;
                write!(f, "; journal {}", self.journal)?;
            }
        }
        write!(f, "; syncer {}", self.syncer)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let idle = match self.idle {
            IdleConfig::Spin => "spin",
            IdleConfig::Yield => "yield",
            IdleConfig::Park => "park",
        };
        match self.core {
            Some(core) => write!(f, "(core {core}, {idle})"),
            None => write!(f, "({idle})"),
        }
    }
}

/// The runners of each placement, beside the syncer.
const RUNNERS: [(Placement, &[&str]); 3] = [
    (Placement::One, &["gateway_engine"]),
    (Placement::Two, &["gateway_engine", "journal"]),
    (Placement::Three, &["gateway", "engine", "journal"]),
];

pub(super) fn threads(mut section: Section<'_>) -> Result<ThreadsConfig, ConfigError> {
    let allowed = "\"auto\", \"one\", \"two\" or \"three\"";
    let given = section.text("placement", allowed, Some(None), |name| match name {
        "auto" => Some(None),
        "one" => Some(Some(Placement::One)),
        "two" => Some(Some(Placement::Two)),
        "three" => Some(Some(Placement::Three)),
        _ => None,
    })?;
    // A runner that only one of the two has that are chosen among says which one is meant.
    let implied = if section.has("gateway_engine") {
        Some(Placement::Two)
    } else if section.has("gateway") || section.has("engine") {
        Some(Placement::Three)
    } else {
        None
    };
    let placement = given.or(implied);
    let config = ThreadsConfig {
        placement,
        gateway_engine: thread(section.section("gateway_engine")?)?,
        gateway: thread(section.section("gateway")?)?,
        engine: thread(section.section("engine")?)?,
        journal: thread(section.section("journal")?)?,
        syncer: thread(section.section("syncer")?)?,
    };
    if let Some(placement) = placement {
        check_runners(&section, placement)?;
    }
    section.finish()?;
    Ok(config)
}

/// Every runner that is named is one that the placement has: another would be without effect.
fn check_runners(section: &Section<'_>, placement: Placement) -> Result<(), ConfigError> {
    let has = |runner: &str| {
        RUNNERS.iter().any(|(of, runners)| *of == placement && runners.contains(&runner))
    };
    let runners = RUNNERS.iter().flat_map(|(_, runners)| *runners);
    for runner in runners {
        if section.has(runner) && !has(runner) {
            let own =
                RUNNERS.iter().find(|(of, _)| *of == placement).map_or(&[][..], |found| found.1);
            let allowed = format!(
                "the runners of placement \"{}\": {}, syncer",
                placement.name(),
                own.join(", ")
            );
            return Err(section.error(runner, &allowed));
        }
    }
    Ok(())
}

fn thread(mut section: Section<'_>) -> Result<ThreadConfig, ConfigError> {
    const NO_CORE: i64 = -1;
    let core = section.integer("core", NO_CORE..=1_023, Some(NO_CORE))?;
    let allowed = "\"spin\", \"yield\" or \"park\"";
    let idle = section.text("idle", allowed, Some(None), |name| match name {
        "spin" => Some(Some(IdleConfig::Spin)),
        "yield" => Some(Some(IdleConfig::Yield)),
        "park" => Some(Some(IdleConfig::Park)),
        _ => None,
    })?;
    section.finish()?;
    Ok(ThreadConfig { core: usize::try_from(core).ok(), idle })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use expect_test::{Expect, expect};

    use super::super::Config;
    use super::*;

    fn plan(section: &str, cores: usize) -> Plan {
        let text = format!("[threads]\n{section}\n");
        let config = Config::parse(Path::new("castle.toml"), &text).expect("it is accepted");
        config.threads.plan(cores)
    }

    fn check(section: &str, cores: usize, expected: Expect) {
        let plan = plan(section, cores);
        expected.assert_eq(&format!("{}: {plan}", plan.placement_text()));
    }

    fn refused(section: &str, expected: Expect) {
        let text = format!("[threads]\n{section}\n");
        let error = Config::parse(Path::new("castle.toml"), &text).expect_err("it is refused");
        expected.assert_eq(&error.to_string());
    }

    #[test]
    fn without_a_word_the_cores_decide() {
        for few in [1, 2, 4, 7] {
            let plan = plan("", few);
            assert_eq!((plan.placement, plan.gateway.idle), (Placement::Two, IdleConfig::Park));
        }
        check(
            "",
            2,
            expect![[
                r#"two, for a process that may use 2 cores: gateway, engine (park); journal (park); syncer (park)"#
            ]],
        );
        check(
            "placement = \"auto\"",
            8,
            expect![[
                r#"three, for a process that may use 8 cores: gateway (spin); engine (spin); journal (spin); syncer (park)"#
            ]],
        );
    }

    #[test]
    fn a_placement_that_is_given_stands_on_any_machine() {
        check(
            "placement = \"one\"",
            16,
            expect![[
                r#"one, as configured; the process may use 16 cores: gateway, engine, journal (spin); syncer (park)"#
            ]],
        );
        check(
            "placement = \"three\"",
            1,
            expect![[
                r#"three, as configured; the process may use 1 core: gateway (park); engine (park); journal (park); syncer (park)"#
            ]],
        );
        check(
            "placement = \"two\"\njournal = { idle = \"yield\" }",
            8,
            expect![[
                r#"two, as configured; the process may use 8 cores: gateway, engine (spin); journal (yield); syncer (park)"#
            ]],
        );
    }

    #[test]
    fn a_runner_that_is_named_says_which_placement_is_meant() {
        check(
            "gateway_engine = { core = 1, idle = \"spin\" }",
            8,
            expect![[
                r#"two, as configured; the process may use 8 cores: gateway, engine (core 1, spin); journal (spin); syncer (park)"#
            ]],
        );
        check(
            "gateway = { core = 2 }\nengine = { core = 3 }",
            2,
            expect![[
                r#"three, as configured; the process may use 2 cores: gateway (core 2, park); engine (core 3, park); journal (park); syncer (park)"#
            ]],
        );
    }

    #[test]
    fn the_syncer_is_where_the_journal_is_unless_it_is_told_otherwise() {
        check(
            "journal = { core = 0 }",
            2,
            expect![[
                r#"two, for a process that may use 2 cores: gateway, engine (park); journal (core 0, park); syncer (core 0, park)"#
            ]],
        );
        check(
            "journal = { core = 0 }\nsyncer = { core = 1, idle = \"spin\" }",
            2,
            expect![[
                r#"two, for a process that may use 2 cores: gateway, engine (park); journal (core 0, park); syncer (core 1, spin)"#
            ]],
        );
        check(
            "placement = \"one\"\ngateway_engine = { core = 1 }",
            2,
            expect![[
                r#"one, as configured; the process may use 2 cores: gateway, engine, journal (core 1, park); syncer (park)"#
            ]],
        );
    }

    #[test]
    fn a_runner_that_the_placement_does_not_have_is_refused() {
        refused(
            "placement = \"two\"\nengine = { core = 1 }",
            expect![[
                r#"castle.toml, line 3: [threads] engine = { core = 1 } is wrong; allowed: the runners of placement "two": gateway_engine, journal, syncer"#
            ]],
        );
        refused(
            "placement = \"one\"\njournal = { core = 1 }",
            expect![[
                r#"castle.toml, line 3: [threads] journal = { core = 1 } is wrong; allowed: the runners of placement "one": gateway_engine, syncer"#
            ]],
        );
        refused(
            "gateway_engine = { core = 1 }\ngateway = { core = 0 }",
            expect![[
                r#"castle.toml, line 3: [threads] gateway = { core = 0 } is wrong; allowed: the runners of placement "two": gateway_engine, journal, syncer"#
            ]],
        );
    }

    #[test]
    fn a_placement_that_nobody_knows_is_refused() {
        refused(
            "placement = \"four\"",
            expect![[
                r#"castle.toml, line 2: [threads] placement = "four" is wrong; allowed: "auto", "one", "two" or "three""#
            ]],
        );
    }

    #[test]
    fn on_two_cores_threads_of_which_nothing_is_said_share_the_last() {
        let shown = |section: &str, cores: usize, allowed: &[usize]| {
            plan(section, cores).kept_from_clients(allowed).to_string()
        };
        let all = "gateway, engine (core 1, park); journal (core 1, park); syncer (core 1, park)";
        assert_eq!(shown("", 2, &[0, 1]), all);
        let own = "gateway, engine (core 3, park); journal (core 2, park); syncer (core 2, park)";
        assert_eq!(shown("journal = { core = 2 }", 2, &[2, 3]), own);
        let free = "gateway, engine (park); journal (park); syncer (park)";
        assert_eq!(shown("", 4, &[0, 1, 2, 3]), free);
        assert_eq!(shown("", 1, &[0]), free);
        assert_eq!(shown("placement = \"two\"", 2, &[0, 1]), free);
    }

    #[test]
    fn only_one_runner_for_all_is_warned_of() {
        assert!(plan("placement = \"one\"", 2).warning().is_some());
        assert!(plan("", 2).warning().is_none());
    }
}
