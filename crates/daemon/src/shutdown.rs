//! Being told to stop, where the first signal asks and the second does not wait; and to read the settings again.

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// A token that is cancelled by SIGTERM or SIGINT. A second signal ends the process at once.
///
/// Must be called inside a Tokio runtime.
pub fn on_signal() -> CancellationToken {
    let token = CancellationToken::new();
    match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
        (Ok(terminate), Ok(interrupt)) => {
            tokio::spawn(listen(terminate, interrupt, token.clone()));
        }
        // Without a handler the system's own applies: the process ends, and the store survives that.
        (Err(error), _) | (_, Err(error)) => {
            tracing::error!(%error, "signals end this process without draining");
        }
    }
    token
}

/// Hears each SIGHUP; several that come together are one. `None`: it cannot be listened to.
///
/// Must be called inside a Tokio runtime.
pub fn hangups() -> Option<Signal> {
    let heard = signal(SignalKind::hangup());
    heard
        .inspect_err(|error| tracing::error!(%error, "SIGHUP ends this process"))
        .ok()
}

async fn listen(mut terminate: Signal, mut interrupt: Signal, token: CancellationToken) {
    next(&mut terminate, &mut interrupt).await;
    tracing::info!("stopping; a second signal ends at once");
    token.cancel();
    let signal = next(&mut terminate, &mut interrupt).await;
    tracing::warn!("second signal, not waiting any longer");
    // 128 + number is how a shell reports death by signal.
    std::process::exit(128 + signal.as_raw_value());
}

async fn next(terminate: &mut Signal, interrupt: &mut Signal) -> SignalKind {
    tokio::select! {
        _ = terminate.recv() => SignalKind::terminate(),
        _ = interrupt.recv() => SignalKind::interrupt(),
    }
}
