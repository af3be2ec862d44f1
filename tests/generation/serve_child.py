"""A generation service as a process of its own, run as the supervisor runs it."""

import argparse
import logging
import sys
from pathlib import Path

from bot.errors import StartupError
from bot.generation.lifeline import end_with_parent


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", required=True)
    parser.add_argument("--max-batch-size", type=int, default=4)
    parser.add_argument("--stall-s", type=float, default=60.0)
    parser.add_argument("--drain-s", type=float, default=5.0)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--uds", type=Path)
    parser.add_argument("--exit-with-parent", action="store_true")
    given = parser.parse_args()
    if given.exit_with_parent:
        end_with_parent()
    from bot.generation.server import ServiceOptions, serve

    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    options = ServiceOptions(
        max_batch_size=given.max_batch_size,
        stall_s=given.stall_s,
        drain_s=given.drain_s,
        dtype="fp32",
        threads=1,
    )
    try:
        serve(
            given.model,
            host=given.host,
            port=given.port,
            uds=given.uds,
            reports_failure=given.exit_with_parent,
            options=options,
        )
    except StartupError as error:
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
