"""The rehearsal cloud: answers Azure's wire for what amlkeys uses, in process or over TLS on loopback.

It knows nothing of the console or of the guarded actions, so it can also be used beside other Azure clients.
"""

from __future__ import annotations
