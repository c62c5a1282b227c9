"""The leakage audit: does anything that a model may read at an origin know what came later?"""

from tiercast.auditing.audit import audit
from tiercast.auditing.report import AuditReport, Finding

__all__ = ["AuditReport", "Finding", "audit"]
