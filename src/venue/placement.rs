//! Puts gateway, engine and journal on their runners, as the plan has it, and says who wakes whom.
//!
//! ```text
//!   placement  runners
//!   one        castle-hot: gateway, engine, journal
//!   two        castle-hot: gateway, engine     castle-log: journal
//!   three      castle-gateway   castle-engine  castle-log: journal  castle-cluster
//! ```
//!
//! The agent of a cluster is the last one of castle-hot, or has a runner of its own.
//!
//! Several venues of one process may have a [`Host`] instead of a castle-hot each: one runner, which turns the agents
//! of the first, then those of the second, and so on. Whoever measures a cluster on two cores has both nodes on one of
//! them so, and no change of threads between the two.
//!
//! An agent wakes the agents that read what it wrote. Where they share a runner nobody needs to be woken.

use std::os::fd::RawFd;
use std::time::Duration;

use crate::runtime::{
    Agent, Doorbell, Fault, Hurry, Idle, PollPark, PollWatch, RunnerBuilder, RunnerHandle,
};
use crate::venue::StartError;
use crate::venue::config::threads::{IdleConfig, Place, Placement, Plan};

/// How often threads look for work whose results nobody waits for: the journal and the syncer where effects
/// are told before these have them, and the operator's desk. To wake them for each order would cost the order
/// more than all else, and where they share its core each time that they look for themselves delays an order by
/// two changes of threads. The rings hold what comes meanwhile many times over.
pub(super) const BACKGROUND_PARK: Duration = Duration::from_millis(5);
/// The same of the store of sent messages: a client that has missed some waits for it once a chunk.
pub(super) const STORE_PARK: Duration = Duration::from_millis(2);

/// A runner for gateway, engine and cluster of several venues. Each adds its agents as it joins; none is turned
/// before [`spawn`](Self::spawn), nor after the runner's handle is dropped, which comes before the venues are. The
/// journals, and all that is not of the way of an order, stay on threads of their own. Core and idling are what the
/// last venue's configuration says, and so is whether the disk is waited for.
pub struct Host {
    /// Away while a venue adds to it, and for good where one could not.
    runner: Option<RunnerBuilder>,
    watch: PollWatch,
    fault: Fault,
}

impl Host {
    /// One without venues.
    pub fn new() -> Result<Self, StartError> {
        let fault = Fault::new();
        let (park, unpark) = PollPark::new(&[]).map_err(StartError::Thread)?;
        let watch = park.watches().map_err(StartError::Thread)?;
        let runner = RunnerBuilder::with_park("castle-hot", &fault, Box::new(park), unpark);
        Ok(Self { runner: Some(runner), watch, fault })
    }

    /// The venues' fault: where one cannot go on, none does.
    pub(super) fn fault(&self) -> &Fault {
        &self.fault
    }

    /// Begins to turn the agents.
    pub fn spawn(self) -> Result<RunnerHandle, StartError> {
        let runner = self.runner.ok_or_else(unusable)?;
        runner.spawn().map_err(StartError::Thread)
    }

    fn lend(&mut self, plan: &Plan, watched: &[RawFd]) -> Result<RunnerBuilder, StartError> {
        if plan.placement == Placement::Three {
            let why =
                "gateway and engine have a runner each ([threads]), and a host is one".to_owned();
            return Err(StartError::Cluster { why });
        }
        for descriptor in watched {
            self.watch.watch(*descriptor).map_err(StartError::Thread)?;
        }
        self.runner.take().ok_or_else(unusable)
    }
}

fn unusable() -> StartError {
    StartError::Cluster { why: "another venue of this host could not start".to_owned() }
}

/// The runners of the way of an order, but for the syncer's.
pub(super) struct HotRunners {
    gateway: RunnerBuilder,
    /// Where the engine does not share the gateway's.
    engine: Option<RunnerBuilder>,
    /// Where the journal does not share the gateway's.
    journal: Option<RunnerBuilder>,
    /// Of a cluster's agent that does not share the gateway's.
    cluster: Option<RunnerBuilder>,
}

/// The bells of the agents; those that share a runner share a bell.
pub(super) struct Bells {
    pub gateway: Doorbell,
    pub engine: Doorbell,
    pub journal: Doorbell,
}

impl HotRunners {
    /// The runners of a plan. The gateway's, the host's where there is one, parks on its sockets.
    pub fn new(
        plan: &Plan,
        fault: &Fault,
        watched: &[RawFd],
        host: Option<&mut Host>,
    ) -> Result<Self, StartError> {
        let is_three = plan.placement == Placement::Three;
        let gateway = match host {
            Some(host) => host.lend(plan, watched)?,
            None => {
                let name = if is_three { "castle-gateway" } else { "castle-hot" };
                let (park, unpark) = PollPark::new(watched).map_err(StartError::Thread)?;
                RunnerBuilder::with_park(name, fault, Box::new(park), unpark)
            }
        };
        let own = |name, place| placed(RunnerBuilder::new(name, fault), place);
        Ok(Self {
            gateway: placed(gateway, plan.gateway),
            engine: is_three.then(|| own("castle-engine", plan.engine)),
            journal: (plan.placement != Placement::One).then(|| {
                own("castle-log", plan.journal).parks_at_once().park_timeout(BACKGROUND_PARK)
            }),
            cluster: None,
        })
    }

    pub fn bells(&self) -> Bells {
        let gateway = self.gateway.doorbell();
        let bell = |runner: &Option<RunnerBuilder>| {
            runner.as_ref().map_or_else(|| gateway.clone(), RunnerBuilder::doorbell)
        };
        Bells { engine: bell(&self.engine), journal: bell(&self.journal), gateway: gateway.clone() }
    }

    /// Puts the agents on the runners, to be turned in this order where they share one. `sync` is the bell
    /// behind the journal. While somebody waits for journal and syncer they are woken for each turn, and who
    /// waits parks soon; the store of sent messages, for which nobody does, looks for itself, and is woken
    /// by the sequencer only where a ring of events is half full.
    pub fn with(
        self,
        gateway: Box<dyn Agent>,
        engine: Box<dyn Agent>,
        journal: Box<dyn Agent>,
        sync: Doorbell,
        hurry: &Hurry,
    ) -> Self {
        let bells = self.bells();
        let mut first = self.gateway.hurry(hurry).agent(gateway);
        // The runner of the engine is the first one where it has none of its own.
        let own_engine = match self.engine {
            Some(runner) => {
                first = first.downstream(bells.engine);
                Some(runner.hurry(hurry).agent(engine).downstream(bells.gateway))
            }
            None => {
                first = first.agent(engine);
                None
            }
        };
        let Some(journal_runner) = self.journal else {
            let gateway = first.agent(journal).downstream_in_hurry(sync);
            return Self { gateway, engine: own_engine, journal: None, cluster: None };
        };
        let journal = Some(journal_runner.hurry(hurry).agent(journal).downstream_in_hurry(sync));
        let (gateway, engine) = match own_engine {
            Some(engine) => (first, Some(engine.downstream_in_hurry(bells.journal))),
            None => (first.downstream_in_hurry(bells.journal), None),
        };
        Self { gateway, engine, journal, cluster: None }
    }

    /// Puts the cluster's agent behind gateway and engine where these share a runner, so that a record is sent in the
    /// turn in which it was made; on a runner of its own where they do not. That one parks on its sockets.
    pub fn with_cluster(
        mut self,
        agent: Box<dyn Agent>,
        watched: Option<RawFd>,
        fault: &Fault,
    ) -> Result<Self, StartError> {
        let Some(engine) = self.engine else {
            self.gateway = self.gateway.agent(agent);
            return Ok(self);
        };
        let watched: Vec<RawFd> = watched.into_iter().collect();
        let (park, unpark) = PollPark::new(&watched).map_err(StartError::Thread)?;
        let runner = RunnerBuilder::with_park("castle-cluster", fault, Box::new(park), unpark)
            .agent(agent)
            .downstream(self.gateway.doorbell())
            .downstream(engine.doorbell());
        self.engine = Some(engine.downstream(runner.doorbell()));
        self.journal = self.journal.map(|journal| journal.downstream(runner.doorbell()));
        self.cluster = Some(runner);
        Ok(self)
    }

    /// Those of gateway, engine and cluster, in the order in which they are stopped, and the journal's own. A host gets
    /// back what it lent.
    pub fn into_runners(
        self,
        host: Option<&mut Host>,
    ) -> (Vec<RunnerBuilder>, Option<RunnerBuilder>) {
        let own = match host {
            Some(host) => {
                host.runner = Some(self.gateway);
                None
            }
            None => Some(self.gateway),
        };
        let hot = own.into_iter().chain(self.engine).chain(self.cluster).collect();
        (hot, self.journal)
    }
}

/// A runner at its place.
pub(super) fn placed(runner: RunnerBuilder, place: Place) -> RunnerBuilder {
    let idle = match place.idle {
        IdleConfig::Spin => Idle::Spin,
        IdleConfig::Yield => Idle::Yield,
        IdleConfig::Park => Idle::Park,
    };
    runner.core(place.core).idle(idle)
}
