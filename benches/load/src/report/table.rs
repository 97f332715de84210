//! A report as text: one line a contender, one line a finding.

use super::{Finding, Report};

/// The whole report.
pub(super) fn render(report: &Report) -> String {
    let machine = &report.machine;
    let rounds = report.runs.iter().map(|run| run.round).max().unwrap_or_default();
    let mut text = format!(
        "{} {}: medians of {rounds}; {} cores, {}, load {} before\n\n",
        report.benchmark, report.settings, machine.cores, machine.server, machine.load_before
    );
    text.push_str(&aligned(&medians(report)));
    let findings = report.findings();
    if !findings.is_empty() {
        text.push('\n');
        text.push_str(&aligned(&compared(&findings)));
    }
    text
}

fn medians(report: &Report) -> Vec<Vec<String>> {
    let contenders = report.contenders();
    let medians: Vec<_> = contenders.iter().map(|contender| report.medians(*contender)).collect();
    // Contenders differ in what is known of them: a column is there if anybody fills it.
    let mut names: Vec<&'static str> = Vec::new();
    for name in medians.iter().flat_map(|figures| figures.names()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let mut rows = vec![[String::new()].into_iter().chain(names.iter().map(|name| (*name).to_owned())).collect()];
    for (contender, figures) in contenders.iter().zip(&medians) {
        let mut row = vec![contender.name().to_owned()];
        row.extend(names.iter().map(|name| figures.get(name).map_or_else(|| "-".to_owned(), number)));
        rows.push(row);
    }
    rows
}

fn compared(findings: &[Finding]) -> Vec<Vec<String>> {
    let mut rows = vec![["", "value", "least", "most", "goal", ""].map(str::to_owned).to_vec()];
    for finding in findings {
        let verdict = if finding.reached { "reached" } else { "not reached" };
        let mut row = vec![finding.claim.to_owned()];
        row.extend([finding.value, finding.least, finding.most].map(number));
        row.extend([finding.goal.clone(), verdict.to_owned()]);
        rows.push(row);
    }
    rows
}

/// As many digits as a figure of such a run is worth.
fn number(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// The first column to the left, the others to the right.
fn aligned(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |at: usize| rows.iter().filter_map(|row| row.get(at)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|at| width(at).unwrap_or_default()).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (at, (cell, width)) in row.iter().zip(&widths).enumerate() {
            line += &if at == 0 { format!("{cell:<width$}") } else { format!("  {cell:>width$}") };
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_what_is_in_them() {
        let rows = [vec!["", "wall s"], vec!["native", "8.10"], vec!["ä", "12"]];
        let rows: Vec<Vec<String>> =
            rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect();
        assert_eq!(aligned(&rows), "        wall s\nnative    8.10\nä           12\n");
    }

    #[test]
    fn numbers_have_the_digits_that_matter() {
        for (value, expected) in
            [(800_123.4, "800123"), (12.34, "12.3"), (1.006, "1.01"), (0.37, "0.370"), (0.0, "0.000")]
        {
            assert_eq!(number(value), expected);
        }
    }
}
