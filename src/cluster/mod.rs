//! Replication, the view, the arbiter, failing over.
//!
//! One node at a time, the primary, numbers records. It streams them to its standbys, and tells an effect
//! only when every node that the **view** names as in sync has the record. The view lies in an
//! **arbiter** that changes it by compare-and-swap; `docs/cluster.md` holds the argument for why no fault of
//! one machine, link or clock makes two nodes speak at once.
//!
//! # What a node's other agents see of it
//!
//! - **Sequencer.** It follows [`Standing::post`]. While [`Post::Following`] it takes records from the
//!   follower's ring, a `Consumer<RecordBytes>` in which each entry continues the one before, and puts them
//!   into the log ring unchanged. At [`Post::Leading`] it leaves what that ring still holds, logs `begin` as the
//!   first record of its epoch, and from there on numbers commands itself. At [`Post::Draining`] it takes nothing more. At [`Post::Stopped`] the process ends.
//! - **Gateway.** [`Standing::released`] is its durable position; [`Standing::doors_open`] says whether it
//!   accepts connections.
//! - **Back to the cluster** go the log ring's published cursor (what is in memory), the journal's `Progress`
//!   (what is synced), a consumer of the log ring (what is sent), and a ring of [`StateHash`].
//!
//! # Inside
//!
//! - [`view`]: who is primary and who is in sync, and which changes of that are allowed.
//! - [`arbiter`]: where the view lies: a file for two nodes on one machine, etcd for several machines.
//! - [`steward`]: decides who this node is and what may be told; pure, and attacked by a model.
//! - [`chain`]: the short form of a log, by which two nodes find the last record that they share.
//! - [`port`]: the arbiter as an agent sees it.
//! - [`frame`]: what nodes say to each other, in bytes.
//! - [`definitions`]: what nodes' configurations define, compared when they meet.
//! - [`link`]: frames over a stream, by mutual TLS where it leaves the machine.
//! - [`replicator`]: what a primary sends to a standby, and when one is too slow to be sent it live.
//! - [`follower`]: what a standby takes from its primary.
//! - [`agent`]: drives the steward, and carries what nodes say to each other.
//! - [`wires`], [`history`], [`arrival`], [`keeper`]: the sockets, the old records, a snapshot in their place, and the
//!   memory of a node, as the agent sees them.
//! - [`control`]: what operators ask and see.
//! - [`standing`]: what the other agents of the node see.

pub mod agent;
pub mod arbiter;
pub mod arrival;
pub mod chain;
pub mod control;
pub mod definitions;
pub mod follower;
pub mod frame;
pub mod history;
pub mod keeper;
pub mod link;
pub mod port;
pub mod replicator;
pub mod standing;
pub mod steward;
pub mod view;
pub mod wires;

pub use agent::ClusterAgent;
pub use arbiter::{Arbiter, ArbiterError, Held, Version};
pub use standing::{Post, Standing, StateHash};
pub use view::{Incarnation, Member, View};
