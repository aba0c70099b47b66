"""Every reason the platform can give for refusing something, as one enumeration."""

from __future__ import annotations

from enum import StrEnum


class ReasonCode(StrEnum):
    """A stable code with its meaning; ``docs/codes.md`` is generated from this enumeration."""

    meaning: str

    def __new__(cls, value: str, meaning: str) -> ReasonCode:
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    OK = "OK", "The check passed."
    EVIDENCE_MISSING = "EVIDENCE_MISSING", "A number a gate needs was never measured."
    EVIDENCE_NOT_FINITE = "EVIDENCE_NOT_FINITE", "A number a gate needs is NaN or infinite."
    BELOW_MINIMUM = "BELOW_MINIMUM", "A measured number is under its minimum."
    ABOVE_MAXIMUM = "ABOVE_MAXIMUM", "A measured number is over its maximum."

    CONFIG_UNKNOWN_KEY = "CONFIG_UNKNOWN_KEY", "A setting has a name that no model knows."
    CONFIG_INVALID = "CONFIG_INVALID", "A setting has a value outside its type or bounds."
    CONFIG_FILE_UNREADABLE = "CONFIG_FILE_UNREADABLE", "The settings file cannot be read or parsed."

    PACKAGE_MISSING = "PACKAGE_MISSING", "A command needs a package that is not installed."
    PLUGIN_INVALID = (
        "PLUGIN_INVALID",
        "What another package adds by entry point is broken, is not what it says, or has a name that is taken.",
    )
    SERVICE_FAILED = "SERVICE_FAILED", "A page or server did not start, or stopped by itself."

    SOURCE_UNKNOWN = "SOURCE_UNKNOWN", "A data source string names no known kind of source."
    SOURCE_MISSING = "SOURCE_MISSING", "The file a source names does not exist."
    SOURCE_UNREADABLE = "SOURCE_UNREADABLE", "The file a source names cannot be parsed."
    SOURCE_NEEDS_EXTRA = "SOURCE_NEEDS_EXTRA", "The source needs a package that is not installed."
    BARS_SCHEMA = "BARS_SCHEMA", "A column is missing, or a cell is not a number."
    BARS_NOT_FINITE = "BARS_NOT_FINITE", "A price, volume or funding is NaN or infinite."
    BARS_NOT_POSITIVE = "BARS_NOT_POSITIVE", "A price is zero or negative, or a volume is negative."
    BARS_HIGH_LOW = "BARS_HIGH_LOW", "High or low does not contain open and close."
    BARS_NOT_INCREASING = "BARS_NOT_INCREASING", "A timestamp repeats or goes back."
    BARS_OFF_GRID = "BARS_OFF_GRID", "A timestamp is not a multiple of the bar interval."
    BARS_JUMP = "BARS_JUMP", "A bar opens at a price too far from the last close to be the same quantity."
    BARS_GAPS = "BARS_GAPS", "More bars are missing than the contract allows."
    BARS_ZERO_VOLUME = "BARS_ZERO_VOLUME", "More bars trade nothing than the contract allows."
    BARS_TOO_FEW = "BARS_TOO_FEW", "There are fewer bars than the splits and warm-ups need."
    BARS_INTERVAL = "BARS_INTERVAL", "The source's interval does not divide the traded interval."
    FUNDING_RATE = "FUNDING_RATE", "A funding rate is NaN, infinite, or over 5 % of notional in size."
    FUNDING_NOT_INCREASING = "FUNDING_NOT_INCREASING", "A funding time repeats or goes back."
    FUNDING_GAPS = "FUNDING_GAPS", "The funding file does not cover all bars; where it is silent nothing is charged."
    TRADES_SIDE = "TRADES_SIDE", "A trade's side is neither 1 (a buyer took) nor -1 (a seller took)."
    BOOK_CROSSED = "BOOK_CROSSED", "The best bid of an order book is not under its best ask."
    BOOK_LEVELS = "BOOK_LEVELS", "Levels of an order book do not lead away from its best price."
    BOOK_APART = "BOOK_APART", "Trades and order book are not of the same time or the same market."
    IMPACT_TOO_SHORT = "IMPACT_TOO_SHORT", "Trades and order book share too few minutes to calibrate impact on."
    IMPACT_NO_COST = "IMPACT_NO_COST", "Too few order sizes cost more than the spread to fit a law of impact to."

    STORE_MISSING = "STORE_MISSING", "An artifact the night refers to is not in the store."
    STORE_CORRUPT = "STORE_CORRUPT", "An artifact's bytes do not match its digest."
    STORE_KIND = "STORE_KIND", "A reference to one kind of artifact was given where another is needed."

    DEPTH_TOO_SHALLOW = "DEPTH_TOO_SHALLOW", "The training split holds fewer bars than the shallowest depth asks for."
    SPLIT_OVERLAP = "SPLIT_OVERLAP", "Two data splits share bars, or their gap is too small."
    LEAK_PREFIX = "LEAK_PREFIX", "A feature's value changes when later bars are taken away."
    LEAK_DECISION = "LEAK_DECISION", "A decision, or what it rests on, changes when later bars are taken away."
    LEAK_FIT = "LEAK_FIT", "A part of the model was fitted on bars beyond its split."
    LEAK_DUPLICATE = "LEAK_DUPLICATE", "Two splits hold the same stretch of bars."
    LEAK_INTERPOLATED = "LEAK_INTERPOLATED", "Bars lie on a line between an earlier and a later price."
    LEAK_WARMUP = "LEAK_WARMUP", "A signal depends on more of the past than it declares."
    LEAK_TARGET = "LEAK_TARGET", "A feature predicts the next bar too well to be honest."
    DRIFT_CRITICAL = "DRIFT_CRITICAL", "A feature's distribution moved past the critical limit."
    DRIFT_RECENT = "DRIFT_RECENT", "The newest bars are unlike any stretch of the past as long."
    DRIFT_OUTPUTS = "DRIFT_OUTPUTS", "What the model says and does is not distributed as on the validation split."
    DRIFT_CONDITIONAL = "DRIFT_CONDITIONAL", "The newest outcomes are worse than the stated confidence promised."
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA", "Too few bars to tell a change of the market from chance."

    HMM_DEGENERATE = "HMM_DEGENERATE", "No regime model fit was usable: empty states or bad covariance."
    TRAINING_NO_DECISIONS = "TRAINING_NO_DECISIONS", "The regime signal never offers the agent a decision."
    TRAINING_DIVERGED = "TRAINING_DIVERGED", "Training produced weights that are NaN or infinite."
    POLICY_IDLE = "POLICY_IDLE", "A trained policy closed no trade on the validation split."
    POLICY_CONSTANT = "POLICY_CONSTANT", "A trained policy takes one action, whatever it sees."
    POLICY_UNSTABLE = "POLICY_UNSTABLE", "An update moved a policy too far for what it learned from to be its own."
    CALIBRATION_INPUT = (
        "CALIBRATION_INPUT",
        "Confidence or outcomes cannot be calibrated: not finite, or not in 0 to 1.",
    )
    EXPORT_MISMATCH = "EXPORT_MISMATCH", "Exported weights do not act like the trained policy."

    ENGINE_UNKNOWN = "ENGINE_UNKNOWN", "No engine of that name is built in or installed."
    ENGINE_MISSING = "ENGINE_MISSING", "A model needs an engine that is not installed here."
    ENGINE_MISMATCH = "ENGINE_MISMATCH", "An engine's code is not the code the model was made with."
    ENGINE_BROKEN = "ENGINE_BROKEN", "An engine cannot be opened on the data of a model."
    ENGINE_OPINION = "ENGINE_OPINION", "An engine said something that is no opinion."
    ENGINE_NOT_BEST = "ENGINE_NOT_BEST", "Another engine's candidate of the same night was better."
    ENGINE_CHECK = "ENGINE_CHECK", "An engine broke a promise that every engine gives."

    NO_TRADES = "NO_TRADES", "The candidate made no trade on the test split."
    TRADES_TOO_FEW = "TRADES_TOO_FEW", "The candidate made fewer trades on the test split than prove anything."
    NOT_SIGNIFICANT = "NOT_SIGNIFICANT", "Chance alone makes such a Sharpe ratio too often."
    NOT_BEYOND_MARKET = "NOT_BEYOND_MARKET", "Holding the market explains the candidate's returns."
    TIMING_BY_CHANCE = "TIMING_BY_CHANCE", "The same positions at other times would have done as well too often."
    BASELINES_NOT_BEATEN = (
        "BASELINES_NOT_BEATEN",
        "The policy is worth no more than its own mean action held constant, or than following its signal.",
    )
    REGIMES_UNSTABLE = "REGIMES_UNSTABLE", "Other starts of the regime model give other directions."
    OVERFITTED = "OVERFITTED", "What was chosen among the seeds is no better than the others on other bars."
    STRESS_FAILED = "STRESS_FAILED", "A stress scenario broke its limit."
    STRESS_NOT_MEASURED = "STRESS_NOT_MEASURED", "Too few trades or shocks in a trade: a stress scenario said nothing."
    LIVE_RECORD_MISSING = "LIVE_RECORD_MISSING", "No live record exists yet to compare with the backtest."
    LIVE_BELOW_BACKTEST = "LIVE_BELOW_BACKTEST", "Live results, their error added, fall too far short of the backtest."
    LIVE_UNPROVEN = "LIVE_UNPROVEN", "The live record neither fails nor proves that anything is earned."

    BUNDLE_MISSING = "BUNDLE_MISSING", "A bundle folder or one of its files is not there."
    BUNDLE_CORRUPT = "BUNDLE_CORRUPT", "A bundle file's bytes do not match the digest in the bundle."
    BUNDLE_INVALID = "BUNDLE_INVALID", "A bundle is well-formed bytes but not a valid model."
    MANIFEST_MISSING = "MANIFEST_MISSING", "A version has no manifest of its night: an earlier release made it."
    MANIFEST_INVALID = "MANIFEST_INVALID", "A night's manifest cannot be read."
    REPRODUCTION_INPUTS = "REPRODUCTION_INPUTS", "Data or code are not those that the version was made from."
    MODEL_UNKNOWN = "MODEL_UNKNOWN", "The registry has no such model or version."
    MODEL_NOT_APPROVED = "MODEL_NOT_APPROVED", "The version's verdict is not APPROVED."
    VERDICT_OUTDATED = "VERDICT_OUTDATED", "The version was judged by other gates or thresholds than those of today."
    PROMOTION_CONFLICT = "PROMOTION_CONFLICT", "Another promotion took effect first."
    PROMOTION_NOT_BETTER = "PROMOTION_NOT_BETTER", "The candidate does not beat the champion by enough."
    PROMOTION_NOT_SIGNIFICANT = (
        "PROMOTION_NOT_SIGNIFICANT",
        "The candidate's lead over the champion may be chance, at the error that this contest may spend.",
    )
    PROMOTION_NO_ALPHA = "PROMOTION_NO_ALPHA", "The candidate's return beyond the market's is not proven."
    PROMOTION_WORSE = "PROMOTION_WORSE", "The candidate may be worse than the champion that is retired."
    PROMOTION_AWAITS_APPROVAL = (
        "PROMOTION_AWAITS_APPROVAL",
        "The version may enter Production, and promotion.mode asks for a person's approval first.",
    )
    VERSION_QUARANTINED = (
        "VERSION_QUARANTINED",
        "The version was taken out of Production for cause and has not been released since.",
    )
    REASON_MISSING = "REASON_MISSING", "A command that goes against a rule was given no reason, or no name."
    LEDGER_BROKEN = "LEDGER_BROKEN", "The promotion ledger's hash chain does not verify."
    LEDGER_NEWER = "LEDGER_NEWER", "The promotion ledger was written by a later release."
    REGISTRY_UNREACHABLE = "REGISTRY_UNREACHABLE", "The model registry did not answer."

    NO_MODEL = "NO_MODEL", "There is no Production model to trade."
    JOURNAL_MISMATCH = "JOURNAL_MISMATCH", "The journal belongs to other data or another model."
    JOURNAL_BUSY = "JOURNAL_BUSY", "Another runner is writing the journal."
    JOURNAL_FAILED = "JOURNAL_FAILED", "The journal cannot be read or written, so nothing may be traded."
    NOT_HALTED = "NOT_HALTED", "The account is not halted, so there is nothing to resume."
    ACCOUNT_INVALID = "ACCOUNT_INVALID", "A stored account has a field that is unknown or no number."
    WATCH_STOPPED = "WATCH_STOPPED", "The model watch stopped by itself; it is started again."

    VENUE_UNKNOWN = "VENUE_UNKNOWN", "live.venue names no venue that is installed."
    VENUE_INVALID = "VENUE_INVALID", "A venue cannot be opened, promises too little, or reports what cannot be."
    PAPER_ONLY = "PAPER_ONLY", "The model may trade on paper only, and the venue trades real money."
    ORDER_REFUSED = "ORDER_REFUSED", "The venue did not take the order; its message says why."
    ORDER_UNKNOWN = "ORDER_UNKNOWN", "No order of that id waits at the venue."

    NO_SIGNAL = "NO_SIGNAL", "The regime signal has no direction on this bar."
    LOW_CONFIDENCE = "LOW_CONFIDENCE", "Effective confidence is under min_confidence."
    COOLDOWN = "COOLDOWN", "The cooldown after the last exit has not passed."
    POSITION_OPEN = "POSITION_OPEN", "A position or order is already open."
    SIZE_BELOW_LOT = "SIZE_BELOW_LOT", "The allowed size rounds to less than one lot."
    NOT_FINITE = "NOT_FINITE", "A number needed for an order is NaN or infinite."
    RISK_HALTED = "RISK_HALTED", "A circuit breaker stopped new positions: drawdown limit reached."
    MARKET_CRISIS = "MARKET_CRISIS", "A rule of market_regimes calls the market a crisis, in which nothing is held."
    WARMING_UP = "WARMING_UP", "Features or regime filter have not seen enough bars yet."
