//! What can be told of a running venue without asking its engine.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use serde_json::{Map, Value, json};

use crate::cluster::control::Control;
use crate::gateway::facts::Telltale;
use crate::gateway::{Doors, Durable};
use crate::journal::{Progress, Room};
use crate::model::{Durability, NodeId};
use crate::telemetry::{Percentiles, SharedCollector};
use crate::venue::config::threads::Plan;
use crate::venue::membership::role;

/// See the module. Clones share what they show.
#[derive(Clone)]
pub(super) struct Status {
    pub node: NodeId,
    /// What people call it.
    pub name: String,
    pub level: Durability,
    /// Of a node of a cluster.
    pub control: Option<Arc<Control>>,
    pub durable: Arc<dyn Durable>,
    pub progress: Arc<Progress>,
    pub doors: Arc<Doors>,
    pub telltale: Arc<Telltale>,
    pub latency: SharedCollector,
    pub plan: Plan,
    pub started: Instant,
}

impl Status {
    pub fn fields(&self) -> Map<String, Value> {
        let count = |counter: &std::sync::atomic::AtomicU64| json!(counter.load(Ordering::Relaxed));
        Map::from_iter([
            ("node".to_owned(), json!(self.node.0)),
            ("role".to_owned(), json!(role(&self.doors))),
            ("durability".to_owned(), json!(self.level_in_force())),
            ("durable_sequence".to_owned(), json!(self.durable.sequence().0)),
            ("synced_sequence".to_owned(), count(&self.progress.synced)),
            ("sessions_connected".to_owned(), count(&self.telltale.sessions)),
            ("connections".to_owned(), count(&self.telltale.connections)),
            ("messages_in".to_owned(), count(&self.telltale.messages_in)),
            ("messages_out".to_owned(), count(&self.telltale.messages_out)),
            ("garbled".to_owned(), count(&self.telltale.garbled)),
            ("disk_room".to_owned(), json!(self.disk_room())),
            ("placement".to_owned(), json!(self.plan.placement_text())),
            ("threads".to_owned(), json!(self.plan.to_string())),
            ("uptime_s".to_owned(), json!(self.started.elapsed().as_secs())),
        ])
    }

    /// What it takes, for the space that its disk has.
    pub fn disk_room(&self) -> &'static str {
        match self.progress.room() {
            Room::Plenty => "plenty",
            Room::CancelsOnly => "cancels only, since the disk is nearly full",
            Room::Full => "nothing, since the disk is full",
        }
    }
}

impl Status {
    /// The level at which effects are told now: a primary that goes on alone falls back to its disk.
    fn level_in_force(&self) -> &'static str {
        let told = self.control.as_ref().and_then(|control| control.status());
        let view = told.and_then(|status| status.report.view);
        level_name(view.map_or(self.level, |view| view.durability()))
    }

    /// Of each stage how long it took, since the start and in the last interval, in microseconds.
    pub fn latency(&self) -> Option<Map<String, Value>> {
        self.latency.read(|collector| {
            let since_start = Percentiles::of(collector.since_start());
            let mut fields = Map::from_iter([("since_start".to_owned(), rows(&since_start))]);
            if let Some(last) = collector.last_interval() {
                let values = Percentiles::of(&last.stages);
                fields.insert("last_interval".to_owned(), rows(&values));
                fields.insert("interval_s".to_owned(), json!(last.length.as_secs_f64()));
            }
            fields
        })
    }
}

fn rows(stages: &[Percentiles]) -> Value {
    let us = |ns: u64| json!(ns as f64 / 1e3);
    let row = |stage: &Percentiles| {
        json!({
            "stage": stage.stage.name(),
            "count": stage.count,
            "p50": us(stage.p50_ns),
            "p90": us(stage.p90_ns),
            "p99": us(stage.p99_ns),
            "p99.9": us(stage.p99_9_ns),
            "max": us(stage.max_ns),
        })
    };
    stages.iter().map(row).collect()
}

pub(super) fn level_name(level: Durability) -> &'static str {
    match level {
        Durability::LocalMemory => "local-memory",
        Durability::LocalDisk => "local-disk",
        Durability::StandbyMemory => "standby-memory",
        Durability::StandbyDisk => "standby-disk",
    }
}
