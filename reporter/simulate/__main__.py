"""The child process: reads an organization from its first line of input, answers with its port, lives until input ends."""

import json
import logging
import os
import sys
from datetime import datetime
from typing import NoReturn

from reporter.simulate.clock import wind


def main() -> NoReturn:
    """Serve one simulation until the parent hangs up."""
    wind()  # before moto's services are imported below
    from reporter.simulate.build import build
    from reporter.simulate.organization import from_json
    from reporter.simulate.server import serve

    logging.disable(logging.WARNING)
    told = json.loads(sys.stdin.readline())
    server = serve(build(from_json(told["organization"].encode()), datetime.fromisoformat(told["now"])))
    sys.stdout.write(json.dumps({"port": server.port}) + "\n")
    sys.stdout.flush()
    sys.stdin.read()  # ends with the parent, however it ends
    os._exit(0)  # nothing here is worth tidying up for


if __name__ == "__main__":
    main()
