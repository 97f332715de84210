//! What was measured, the medians of it, and how contenders compare.
//!
//! [`Figures`] of one [`Run`]; a [`Claim`] is a comparison that is promised; [`Report`] holds all of it and is shown
//! as a table or as JSON.

mod figures;
mod statistics;
mod table;

pub(crate) use figures::Figures;

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::contender::Contender;
use crate::machine::Machine;
use statistics::median;

/// Everything of one benchmark.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(crate) benchmark: &'static str,
    /// Size, seed and the like.
    pub(crate) settings: Value,
    pub(crate) machine: Machine,
    pub(crate) runs: Vec<Run>,
    pub(crate) claims: &'static [Claim],
}

/// One contender, once.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Run {
    /// Counted from 1.
    pub(crate) round: u32,
    pub(crate) contender: Contender,
    pub(crate) figures: Figures,
}

/// A comparison of two figures, or a figure by itself, and what it shall be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim {
    pub(crate) words: &'static str,
    pub(crate) of: (Contender, &'static str),
    pub(crate) to: Option<(Contender, &'static str)>,
    pub(crate) goal: Goal,
}

/// What a claim's value shall be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Goal {
    AtMost(f64),
    AtLeast(f64),
}

/// A claim, measured: of the medians, and in the rounds by themselves.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Finding {
    claim: &'static str,
    value: f64,
    /// The least and the most that one round by itself would have shown. Far apart: the machine was not quiet.
    least: f64,
    most: f64,
    goal: String,
    reached: bool,
}

impl Goal {
    fn is_reached(self, value: f64) -> bool {
        match self {
            Goal::AtMost(limit) => value <= limit,
            Goal::AtLeast(limit) => value >= limit,
        }
    }

    fn words(self) -> String {
        match self {
            Goal::AtMost(limit) => format!("at most {limit}"),
            Goal::AtLeast(limit) => format!("at least {limit}"),
        }
    }
}

impl Report {
    /// Everything, for programs.
    pub(crate) fn json(&self) -> Value {
        let medians: Map<String, Value> = self
            .contenders()
            .into_iter()
            .map(|contender| (contender.name().to_owned(), json!(self.medians(contender))))
            .collect();
        json!({
            "benchmark": self.benchmark,
            "settings": self.settings,
            "machine": self.machine,
            "medians": medians,
            "findings": self.findings(),
            "runs": self.runs,
        })
    }

    /// Medians and findings, for people.
    pub(crate) fn table(&self) -> String {
        table::render(self)
    }

    /// Those that ran, in the order of the first round.
    fn contenders(&self) -> Vec<Contender> {
        self.runs.iter().filter(|run| run.round == 1).map(|run| run.contender).collect()
    }

    fn medians(&self, contender: Contender) -> Figures {
        let mut medians = Figures::default();
        let first = self.runs.iter().find(|run| run.contender == contender);
        for name in first.iter().flat_map(|run| run.figures.names()) {
            if let Some(median) = median(&self.values((contender, name))) {
                medians.add(name, median);
            }
        }
        medians
    }

    /// One figure in all rounds, in their order.
    fn values(&self, (contender, name): (Contender, &str)) -> Vec<f64> {
        let runs = self.runs.iter().filter(|run| run.contender == contender);
        runs.filter_map(|run| run.figures.get(name)).collect()
    }

    /// What became of the claims whose contenders ran.
    fn findings(&self) -> Vec<Finding> {
        self.claims.iter().filter_map(|claim| self.finding(claim)).collect()
    }

    fn finding(&self, claim: &Claim) -> Option<Finding> {
        let of = self.values(claim.of);
        let to = claim.to.map_or_else(|| vec![1.0; of.len()], |to| self.values(to));
        let value = median(&of)? / median(&to)?;
        let rounds = || of.iter().zip(&to).map(|(of, to)| of / to);
        Some(Finding {
            claim: claim.words,
            value,
            least: rounds().fold(f64::INFINITY, f64::min),
            most: rounds().fold(f64::NEG_INFINITY, f64::max),
            goal: claim.goal.words(),
            reached: claim.goal.is_reached(value),
        })
    }
}

#[cfg(test)]
mod tests;
