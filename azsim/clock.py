"""The one clock of the rehearsal cloud, and Azure's many ways to write a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_real_now = partial(datetime.now, UTC)  # noqa: TID251 - the one place that reads the machine's clock


class Clock:
    """Real UTC time plus whatever it was shifted by."""

    def __init__(self, start: datetime | None = None) -> None:
        self._offset = timedelta(0) if start is None else start.astimezone(UTC) - _real_now()

    def now(self) -> datetime:
        """The present simulated time, in UTC."""
        return _real_now() + self._offset

    def shift(self, delta: timedelta) -> None:
        """Move time by `delta`; waits of an hour are rehearsed this way."""
        self._offset += delta

    def tick(self) -> None:
        """Called once for each request; real time needs no help."""


class FixedClock(Clock):
    """Stands still but for a fixed step at each request, so that pictures and reports repeat exactly."""

    def __init__(self, start: datetime, step: timedelta = timedelta(milliseconds=10)) -> None:
        super().__init__()
        self._now = start.astimezone(UTC)
        self._step = step

    def now(self) -> datetime:
        """The present simulated time, in UTC."""
        return self._now

    def shift(self, delta: timedelta) -> None:
        """Move time by `delta`."""
        self._now += delta

    def tick(self) -> None:
        """Move by one step."""
        self._now += self._step


def iso7(moment: datetime) -> str:
    """`2024-06-19T04:29:26.9207410Z`: Resource Manager, Storage and the workspace service."""
    return f"{moment.isoformat(timespec='microseconds')[:26]}0Z"


def offset7(moment: datetime) -> str:
    """`2022-09-09T19:33:30.6856340+00:00`: datastores, endpoints and computes."""
    return f"{moment.isoformat(timespec='microseconds')[:26]}0+00:00"


def iso_seconds(moment: datetime) -> str:
    """`2023-08-23T13:03:41Z`: the activity log's submission time, metric buckets."""
    return f"{moment.isoformat(timespec='seconds')[:19]}Z"


def iso_millis(moment: datetime) -> str:
    """`2023-08-23T13:03:41.123Z`: a vault's systemData."""
    return f"{moment.isoformat(timespec='milliseconds')[:23]}Z"


def entra_time(moment: datetime) -> str:
    """`2022-03-02 18:25:26Z`: Entra's error bodies."""
    return f"{moment.isoformat(' ', 'seconds')[:19]}Z"


def stamps(moment: datetime) -> tuple[str, str]:
    """The Date header, and `20240619T042958Z`, the middle part of x-ms-routing-request-id."""
    return _stamps(moment.replace(microsecond=0))


@lru_cache(maxsize=4)
def _stamps(second: datetime) -> tuple[str, str]:
    return http_date(second), f"{second:%Y%m%dT%H%M%SZ}"


def http_date(moment: datetime) -> str:
    """`Wed, 19 Jun 2024 04:29:58 GMT`: the Date header."""
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return f"{day}, {moment.day:02d} {month} {moment.year:04d} {moment.isoformat()[11:19]} GMT"


def parse_http_date(text: str) -> datetime:
    """Read a Date or x-ms-date header (RFC 1123, GMT); raises ValueError."""
    words = text.split()
    if len(words) != 6 or words[5] not in ("GMT", "UTC") or words[2].title() not in _MONTHS:
        raise ValueError(f"{text!r} is not an RFC 1123 date")
    hour, minute, second = (int(part) for part in words[4].split(":"))
    month = _MONTHS.index(words[2].title()) + 1
    return datetime(int(words[3]), month, int(words[1]), hour, minute, second, tzinfo=UTC)


def unix(moment: datetime) -> int:
    """Whole seconds since 1970: tokens and Key Vault attributes."""
    return int(moment.timestamp())


def parse(text: str) -> datetime:
    """Read any of Azure's ISO forms (up to seven fraction digits, Z or an offset); raises ValueError."""
    head, dot, tail = text.partition(".")
    if dot:
        digits = len(tail) - len(tail.lstrip("0123456789"))
        text = f"{head}.{tail[: min(digits, 6)]}{tail[digits:]}"
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
