"""The one error of the client, and the reasons it gives."""

from enum import StrEnum


class Reason(StrEnum):
    """Why something did not work; what a program decides on."""

    UNREACHABLE = "unreachable"  # nobody answers there
    TIMEOUT = "timeout"  # it took too long; what became of it is unknown
    CUT = "cut"  # the connection ended in the middle; what became of it is unknown
    UNAUTHORISED = "unauthorised"  # the token is missing or refused
    FORBIDDEN = "forbidden"  # our address is not in the server's admin_ips
    MISSING = "missing"  # there is no such file
    EMPTY = "empty"  # a file without content, which the server cannot keep
    READ_ONLY = "read_only"  # the server takes no files
    FULL = "full"  # the server's disk is full
    REFUSED = "refused"  # the server said no, in its own words
    MISMATCH = "mismatch"  # what is kept or sent is not what was handed in
    BAD_REPLY = "bad_reply"  # this is not how go-fastdfs answers
    BAD_NAME = "bad_name"  # such a name or address cannot be asked for


#: another try, under another name, may go better
PASSING = frozenset(
    {Reason.UNREACHABLE, Reason.TIMEOUT, Reason.CUT, Reason.MISMATCH, Reason.BAD_REPLY}
)


class MediaError(Exception):
    """The file server did not do what was asked; `reason` says why.

    `status` is the HTTP status where there was an answer. `abandoned` are paths under
    which a failed upload may have left something.
    """

    def __init__(
        self,
        reason: Reason,
        message: str,
        *,
        status: int | None = None,
        abandoned: tuple[str, ...] = (),
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.status = status
        self.abandoned = abandoned

    @property
    def may_pass(self) -> bool:
        """Whether trying again later can help without anybody changing anything."""
        return self.reason in PASSING
