"""Several policies as one whose action is the mean of theirs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from trading.steps.policy import Layers


def average_layers(policies: Sequence[Layers]) -> Layers:
    """One network that answers with the mean of what several would, before that is clipped to [-1, 1].

    Their units stand side by side and see nothing of each other, so whoever carries out a policy need not know that it
    is several.

    Args:
        policies: at least one, of equal inputs.

    Returns:
        As many units in each layer as all of them have together.
    """
    share = 1.0 / len(policies)
    w0, b0, inner, b1, w2, b2 = zip(*policies, strict=True)
    widths = [len(bias) for bias in b0]
    w1, ends = np.zeros((sum(widths), sum(widths))), np.cumsum(widths).tolist()
    for weights, width, end in zip(inner, widths, ends, strict=True):
        w1[end - width : end, end - width : end] = weights
    return Layers(
        w0=np.concatenate(w0),
        b0=np.concatenate(b0),
        w1=w1,
        b1=np.concatenate(b1),
        w2=share * np.concatenate(w2, axis=1),
        b2=share * np.sum(b2, axis=0),
    )
