//! `serve`: one network as a web page, and as an API for other programs.

use super::resume::RUN;
use super::studio::{PLACE, PORT, port};
use crate::arguments::Arguments;
use crate::flags::{Flag, THREADS, Value};
use crate::output::say;
use crate::program::{DONE, Verb};
use pellucid_goals::Error;
use pellucid_studio::Service;
use std::path::Path;

static ADDRESS: Flag = Flag {
    name: "address",
    value: Value::Text("IP"),
    many: false,
    help: "The address to listen on, such as 0.0.0.0 for the whole network: then every request needs the token that is told at the start \
           [default: this machine only]",
    under: PLACE,
};

pub(crate) static VERB: Verb = Verb {
    name: "serve",
    about: "Serve a network that predicts: a web page to try it, and an API for other programs",
    examples: &[
        "pellucid serve runs/photos-1",
        "curl -s 'http://127.0.0.1:4747/api/predict?file=new.jpg' --data-binary @new.jpg",
        "curl -s http://127.0.0.1:4747/api/predict -d '[{\"age\": 40, \"education\": \"Masters\"}]'",
    ],
    operands: &[RUN],
    flags: &[&PORT, &ADDRESS, &THREADS],
    run,
};

fn run(a: &Arguments<'_>) -> Result<u8, Error> {
    let address = a.text(&ADDRESS).map(|text| {
        text.parse().map_err(|_| {
            Error::usage(format!("--address {text} is no address · write it as 192.168.0.7 or 0.0.0.0"))
        })
    });
    let service =
        Service { run: a.operand(0).unwrap_or(Path::new("")), address: address.transpose()?, port: port(a)? };
    let mut opened = |address: &str, token: Option<&str>| match token {
        None => say(format_args!("It answers, on this machine only: {address}\nCtrl-C ends it.")),
        Some(token) => say(format_args!(
            "It answers whoever reaches this machine and knows the token: {address}?token={token}\n\
             Programs send the header `Authorization: Bearer {token}`. Ctrl-C ends it."
        )),
    };
    pellucid_studio::serve(service, &mut opened)?;
    Ok(DONE)
}
