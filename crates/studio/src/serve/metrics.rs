//! What a server has done, in the text format of Prometheus.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// The upper ends of the stretches in which times are counted, in seconds.
const TIMES: [f64; 10] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0, 5.0];

/// Counts since the start.
#[derive(Default)]
pub(super) struct Metrics {
    answered: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
    batches: AtomicU64,
    rows: AtomicU64,
    micros: AtomicU64,
    times: [AtomicU64; TIMES.len()],
}

impl Metrics {
    /// A batch of so many rows was computed.
    pub(super) fn batch(&self, rows: usize) {
        self.batches.fetch_add(1, Relaxed);
        self.rows.fetch_add(rows as u64, Relaxed);
    }

    /// A request was answered with this status after this time.
    pub(super) fn request(&self, status: u16, time: Duration) {
        let count = match status {
            200..400 => &self.answered,
            400..500 => &self.refused,
            _ => &self.failed,
        };
        count.fetch_add(1, Relaxed);
        self.micros.fetch_add(u64::try_from(time.as_micros()).unwrap_or(u64::MAX), Relaxed);
        if let Some(place) = TIMES.iter().position(|&end| time.as_secs_f64() <= end) {
            self.times[place].fetch_add(1, Relaxed);
        }
    }

    /// All counts as text.
    pub(super) fn text(&self) -> String {
        let read = |count: &AtomicU64| count.load(Relaxed);
        let mut lines = Vec::new();
        let mut line = |text: String| lines.push(text);
        line("# HELP pellucid_requests_total Requests for answers, by what came of them.".to_owned());
        line("# TYPE pellucid_requests_total counter".to_owned());
        let all = [("answered", &self.answered), ("refused", &self.refused), ("failed", &self.failed)];
        for (name, count) in all {
            line(format!("pellucid_requests_total{{outcome=\"{name}\"}} {}", read(count)));
        }
        line("# HELP pellucid_rows_total Rows that the network has answered.".to_owned());
        line("# TYPE pellucid_rows_total counter".to_owned());
        line(format!("pellucid_rows_total {}", read(&self.rows)));
        line("# HELP pellucid_batches_total Batches in which it has answered them.".to_owned());
        line("# TYPE pellucid_batches_total counter".to_owned());
        line(format!("pellucid_batches_total {}", read(&self.batches)));
        line("# HELP pellucid_request_seconds Time from a request to its answer.".to_owned());
        line("# TYPE pellucid_request_seconds histogram".to_owned());
        let (mut below, requests) = (0, all.iter().map(|(_, count)| read(count)).sum::<u64>());
        for (end, count) in TIMES.iter().zip(&self.times) {
            below += read(count);
            line(format!("pellucid_request_seconds_bucket{{le=\"{end}\"}} {below}"));
        }
        line(format!("pellucid_request_seconds_bucket{{le=\"+Inf\"}} {requests}"));
        line(format!("pellucid_request_seconds_sum {}", read(&self.micros) as f64 / 1e6));
        line(format!("pellucid_request_seconds_count {requests}"));
        lines.join("\n") + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_counted_below_their_ends() {
        let metrics = Metrics::default();
        metrics.batch(5);
        for (status, millis) in [(200, 1), (200, 3), (422, 300), (500, 9000)] {
            metrics.request(status, Duration::from_millis(millis));
        }
        let text = metrics.text();
        for line in [
            "pellucid_requests_total{outcome=\"answered\"} 2",
            "pellucid_requests_total{outcome=\"refused\"} 1",
            "pellucid_rows_total 5",
            "pellucid_request_seconds_bucket{le=\"0.001\"} 1",
            "pellucid_request_seconds_bucket{le=\"0.005\"} 2",
            "pellucid_request_seconds_bucket{le=\"1\"} 3",
            "pellucid_request_seconds_bucket{le=\"5\"} 3",
            "pellucid_request_seconds_bucket{le=\"+Inf\"} 4",
            "pellucid_request_seconds_sum 9.304",
        ] {
            assert!(text.lines().any(|l| l == line), "{line} is not in\n{text}");
        }
    }
}
