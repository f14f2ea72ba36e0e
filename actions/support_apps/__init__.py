"""Review the service principals that may be Azure ML's support apps, and take away what none needs."""

from __future__ import annotations

from actions.support_apps.action import SupportApps
from actions.support_apps.state import SupportAppsInspection, SupportAppsOptions

__all__ = ["SupportApps", "SupportAppsInspection", "SupportAppsOptions"]
