use super::*;
use Contender::{Keyferry, Native, NativeDiskless};

const CLAIMS: &[Claim] = &[
    Claim { words: "wall", of: (Keyferry, "wall_s"), to: Some((Native, "wall_s")), goal: Goal::AtMost(0.9) },
    Claim { words: "memory", of: (Keyferry, "rss_mib"), to: None, goal: Goal::AtMost(64.0) },
    Claim { words: "not run", of: (NativeDiskless, "wall_s"), to: Some((Native, "wall_s")), goal: Goal::AtLeast(1.0) },
];

fn report() -> Report {
    let run = |round, contender, figures: &[(&'static str, f64)]| {
        let mut all = Figures::default();
        figures.iter().for_each(|(name, value)| all.add(name, *value));
        Run { round, contender, figures: all }
    };
    let machine = Machine {
        cores: 2,
        processor: "p".into(),
        kernel: "k".into(),
        memory_mib: 1,
        load_before: 0.1,
        server: "redis 7.0.15".into(),
        keyferry: None,
    };
    let runs = vec![
        run(1, Native, &[("wall_s", 8.0)]),
        run(1, Keyferry, &[("wall_s", 6.0), ("rss_mib", 60.0)]),
        run(2, Keyferry, &[("wall_s", 9.0), ("rss_mib", 70.0)]),
        run(2, Native, &[("wall_s", 9.0)]),
        run(3, Native, &[("wall_s", 10.0)]),
        run(3, Keyferry, &[("wall_s", 5.0), ("rss_mib", 65.0)]),
    ];
    Report { benchmark: "snapshot", settings: json!({"scale": 1.0}), machine, runs, claims: CLAIMS }
}

#[test]
fn a_finding_is_the_ratio_of_medians_with_the_extremes_of_single_rounds() {
    let findings = report().findings();
    let [wall, memory] = findings.as_slice() else { panic!("a claim about who did not run: {findings:?}") };
    assert_eq!((wall.value, wall.least, wall.most, wall.reached), (6.0 / 9.0, 0.5, 1.0, true));
    assert_eq!((memory.value, memory.least, memory.most, memory.reached), (65.0, 60.0, 70.0, false));
}

#[test]
fn goals_hold_at_their_limit() {
    for (goal, reached, missed) in [(Goal::AtMost(0.9), 0.9, 0.91), (Goal::AtLeast(0.85), 0.85, 0.84)] {
        assert!(goal.is_reached(reached) && !goal.is_reached(missed) && !goal.is_reached(f64::NAN), "{goal:?}");
    }
}

#[test]
fn json_holds_every_run_the_medians_and_the_findings() {
    let json = report().json();
    assert_eq!(json["medians"], json!({"native": {"wall_s": 9.0}, "keyferry": {"wall_s": 6.0, "rss_mib": 65.0}}));
    assert_eq!(json["runs"].as_array().map(Vec::len), Some(6));
    let third = json!({"round": 2, "contender": "keyferry", "figures": {"wall_s": 9.0, "rss_mib": 70.0}});
    assert_eq!(json["runs"][2], third);
    assert_eq!(json["findings"][1]["goal"], "at most 64");
    assert_eq!(json["machine"]["cores"], 2);
}

#[test]
fn the_table_shows_medians_by_contender_and_what_was_reached() {
    let expected = "\
snapshot {\"scale\":1.0}: medians of 3; 2 cores, redis 7.0.15, load 0.1 before

          wall_s  rss_mib
native      9.00        -
keyferry    6.00     65.0

        value  least  most         goal
wall    0.667  0.500  1.00  at most 0.9      reached
memory   65.0   60.0  70.0   at most 64  not reached
";
    assert_eq!(report().table(), expected);
}
