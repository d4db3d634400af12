//! Wires the rooms together from a configuration.

pub mod config;
