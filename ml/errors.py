"""The errors a person is shown: what failed, what was met, what is allowed, what to type next."""


class GoldloopError(Exception):
    """A failure a person can act on.

    The text reads ``<problem> — <fix>``; ``exit_code`` is what the command line returns.
    """

    exit_code = 1

    def __init__(self, problem: str, *, fix: str) -> None:
        super().__init__(f"{problem} — {fix}")
        self.problem = problem
        self.fix = fix


class UsageError(GoldloopError):
    """A declaration or a call that is wrong as written (exit code 2)."""

    exit_code = 2


class PipelineError(GoldloopError):
    """Data or a run that failed although it was asked for rightly (exit code 1)."""
