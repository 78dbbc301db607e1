"""`reporter serve`: the web pages over the history."""

import ipaddress
from typing import Annotated

import typer

from reporter.cli.app import app
from reporter.cli.console import USAGE, Config, Refusal, line, load_settings, now, told

SERVE_HELP = """Serve read-only web pages over the history: the runs, their reports, what became of each mail.

There is no sign-in: it listens on this machine only. To show it to others, put a reverse proxy with authentication before it.

\b
Examples:
  reporter serve
  reporter serve --port 9000 -c demo/reporter.toml
"""


@app.command(help=SERVE_HELP)
def serve(
    config: Config = None,
    host: Annotated[str, typer.Option(help="Address to listen on; loopback unless --behind-proxy.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8477,
    behind_proxy: Annotated[
        bool, typer.Option("--behind-proxy", help="A proxy that asks for sign-in stands before this server.")
    ] = False,
) -> None:
    """See SERVE_HELP, which is what users read."""
    import uvicorn

    from reporter import history
    from reporter.settings import data_file, database_url
    from reporter.web.app import application

    settings = load_settings(config)
    if not (behind_proxy or _is_loopback(host)):
        raise Refusal(f"--host {host}: these pages have no sign-in; say --behind-proxy if a proxy asks for it", USAGE)
    with told(history.HistoryError):
        engine = history.connect(database_url(settings))
        history.prepare(engine, now())
    title = settings.report.organization_name or "reporter"
    line(f"http://{host}:{port}/  (stop with Ctrl-C)")
    uvicorn.run(application(engine, data_file("templates"), title), host=host, port=port, log_level="warning")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
