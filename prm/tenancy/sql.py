"""SQL that migrations of several apps share."""

from prm.values.sql import REFUSE_CHANGE, append_only

__all__ = ["REFUSE_CHANGE", "append_only"]
