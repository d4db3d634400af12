//! Numbers as people read them, bars and tables, and a terminal that is given back as it was.

use std::io::Write;
use std::time::Duration;

/// A whole number with its thousands apart: 12,345.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A span of time with three significant digits and its unit: `1.25 ms`.
pub fn span(time: Duration) -> String {
    let ns = time.as_nanos() as f64;
    let (value, unit) = match ns {
        ns if ns < 1e3 => (ns, "ns"),
        ns if ns < 1e6 => (ns / 1e3, "us"),
        ns if ns < 1e9 => (ns / 1e6, "ms"),
        ns => (ns / 1e9, "s"),
    };
    let places = if unit == "ns" || value >= 100.0 {
        0
    } else if value >= 10.0 {
        1
    } else {
        2
    };
    format!("{value:.places$} {unit}")
}

/// A bar of at most `width` columns for a part of one, in eighths of a column.
pub fn bar(part: f64, width: usize) -> String {
    const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    let eighths = (part.clamp(0.0, 1.0) * width as f64 * 8.0).round() as usize;
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS[eighths % 8])
}

/// A table: the first column to the left, the others to the right.
pub fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([head[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let mut text = String::new();
    let head: Vec<String> = head.iter().map(|cell| (*cell).to_owned()).collect();
    for row in [&head].into_iter().chain(rows) {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let width = widths[column];
            if column == 0 {
                line.push_str(&format!("{cell:<width$}"));
            } else {
                line.push_str(&format!("  {cell:>width$}"));
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The terminal's other screen, without a cursor. Dropping it gives the terminal back; so does a panic.
pub struct Screen(());

const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[2J";
const LEAVE: &str = "\x1b[?25h\x1b[?1049l";

impl Screen {
    /// Takes the screen.
    pub fn enter() -> Self {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            put(LEAVE);
            before(info);
        }));
        put(ENTER);
        Self(())
    }

    /// Draws over what is there, so that nothing flickers.
    pub fn draw(&mut self, frame: &str) {
        let lines = frame.replace('\n', "\x1b[K\n");
        put(&format!("\x1b[H{lines}\x1b[J"));
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        put(LEAVE);
    }
}

/// A terminal that is gone is no reason to fail: the work goes on without a picture.
fn put(text: &str) {
    let mut out = std::io::stdout().lock();
    let _gone = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!([grouped(0), grouped(999), grouped(1_000)], ["0", "999", "1,000"]);
        assert_eq!(grouped(1_234_567), "1,234,567");
    }

    #[test]
    fn a_span_has_a_unit_that_fits() {
        assert_eq!(span(Duration::from_nanos(512)), "512 ns");
        assert_eq!(span(Duration::from_nanos(1_250)), "1.25 us");
        assert_eq!(span(Duration::from_micros(12_500)), "12.5 ms");
        assert_eq!(span(Duration::from_secs(2)), "2.00 s");
    }

    #[test]
    fn a_bar_never_leaves_its_columns() {
        assert_eq!(bar(0.5, 4), "██");
        assert_eq!(bar(7.0, 3), "███");
        assert_eq!(bar(f64::NAN, 3), "");
    }

    #[test]
    fn a_table_lines_up() {
        let rows =
            [vec!["BTC".to_owned(), "1".to_owned()], vec!["ETH".to_owned(), "100".to_owned()]];
        assert_eq!(table(&["asset", "free"], &rows), "asset  free\nBTC       1\nETH     100\n");
    }
}
