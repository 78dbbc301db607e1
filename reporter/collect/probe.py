"""A quick look whether reading would work: who the caller is, whether a role can be taken, what it may read at least."""

from dataclasses import dataclass

from reporter.collect.clients import Tally
from reporter.collect.door import Door
from reporter.collect.failures import ReadFailed
from reporter.collect.options import CollectError
from reporter.collect.reader import Asker, list_rows, read_part
from reporter.collect.resources_cloudtrail import TRAIL
from reporter.collect.resources_organization import ACCOUNT
from reporter.collect.resources_s3 import BUCKET
from reporter.model import GLOBAL


@dataclass(frozen=True, slots=True)
class Probe:
    """What was found, in one sentence with the remedy if it is not well."""

    ok: bool
    sentence: str
    arn: str = ""


def probe_caller(door: Door) -> Probe:
    """Who AWS says the caller is."""
    try:
        caller = door.sessions.identify()
    except CollectError as error:
        return Probe(False, str(error))
    if door.sessions.doubt:
        return Probe(False, door.sessions.doubt)
    return Probe(True, f"{caller.arn} in account {caller.account}, region {door.clients.home}.", caller.arn)


def probe_account(door: Door, account: str, *, management: str = "") -> Probe:
    """Whether the role of an account can be assumed, and may list regions, trails and buckets: three calls."""
    tally = Tally()
    try:
        session = door.sessions.of(account, tally, management=management)
    except (ReadFailed, CollectError) as error:
        return Probe(False, error.why.message if isinstance(error, ReadFailed) else str(error))
    home = door.clients.home
    asker = Asker(door.clients, door.clock, tally, account, session, arn=session.arn, sets=door.options.asked_sets)
    problems = [
        f"{gap.why} ({gap.why.message})"
        for kind, region in ((TRAIL, home), (BUCKET, GLOBAL))
        if (gap := list_rows(asker, kind, region, home).gap)
    ]
    try:
        read_part(asker, ACCOUNT, "Regions", {}, home)
    except ReadFailed as error:
        problems.append(f"{error.why} ({error.why.message})")
    if problems:
        return Probe(False, f"{session.arn} may not read: {'; '.join(problems)}", session.arn)
    return Probe(True, f"{session.arn} reads regions, trails and buckets.", session.arn)
