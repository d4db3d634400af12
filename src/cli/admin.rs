//! `castle admin`: what an operator asks of a running exchange.

mod cluster;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use crate::cli::admin_client::AdminClient;
use crate::cli::terminal::table;
use crate::cli::{Failure, Outcome};
use crate::venue::config::Config;

/// Arguments of `castle admin`.
#[derive(Args)]
pub struct Arguments {
    /// The exchange's unix socket
    #[arg(long, global = true)]
    socket: Option<PathBuf>,
    /// The exchange's configuration, which names the socket
    #[arg(long, global = true, conflicts_with = "socket")]
    config: Option<PathBuf>,
    /// The answer as JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// What is durable, who is connected, how much room is left
    Status,
    /// Instruments, their rules and their state
    Instruments,
    /// Accounts and their state
    Accounts,
    /// What an account has
    Balances {
        /// Its id
        account: u32,
    },
    /// The best prices of an instrument
    Book {
        /// Its symbol
        symbol: String,
    },
    /// Sessions and their sequence numbers
    Sessions,
    /// Opens an account
    OpenAccount {
        /// Its id, from 2
        account: u32,
    },
    /// Books money in; the same reference again changes nothing
    Deposit(Transfer),
    /// Books money out; the same reference again changes nothing
    Withdraw(Transfer),
    /// Stops trading in an instrument; orders stay and can be canceled
    Halt {
        /// Its symbol
        symbol: String,
    },
    /// Takes only cancels for an instrument
    CancelOnly {
        /// Its symbol
        symbol: String,
    },
    /// Lets an instrument trade again
    Resume {
        /// Its symbol
        symbol: String,
    },
    /// Suspends an account and cancels its orders
    Suspend {
        /// Its id
        account: u32,
    },
    /// Lets a suspended account trade again
    Reinstate {
        /// Its id
        account: u32,
    },
    /// How long orders take, as a whole and by stage, in microseconds
    Latency,
    /// The hash of the engine's whole state
    StateHash,
    /// Of each asset: what participants, the venue and the outside have; the sum is zero
    Totals,
    /// Who is primary, who is in sync and how far behind
    Cluster,
    /// Makes the cluster's first view, with this node as primary; done once. Asks where the arbiter has lost a view
    Found {
        /// Does not ask
        #[arg(long)]
        yes: bool,
    },
    /// Makes this node primary whatever the view says; says what that requires of you, and asks
    Promote {
        /// Does not ask: you have done what it requires
        #[arg(long)]
        yes: bool,
    },
    /// Without an arbiter: has the primary go on without a standby that is lost; asks first
    LeaveOut {
        /// The standby's number
        #[arg(long)]
        node: u16,
        /// Does not ask
        #[arg(long)]
        yes: bool,
    },
    /// Has another node take over, without a lost or refused order
    Switchover {
        /// Its number
        #[arg(long)]
        to: u16,
    },
}

#[derive(Args)]
struct Transfer {
    /// The account's id
    account: u32,
    /// The asset's name
    asset: String,
    /// How much, such as 12.5
    amount: String,
    /// What you call it, so that it is booked once
    #[arg(long)]
    reference: String,
}

/// Runs `castle admin`.
pub fn run(arguments: &Arguments) -> Outcome {
    let socket = match (&arguments.socket, &arguments.config) {
        (Some(socket), _) => socket.clone(),
        (None, Some(file)) => Config::load(file).map_err(Failure::configuration)?.admin_socket(),
        (None, None) => Config::default().admin_socket(),
    };
    let mut client = AdminClient::connect(&socket).map_err(Failure::new)?;
    let is_confirmed = match arguments.command {
        Command::Found { yes: false } => cluster::confirms_founding(&mut client)?,
        Command::Promote { yes: false } => cluster::confirms_promotion(&mut client)?,
        Command::LeaveOut { node, yes: false } => cluster::confirms_leaving_out(&mut client, node)?,
        _ => true,
    };
    if !is_confirmed {
        return Err(Failure::new("nothing was changed"));
    }
    let answer = client.ask(&request(&arguments.command)).map_err(Failure::new)?;
    if arguments.json {
        println!("{answer}");
    } else {
        print!("{}", for_people(&arguments.command, &answer));
    }
    Ok(())
}

fn request(command: &Command) -> Value {
    let transfer = |name: &str, transfer: &Transfer| {
        json!({
            "command": name,
            "account": transfer.account.to_string(),
            "asset": transfer.asset,
            "amount": transfer.amount,
            "reference": transfer.reference,
        })
    };
    let of_account =
        |name: &str, account: &u32| json!({"command": name, "account": account.to_string()});
    let of_symbol = |name: &str, symbol: &String| json!({"command": name, "symbol": symbol});
    match command {
        Command::Status => json!({"command": "status"}),
        Command::Instruments => json!({"command": "instruments"}),
        Command::Accounts => json!({"command": "accounts"}),
        Command::Balances { account } => of_account("balances", account),
        Command::Book { symbol } => of_symbol("book", symbol),
        Command::Sessions => json!({"command": "sessions"}),
        Command::OpenAccount { account } => of_account("open-account", account),
        Command::Deposit(arguments) => transfer("deposit", arguments),
        Command::Withdraw(arguments) => transfer("withdraw", arguments),
        Command::Halt { symbol } => of_symbol("halt", symbol),
        Command::CancelOnly { symbol } => of_symbol("cancel-only", symbol),
        Command::Resume { symbol } => of_symbol("resume", symbol),
        Command::Suspend { account } => of_account("suspend", account),
        Command::Reinstate { account } => of_account("reinstate", account),
        Command::Latency => json!({"command": "latency"}),
        Command::StateHash => json!({"command": "state-hash"}),
        Command::Totals => json!({"command": "totals"}),
        Command::Cluster => json!({"command": "cluster"}),
        Command::Found { .. } => json!({"command": "found"}),
        Command::Promote { .. } => json!({"command": "promote"}),
        Command::LeaveOut { node, .. } => json!({"command": "leave-out", "node": node.to_string()}),
        Command::Switchover { to } => json!({"command": "switchover", "to": to.to_string()}),
    }
}

fn for_people(command: &Command, answer: &Value) -> String {
    match command {
        Command::Instruments => rows(
            &answer["instruments"],
            &["symbol", "base", "quote", "tick", "lot", "state", "last_price"],
        ),
        Command::Accounts => {
            rows(&answer["accounts"], &["account", "name", "state", "open_orders"])
        }
        Command::Balances { .. } => rows(&answer["balances"], &["asset", "free", "held"]),
        Command::Sessions => rows(
            &answer["sessions"],
            &["comp_id", "account", "connected", "next_inbound", "next_outbound"],
        ),
        Command::Totals => rows(&answer["totals"], &["asset", "participants", "venue", "outside"]),
        Command::Book { .. } => book(answer),
        Command::Latency => latency(answer),
        Command::Cluster => cluster::for_people(answer),
        Command::Found { .. }
        | Command::Promote { .. }
        | Command::LeaveOut { .. }
        | Command::Switchover { .. } => {
            "asked for: castle admin cluster shows what came of it\n".to_owned()
        }
        _ => fields(answer),
    }
}

/// A table of a list of objects: the columns named first, then all others that it has.
fn rows(list: &Value, first: &[&str]) -> String {
    let empty = Vec::new();
    let objects: Vec<&Map<String, Value>> =
        list.as_array().unwrap_or(&empty).iter().filter_map(Value::as_object).collect();
    let mut head: Vec<&str> = first
        .iter()
        .filter(|key| objects.iter().any(|object| object.contains_key(**key)))
        .copied()
        .collect();
    for key in objects.iter().flat_map(|object| object.keys()) {
        if !head.contains(&key.as_str()) {
            head.push(key);
        }
    }
    if head.is_empty() {
        return "none\n".to_owned();
    }
    let cells: Vec<Vec<String>> = objects
        .iter()
        .map(|object| head.iter().map(|key| plain(object.get(*key))).collect())
        .collect();
    table(&head, &cells)
}

/// The fields of an answer, one a line.
fn fields(answer: &Value) -> String {
    let empty = Map::new();
    let fields: Vec<_> =
        answer.as_object().unwrap_or(&empty).iter().filter(|(key, _)| *key != "ok").collect();
    if fields.is_empty() {
        return "done\n".to_owned();
    }
    let width = fields.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
    fields.iter().map(|(key, value)| format!("{key:<width$}  {}\n", plain(Some(value)))).collect()
}

/// Two tables: since the start, and of the last interval if one has ended.
fn latency(answer: &Value) -> String {
    const HEAD: [&str; 7] = ["stage", "count", "p50", "p90", "p99", "p99.9", "max"];
    let empty = Vec::new();
    let figures = |rows: &Value| {
        let rows = rows.as_array().unwrap_or(&empty).iter();
        let cell = |row: &Value, key: &str| match &row[key] {
            Value::Number(number) if number.is_f64() => {
                format!("{:.1}", number.as_f64().unwrap_or_default())
            }
            other => plain(Some(other)),
        };
        let cells: Vec<Vec<String>> =
            rows.map(|row| HEAD.iter().map(|key| cell(row, key)).collect()).collect();
        table(&HEAD, &cells)
    };
    let mut text = format!("in microseconds, since the start\n{}", figures(&answer["since_start"]));
    if let Some(length) = answer["interval_s"].as_f64() {
        text += &format!(
            "\nthe last interval, of {length:.1} s\n{}",
            figures(&answer["last_interval"])
        );
    }
    text
}

/// Asks above bids, best prices in the middle.
fn book(answer: &Value) -> String {
    let empty = Vec::new();
    let level = |side: &str, level: &Value| {
        let cell = |index: usize| plain(level.get(index));
        vec![side.to_owned(), cell(0), cell(1), cell(2)]
    };
    let asks = answer["asks"].as_array().unwrap_or(&empty).iter().rev();
    let bids = answer["bids"].as_array().unwrap_or(&empty).iter();
    let levels: Vec<_> =
        asks.map(|ask| level("ask", ask)).chain(bids.map(|bid| level("bid", bid))).collect();
    let last = format!("last price {}\n", plain(answer.get("last_price")));
    last + &table(&["side", "price", "quantity", "orders"], &levels)
}

fn plain(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "-".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    #[test]
    fn a_transfer_is_asked_for_in_texts() {
        let transfer = Transfer {
            account: 2,
            asset: "BTC".to_owned(),
            amount: "1.5".to_owned(),
            reference: "wire-7".to_owned(),
        };
        expect![[r#"{"account":"2","amount":"1.5","asset":"BTC","command":"deposit","reference":"wire-7"}"#]]
            .assert_eq(&request(&Command::Deposit(transfer)).to_string());
    }

    #[test]
    fn balances_are_a_table() {
        let answer = json!({"ok": true, "account": "2", "balances": [
            {"asset": "BTC", "free": "9.5", "held": "0.5"},
            {"asset": "USDT", "free": "1000", "held": "0"}]});
        expect![[r#"
            asset  free  held
            BTC     9.5   0.5
            USDT   1000     0
        "#]]
        .assert_eq(&for_people(&Command::Balances { account: 2 }, &answer));
    }

    #[test]
    fn a_book_has_the_best_prices_in_the_middle() {
        let answer = json!({"ok": true, "last_price": "100.5",
            "asks": [["101", "1", 1], ["102", "2", 3]], "bids": [["100", "4", 2]]});
        expect![[r#"
            last price 100.5
            side  price  quantity  orders
            ask     102         2       3
            ask     101         1       1
            bid     100         4       2
        "#]]
        .assert_eq(&for_people(&Command::Book { symbol: "X".to_owned() }, &answer));
    }

    #[test]
    fn latencies_are_a_table_for_each_stretch_of_time() {
        let row = |stage: &str, count: u64| {
            json!({"stage": stage, "count": count, "p50": 9.1, "p90": 12.0, "p99": 31.25,
                "p99.9": 80.0, "max": 1234.5})
        };
        let answer = json!({"ok": true, "since_start": [row("whole", 128), row("decode", 2)],
            "last_interval": [row("whole", 64)], "interval_s": 10.04});
        expect![[r#"
            in microseconds, since the start
            stage   count  p50   p90   p99  p99.9     max
            whole     128  9.1  12.0  31.2   80.0  1234.5
            decode      2  9.1  12.0  31.2   80.0  1234.5

            the last interval, of 10.0 s
            stage  count  p50   p90   p99  p99.9     max
            whole     64  9.1  12.0  31.2   80.0  1234.5
        "#]]
        .assert_eq(&for_people(&Command::Latency, &answer));
    }

    #[test]
    fn an_answer_without_figures_is_done() {
        assert_eq!(for_people(&Command::StateHash, &json!({"ok": true})), "done\n");
    }

    #[test]
    fn status_is_one_figure_a_line() {
        let answer = json!({"ok": true, "node": 0, "role": "primary"});
        assert_eq!(for_people(&Command::Status, &answer), "node  0\nrole  primary\n");
    }
}
