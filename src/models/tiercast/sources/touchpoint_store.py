"""A touchpoint store: the folder to which ``tiercast add`` adds each night's rows, read like any other source.

``store:FOLDER``; its rows were judged when they were added, and every batch is seen to be whole before it is used.
"""

from pathlib import Path

from tiercast.engines.files_in_folders import partition_root
from tiercast.errors import SourceError
from tiercast.ledger import TOUCHPOINTS, read_ledger, require_whole
from tiercast.schema import History
from tiercast.sources.source import Source


def _open(where: str) -> History:
    source, folder = f"store:{where}", Path(where).expanduser()
    ledger = read_ledger(folder)
    if ledger.terms is None or not ledger.batches:
        raise SourceError(
            source=source,
            problem="no batch was ever added to this folder"
            if folder.is_dir()
            else "there is no such folder",
            fix=f"add one with: tiercast add SOURCE --to {where}",
        )
    require_whole(ledger, source=source)
    files = tuple(str(folder / TOUCHPOINTS / batch.file) for batch in ledger.batches)
    if partition_root(source, files):
        raise SourceError(
            source=source,
            problem="its path holds a folder of the form column=value, which would be taken for a column",
            fix="move the store",
        )
    terms = ledger.terms
    return History(
        source,
        files=files,
        format="parquet",
        currency=terms.currency,
        minor_per_major=terms.minor_per_major,
        zone=terms.zone,
        peaks=terms.peaks,
        episode_gap_days=terms.episode_gap_days,
    )


STORE = Source("store", "a touchpoint store, to which tiercast add adds each night's rows once", _open)
