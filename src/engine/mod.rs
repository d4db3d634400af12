//! The deterministic state machine: risk, book, ledger, sessions.
