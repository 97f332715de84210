//! Runs the contenders in turn, round after round.

use anyhow::{Context as _, Result};

use crate::contender::Contender;
use crate::options::Common;
use crate::report::{Figures, Run};

/// Runs every contender once a round, and says on standard error what each run showed. One that fails ends it all:
/// what is left could not be compared.
///
/// # Errors
/// The first run's that fails, with its contender and round.
pub(crate) fn run(
    common: &Common,
    contenders: &[Contender],
    mut measure: impl FnMut(Contender) -> Result<Figures>,
) -> Result<Vec<Run>> {
    let mut runs = Vec::new();
    for round in 1..=common.rounds {
        for contender in Common::order(contenders, round - 1) {
            let figures = measure(contender).with_context(|| format!("round {round}, {}", contender.name()))?;
            let shown: Vec<String> =
                figures.names().filter_map(|name| Some(format!("{name} {:.3}", figures.get(name)?))).collect();
            eprintln!("round {round} {}: {}", contender.name(), shown.join(", "));
            runs.push(Run { round, contender, figures });
        }
    }
    Ok(runs)
}
