"""The networks of a population as one matrix of parameters: a row for each policy, a row for each value function.

A row's parts are views with an even stride from row to row, so one batched product a layer evaluates every network of
every learner, and one gradient, one clip and one Adam step serve them all.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor

from trading.steps.policy import ACTIONS, Layers

if TYPE_CHECKING:
    from stable_baselines3.common.policies import ActorCriticPolicy

LOG_TWO_PI = math.log(2.0 * math.pi)
NETS = 2
"""Rows of a learner: its policy, then its value function."""
NETWORKS = (("mlp_extractor.policy_net", "action_net"), ("mlp_extractor.value_net", "value_net"))
"""What stable-baselines3 calls the hidden layers and the outputs of each."""
ALIGNMENT = 16
"""Floats in a cache line. Inputs, hidden units and observations are padded with zeros to a multiple of it, so that the
part of every learner in every array begins and ends with a line: products and vectorised loops treat a remainder
otherwise, and the last bits of a learner would depend on its place (seen)."""


class Shape(NamedTuple):
    """Sizes that all networks of a population share; A is ``len(ACTIONS)``.

    Attributes:
        inputs: numbers in an observation, I.
        hidden: units in each of the two hidden layers, H.
    """

    inputs: int
    hidden: int

    @property
    def layers(self) -> tuple[tuple[int, ...], ...]:
        """Shapes of a network's arrays in the order of :class:`trading.steps.policy.Layers`, outputs first.

        A value function uses the first of its A outputs; the others are zero and stay so.
        """
        inputs, hidden = self
        actions = len(ACTIONS)
        return (hidden, inputs), (hidden,), (hidden, hidden), (hidden,), (actions, hidden), (actions,)

    @property
    def padded(self) -> Shape:
        """The same with units that are zero and stay so."""
        return Shape(_whole_lines(self.inputs), _whole_lines(self.hidden))

    @property
    def parts(self) -> list[int]:
        """Numbers of each part of a row: the padded layers, the actions' log standard deviations, the padding."""
        used = [math.prod(layer) for layer in self.padded.layers] + [len(ACTIONS)]
        return [*used, _whole_lines(sum(used)) - sum(used)]


class Evaluation(NamedTuple):
    """What the networks of P learners say of B observations each.

    Attributes:
        means: shape (P, B, A), of the actions.
        log_std: shape (P, A), natural logarithm of their standard deviation.
        values: shape (P, B).
    """

    means: Tensor
    log_std: Tensor
    values: Tensor


def evaluate(theta: Tensor, shape: Shape, observations: Tensor) -> Evaluation:
    """Every policy and value function on the observations of its learner.

    Args:
        theta: shape (2 P, sum of the parts), the rows of each learner beside each other.
        shape: of the networks.
        observations: shape (P, B, I).
    """
    *layers, log_std, _ = theta.split(shape.parts, dim=1)
    w0, b0, w1, b1, w2, b2 = (part.unflatten(1, size) for part, size in zip(layers, shape.padded.layers, strict=True))
    learners, count, _ = observations.shape
    inputs = observations.new_zeros(learners, NETS, _whole_lines(count), shape.padded.inputs)
    inputs[:, :, :count, : shape.inputs] = observations.unsqueeze(1)
    inputs = inputs.flatten(0, 1)
    hidden = _tanh(torch.baddbmm(b0.unsqueeze(1), inputs, w0.mT))
    hidden = _tanh(torch.baddbmm(b1.unsqueeze(1), hidden, w1.mT))
    outputs = torch.baddbmm(b2.unsqueeze(1), hidden, w2.mT)[:, :count]
    return Evaluation(outputs[0::NETS], log_std[0::NETS], outputs[1::NETS, :, 0])


def log_probability(said: Evaluation, actions: Tensor) -> Tensor:
    """Logarithm of the density of actions, shape (P, B), under independent normal distributions.

    Args:
        said: of the policies.
        actions: shape (P, B, A).
    """
    log_std = said.log_std.unsqueeze(1)
    deviations = (actions - said.means) / log_std.exp()
    return (-0.5 * deviations.square() - log_std - 0.5 * LOG_TWO_PI).sum(dim=2)


def entropy(said: Evaluation) -> Tensor:
    """Differential entropy of each policy's actions, shape (P,), in nats.

    Args:
        said: of the policies.
    """
    return (0.5 + 0.5 * LOG_TWO_PI + said.log_std).sum(dim=1)


def rows_of(policy: ActorCriticPolicy, shape: Shape) -> Tensor:
    """The two rows of a policy of stable-baselines3, shape (2, sum of the parts).

    Args:
        policy: with two hidden tanh layers for its actions and two for its value.
        shape: of the networks.
    """
    rows, state = torch.zeros(NETS, sum(shape.parts)), policy.state_dict()
    for row, (hidden, head) in zip(rows, NETWORKS, strict=True):
        parts = row.split(shape.parts)
        names = (f"{layer}.{kind}" for layer in (f"{hidden}.0", f"{hidden}.2", head) for kind in ("weight", "bias"))
        for part, size, name in zip(parts, shape.padded.layers, names, strict=False):
            part.view(size)[_within(state[name].shape)] = state[name]
        if hidden == NETWORKS[0][0]:
            parts[len(shape.layers)].copy_(state["log_std"])
    return rows


def layers_of(row: Tensor, shape: Shape) -> Layers:
    """A network as plain float64 arrays.

    Args:
        row: shape (sum of the parts,).
        shape: of the network.
    """
    parts = row.detach().cpu().split(shape.parts)
    arrays = (part.view(size).numpy() for part, size in zip(parts, shape.padded.layers, strict=False))
    return Layers(*(array[_within(size)].astype(np.float64) for array, size in zip(arrays, shape.layers, strict=True)))


def _whole_lines(count: int) -> int:
    return count + -count % ALIGNMENT


def _within(size: Sequence[int]) -> tuple[slice, ...]:
    """The part of a padded array that is used."""
    return tuple(slice(length) for length in size)


def _tanh(sums: Tensor) -> Tensor:
    """Hyperbolic tangent by the logistic function, within 1e-7; the argument is overwritten.

    On a processor torch takes eight times as long for ``tanh``, which was over a quarter of all training (measured).
    """
    return torch.sigmoid(sums.mul_(2.0)).mul(2.0).sub_(1.0)
