"""The stages of a night as Prefect tasks, one line a stage, and the tasks of an operator."""

from __future__ import annotations

from functools import partial

from envs.vectorised import LaneVecEnv
from tasks import pages
from tasks.stage import as_stage, as_task
from trading.checks.table import CHECKS
from trading.night import (
    backfill,
    data,
    evaluation_page,
    evidence,
    failures,
    fit,
    folds,
    promotion,
    publish,
    report,
    trials,
    workspace,
)

open_night = as_task(workspace.open_night, "plan", task_run_name="{symbol} plan")
find_report = as_stage(report.find_report, "memory", remembered=False)
snapshot_champion = as_stage(promotion.snapshot_champion, "champion", repeatable=False)
trials_of = as_stage(trials.trials_of, "trials")
load_bars = as_stage(data.load_bars, "load")
compute_features = as_stage(data.compute_features, "features")
make_splits = as_stage(data.make_splits, "splits")
make_folds = as_stage(folds.make_folds, "folds")
fit_model = as_stage(partial(fit.fit_model, say=pages.say), "engine")
refit_model = as_stage(fit.refit_model, "refit")
train_policy = as_stage(
    partial(fit.train_policy, make_environment=LaneVecEnv, make_progress=pages.TrainingProgress, say=pages.say),
    "policy",
)
run_backtest = as_stage(evidence.run_backtest, "backtest")
gather_folds = as_stage(folds.gather_folds, "walk forward")
measure_checks = {name: as_stage(evidence.measuring(name), name) for name in CHECKS}
"""The stage of each check, by its name."""
judge_candidate = as_stage(evidence.judge_candidate, "verdict")
bundle_candidate = as_stage(publish.bundle_candidate, "bundle")
register_candidate = as_stage(publish.register_candidate, "register", remembered=False)
promote_candidate = as_stage(promotion.promote_candidate, "promote", remembered=False)
approve_candidate = as_stage(promotion.approve_candidate, "approve", remembered=False)
publish_page = as_stage(evaluation_page.publish_page, "page", remembered=False)
write_page = as_stage(evaluation_page.write_page, "page beside bundle", remembered=False)
finish_night = as_stage(report.finish_night, "finish", remembered=False)
finish_training = as_stage(report.finish_training, "finish training", remembered=False)
show_night = as_stage(pages.show_night, "pages", remembered=False)

find_reports = as_task(backfill.find_reports, "finished", task_run_name="finished as of {as_of}")
note_failures = as_task(failures.note_failures, "failures")
promote_version = as_task(promotion.promote_version, "promote version")
roll_back_model = as_task(promotion.roll_back_model, "roll back")
