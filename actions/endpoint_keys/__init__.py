"""Replacing the keys of endpoints, with a hand-over to their clients that may last for days."""

from actions.endpoint_keys.action import EndpointKeys
from actions.endpoint_keys.state import EndpointKeysGoal, EndpointKeysInspection, EndpointKeysOptions

__all__ = ["EndpointKeys", "EndpointKeysGoal", "EndpointKeysInspection", "EndpointKeysOptions"]
