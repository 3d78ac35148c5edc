//! What happens in a job, as server-sent events. The number of each is the byte after it in the job's record, so whoever lost the connection
//! misses nothing.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::sse::{Event, KeepAlive, KeepAliveStream, Sse};
use std::convert::Infallible;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use utoipa::IntoParams;

use crate::app::App;
use crate::jobs::{Job, State as Stage};

/// How often a page hears what happened.
const PAUSE: Duration = Duration::from_millis(250);

/// Events that may wait for a slow reader.
const WAITING: usize = 64;

type Told = Result<Event, Infallible>;

/// Events that are sent as they happen.
pub(super) type Events = Sse<KeepAliveStream<ReceiverStream<Told>>>;

/// Where a page goes on that has lost its connection.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(super) struct LastHeard {
    /// The number of the last event that arrived.
    #[param(rename = "last-event-id")]
    number: Option<u64>,
}

impl<S: Send + Sync> FromRequestParts<S> for LastHeard {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<LastHeard, Infallible> {
        let number = parts.headers.get("last-event-id");
        Ok(LastHeard { number: number.and_then(|number| number.to_str().ok()?.parse().ok()) })
    }
}

/// What happens in a job, from the last event on that a page has heard.
pub(super) fn followed(app: App, job: Job, last: &LastHeard) -> Events {
    let from = last.number.unwrap_or(0);
    let (send, receive) = mpsc::channel(WAITING);
    tokio::spawn(async move {
        // A page that is gone needs no more.
        drop(follow(&app, &job, from, send).await);
    });
    Sse::new(ReceiverStream::new(receive)).keep_alive(KeepAlive::default())
}

/// Sends what happens until the job has ended or nobody listens.
async fn follow(
    app: &App,
    job: &Job,
    mut at: u64,
    send: mpsc::Sender<Told>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut told = None;
    loop {
        // The state first: what was written before an end is then read after it.
        let state = app.jobs.state(job);
        let (lines, end) = app.jobs.events(job, at)?;
        at = end;
        for line in thinned(lines) {
            send.send(Ok(Event::default().id(at.to_string()).data(line))).await?;
        }
        if told.replace(state) != Some(state) {
            send.send(Ok(Event::default().event("state").data(state.name()))).await?;
        }
        if state != Stage::Training {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The events, without steps that are followed by later ones (a page that comes late needs only the last), and without the last line of a
/// training, which is the run's folder.
fn thinned(mut lines: Vec<String>) -> Vec<String> {
    lines.retain(|line| line.starts_with('{'));
    let is_step =
        |line: &str| line.starts_with(r#"{"event":"step""#) || line.starts_with(r#"{"event":"advance""#);
    let last = lines.iter().rposition(|line| is_step(line));
    let kept = |(i, line): &(usize, String)| Some(*i) == last || !is_step(line);
    lines.into_iter().enumerate().filter(kept).map(|(_, line)| line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_steps_only_the_last_is_told() {
        let line = |event: &str, n: usize| format!("{{\"event\":\"{event}\",\"step\":{n}}}");
        let mut all =
            vec![line("plan", 0), line("step", 1), line("validation", 1), line("step", 2), line("step", 3)];
        all.push("runs/x-1".to_owned());
        assert_eq!(thinned(all), [line("plan", 0), line("validation", 1), line("step", 3)]);
        assert!(thinned(Vec::new()).is_empty());
    }
}
