"""The tables of the journal, and their version. Earlier versions are brought up in :mod:`trading.live.journal.upgrade`.

Times are UTC milliseconds of a bar's open; ``at`` is the clock when a row was written.
"""

from __future__ import annotations

from types import MappingProxyType

SCHEMA_VERSION = 7

TABLES = MappingProxyType(
    {
        # Values are JSON; the key ``schema`` is there before the journal is begun.
        "session": "(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
        # An override stands here too, for a runner that starts again without its registry and for whoever reads this.
        # Depth and transitions are JSON; NULL if the bundle does not say its training's depth, or has no regimes.
        "bundles": """(
            digest TEXT PRIMARY KEY, folder TEXT NOT NULL, version INTEGER, epoch INTEGER, as_of_ms INTEGER NOT NULL,
            verdict TEXT NOT NULL, backtest_sharpe REAL, bars_per_year REAL NOT NULL,
            override TEXT NOT NULL DEFAULT '', despite_gates INTEGER NOT NULL DEFAULT 0,
            depth TEXT, transitions TEXT
        ) WITHOUT ROWID""",
        "bars": """(
            ts INTEGER PRIMARY KEY, open REAL NOT NULL, high REAL NOT NULL, low REAL NOT NULL, close REAL NOT NULL,
            volume REAL NOT NULL, funding REAL NOT NULL DEFAULT 0.0
        )""",
        # One row a traded bar. The action is NULL where the policy was not asked; beliefs are JSON, probabilities of
        # regimes by name, and NULL if the engine has none or was not warm. Market is what the model's rules call it.
        "decisions": """(
            ts INTEGER PRIMARY KEY REFERENCES bars, bundle TEXT NOT NULL REFERENCES bundles, code TEXT NOT NULL,
            direction INTEGER NOT NULL, confidence_raw REAL NOT NULL, confidence REAL NOT NULL,
            size REAL, duration REAL, stop REAL, target REAL,
            cancelled INTEGER NOT NULL, position REAL NOT NULL, equity REAL NOT NULL, beliefs TEXT, market TEXT
        )""",
        "intents": """(
            id TEXT PRIMARY KEY, ts INTEGER NOT NULL UNIQUE REFERENCES decisions, quantity REAL NOT NULL,
            wait_bars REAL NOT NULL, duration_bars REAL NOT NULL, stop_log REAL NOT NULL, target_log REAL NOT NULL,
            ready_ms REAL NOT NULL DEFAULT 0, cap REAL NOT NULL DEFAULT 1, confidence REAL NOT NULL DEFAULT 0,
            regime REAL NOT NULL DEFAULT 0
        )""",
        "fills": """(
            ts INTEGER NOT NULL REFERENCES bars, number INTEGER NOT NULL, kind TEXT NOT NULL, quantity REAL NOT NULL,
            price REAL NOT NULL, PRIMARY KEY (ts, number)
        ) WITHOUT ROWID""",
        # What a trade says since version 3 is NULL in older rows.
        "trades": """(
            number INTEGER PRIMARY KEY, ts INTEGER NOT NULL REFERENCES bars, bundle TEXT NOT NULL REFERENCES bundles,
            entry_ts INTEGER NOT NULL, exit_ts INTEGER NOT NULL, quantity REAL NOT NULL, entry_price REAL NOT NULL,
            exit_price REAL NOT NULL, fees REAL NOT NULL, pnl REAL NOT NULL, reason TEXT NOT NULL,
            spread REAL, slippage REAL, funding REAL, held INTEGER, confidence REAL, regime INTEGER, mae REAL, mfe REAL
        )""",
        # The bar at whose end a model took over; from_bundle is the one before.
        "swaps": """(
            number INTEGER PRIMARY KEY, ts INTEGER NOT NULL, from_bundle TEXT NOT NULL, to_bundle TEXT NOT NULL,
            version INTEGER, at TEXT NOT NULL
        )""",
        # Where an operator let a halted account trade again; peak is the one that its drawdown was counted from.
        "resumes": """(
            number INTEGER PRIMARY KEY, ts INTEGER NOT NULL, operator TEXT NOT NULL, reason TEXT NOT NULL,
            equity REAL NOT NULL, peak REAL NOT NULL, at TEXT NOT NULL
        )""",
        # The subject is a bundle's digest, an intent's id, or what else was refused.
        "refusals": """(
            number INTEGER PRIMARY KEY, ts INTEGER, subject TEXT NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL,
            at TEXT NOT NULL
        )""",
        "quarantine": """(
            number INTEGER PRIMARY KEY, place TEXT NOT NULL, bar TEXT NOT NULL, code TEXT NOT NULL,
            message TEXT NOT NULL, UNIQUE (place, bar)
        )""",
        # The account is JSON by field names; the stream is named arrays in safetensors, NULL if the model's engine
        # cannot save its state.
        "snapshot": """(
            one INTEGER PRIMARY KEY CHECK (one = 1), ts INTEGER NOT NULL, bundle TEXT NOT NULL, account TEXT NOT NULL,
            stream BLOB, at TEXT NOT NULL
        )""",
    }
)
