//! What a step and a validation cost on this machine, before the start.

use crate::budget::Cost;
use crate::error::Result;
use crate::feed::feed;
use crate::order::Order;
use crate::plan::Plan;
use crate::state::{State, values};
use crate::task::{Source, Task};
use pellucid_nn::Pass;
use pellucid_nn::state::load_named;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Steps that are done but not counted: the first ones allocate memory and start threads.
const WARM_UP: usize = 2;

/// The fewest and the most steps that are counted.
const COUNTED: (usize, usize) = (3, 50);

/// Does a few steps for about `time` and one validation, takes the time, and puts the weights back: a training
/// after it gives the same bits as without it.
///
/// Preparing the data and learning overlap, so a step costs what the slower of the two takes.
///
/// # Errors
/// Those of the task and the source.
pub fn measure<T: Task>(task: &mut T, source: Arc<T::Source>, plan: &Plan, time: Duration) -> Result<Cost> {
    plan.check()?;
    let order = Order::new(source.rows(), plan.batch, plan.seed, source.share(), |row| source.length(row))?;
    let weights = values(task.model());
    let cost = dry_run(task, source.as_ref(), &order, plan, time);
    load_named(task.model_mut(), weights)?;
    cost
}

fn dry_run<T: Task>(
    task: &mut T,
    source: &T::Source,
    order: &Order,
    plan: &Plan,
    time: Duration,
) -> Result<Cost> {
    let mut state = State::new(task.model(), plan)?;
    let most = WARM_UP + COUNTED.1;
    let (mut preparing, mut learning, mut counted) = (0.0, 0.0, 0);
    feed(source, order, plan.seed, 0..most as u64, |feed| {
        let start = Instant::now();
        for step in 0..most {
            if counted >= COUNTED.0 && start.elapsed() >= time {
                break;
            }
            let fed = feed.next()?;
            let begin = Instant::now();
            let pass = Pass::training(plan.seed, step as u64);
            let loss = task.loss(&pass, &fed.batch)?;
            let gradients = loss.backward()?;
            drop(loss);
            state.step(
                task.model_mut(),
                pass.finish(gradients),
                plan.schedule.lr(step as u64, plan.steps),
            )?;
            if step >= WARM_UP {
                preparing += fed.seconds;
                learning += begin.elapsed().as_secs_f64();
                counted += 1;
            }
        }
        Ok(())
    })?;
    let begin = Instant::now();
    task.validate()?;
    task.glimpse()?;
    Ok(Cost { step: preparing.max(learning) / counted as f64, validation: begin.elapsed().as_secs_f64() })
}
