use pellucid_grad::ops;

crate::recurrent::recurrent_layer! {
    /// Long short-term memory (Hochreiter & Schmidhuber 1997; see [`ops::lstm`] for the formulas).
    ///
    /// x: `[n, time, inputs]`; y: all states, `[n, time, hidden]`, or `[n, time, 2 · hidden]` if it reads both ways.
    Lstm, "lstm", 4 gates, ops::lstm
}
