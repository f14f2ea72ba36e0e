"""Replacing the keys of a workspace's storage account, and having everything that holds them follow."""

from actions.storage_keys.action import StorageKeys
from actions.storage_keys.state import StorageKeysGoal, StorageKeysInspection, StorageKeysOptions

__all__ = ["StorageKeys", "StorageKeysGoal", "StorageKeysInspection", "StorageKeysOptions"]
