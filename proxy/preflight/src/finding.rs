//! What was found, for people and for machines.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How much a finding weighs. The heaviest comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The migration would fail, or harm data: it is not started.
    Error,
    /// The migration can run; this may bite.
    Warning,
    /// Good to know.
    Info,
}

/// Which side a finding is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Subject {
    /// The server that is carried away from.
    Source,
    /// The server that is carried to.
    Target,
    /// How the two go together.
    Both,
    /// The migration's own rules.
    Rules,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How much it weighs.
    pub severity: Severity,
    /// A name for scripts: it does not change from version to version.
    pub code: &'static str,
    /// What it is about.
    pub subject: Subject,
    /// What was found, in a sentence.
    pub message: String,
    /// What to do about it; empty where nothing needs to be done.
    pub advice: String,
}

/// All that was found, errors first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Errors, then warnings, then notes; within these in the order of the checks.
    pub findings: Vec<Finding>,
}

// === impl Finding ===

impl Finding {
    pub(crate) fn error(code: &'static str, subject: Subject, message: impl Into<String>) -> Finding {
        Finding { severity: Severity::Error, code, subject, message: message.into(), advice: String::new() }
    }

    pub(crate) fn warning(code: &'static str, subject: Subject, message: impl Into<String>) -> Finding {
        Finding { severity: Severity::Warning, ..Finding::error(code, subject, message) }
    }

    pub(crate) fn info(code: &'static str, subject: Subject, message: impl Into<String>) -> Finding {
        Finding { severity: Severity::Info, ..Finding::error(code, subject, message) }
    }

    /// What to do about it.
    pub(crate) fn advice(mut self, advice: impl Into<String>) -> Finding {
        self.advice = advice.into();
        self
    }
}

// === impl Report ===

impl Report {
    /// Puts the heaviest findings first.
    pub fn new(mut findings: Vec<Finding>) -> Report {
        // A stable sort: the order of the checks stays.
        findings.sort_by_key(|finding| finding.severity);
        Report { findings }
    }

    /// Whether the migration may start: there is no error.
    pub fn is_ok(&self) -> bool {
        self.count(Severity::Error) == 0
    }

    /// How many findings weigh this much.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    /// The report for people: plain text without colours, a line with columns for each finding, its words below.
    pub fn render_text(&self) -> String {
        let mut text = String::new();
        for finding in &self.findings {
            text.push_str(&finding.to_string());
        }
        let (errors, warnings) = (self.count(Severity::Error), self.count(Severity::Warning));
        let (some, verdict) = match (errors, warnings) {
            (0, 0) => (String::new(), "is ready to start"),
            (0, _) => (number(warnings, "warning"), "can start"),
            (_, 0) => (number(errors, "error"), "will not start"),
            (_, _) => (format!("{}, {}", number(errors, "error"), number(warnings, "warning")), "will not start"),
        };
        let some = if some.is_empty() { "no errors, no warnings".to_owned() } else { some };
        text.push_str(&format!("{some}: the migration {verdict}\n"));
        text
    }
}

/// Columns on the first line, message and advice below, each line with its end.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (severity, subject) = (self.severity.to_string(), self.subject.to_string());
        writeln!(f, "{severity:<8} {subject:<7} {}", self.code)?;
        writeln!(f, "{:17}{}", "", self.message)?;
        if !self.advice.is_empty() {
            writeln!(f, "{:17}→ {}", "", self.advice)?;
        }
        Ok(())
    }
}

fn number(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        })
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Subject::Source => "source",
            Subject::Target => "target",
            Subject::Both => "both",
            Subject::Rules => "rules",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_puts_errors_first_and_says_what_follows() {
        let report = Report::new(vec![
            Finding::info("a-note", Subject::Both, "Good to know."),
            Finding::warning("a-doubt", Subject::Source, "This may bite.").advice("look there"),
            Finding::error("a-fault", Subject::Target, "This will fail.").advice("put it right"),
        ]);
        assert!(!report.is_ok());
        assert_eq!(
            report.render_text(),
            "error    target  a-fault\n\
             \x20                This will fail.\n\
             \x20                → put it right\n\
             warning  source  a-doubt\n\
             \x20                This may bite.\n\
             \x20                → look there\n\
             info     both    a-note\n\
             \x20                Good to know.\n\
             1 error, 1 warning: the migration will not start\n"
        );
        assert_eq!(Report::default().render_text(), "no errors, no warnings: the migration is ready to start\n");
    }

    #[test]
    fn machines_get_the_same_as_json() {
        let report = Report::new(vec![Finding::error("a-fault", Subject::Target, "It fails.").advice("mend it")]);
        assert_eq!(
            serde_json::to_string(&report).unwrap(),
            r#"{"findings":[{"severity":"error","code":"a-fault","subject":"target","message":"It fails.","advice":"mend it"}]}"#
        );
    }
}
