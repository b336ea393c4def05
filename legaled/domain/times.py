"""The calendar people live by: instants are UTC inside, days are Beijing days."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

BEIJING = ZoneInfo("Asia/Shanghai")


def beijing_day(now: datetime) -> date:
    return now.astimezone(BEIJING).date()
