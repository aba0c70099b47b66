"""Content-addressed artifacts: bytes named by their SHA-256, in a folder or behind any fsspec address."""

from trading.store.kind import Kind
from trading.store.ref import Ref
from trading.store.storage import Storage, open_storage
from trading.store.store import Store

__all__ = ["Kind", "Ref", "Storage", "Store", "open_storage"]
