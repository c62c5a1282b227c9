"""A table or view of Spark's catalogue, for the Spark engine: nothing is copied, the cluster reads it where it lies."""

from tiercast.errors import SourceError
from tiercast.schema import History
from tiercast.sources.source import Source


def _open(where: str) -> History:
    """Name a table as Spark does: ``touchpoints``, ``db.touchpoints``, or ``catalog.db.`odd name```."""
    table = where.strip()
    if not table:
        raise SourceError(
            source="spark:", problem="no table is named", fix="name one as in spark:db.touchpoints"
        )
    return History(f"spark:{table}", table=table, format="spark")


SPARK_TABLE = Source("spark", "table or view of Spark's catalogue, with --engine spark", _open)
