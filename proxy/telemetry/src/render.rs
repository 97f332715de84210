//! A status as metrics, in the text format of Prometheus.

use prometheus::TextEncoder;
use prometheus::proto;

use crate::Status;
use crate::definitions::{Kind, METRICS, Metric};

/// The metrics of a run, as `/metrics` answers.
///
/// The error is the encoder's, for a metric whose definition breaks its rules; the tests render every metric.
pub fn render(status: &Status) -> Result<String, prometheus::Error> {
    let families: Vec<_> = METRICS.iter().filter_map(|metric| family(metric, status)).collect();
    TextEncoder::new().encode_to_string(&families)
}

/// One metric with its samples; none where it has none yet, which the encoder would refuse.
fn family(metric: &Metric, status: &Status) -> Option<proto::MetricFamily> {
    let samples = match metric.kind {
        Kind::Summary => vec![summary(metric, status)],
        Kind::Counter | Kind::Gauge => {
            (metric.read)(status).into_iter().map(|(label, value)| sample(metric, label, value)).collect()
        }
    };
    if samples.is_empty() {
        return None;
    }
    let mut family = proto::MetricFamily::default();
    family.set_name(metric.name.to_owned());
    family.set_help(metric.help.to_owned());
    family.set_field_type(match metric.kind {
        Kind::Counter => proto::MetricType::COUNTER,
        Kind::Gauge => proto::MetricType::GAUGE,
        Kind::Summary => proto::MetricType::SUMMARY,
    });
    family.set_metric(samples);
    Some(family)
}

fn sample(metric: &Metric, label: String, value: f64) -> proto::Metric {
    let mut sample = proto::Metric::default();
    if !metric.label.is_empty() {
        let mut pair = proto::LabelPair::default();
        pair.set_name(metric.label.to_owned());
        pair.set_value(label);
        sample.set_label(vec![pair]);
    }
    match metric.kind {
        Kind::Counter => {
            let mut counter = proto::Counter::default();
            counter.set_value(value);
            sample.set_counter(counter);
        }
        Kind::Gauge | Kind::Summary => {
            let mut gauge = proto::Gauge::default();
            gauge.set_value(value);
            sample.set_gauge(gauge);
        }
    }
    sample
}

fn summary(metric: &Metric, status: &Status) -> proto::Metric {
    let quantiles = (metric.read)(status).into_iter().filter_map(|(part, seconds)| {
        let mut quantile = proto::Quantile::default();
        quantile.set_quantile(part.parse().ok()?);
        quantile.set_value(seconds);
        Some(quantile)
    });
    let mut summary = proto::Summary::default();
    summary.set_quantile(quantiles.collect());
    summary.set_sample_count(status.latency.batches);
    summary.set_sample_sum(status.latency.sum_seconds);
    let mut sample = proto::Metric::default();
    sample.set_summary(summary);
    sample
}
