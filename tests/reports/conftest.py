"""The fixtures of the registry's tests."""

from __future__ import annotations

from tests.registry.conftest import make_bundle

__all__ = ["make_bundle"]
