"""The workspaces of an estate: the fleet as a list, one workspace described, and finding one by what people call it.

Everything here only reads, and a list never reads a secret.
"""

from actions.workspaces.direct import Readings
from actions.workspaces.fleet import FleetPage, fleet, whole_fleet
from actions.workspaces.rows import WorkspaceRow
from actions.workspaces.targets import STORAGE_ACCOUNT, WORKSPACE, TargetError, resolve
from actions.workspaces.told import told
from actions.workspaces.view import WorkspaceView, describe

__all__ = [
    "STORAGE_ACCOUNT",
    "WORKSPACE",
    "FleetPage",
    "Readings",
    "TargetError",
    "WorkspaceRow",
    "WorkspaceView",
    "describe",
    "fleet",
    "resolve",
    "told",
    "whole_fleet",
]
