use pellucid_grad::ops;

crate::recurrent::recurrent_layer! {
    /// A gated recurrent unit (Cho et al., arXiv 1406.1078; see [`ops::gru`] for the formulas).
    ///
    /// x: `[n, time, inputs]`; y: all states, `[n, time, hidden]`, or `[n, time, 2 · hidden]` if it reads both ways.
    Gru, "gru", 3 gates, ops::gru
}
