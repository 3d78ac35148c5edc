//! Playground: a network small enough to see every number in it, where a beginner starts to understand.

use axum::extract::State;
use maud::{Markup, html};

use super::shell::{self, what_is};
use crate::app::App;
use crate::problem::{Answer, Page};

/// The page.
pub(super) async fn page(State(app): State<App>) -> Page {
    Page(shown(&app))
}

fn shown(app: &App) -> Answer<Markup> {
    let data = app.workspace.data_names()?;
    let body = html! {
        section class="hero" {
            h1 { "How a network learns" }
            p class="lead" { "Each point is an example with two numbers and a colour. The network below is to say the colour from the numbers. Let it take \
                a step, or watch one step in slow motion: every number in it is on this page." }
        }
        div id="playground" class="playground" {
            form class="controls" {
                p class="field" { label for="from" { "Examples" } select id="from" {
                    optgroup label="Made up" {
                        option value="circle" { "a circle in a ring" }
                        option value="moons" { "two moons" }
                        option value="corners" { "opposite corners" }
                        option value="spiral" { "two spirals" }
                    }
                    @if !data.is_empty() {
                        optgroup label="Your data" { @for name in &data { option value={ "data:" (name) } { (name) } } }
                    }
                } }
                div id="columns" class="columns-of-own" hidden {
                    p class="field" { label for="across" { "Across" } select id="across" {} }
                    p class="field" { label for="up" { "Up" } select id="up" {} }
                    p class="field" { label for="colour" { "Colour" } select id="colour" {} }
                }
                p class="field" { label for="pace" { "Length of a step" } input id="pace" type="range" min="-3" max="0" step="0.25" value="-1"; }
                p class="field" { label for="bend" { "Each neuron bends by" } select id="bend" {
                    option value="tanh" { "tanh: an S" } option value="relu" { "ReLU: nothing below zero" } option value="none" { "nothing: a straight line" }
                } }
                p class="field" { span { "Layers of neurons" } span class="buttons tight" {
                    button type="button" class="button quiet" id="less" { "Fewer layers" } button type="button" class="button quiet" id="more" { "More layers" }
                } }
                div class="buttons" {
                    button type="button" class="button" id="play" { "Learn" }
                    button type="button" class="button quiet" id="step" { "One step" }
                    button type="button" class="button quiet" id="slow" { "One step in slow motion" }
                    button type="button" class="button quiet" id="again" { "Begin again" }
                }
            }
            figure class="wide" {
                svg id="network" role="img" aria-label="The network: two numbers come in on the left, the colour goes out on the right" viewBox="0 0 900 420" {}
            }
            p id="told" class="told" aria-live="polite" {}
            div class="pair" {
                figure {
                    p class="heading" { "What it answers everywhere" }
                    canvas id="plane" width="360" height="360" aria-label="The plane of both numbers, coloured by the answer, with the examples as points" {}
                }
                figure {
                    p class="heading" { "The loss: how wrong it is" }
                    svg id="loss" class="plot" role="img" aria-label="The loss after each step" viewBox="0 0 460 290" {}
                    p id="score" class="aside" {}
                }
            }
        }
        section class="terms" {
            h2 { "Words" }
            (what_is("Neuron", "It multiplies each number that comes in by a weight, adds them up with a number of its own (the bias), and bends the sum. The small picture in a neuron shows \
                what it gives for every point of the plane: blue above zero, red below."))
            (what_is("Weight", "How much of one neuron's answer goes into another. Lines show them: the thicker, the larger; blue adds, red takes away."))
            (what_is("Loss", "One number for how wrong the network is. Here it is the cross entropy: minus the logarithm of the probability that it gave to the true colour."))
            (what_is("Gradient", "For each weight: how much the loss would grow if the weight grew a little. It is found backwards, from the loss through each neuron to the weights before it (the chain \
                rule; Rumelhart, Hinton and Williams 1986)."))
            (what_is("Step", "Every weight moves a little against its gradient. That is all there is to learning: many such steps."))
        }
    };
    Ok(shell::page_with("Playground", Some("/playground"), &["playground.js"], &body))
}
