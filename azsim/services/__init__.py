"""One module a service: its routes and wire shapes. The tables below are all that the cloud answers."""

from __future__ import annotations

from azsim.router import Routes
from azsim.services import (
    activity,
    arm,
    authorization,
    blob,
    dependants,
    graph,
    keyvault_data,
    keyvault_mgmt,
    ml_computes,
    ml_connections,
    ml_datastores,
    ml_endpoints,
    ml_workspaces,
    monitor,
    pim,
    registry,
    resourcegraph,
    scoring,
    signin,
    storage,
)

TABLES: tuple[Routes, ...] = (
    signin.route,
    signin.metadata,
    arm.route,
    authorization.route,
    storage.route,
    blob.route,
    dependants.route,
    graph.route,
    keyvault_data.route,
    keyvault_mgmt.route,
    pim.route,
    registry.route,
    ml_workspaces.route,
    ml_datastores.route,
    ml_connections.route,
    ml_computes.route,
    ml_endpoints.route,
    scoring.route,
    resourcegraph.route,
    monitor.route,
    activity.route,
)
