"""The durable proof that a unit is done: blob metadata, on the document or on an empty blob.

One listing with metadata gives the whole account of a run; nothing is downloaded.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

from .message import parsed


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one unit: rows by record type, size and SHA-256 of its document, its cost.

    `rejected` rows are not among the others; they lie in a document of their own.
    """

    run: str
    stage: str
    unit: int
    records: Mapping[str, int]
    bytes: int
    checksum: str
    seconds: float
    worker: str
    delivery: int
    document: str  # container/path
    rejected: int = 0

    @property
    def rows(self) -> int:
        """Rows of all record types."""
        return sum(self.records.values())

    def to_metadata(self) -> dict[str, str]:
        """As blob metadata: names are identifiers, values ASCII."""
        return {
            "run": self.run,
            "stage": self.stage,
            "unit": str(self.unit),
            "records": json.dumps(dict(self.records), separators=(",", ":")),
            "bytes": str(self.bytes),
            "checksum": self.checksum,
            "seconds": f"{self.seconds:.4f}",
            "worker": self.worker,
            "delivery": str(self.delivery),
            "document": json.dumps(self.document)[1:-1],
            "rejected": str(self.rejected),
        }

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str] | None) -> "Receipt | None":
        """Read blob metadata; None when it is not a receipt, as on a blob that others wrote."""
        try:
            known = dict(metadata or {})
            receipt = cls(
                run=known["run"],
                stage=known["stage"],
                unit=int(known["unit"]),
                records={str(k): int(v) for k, v in parsed(known["records"]).items()},
                bytes=int(known["bytes"]),
                checksum=known["checksum"],
                seconds=float(known["seconds"]),
                worker=known["worker"],
                delivery=int(known["delivery"]),
                document=parsed(f'"{known["document"]}"'),
                rejected=int(known.get("rejected", 0)),
            )
        except (KeyError, ValueError, TypeError, AttributeError, OverflowError):
            return None
        counts = (*receipt.records.values(), receipt.bytes, receipt.rejected, receipt.seconds)
        return receipt if all(0 <= count < math.inf for count in counts) else None
