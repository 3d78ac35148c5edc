//! Questions that come at the same time are answered together: while one batch is computed, the next one gathers. So nobody waits for others
//! when there are few, and many cost less than one by one.

use pellucid_goals::{Answerer, Prepared};
use serde_json::{Map, Value};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};

use super::metrics::Metrics;

/// Questions in a batch, at most.
const BATCH: usize = 64;

/// Questions that may wait; more are refused at once, which is kinder than a late answer.
const WAITING: usize = 4096;

/// The answer to one question, or why there is none.
pub(super) type Answered = Result<Map<String, Value>, String>;

struct Question {
    prepared: Prepared,
    reply: oneshot::Sender<Answered>,
}

/// Takes questions for a network.
#[derive(Clone)]
pub(super) struct Batcher {
    send: mpsc::Sender<Question>,
}

/// There are too many questions.
pub(super) struct Busy;

impl Batcher {
    /// For a network, which answers on a thread of its own.
    pub(super) fn new(answerer: Arc<Answerer>, metrics: Arc<Metrics>) -> Batcher {
        let (send, mut receive) = mpsc::channel(WAITING);
        std::thread::spawn(move || {
            let mut questions: Vec<Question> = Vec::with_capacity(BATCH);
            while receive.blocking_recv_many(&mut questions, BATCH) > 0 {
                metrics.batch(questions.len());
                let (prepared, replies): (Vec<_>, Vec<_>) =
                    questions.drain(..).map(|question| (question.prepared, question.reply)).unzip();
                match answerer.answer(prepared) {
                    Ok(answers) => replies.into_iter().zip(answers).for_each(|(reply, answer)| {
                        // Who asked may be gone.
                        drop(reply.send(Ok(answer)));
                    }),
                    Err(error) => {
                        replies.into_iter().for_each(|reply| drop(reply.send(Err(error.to_string()))))
                    }
                }
            }
        });
        Batcher { send }
    }

    /// Asks; the answer comes when its batch is computed.
    ///
    /// # Errors
    /// Too many questions that wait.
    pub(super) fn ask(&self, prepared: Prepared) -> Result<oneshot::Receiver<Answered>, Busy> {
        let (reply, answer) = oneshot::channel();
        self.send.try_send(Question { prepared, reply }).map_err(|_| Busy)?;
        Ok(answer)
    }
}
