//! The measuring harness of Castle. `README.md` beside it tells the method.
//!
//! 1. A [`suite`] measures and puts what it found into a [`run::Run`].
//! 2. What is measured one by one is recorded into [`record::Recorder`]s: fixed range, allocated before,
//!    one per thread and series, one histogram per slice or second.
//! 3. [`report`] writes the run down: `run.json`, `.hgrm`, `.hlog`, `report.html`.
//! 4. [`targets`] reads what was written down and says how far it is from what is wanted.
#![warn(missing_docs)]
#![forbid(unsafe_code)]

pub mod flow;
pub mod lane;
pub mod machine;
pub mod pace;
pub mod record;
pub mod report;
pub mod run;
pub mod suite;
pub mod targets;
