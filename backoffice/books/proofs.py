"""What is proved by a check of the books; the floors register their proofs here.

A proof compares figures that are kept (a balance) with the ledger that they are the sum
of, in the database, in as few statements as it can. It changes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Difference:
    """One figure that is not what its ledger says. `kind` names the figure
    (`stock.on_hand`), `object` whose it is (the goods' code), the rest are its values
    as text."""

    kind: str
    object: str
    booked: str
    ledger: str

    def as_json(self) -> dict[str, str]:
        """As `verify_books` prints it."""
        return {
            "kind": self.kind,
            "object": self.object,
            "booked": self.booked,
            "ledger": self.ledger,
        }


@dataclass
class Proved:
    """How many objects were looked at, and what differs."""

    checked: int = 0
    differences: list[Difference] = field(default_factory=list)


Proof = Callable[[], Proved]
_proofs: dict[str, Proof] = {}


def register(name: str, proof: Proof) -> None:
    """Let `proof` be part of every check; one of the same name takes its place."""
    _proofs[name] = proof


def withdraw(name: str) -> None:
    """Take a proof out again (tests)."""
    del _proofs[name]


def run() -> Proved:
    """All proofs, one after the other."""
    whole = Proved()
    for proof in _proofs.values():
        found = proof()
        whole.checked += found.checked
        whole.differences += found.differences
    return whole
