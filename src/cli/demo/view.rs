//! The demo's picture: both books, the last trades, rates and latencies, on 80 × 24 characters.

use std::time::Duration;

use crate::cli::demo::quotes::MARKETS;
use crate::cli::demo::traders::{Counts, Figures, Trade};
use crate::cli::terminal::{bar, grouped, span};

/// Columns.
const WIDTH: usize = 80;
/// Columns of one book: two of them and a line between.
const HALF: usize = 38;
/// Levels of each side.
pub const LEVELS: usize = 6;
/// Columns of a level's bar.
const BAR: usize = 13;

const RED: &str = "31";
const GREEN: &str = "32";
const DIM: &str = "2";
const BOLD: &str = "1";

/// The best levels of an instrument, the best first: price and quantity.
#[derive(Debug, Clone, Default)]
pub struct Book {
    /// Who buys.
    pub bids: Vec<(f64, f64)>,
    /// Who sells.
    pub asks: Vec<(f64, f64)>,
    /// The last trade's price.
    pub last: String,
}

/// All that is shown.
pub struct Frame<'a> {
    /// The FIX address and the durability level.
    pub venue: &'a str,
    /// Since trading began.
    pub elapsed: Duration,
    /// How long it is to take.
    pub time: Duration,
    /// One for each market.
    pub books: &'a [Book],
    /// What the traders counted and measured.
    pub figures: &'a Figures,
    /// What they counted a second in the last second.
    pub rates: &'a Counts,
}

/// The picture, in lines of at most 80 columns.
pub fn render(frame: &Frame<'_>) -> String {
    let mut lines = Vec::new();
    let time = format!("{:.1} of {:.0} s", frame.elapsed.as_secs_f64(), frame.time.as_secs_f64());
    let title = format!("CASTLE  {}", frame.venue);
    lines.push(format!(
        "{}{time:>width$}",
        paint(BOLD, &title),
        width = WIDTH.saturating_sub(title.chars().count())
    ));
    lines.push(rule());
    let halves: Vec<Vec<String>> = MARKETS
        .iter()
        .zip(frame.books)
        .map(|(market, book)| half(market.symbol, market.price_scale, market.quantity_scale, book))
        .collect();
    if let [left, right] = halves.as_slice() {
        for (left, right) in left.iter().zip(right) {
            lines.push(format!("{left} {} {right}", paint(DIM, "│")));
        }
    }
    lines.push(rule());
    lines.push(trades(frame));
    lines.push(rule());
    lines.push(rates(frame.rates));
    let names = ["p50", "p90", "p99", "p99.9", "max"];
    let percentiles = names.iter().zip(frame.figures.latency.percentiles);
    let percentiles: Vec<String> =
        percentiles.map(|(name, time)| format!("{name} {}", span(time))).collect();
    lines.push(format!("order to ack  {}", percentiles.join("  ")));
    lines.push(paint(DIM, "from the planned moment of each order; ctrl-c ends early"));
    lines.join("\n")
}

/// One line of figures, where there is no terminal.
pub fn plain(frame: &Frame<'_>) -> String {
    let [p50, _, p99, _, max] = frame.figures.latency.percentiles;
    let prices: Vec<String> = MARKETS
        .iter()
        .zip(frame.books)
        .map(|(market, book)| format!("{} {}", market.symbol, book.last))
        .collect();
    format!(
        "{:>5.1} s  {} orders/s  {} fills/s  order to ack p50 {} p99 {} max {}  {}",
        frame.elapsed.as_secs_f64(),
        grouped(frame.rates.orders),
        grouped(frame.rates.fills()),
        span(p50),
        span(p99),
        span(max),
        prices.join("  ")
    )
}

fn half(symbol: &str, price_scale: u32, quantity_scale: u32, book: &Book) -> Vec<String> {
    let width = HALF - symbol.len();
    let mut lines = vec![format!("{}{:>width$}", paint(BOLD, symbol), book.last)];
    let shown =
        |side: &[(f64, f64)]| side.iter().take(LEVELS).map(|level| level.1).fold(0.0, f64::max);
    let most = shown(&book.bids).max(shown(&book.asks));
    let level = |color: &str, level: Option<&(f64, f64)>| {
        let Some((price, quantity)) = level else { return " ".repeat(HALF) };
        let price = format!("{price:>11.places$}", places = price_scale as usize);
        let quantity_text = format!("{quantity:>12.places$}", places = quantity_scale as usize);
        let bar = format!("{:<BAR$}", bar(quantity / most, BAR));
        format!("{}{quantity_text}  {}", paint(color, &price), paint(color, &bar))
    };
    for index in (0..LEVELS).rev() {
        lines.push(level(RED, book.asks.get(index)));
    }
    let spread = match (book.asks.first(), book.bids.first()) {
        (Some(ask), Some(bid)) => {
            format!("spread {:.places$}", ask.0 - bid.0, places = price_scale as usize)
        }
        _ => String::new(),
    };
    lines.push(paint(DIM, &format!("{spread:^HALF$}")));
    for index in 0..LEVELS {
        lines.push(level(GREEN, book.bids.get(index)));
    }
    lines
}

fn trades(frame: &Frame<'_>) -> String {
    let show = |trade: &Trade| {
        let (color, arrow) = if trade.bought { (GREEN, "▲") } else { (RED, "▼") };
        let name = MARKETS[trade.market].symbol.get(..3).unwrap_or("");
        let text = format!("{arrow} {name} {} x {}", trade.price, trade.quantity);
        (text.chars().count(), paint(color, &text))
    };
    let mut line = "trades".to_owned();
    let mut columns = line.len();
    for (width, text) in frame.figures.trades.iter().map(show) {
        if columns + 2 + width <= WIDTH {
            line.push_str("  ");
            line.push_str(&text);
            columns += 2 + width;
        }
    }
    line
}

fn rates(rates: &Counts) -> String {
    format!(
        "a second  orders {}  fills {}  cancels {}  replaces {}  refused {}",
        grouped(rates.orders),
        grouped(rates.fills()),
        grouped(rates.cancels),
        grouped(rates.replaces),
        grouped(rates.rejects + rates.late)
    )
}

fn rule() -> String {
    paint(DIM, &"─".repeat(WIDTH))
}

fn paint(color: &str, text: &str) -> String {
    format!("\x1b[{color}m{text}\x1b[0m")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::demo::traders::Latency;
    use expect_test::expect;
    use std::collections::VecDeque;

    fn without_colors(text: &str) -> String {
        let mut plain = String::new();
        let mut escaped = false;
        for character in text.chars() {
            match (escaped, character) {
                (false, '\x1b') => escaped = true,
                (true, 'm') => escaped = false,
                (true, _) => {}
                (false, character) => plain.push(character),
            }
        }
        plain
    }

    fn figures() -> Figures {
        let trade = Trade {
            market: 0,
            price: "60012.34".to_owned(),
            quantity: "0.01200".to_owned(),
            bought: true,
        };
        Figures {
            counts: Counts::default(),
            latency: Latency {
                percentiles: [1, 2, 3, 4, 50].map(Duration::from_millis),
                count: 1_000,
            },
            trades: VecDeque::from(vec![trade; 4]),
        }
    }

    #[test]
    fn the_picture_fits_the_smallest_terminal() {
        let side = |step: f64| {
            (0..8).map(|n| (60_000.0 + step * f64::from(n), f64::from(n + 1))).collect()
        };
        let book = Book { bids: side(-1.0), asks: side(1.0), last: "60000.00".to_owned() };
        let rates = Counts {
            orders: 834_567,
            trade_reports: 1_700_000,
            cancels: 345_678,
            ..Counts::default()
        };
        let figures = figures();
        let frame = Frame {
            venue: "127.0.0.1:45678  local-disk",
            elapsed: Duration::from_millis(7_250),
            time: Duration::from_secs(10),
            books: &[book.clone(), book],
            figures: &figures,
            rates: &rates,
        };
        let picture = without_colors(&render(&frame));
        assert!(picture.lines().count() <= 24, "{picture}");
        assert!(picture.lines().all(|line| line.chars().count() <= WIDTH), "{picture}");
        expect![[r#"
            CASTLE  127.0.0.1:45678  local-disk                                  7.2 of 10 s
            ────────────────────────────────────────────────────────────────────────────────
            BTCUSDT                       60000.00 │ ETHUSDT                       60000.00
               60005.00     6.00000  █████████████ │    60005.00      6.0000  █████████████
               60004.00     5.00000  ██████████▉   │    60004.00      5.0000  ██████████▉  
               60003.00     4.00000  ████████▋     │    60003.00      4.0000  ████████▋    
               60002.00     3.00000  ██████▌       │    60002.00      3.0000  ██████▌      
               60001.00     2.00000  ████▍         │    60001.00      2.0000  ████▍        
               60000.00     1.00000  ██▏           │    60000.00      1.0000  ██▏          
                         spread 0.00               │              spread 0.00              
               60000.00     1.00000  ██▏           │    60000.00      1.0000  ██▏          
               59999.00     2.00000  ████▍         │    59999.00      2.0000  ████▍        
               59998.00     3.00000  ██████▌       │    59998.00      3.0000  ██████▌      
               59997.00     4.00000  ████████▋     │    59997.00      4.0000  ████████▋    
               59996.00     5.00000  ██████████▉   │    59996.00      5.0000  ██████████▉  
               59995.00     6.00000  █████████████ │    59995.00      6.0000  █████████████
            ────────────────────────────────────────────────────────────────────────────────
            trades  ▲ BTC 60012.34 x 0.01200  ▲ BTC 60012.34 x 0.01200
            ────────────────────────────────────────────────────────────────────────────────
            a second  orders 834,567  fills 850,000  cancels 345,678  replaces 0  refused 0
            order to ack  p50 1.00 ms  p90 2.00 ms  p99 3.00 ms  p99.9 4.00 ms  max 50.0 ms
            from the planned moment of each order; ctrl-c ends early"#]]
        .assert_eq(&picture);
        expect!["  7.2 s  834,567 orders/s  850,000 fills/s  order to ack p50 1.00 ms p99 3.00 ms max 50.0 ms  BTCUSDT 60000.00  ETHUSDT 60000.00"].assert_eq(&plain(&frame));
    }

    #[test]
    fn an_empty_book_is_shown_too() {
        let figures = Figures::default();
        let frame = Frame {
            venue: "127.0.0.1:1",
            elapsed: Duration::ZERO,
            time: Duration::from_secs(1),
            books: &[Book::default(), Book::default()],
            figures: &figures,
            rates: &Counts::default(),
        };
        assert!(render(&frame).lines().count() <= 24);
    }
}
