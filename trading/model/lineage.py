"""Where a model came from: data, code, seeds and libraries, without anything that differs between two equal nights."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import metadata

from pydantic import Field

from trading.values import Frozen

LIBRARIES = ("numpy", "numba", "pydantic", "safetensors", "hmmlearn", "scikit-learn", "torch", "stable-baselines3")


class Lineage(Frozen):
    """The origin of one bundle.

    It holds no clock, path, host or registry number: those differ between two runs of the same night, and the bundle's
    digest must not. The parent is named by its bundle digest for the same reason; the registry knows its number.
    """

    symbol: str = Field(min_length=1, description="Market the model trades.")
    interval: str = Field(pattern=r"^[1-9][0-9]*[smhd]$", description="Length of the traded bar.")
    source: str = Field(default="", description="Data source string of the night.")
    as_of_ms: int = Field(ge=0, description="Moment the night is run as of, UTC milliseconds; nothing later was seen.")
    parent_digest: str | None = Field(default=None, description="Bundle digest of the champion at that time, or null.")
    data: dict[str, str] = Field(default_factory=dict, description="SHA-256 of each data set by name.")
    ranges: dict[str, tuple[int, int]] = Field(
        default_factory=dict,
        description="Open of the first bar and close of the last of each split, UTC ms; empty in release 0.1.",
    )
    code: str = Field(default="", description="SHA-256 of the source code that trained and judged the model.")
    seeds: dict[str, int] = Field(default_factory=dict, description="Seed of each random number stream by name.")
    libraries: dict[str, str] = Field(default_factory=dict, description="Version of each library by name.")


def library_versions(names: Iterable[str] = LIBRARIES) -> dict[str, str]:
    """Installed versions of the named distributions; one that is not installed is left out.

    Args:
        names: of distributions, as pip knows them.
    """
    versions: dict[str, str] = {}
    for name in names:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions
