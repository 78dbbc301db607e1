"""PDFs, made in child processes with a time and a memory limit, several at once, and never the same one twice."""

import hashlib
import json
import os
import selectors
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from reporter.report.content import Content
from reporter.report.export import DataFile
from reporter.report.fonts import installed
from reporter.report.render import Look, html

PACKAGES = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core"
UNAVAILABLE = 3  # the worker's exit status where pango is missing


class PdfUnavailable(RuntimeError):
    """This machine cannot make PDFs; the message says which packages it lacks. HTML and mail work without."""


class PdfFailed(RuntimeError):
    """One document could not be made: out of time, out of memory, or a template that WeasyPrint refuses."""


class Unwritable(PdfFailed):
    """The folder for reports cannot be written; the message names it and the remedy."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one document may take, and how many are made at once."""

    seconds: float = 300
    megabytes: int = 3000  # of address space, which is several times what is resident
    workers: int = 1
    keep_megabytes: int = 220  # a worker that has grown beyond this is replaced: WeasyPrint gives nothing back


@dataclass(frozen=True, slots=True)
class Job:
    """Everything a PDF depends on but the fonts."""

    page: str
    files: tuple[DataFile, ...]
    identifier: str
    at: datetime

    @property
    def digest(self) -> str:
        """The same for the same document: the name of its place in a cache."""
        parts = [self.page, self.identifier, self.at.isoformat(), *(f"{f.name} {f.sha256}" for f in self.files)]
        return hashlib.sha256("\0".join([installed(), *parts]).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Pdf:
    """A document, and what making it told. One taken from a cache cost nothing and has no pages to tell."""

    data: bytes
    pages: int = 0
    warnings: tuple[str, ...] = ()
    cpu_seconds: float = 0
    peak_megabytes: int = 0


@dataclass(slots=True)
class _Worker:
    """A slot for one child process, started when it is first needed and again after it was let go."""

    limits: Limits
    process: subprocess.Popen[str] | None = field(default=None)

    def make(self, job: Job) -> Pdf:
        """Hand the job over in a folder, wait for the answer within the limit, take the document."""
        with tempfile.TemporaryDirectory(prefix="reporter-pdf-") as name:
            folder = Path(name)
            _write(folder, job)
            with ExitStack() as undone:
                undone.callback(self.stop)
                answer = self._ask(folder)
                undone.pop_all()
            data = (folder / "document.pdf").read_bytes()
        if answer["peak_megabytes"] > self.limits.keep_megabytes:
            self.stop()
        return Pdf(data, answer["pages"], tuple(answer["warnings"]), answer["cpu_seconds"], answer["peak_megabytes"])

    def stop(self) -> None:
        """End the child, if there is one."""
        if self.process:
            self.process.kill()
            self.process.communicate()
            self.process = None

    def _ask(self, folder: Path) -> dict[str, Any]:
        self.process = self.process or _start(self.limits)
        child = self.process
        assert child.stdin
        assert child.stdout
        try:
            child.stdin.write(f"{folder}\n")
            child.stdin.flush()
        except BrokenPipeError:
            raise _ended(child) from None
        with selectors.DefaultSelector() as selector:
            selector.register(child.stdout, selectors.EVENT_READ)
            if not selector.select(self.limits.seconds):
                raise PdfFailed(f"A PDF was not done after {self.limits.seconds:g} s and was stopped.")
        line = child.stdout.readline()
        if not line:
            raise _ended(child)
        return dict(json.loads(line))


def render_pdf(
    content: Content, files: Sequence[DataFile], look: Look, limits: Limits | None = None, cache: Path | None = None
) -> Pdf:
    """Make the PDF of a report: PDF/A-3a and PDF/UA-1, the data attached, the same bytes for the same content."""
    (made,) = render_pdfs([job(content, files, look)], limits, cache)
    if isinstance(made, PdfFailed):
        raise made
    return made


def render_pdfs(
    jobs: Iterable[Job], limits: Limits | None = None, cache: Path | None = None
) -> Iterator[Pdf | PdfFailed]:
    """Make many, in their order, `limits.workers` at once; one that fails is handed back as its error.

    Jobs are taken from the iterable only as workers become free, so ten thousand of them are never in memory.
    """
    limits = limits or Limits()
    idle: SimpleQueue[_Worker] = SimpleQueue()
    with ExitStack() as stack, ThreadPoolExecutor(limits.workers) as threads:
        for worker in [_Worker(limits) for _ in range(limits.workers)]:
            stack.callback(worker.stop)
            idle.put(worker)
        yield from _in_turn(jobs, lambda item: threads.submit(_one, item, idle, cache), limits.workers)


def _in_turn(
    jobs: Iterable[Job], submit: Callable[[Job], Future[Pdf | PdfFailed]], ahead: int
) -> Iterator[Pdf | PdfFailed]:
    """Results in the order of the jobs, of which no more than `ahead` and one are taken before a result is."""
    waiting: deque[Future[Pdf | PdfFailed]] = deque()
    for item in jobs:
        waiting.append(submit(item))
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def job(content: Content, files: Sequence[DataFile], look: Look) -> Job:
    """What the PDF of a report is made of."""
    page = html(content, files, look, paged=True)
    return Job(page, tuple(files), f"{content.cover.run}/{content.edition.key}", content.cover.as_of)


def _one(item: Job, idle: "SimpleQueue[_Worker]", cache: Path | None) -> Pdf | PdfFailed:
    kept = cache / f"{item.digest}.pdf" if cache else None
    if kept and kept.exists():
        return Pdf(kept.read_bytes())
    worker = idle.get()
    try:
        made = worker.make(item)
    except PdfFailed as failed:
        return failed
    finally:
        idle.put(worker)
    if kept:
        _keep(kept, made.data)
    return made


def _keep(file: Path, data: bytes) -> None:
    """Whole or not at all, for another run may look at the same time."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(f".{os.getpid()}")
        partial.write_bytes(data)
        partial.replace(file)
    except OSError as error:
        raise Unwritable(
            f"{file.parent}: reports cannot be written there ({error.strerror}). "
            "Make the folder writable, or name another in report.directory."
        ) from error


def _write(folder: Path, item: Job) -> None:
    for number, file in enumerate(item.files):
        (folder / f"data-{number}").write_bytes(file.data)
    (folder / "page.html").write_text(item.page, encoding="utf-8")
    told = {
        "identifier": item.identifier,
        "at": item.at.isoformat(),
        "files": [{"name": file.name, "description": file.description} for file in item.files],
    }
    (folder / "job.json").write_text(json.dumps(told))


def _start(limits: Limits) -> subprocess.Popen[str]:
    return subprocess.Popen(  # noqa: S603 - our own interpreter, a fixed module
        [sys.executable, "-m", "reporter.report.worker", str(limits.megabytes)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _ended(child: subprocess.Popen[str]) -> RuntimeError:
    """What it means that the child is gone."""
    _, told = child.communicate()
    if child.returncode == UNAVAILABLE:
        return PdfUnavailable(
            f"PDFs need pango, which this machine lacks. On Debian: sudo apt-get install -y {PACKAGES}"
        )
    last = "".join(told.strip().splitlines()[-1:])
    return PdfFailed(f"WeasyPrint stopped (exit {child.returncode}): {last or 'no message; most likely out of memory'}")
