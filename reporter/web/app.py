"""The pages: which runs there were, their reports, what became of each mail. Reads the history, changes nothing, but for one
thing: whoever has a mail can stop the mails to its recipient (`/stop/TOKEN`, List-Unsubscribe, one click by RFC 8058).

There is no sign-in here: the server listens on loopback, and whoever wants it elsewhere puts a reverse proxy with
authentication before it. Every answer carries a strict content security policy; files are served by the digest that the
history recorded, so a report altered on disk is refused, not shown. A request must call the server by a name it has: else a
web site whose name is made to lead to 127.0.0.1 could have a visitor's browser read these pages and pass them on.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reporter import history
from reporter.model import Run
from reporter.report import words

MEDIA = {"html": "text/html; charset=utf-8", "pdf": "application/pdf", "csv": "text/csv", "json": "application/json"}
HEADERS = {
    b"content-security-policy": b"default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; font-src data:; "
    b"base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cache-control": b"private, no-store",
    b"cross-origin-opener-policy": b"same-origin",
}
FORMS = HEADERS | {  # of the one page that asks a question
    b"content-security-policy": HEADERS[b"content-security-policy"].replace(
        b"form-action 'none'", b"form-action 'self'"
    )
}
STOP = "/stop/"
RUNS_SHOWN = 60
NO_SUCH_MAIL = "No mail carries this link. Copy it whole from the mail, or ask who sends you the reports to stop them."
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class SafeHeaders:
    """Puts the headers that every answer must have on every answer, errors included."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                safe = FORMS if scope["path"].startswith(STOP) else HEADERS
                message["headers"] = [*message.get("headers", []), *safe.items()]
            await send(message)

        await self._app(scope, receive, with_headers)


class OwnNames:
    """Answers only requests whose Host header names this server."""

    def __init__(self, app: ASGIApp, names: Iterable[str]) -> None:
        self._app = app
        self._names = frozenset(name.lower() for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        probe = scope["type"] == "http" and scope["path"] == "/health"  # asked by address, and tells nothing
        if scope["type"] != "http" or probe or _host(scope) in self._names:
            await self._app(scope, receive, send)
            return
        words = (
            "This server has another name. If it should answer to this one: report.link, or reporter serve --name.\n"
        )
        await PlainTextResponse(words, status_code=421)(scope, receive, send)


def _host(scope: Scope) -> str:
    """The name of the Host header, without port and brackets; empty where there is not exactly one such header."""
    given = [value.decode("latin-1") for key, value in scope["headers"] if key == b"host"]
    try:
        return (urlsplit(f"//{given[0]}").hostname or "") if len(given) == 1 else ""
    except ValueError:  # brackets that do not close
        return ""


@dataclass(frozen=True, slots=True)
class Pages:
    """The answers: each reads the history and fills a template."""

    engine: history.Engine
    templates: Environment
    title: str
    clock: Callable[[], datetime]

    def home(self, request: Request) -> Response:  # noqa: ARG002 - a page without questions
        """All runs, the newest first."""
        runs = history.last_runs(self.engine, RUNS_SHOWN)
        rows = [(run, _coverage(self.engine, run), _files(self.engine, run)) for run in runs]
        return self._page("runs.html.j2", rows=rows)

    def run(self, request: Request) -> Response:
        """One run: what it read, its files, what was delivered."""
        run = _run(self.engine, request)
        return self._page(
            "run.html.j2",
            run=run,
            coverage=_coverage(self.engine, run),
            reports=_files(self.engine, run),
            deliveries=history.deliveries(self.engine, run=run),
        )

    def file(self, request: Request) -> Response:
        """One rendered file, if it is still what was recorded."""
        run = _run(self.engine, request)
        wanted = request.path_params["name"]
        for report in _files(self.engine, run):
            if Path(report.path).name == wanted:
                return _file(Path(report.path), report.sha256)
        raise HTTPException(404, f"run {run.seq} has no report called {wanted}")

    def ask_stop(self, request: Request) -> Response:
        """Whether the mails are to stop. Asking changes nothing: mail filters open every link."""
        mail = history.mailed_by(self.engine, request.path_params["token"])
        if mail is None:
            raise HTTPException(404, NO_SUCH_MAIL)
        return self._page("stop.html.j2", recipient=mail.recipient, done=False)

    def stop(self, request: Request) -> Response:
        """The mails to the recipient of a mail are stopped."""
        try:
            recipient = history.unsubscribe(self.engine, request.path_params["token"], self.clock())
        except history.Refused:
            raise HTTPException(404, NO_SUCH_MAIL) from None
        return self._page("stop.html.j2", recipient=recipient, done=True)

    def health(self, request: Request) -> Response:  # noqa: ARG002 - a probe
        """Whether the history answers."""
        history.last_runs(self.engine, 1)
        return Response("ok\n", media_type="text/plain")

    def problem(self, request: Request, error: Exception) -> Response:  # noqa: ARG002 - the signature is Starlette's
        """A page for what is not there or did not work."""
        known = isinstance(error, HTTPException)
        status = error.status_code if known else 500  # type: ignore[attr-defined]
        detail = error.detail if known else "The history cannot be read."  # type: ignore[attr-defined]
        answer = self._page("problem.html.j2", status=status, detail=detail)
        answer.status_code = status
        return answer

    def _page(self, name: str, **values: object) -> HTMLResponse:
        return HTMLResponse(self.templates.get_template(f"web/{name}").render(title=self.title, **values))


def application(
    engine: history.Engine,
    templates: Path,
    title: str,
    *,
    names: Iterable[str] = (),
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Starlette:
    """The web application over one history, answering to loopback's names and the ones given."""
    loaded = Environment(loader=FileSystemLoader(templates), autoescape=True, undefined=StrictUndefined)
    pages = Pages(engine, loaded, title, clock)
    return Starlette(
        routes=[
            Route("/", pages.home),
            Route("/runs/{run}", pages.run),
            Route("/runs/{run}/{name}", pages.file),
            Route(f"{STOP}{{token}}", pages.ask_stop),
            Route(f"{STOP}{{token}}", pages.stop, methods=["POST"]),
            Route("/health", pages.health),
        ],
        middleware=[Middleware(SafeHeaders), Middleware(OwnNames, names=(*LOOPBACK, *names))],
        exception_handlers={HTTPException: pages.problem, history.HistoryError: pages.problem},
    )


def _coverage(engine: history.Engine, run: Run) -> str:
    """How many accounts the run read, in the words of reports, mails and commands."""
    c = history.coverage(engine, run)
    rest = words.fared(partial=c.partial, unreachable=c.unreachable, excluded=c.excluded)
    return words.coverage(c.read, c.total, rest)


def _files(engine: history.Engine, run: Run) -> list[history.Report]:
    """The rendered files of a run; a row without a path is a note, not a file."""
    return [report for report in history.reports(engine, run) if report.path]


def _run(engine: history.Engine, request: Request) -> Run:
    try:
        return history.run_of(engine, request.path_params["run"])
    except history.UnknownRun as error:
        raise HTTPException(404, str(error)) from error


def _file(path: Path, sha256: str) -> Response:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise HTTPException(404, f"{path.name} is no longer on disk; `reporter report` makes it anew") from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise HTTPException(409, f"{path.name} was altered after it was written: its SHA-256 is not the recorded one")
    return Response(data, media_type=MEDIA.get(path.suffix[1:], "application/octet-stream"))
