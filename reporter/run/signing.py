"""Each run's head signed as it is sealed, where the settings name a key: who vouches for the history, and as of when."""

from collections.abc import Iterator
from datetime import datetime

from reporter import history
from reporter.model import Run
from reporter.report.sign import SignError, signed_head
from reporter.run.publish import folder_of
from reporter.run.ready import check_folder
from reporter.run.signing_key import signer
from reporter.settings import Settings

AGAIN = "`reporter sign` signs it later"


def sign_run(engine: history.Engine, run: Run, settings: Settings, now: datetime) -> Iterator[str]:
    """Sign a sealed run's head once, beside its reports and in the history; yields why not, if it cannot be done.

    The run stands without a signature: a key that is away must not keep a report from those who wait for it.
    """
    if history.signatures(engine, run):
        return
    file = folder_of(settings, run) / f"head-{run.seq:04d}.json"
    try:
        with_key = signer(settings)
        if with_key is None:
            return
        document = signed_head(run, with_key, now)
    except SignError as error:
        yield f"the head of run {run.seq} is not signed: {error}; {AGAIN}"
        return
    check_folder(file.parent)
    part = file.with_name(f".{file.name}.part")
    part.write_bytes(document)
    part.replace(file)
    history.add_signature(engine, run, document, now)
