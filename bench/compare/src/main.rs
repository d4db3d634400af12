//! Order books of others, and Castle's engine, under one flow in one thread.
//!
//! 1. The flow is `single-pair` of castle-bench, with buyers and sellers apart: the other books know no
//!    accounts, so nobody may meet himself.
//! 2. In slices, in turn: each takes the same commands, made into its own form before the clock starts.
//! 3. The others have only a book to keep. Castle's engine does all it does: sessions, ClOrdIDs, holds,
//!    fees, self-trade checks, reports to both sides.
//! 4. At the end every book must be the generator's, level by level.
//!
//! It is started by `castle-bench compare` and prints JSON: a name, a rate for each slice, and what
//! differs, for each book.

mod books;

use std::time::Instant;

use books::{Book, Levels, ours, plain, theirs};
use castle::model::Side;
use castle_bench::flow::{Generator, Model, Preset, Step};
use castle_bench::machine;
use clap::Parser;

/// The product's: for all books alike.
#[global_allocator]
static MEMORY: castle::runtime::LargePages = castle::runtime::LargePages;

/// Measures order books.
#[derive(Parser)]
struct Arguments {
    /// Commands of a slice
    #[arg(long, default_value_t = 500_000)]
    commands: usize,
    /// Slices of each book
    #[arg(long, default_value_t = 40)]
    slices: usize,
    /// The core that all run on
    #[arg(long, default_value_t = 1)]
    core: usize,
}

fn main() {
    let arguments = Arguments::parse();
    if let Err(text) = machine::pin(arguments.core) {
        eprintln!("castle-bench-compare: {text}");
        std::process::exit(1);
    }
    let mut generator = Generator::new(Preset::FOR_BOOKS);
    let filling = generator.filling();
    let commands = filling.len() + (arguments.slices + 1) * arguments.commands;
    let mut books: Vec<Box<dyn Book>> = vec![
        Box::new(ours::Castle::new(Preset::FOR_BOOKS, commands)),
        Box::new(theirs::Matchcore::default()),
        Box::new(theirs::OrderbookRs::default()),
        Box::new(plain::Plain::default()),
    ];
    let warm = generator.steady(arguments.commands);
    for book in &mut books {
        timed(book.as_mut(), &filling);
        timed(book.as_mut(), &warm);
    }
    let mut rates = vec![Vec::with_capacity(arguments.slices); books.len()];
    for _ in 0..arguments.slices {
        let steps = generator.steady(arguments.commands);
        for (book, rates) in books.iter_mut().zip(&mut rates) {
            rates.push(timed(book.as_mut(), &steps));
        }
    }
    let wanted = levels(generator.model());
    let found: Vec<_> = books
        .iter()
        .zip(rates)
        .map(|(book, rates)| {
            let differs = difference(&book.levels(), &wanted);
            serde_json::json!({ "name": book.name(), "rates": rates, "differs": differs })
        })
        .collect();
    println!("{}", serde_json::Value::from(found));
}

/// Commands a second.
fn timed(book: &mut dyn Book, steps: &[Step]) -> f64 {
    book.prepare(steps);
    let before = Instant::now();
    book.apply();
    steps.len() as f64 / before.elapsed().as_secs_f64()
}

/// The generator's levels.
fn levels(model: &Model) -> Levels {
    let of = |side| {
        model.levels(0, side).map(move |level| {
            let total = (level.orders, level.total);
            ((side == Side::Buy, level.price), total)
        })
    };
    of(Side::Buy).chain(of(Side::Sell)).collect()
}

/// The first difference, in words.
fn difference(found: &Levels, wanted: &Levels) -> Option<String> {
    let prices: std::collections::BTreeSet<_> = found.keys().chain(wanted.keys()).collect();
    let at = prices.into_iter().find(|at| found.get(at) != wanted.get(at))?;
    let side = if at.0 { "bids" } else { "asks" };
    let told = |levels: &Levels| match levels.get(at) {
        Some((orders, total)) => format!("{orders} orders with {total}"),
        None => "nothing".to_owned(),
    };
    Some(format!("{side} at {}: {} instead of {}", at.1, told(found), told(wanted)))
}
