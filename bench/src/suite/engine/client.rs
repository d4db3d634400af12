//! The clients' side: one thread that puts commands on the ring and takes the events off theirs.
//!
//! Events come in the order of the commands that cause them, and each command is answered once, by
//! what accepts it or refuses it: the nth answer is the nth command's.

use std::time::Duration;

use castle::model::*;
use castle::ring::{Consumer, Producer};

use crate::flow::Step;
use crate::pace::{Generator, Schedule};
use crate::record::{Recorder, RunClock, quartiles};

/// Commands put on the ring before the events are looked at again.
const BURST: usize = 64;
/// Events taken at once.
const EVENTS: usize = 256;
/// Length of a slice of the closed loop.
const SLICE_NS: u64 = 100_000_000;
/// How long answers may be missing.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often the generator stands still where it is told to.
const STALL_EVERY_NS: u64 = 300_000_000;

/// The generator's and the consumer's ends of the rings.
pub struct Client {
    /// To the venue.
    pub commands: Producer<Command>,
    /// From the venue.
    pub events: Consumer<Event>,
    /// The run's clock.
    pub clock: RunClock,
    /// Makes the generator stand still now and then.
    pub stall: Duration,
    /// What events told.
    pub told: Told,
}

/// What events told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Told {
    /// Commands that were answered.
    pub answers: u64,
    /// Those of them that were refused.
    pub refused: u64,
    /// Reports of trades: two a trade.
    pub trades: u64,
}

/// What is recorded of an open loop.
pub struct Recorders {
    /// From the planned time to the answer.
    pub latency: Recorder,
    /// From the time when the generator took the command up to the answer.
    pub service: Recorder,
    /// From the planned time to the time when the generator took the command up.
    pub lag: Recorder,
}

impl Recorders {
    /// With room for this many intervals.
    pub fn new(intervals_max: usize) -> Self {
        let recorder = || Recorder::new(intervals_max);
        Self { latency: recorder(), service: recorder(), lag: recorder() }
    }

    fn turn(&mut self, now_ns: u64, begins: bool, ends: bool) {
        for recorder in [&mut self.latency, &mut self.service, &mut self.lag] {
            if ends {
                recorder.close(now_ns);
            }
            if begins {
                recorder.open(now_ns);
            }
        }
    }
}

/// What an event tells of a command.
enum Said {
    Answer,
    Refusal,
    Trade,
    More,
}

#[inline]
fn said(event: &Event) -> Said {
    match &event.body {
        EventBody::Execution(told) => match told.exec_type {
            ExecType::New | ExecType::Replaced => Said::Answer,
            ExecType::Canceled if told.why == Cause::Request => Said::Answer,
            ExecType::Rejected => Said::Refusal,
            ExecType::Trade => Said::Trade,
            _ => Said::More,
        },
        EventBody::CancelReject(_) => Said::Refusal,
        _ => Said::More,
    }
}

impl Client {
    /// Puts commands on the ring while there is room, at most a burst; how many.
    #[inline]
    fn put(&mut self, steps: &[Step]) -> usize {
        let mut put = 0;
        for step in steps.iter().take(BURST) {
            let Some(slot) = self.commands.claim() else { break };
            *slot = step.command();
            put += 1;
        }
        self.commands.publish();
        put
    }

    /// Takes events; how many answers were among them.
    #[inline]
    fn take(&mut self) -> u64 {
        let before = self.told.answers;
        let (head, tail) = self.events.batch(EVENTS);
        let count = head.len() + tail.len();
        for event in head.iter().chain(tail) {
            match said(event) {
                Said::Answer => self.told.answers += 1,
                Said::Refusal => {
                    self.told.answers += 1;
                    self.told.refused += 1;
                }
                Said::Trade => self.told.trades += 1,
                Said::More => {}
            }
        }
        self.events.advance(count);
        self.told.answers - before
    }

    /// As many as go through, each as soon as there is room: answers a second in each slice.
    pub fn closed_loop(&mut self, steps: &[Step]) -> Result<Vec<f64>, String> {
        let start_ns = self.clock.now_ns();
        let (mut put, mut answered) = (0, 0);
        let (mut slice_ns, mut slice_answered) = (start_ns, 0);
        let mut rates = Vec::new();
        while answered < steps.len() as u64 {
            put += self.put(&steps[put..]);
            let taken = self.take();
            answered += taken;
            let now_ns = self.clock.now_ns();
            let is_full = now_ns - slice_ns >= SLICE_NS;
            if is_full || answered == steps.len() as u64 && rates.is_empty() {
                let length_s = (now_ns - slice_ns).max(1) as f64 / 1e9;
                rates.push((answered - slice_answered) as f64 / length_s);
                (slice_ns, slice_answered) = (now_ns, answered);
            }
            self.in_time(now_ns, start_ns, answered, steps)?;
        }
        self.drain();
        Ok(rates)
    }

    /// By the schedule, late ones at once.
    pub fn open_loop(
        &mut self,
        steps: &[Step],
        rate_per_s: u64,
        interval_ns: u64,
        recorders: &mut Recorders,
    ) -> Result<(), String> {
        // Written to before the start: the first touch of memory would take milliseconds.
        let mut planned_ns = vec![u64::MAX; steps.len()];
        let mut taken_ns = vec![u64::MAX; steps.len()];
        let start_ns = self.clock.now_ns() + 100_000;
        let length_ns = (steps.len() as u128 * 1_000_000_000).div_ceil(u128::from(rate_per_s));
        let schedule = Schedule::new(start_ns, rate_per_s, length_ns as u64);
        let mut generator = Generator::new(schedule);
        let (mut put, mut answered) = (0, 0);
        let (mut turn_ns, mut stalled_ns) = (start_ns + interval_ns, start_ns);
        recorders.turn(start_ns, true, false);
        while answered < steps.len() {
            let now_ns = self.clock.now_ns();
            for _ in 0..BURST {
                let Some((number, planned)) = generator.take(now_ns, &mut recorders.lag) else {
                    break;
                };
                planned_ns[number as usize] = planned;
                taken_ns[number as usize] = now_ns;
            }
            let taken = generator.taken() as usize;
            if put < taken {
                put += self.put(&steps[put..taken]);
            }
            let answers = self.take() as usize;
            if answers > 0 {
                let now_ns = self.clock.now_ns();
                for at in answered..answered + answers {
                    recorders.latency.record(now_ns - planned_ns[at]);
                    recorders.service.record(now_ns - taken_ns[at]);
                }
                answered += answers;
            }
            if now_ns >= turn_ns {
                recorders.turn(now_ns, true, true);
                turn_ns += interval_ns;
            }
            self.in_time(now_ns, start_ns + length_ns as u64, answered as u64, steps)?;
            if !self.stall.is_zero() && now_ns > stalled_ns + STALL_EVERY_NS {
                std::thread::sleep(self.stall);
                stalled_ns = self.clock.now_ns();
            }
        }
        recorders.turn(self.clock.now_ns(), false, true);
        self.drain();
        Ok(())
    }

    /// Takes what follows the last answer.
    fn drain(&mut self) {
        let mut until_ns = self.clock.now_ns() + 1_000_000;
        while self.clock.now_ns() < until_ns {
            let before = self.events.position();
            self.take();
            if self.events.position() != before {
                until_ns = self.clock.now_ns() + 1_000_000;
            }
        }
    }

    #[inline]
    fn in_time(
        &self,
        now_ns: u64,
        from_ns: u64,
        answered: u64,
        steps: &[Step],
    ) -> Result<(), String> {
        if now_ns < from_ns + PATIENCE.as_nanos() as u64 {
            return Ok(());
        }
        let (missing, all) = (steps.len() as u64 - answered, steps.len());
        Err(format!(
            "{missing} of {all} commands were not answered within {} s",
            PATIENCE.as_secs()
        ))
    }
}

/// The middle of the slices.
pub fn median(rates: &[f64]) -> f64 {
    quartiles(rates)[1]
}
