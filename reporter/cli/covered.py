"""The coverage statement in words: accounts, regions, calls, and what could not be read."""

from collections.abc import Iterator, Sequence
from typing import Any

from reporter.cli.console import plain
from reporter.cli.filters import counted

STATUS_TONES = {"unreachable": "bold red", "partial": "yellow", "excluded": "dim"}
NOT_ASKED = {"Excluded", "NotAsked", "NotYetRead"}  # nobody tried: no permission is missing


def _sums(rows: Sequence[Any]) -> str:
    """Regions and calls of these accounts; of an account whose enabled regions are unknown no region is counted."""
    from reporter.report.coverage import regions_unknown

    enabled = sum(row.regions_enabled for row in rows)
    read = sum(min(row.regions_read, row.regions_enabled) for row in rows)
    unknown = regions_unknown(rows)
    more = f" (of {counted(unknown, 'account')} nobody knows them)" if unknown else ""
    made, denied, throttled = (sum(getattr(row, name) for row in rows) for name in ("calls", "denied", "throttled"))
    return (
        f"{counted(enabled, 'enabled region')} = {read:,} read + {enabled - read:,} not read{more}; "
        f"{counted(made, 'call')}, {denied:,} denied, {throttled:,} throttled"
    )


def coverage_lines(run: Any, total: Any, rows: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """The coverage statement, then each account, the worst first; with the tone of each line."""
    yield (
        (
            f"Run {run.seq} of {run.as_of:%Y-%m-%d %H:%M}Z: {counted(total.total, 'account')} = {total.read} read + {total.partial} partly "
            f"read + {total.unreachable} unreachable + {total.excluded} excluded"
        ),
        "bold",
    )
    yield f"  {_sums(rows)}", ""
    order = ["unreachable", "partial", "excluded", "read"]
    for row in sorted(rows, key=lambda r: (order.index(r.status.value), r.account.ou_path, r.account.name)):
        style = STATUS_TONES.get(row.status.value, "")
        name = plain(f"{row.account.name} ({row.account.id})")
        regions = f"{row.regions_read}/{row.regions_enabled} regions" if row.regions_enabled else "regions unknown"
        read = f"{regions}, {counted(row.resources, 'resource')}, {row.calls} calls"
        yield f"  {row.status.value:<12} {name:<40} {read}", style
        if row.since is not None and row.status.value != "excluded":
            last = f"{row.last_read_at:%Y-%m-%d %H:%M}Z" if row.last_read_at else "never"
            yield f"  {'':<12} not fully read since {row.since:%Y-%m-%d %H:%M}Z; last read {last}", "dim"
        if row.reason:
            yield f"  {'':<12} {plain(row.reason)}", ""


def gap_lines(gaps: Sequence[Any]) -> Iterator[tuple[str, str]]:
    """What could not be read, by permission; and what nobody asked for."""
    missing = [gap for gap in gaps if gap.code not in NOT_ASKED]
    if missing:
        yield "Not read, by permission", "bold"
    for gap in missing:
        example = f", e.g. {plain(gap.example)}" if gap.example else ""
        where = f"{counted(gap.count, 'read')} in {counted(gap.accounts, 'account')}"
        yield f"  {gap.iam or gap.operation}: {gap.code}, {where}{example}", ""
    left = [gap for gap in gaps if gap.code in NOT_ASKED]
    if left:
        words = ", ".join(f"{gap.count} {gap.code}{f' ({gap.operation})' if gap.operation else ''}" for gap in left)
        yield f"  Nobody asked: {words}", "dim"
