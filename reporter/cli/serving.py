"""`reporter serve`: the web pages over the history."""

import errno
import ipaddress
import socket
from typing import Annotated
from urllib.parse import urlsplit

import typer

from reporter.cli.app import app
from reporter.cli.console import USAGE, Config, Refusal, line
from reporter.cli.filters import open_history

SERVE_HELP = """Serve read-only web pages over the history: the runs, their reports, what became of each mail.

There is no sign-in: it listens on this machine only. To show it to others, put a reverse proxy with authentication before it.
It answers to the names 127.0.0.1, localhost, those in report.link and mail.unsubscribe, and those of --name; any other is
refused, so that no web site can have a browser read these pages for it.

With mail.unsubscribe = "https://NAME/stop/{token}" a reader stops the mails to themselves by one click. Let the proxy pass
/stop/ without sign-in: mail programs have none, and the link in the mail is the proof. `reporter deliver resume` undoes it.

\b
Examples:
  reporter serve
  reporter serve --port 9000 -c demo/reporter.toml
  reporter serve --host 0.0.0.0 --behind-proxy --name reporter.example.com
"""
TROUBLE = {
    errno.EADDRINUSE: "is taken by another program (another `reporter serve`?); choose another one by --port",
    errno.EACCES: "needs an administrator; choose one above 1023 by --port",
    errno.EADDRNOTAVAIL: "is no address of this machine; leave --host out to listen on 127.0.0.1",
}


@app.command(help=SERVE_HELP)
def serve(
    config: Config = None,
    host: Annotated[str, typer.Option(help="Address to listen on; loopback unless --behind-proxy.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free.")] = 8477,
    behind_proxy: Annotated[
        bool, typer.Option("--behind-proxy", help="A proxy that asks for sign-in stands before this server.")
    ] = False,
    name: Annotated[
        list[str] | None, typer.Option("--name", help="Another name it is called by; may be given again.")
    ] = None,
) -> None:
    """See SERVE_HELP, which is what users read."""
    import uvicorn

    from reporter.settings import data_file
    from reporter.web.app import application

    if not (behind_proxy or _is_loopback(host)):
        raise Refusal(f"--host {host}: these pages have no sign-in; say --behind-proxy if a proxy asks for it", USAGE)
    opened = open_history(config)
    report, stop = opened.settings.report, opened.settings.mail.unsubscribe
    names = {*(name or ()), urlsplit(report.link).hostname or "", urlsplit(stop).hostname or "", host}
    title = report.organization_name or "reporter"
    pages = application(opened.engine, data_file("templates"), title, names=names - {""})
    with _listening(host, port) as listener:
        shown = f"[{host}]" if ":" in host else host
        line(f"http://{shown}:{listener.getsockname()[1]}/  (stop with Ctrl-C)")
        uvicorn.Server(uvicorn.Config(pages, log_level="warning")).run(sockets=[listener])


def _listening(host: str, port: int) -> socket.socket:
    """A socket that listens, before any address is printed."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        return socket.create_server(found[4][:2], family=found[0])
    except socket.gaierror as error:
        raise Refusal(f"--host {host}: no such address ({error.strerror})", USAGE) from None
    except OSError as error:
        why = TROUBLE.get(error.errno or 0, f"cannot be listened on ({error.strerror})")
        raise Refusal(f"{host} port {port} {why}", USAGE) from None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
