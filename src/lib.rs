//! Castle: an exchange. ARCHITECTURE.md is the map.
#![warn(missing_docs)]

pub mod cli;
pub mod cluster;
pub mod engine;
pub mod fix;
pub mod gateway;
pub mod journal;
pub mod model;
pub mod ring;
pub mod runtime;
#[cfg(any(test, feature = "simulation"))]
pub mod simulation;
pub mod telemetry;
pub mod venue;
