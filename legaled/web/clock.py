from legaled.clock import now
from legaled.domain.times import BEIJING

__all__ = ["BEIJING", "now"]
