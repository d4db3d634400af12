//! What an operator sees of the cluster, and what he is asked before he overrides it.

use std::io::{self, BufRead, Write};

use serde_json::{Value, json};

use super::{plain, rows};
use crate::cli::Failure;
use crate::cli::admin_client::AdminClient;

/// What is typed to promote a node.
const CONFIRMATION: &str = "promote";

pub(super) fn for_people(answer: &Value) -> String {
    let text = |key: &str| plain(answer.get(key));
    let mut lines = vec![format!("node {}, {}", text("node"), text("role"))];
    lines.push(match &answer["view"] {
        Value::Null => "no view yet: castle admin found makes the first".to_owned(),
        view => format!("view       {}", view_line(view)),
    });
    if !answer["asks_for"].is_null() {
        lines.push(format!("asks for   {}", view_line(&answer["asks_for"])));
    }
    if answer["role"] == "standby" && answer["in_sync"] == false {
        lines.push(
            "           does not count this life of this node's log: it comes in sync with a primary first. Where no \
             node is primary, an operator decides (castle admin promote)"
                .to_owned(),
        );
    }
    lines.push(format!("arbiter    {}", text("arbiter")));
    lines.push(format!(
        "log        to record {}, synced to {}, released to {}",
        text("last_record"),
        text("synced_record"),
        text("released_record")
    ));
    lines.push(match answer["states_agreed_at"].as_u64() {
        None | Some(0) => "states     not compared yet".to_owned(),
        Some(at) => {
            format!("states     the same at record {at}, hash {}", text("state_hash_agreed"))
        }
    });
    let table = rows(
        &answer["nodes"],
        &[
            "node",
            "name",
            "in_sync",
            "connected",
            "received",
            "synced",
            "behind_records",
            "behind_bytes",
            "behind_us",
            "silent_ms",
            "catching_up",
            "snapshot",
            "complaint",
        ],
    );
    format!("{}\n\n{table}", lines.join("\n"))
}

fn view_line(view: &Value) -> String {
    let text = |key: &str| plain(view.get(key));
    let in_sync: Vec<String> =
        view["in_sync"].as_array().into_iter().flatten().map(ToString::to_string).collect();
    format!(
        "epoch {}, primary node {} since epoch {}, in sync {}, {}",
        text("epoch"),
        text("primary"),
        text("reign"),
        in_sync.join(" "),
        text("durability")
    )
}

/// Says what a promotion takes of the operator, and asks.
pub(super) fn confirms_promotion(client: &mut AdminClient) -> Result<bool, Failure> {
    let answer = client.ask(&json!({"command": "cluster"})).map_err(Failure::new)?;
    print!("{}", for_people(&answer));
    let last = plain(answer.get("last_record"));
    println!(
        "\nPromotion makes this node primary, alone, whatever the view says. Before you do it:\n\
         - stop castle on every other node, and see to it that it stays stopped until this one is primary;\n\
         - compare how far the logs reach (castle admin cluster on each node, or castle journal verify): this \n  \
           node's ends with record {last}. What others acknowledged behind that is lost, and clients were told.\n\
         Type \"{CONFIRMATION}\" to go on:"
    );
    io::stdout().flush().map_err(Failure::new)?;
    let mut typed = String::new();
    io::stdin().lock().read_line(&mut typed).map_err(Failure::new)?;
    Ok(typed.trim() == CONFIRMATION)
}
