"""The world of this folder's tests; see world.py."""

from world import account_named, simulated, world

__all__ = ["account_named", "simulated", "world"]
