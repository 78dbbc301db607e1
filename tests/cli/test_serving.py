"""`reporter serve`: where it listens, and where it refuses to."""

import socket
import subprocess
import sys
from pathlib import Path


def test_pages_without_sign_in_are_not_shown_to_a_network(tmp_path: Path) -> None:
    """An address that is not loopback needs a proxy that asks for sign-in, and the word for it."""
    (tmp_path / "r.toml").write_text("", encoding="utf-8")
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "reporter",
        "serve",
        "-c",
        str(tmp_path / "r.toml"),
        "--host",
        "0.0.0.0",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "--behind-proxy" in done.stderr


def test_a_port_that_is_taken_is_told_before_any_address(tmp_path: Path, blank: Path) -> None:
    """Exit code 2 and one sentence; nobody is sent to a page that is somebody else's."""
    (tmp_path / "r.toml").write_text(f'[history]\nurl = "sqlite:///{blank}"\n', encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        command = [sys.executable, "-m", "reporter", "serve", "-c", str(tmp_path / "r.toml"), "--port", port]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stdout == ""
    assert f"127.0.0.1 port {port} is taken by another program" in done.stderr
    assert len(done.stderr.splitlines()) == 1
