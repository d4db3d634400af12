//! Talks to a running exchange over its unix socket: one JSON object a line, each way.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use thiserror::Error;

/// How long an answer may take: the record behind it must become durable. Longer than the exchange itself waits for its
/// engine and its cluster's agent, so that it can say which of them does not answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum AdminError {
    /// Nobody listens, or the socket is another user's.
    #[error(
        "no exchange answers on {}: {why}. Is `castle serve` running, and is this its socket \
         (--socket, or --config with its configuration)?",
        socket.display()
    )]
    Connect {
        /// The socket.
        socket: PathBuf,
        /// What the system said.
        why: std::io::Error,
    },
    /// The connection broke, or the answer took too long.
    #[error("the exchange gave no answer: {0}")]
    Io(#[from] std::io::Error),
    /// The answer is not one of the protocol.
    #[error("the exchange gave an answer that cannot be read: {0}")]
    Answer(String),
    /// The exchange refused.
    #[error("{0}")]
    Refused(String),
}

/// A connection to the operator's door.
pub struct AdminClient {
    reader: BufReader<UnixStream>,
}

impl AdminClient {
    /// Connects to the socket.
    pub fn connect(socket: &Path) -> Result<Self, AdminError> {
        let connect = || {
            let stream = UnixStream::connect(socket)?;
            stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
            stream.set_write_timeout(Some(ANSWER_TIMEOUT))?;
            Ok(stream)
        };
        let stream =
            connect().map_err(|why| AdminError::Connect { socket: socket.to_path_buf(), why })?;
        Ok(Self { reader: BufReader::new(stream) })
    }

    /// Asks, and returns the answer if it is no refusal.
    pub fn ask(&mut self, request: &Value) -> Result<Value, AdminError> {
        let mut line = request.to_string();
        line.push('\n');
        self.reader.get_mut().write_all(line.as_bytes())?;
        line.clear();
        if self.reader.read_line(&mut line)? == 0 {
            return Err(AdminError::Answer("the connection was closed".to_owned()));
        }
        let answer: Value =
            serde_json::from_str(&line).map_err(|error| AdminError::Answer(error.to_string()))?;
        match answer["ok"].as_bool() {
            Some(true) => Ok(answer),
            Some(false) => {
                Err(AdminError::Refused(answer["error"].as_str().unwrap_or("refused").to_owned()))
            }
            None => Err(AdminError::Answer(line)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::net::UnixListener;

    /// Serves one connection with one answer and returns what a client makes of it.
    fn answer(text: &'static str) -> Result<Value, AdminError> {
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("admin.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut line = String::new();
            BufReader::new(stream.try_clone().unwrap()).read_line(&mut line).unwrap();
            stream.write_all(text.as_bytes()).unwrap();
            line
        });
        let answer =
            AdminClient::connect(&socket).unwrap().ask(&serde_json::json!({"command": "status"}));
        assert_eq!(server.join().unwrap(), "{\"command\":\"status\"}\n");
        answer
    }

    #[test]
    fn an_answer_comes_back() {
        assert_eq!(answer("{\"ok\":true,\"node\":0}\n").unwrap()["node"], 0);
    }

    #[test]
    fn a_refusal_says_why() {
        let error = answer("{\"ok\":false,\"error\":\"account 9 is not known\"}\n").unwrap_err();
        assert_eq!(error.to_string(), "account 9 is not known");
    }

    #[test]
    fn an_answer_that_is_no_json_is_an_error() {
        assert!(matches!(answer("hello\n"), Err(AdminError::Answer(_))));
    }

    #[test]
    fn a_closed_connection_is_an_error() {
        assert!(matches!(answer(""), Err(AdminError::Answer(_))));
    }

    #[test]
    fn a_socket_where_nobody_listens_is_named() {
        let error = AdminClient::connect(Path::new("/no/such/admin.sock")).err().unwrap();
        assert!(error.to_string().contains("/no/such/admin.sock"), "{error}");
    }
}
