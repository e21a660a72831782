"""Run a command that dies with the process that started it: ``tethered.py <its pid> <command …>``.

When a run is killed, the dbt it has started would go on for some seconds, and could write into the
candidate of the next run.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Become the command; where the kernel has no such tether (anywhere but Linux), without it."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            sys.exit("the process that started this has died")
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
