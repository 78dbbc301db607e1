"""`reporter serve`: where it listens, and where it refuses to."""

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
