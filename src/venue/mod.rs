//! Wires the rooms together from a configuration.
