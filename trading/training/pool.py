"""Runs training in processes of their own, one thread each, that end with the night that started them.

A process keeps torch's global random state and thread count to what is trained in it, so a policy is the same whether
it is trained alone or beside others.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from multiprocessing.connection import wait as wait_for
from typing import Any, TypeVar

from trading.training.jobs import MakeEnvironment, Progress

Work = TypeVar("Work")
Found = TypeVar("Found")


def train_in_processes(
    train_one: Callable[[Work, MakeEnvironment], Found],
    jobs: Sequence[Work],
    make_environment: MakeEnvironment,
    *,
    workers: int,
    progress: Progress | None = None,
) -> list[Found]:
    """Train every job in a process and return the results in the order of the jobs.

    Args:
        train_one: an importable function that trains one job in its process.
        jobs: what to train: a job, or whatever the function takes for one.
        make_environment: builds the training environment of a job.
        workers: processes at a time.
        progress: called with a job's name and the share that is done.
    """
    context = multiprocessing.get_context("spawn")
    messages = context.Queue()
    with ProcessPoolExecutor(min(workers, len(jobs)), context, _start_worker, (messages,)) as pool:
        futures = [pool.submit(train_one, job, make_environment) for job in jobs]
        pending = set(futures)
        while pending:
            _, pending = wait(pending, timeout=0.5, return_when=FIRST_COMPLETED)
            _pass_on(messages, progress)
        return [future.result() for future in futures]


def report_progress(name: str, share: float) -> None:
    """Say how far a job is, from inside its process; without a waiting parent it goes nowhere.

    Args:
        name: of the job.
        share: 0 to 1.
    """
    if _messages is not None:
        _messages.put((name, min(share, 1.0)))


_messages: Any = None


def _start_worker(messages: Any) -> None:
    global _messages
    _messages = messages
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    """End this process when its parent does: a night that was killed must not leave its workers behind."""
    wait_for([sentinel])
    os._exit(1)


def _pass_on(messages: Any, progress: Progress | None) -> None:
    while True:
        try:
            name, share = messages.get_nowait()
        except queue.Empty:
            return
        if progress is not None:
            progress(name, share)
