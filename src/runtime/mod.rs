//! Agents, runners, idle strategies, clock, pinning.
