"""The command line: ``cityaccords`` and ``python -m pipeline``."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence

# Options of the whole program; also accepted after the command, so they are moved to the front.
_GLOBAL = ("--workspace", "--workers", "--engine", "--now")
OK, INTERNAL, USAGE, DISK, CONFIGURATION, SOURCES, GATE, LOCKED = range(8)
INTERRUPTED = 130


def hoist(arguments: Sequence[str]) -> list[str]:
    """Move global options before the command; nothing after ``--`` is touched."""
    front: list[str] = []
    rest: list[str] = []
    items = iter(arguments)
    for item in items:
        if item == "--":
            rest += [item, *items]
        elif item in _GLOBAL:
            front += [item, *(value for value in [next(items, None)] if value is not None)]
        elif item.startswith(tuple(f"{name}=" for name in _GLOBAL)):
            front.append(item)
        else:
            rest.append(item)
    return front + rest


def exit_code_of(error: BaseException) -> int | None:
    """Return the exit code of an error that explains itself; None for a defect of ours."""
    # By name: the classes live in modules that a failing command has loaded and --help need not.
    codes = {
        "ConfigError": CONFIGURATION,
        "CatalogError": CONFIGURATION,
        "LockedError": LOCKED,
        "GateError": GATE,
        "SourcesError": SOURCES,
        "BrokenShardError": INTERNAL,
        "BrokenArchiveError": INTERNAL,
        "WorkerLostError": INTERNAL,
        "UnfinishedBuildError": INTERNAL,
        "UsageError": USAGE,
    }
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
        return DISK
    return codes.get(type(error).__name__)


def _message(error: BaseException, code: int) -> str:
    if code == DISK and isinstance(error, OSError):
        return (
            f"disk: {error.strerror}: {error.filename or 'the workspace'}. Free some space and run "
            "the same command again: it goes on where it stopped."
        )
    return str(error)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with the documented code."""
    from pipeline.commands import app

    try:
        app(args=hoist(sys.argv[1:] if arguments is None else arguments), prog_name="cityaccords")
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted. Run the same command again: it goes on where it stopped.\n")
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has enough
        sys.exit(OK)
    except Exception as error:
        code = exit_code_of(error)
        if code is None:
            raise
        sys.stderr.write(f"cityaccords: {_message(error, code)}\n")
        sys.exit(code)


if __name__ == "__main__":
    main()
