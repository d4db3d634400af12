//! How sockets send.

use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use socket2::SockRef;

/// Congestion controls that send what there is as soon as the window allows, the better first.
const UNPACED: [&[u8]; 2] = [b"cubic", b"reno"];

/// Has a socket send at once what is written: without Nagle's wait, and, where the system lets a
/// process choose, without the pauses that a pacing congestion control (BBR) makes between segments.
pub fn send_at_once(socket: &impl AsFd) -> io::Result<()> {
    let socket = SockRef::from(socket);
    socket.set_tcp_nodelay(true)?;
    #[cfg(target_os = "linux")]
    // Where neither may be chosen the system's own stays.
    let _is_chosen = UNPACED.iter().any(|name| socket.set_tcp_congestion(name).is_ok());
    Ok(())
}

/// Has a connection end where what was sent has not arrived after so long. The kernel alone would try for a quarter of
/// an hour, and after a cut that is healed wait for as long again as the cut had lasted.
pub fn end_after(socket: &impl AsFd, patience: Duration) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    SockRef::from(socket).set_tcp_user_timeout(Some(patience))?;
    Ok(())
}
