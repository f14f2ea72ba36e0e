"""Built-in estates: `demo.demo()` the company, `small.small()` one workspace, `small.fleet(n)` many of them."""

from __future__ import annotations
