"""PostgreSQL of the system's own binaries, on a socket in a temporary folder."""

import os
import pwd
import shutil
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import create_engine

from reporter import history

BORN = datetime(2026, 1, 1, tzinfo=UTC)


class Postgres:
    """A throw-away server. Not durable unless asked: nothing in it outlives the tests."""

    def __init__(self, folder: Path, binaries: Path, *, durable: bool = False) -> None:
        self.folder, self.binaries, self.durable, self.count = folder, binaries, durable, 0
        self.user = next((name for name in ("postgres", "nobody") if _exists(name)), "") if os.getuid() == 0 else ""
        if self.user:
            shutil.chown(folder, self.user)
        data = folder / "data"
        self._run(
            str(binaries / "initdb"), "-N", "-U", "reporter", "-A", "trust", "-E", "UTF8", "--locale=C", "-D", str(data)
        )
        settings = {"listen_addresses": "", "unix_socket_directories": str(folder), "shared_buffers": "64MB"}
        settings |= {} if durable else {"fsync": "off", "full_page_writes": "off"}
        flags = [f"--{name}={value}" for name, value in settings.items()]
        self.log = (folder / "log").open("wb")
        self.server = subprocess.Popen(
            [str(binaries / "postgres"), "-D", str(data), *flags],
            stdout=self.log,
            stderr=self.log,
            **self._as_user(),
        )
        self.admin = create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        for _ in range(200):
            try:
                self.sql("SELECT 1")
                break
            except Exception:
                time.sleep(0.05)
        self.sql("CREATE DATABASE blank")
        engine = history.connect(self.url("blank"))
        history.prepare(engine, BORN)
        engine.dispose()

    def url(self, database: str) -> str:
        return f"postgresql+psycopg://reporter@/{database}?host={self.folder}"

    def sql(self, text: str) -> None:
        with self.admin.connect() as connection:
            connection.exec_driver_sql(text)

    def number(self, text: str) -> int:
        with self.admin.connect() as connection:
            return int(connection.exec_driver_sql(text).scalar_one())

    def new(self, template: str = "blank") -> str:
        self.count += 1
        self.sql(f"CREATE DATABASE test{self.count} TEMPLATE {template}")
        return self.url(f"test{self.count}")

    def stop(self) -> None:
        self.admin.dispose()
        self.server.send_signal(2 if self.durable else 3)  # fast, or at once
        self.server.wait(20)
        self.log.close()

    def _as_user(self) -> dict[str, object]:
        return {"user": self.user, "group": pwd.getpwnam(self.user).pw_gid, "extra_groups": []} if self.user else {}

    def _run(self, *command: str) -> None:
        subprocess.run(command, check=True, capture_output=True, cwd="/", **self._as_user())


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def postgres_binaries() -> Path | None:
    """Where initdb is: $PG_BIN, Debian's folders (the newest), or the path."""
    places = [os.environ.get("PG_BIN", ""), *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True))]
    on_path = shutil.which("initdb")
    places += [str(Path(on_path).parent)] if on_path else []
    return next((Path(place) for place in places if place and (Path(place) / "initdb").exists()), None)
