from legaled.models.attempts import Attempt, Slot, Step
from legaled.models.audit import AuditEvent
from legaled.models.banks import Bank, BankImport, Question, QuestionVersion, SpentNumber
from legaled.models.base import Model
from legaled.models.exams import Exam, ExamBank, PoolItem, Quota, Sitting
from legaled.models.laws import Law, LawAlias, LawArticle, LawHeading, LawVersion
from legaled.models.people import Person, SignIn, Unit
from legaled.models.roster import RosterChange, RosterEntry
from legaled.models.study import StudyMark

__all__ = [
    "Attempt",
    "AuditEvent",
    "Bank",
    "BankImport",
    "Exam",
    "ExamBank",
    "Law",
    "LawAlias",
    "LawArticle",
    "LawHeading",
    "LawVersion",
    "Model",
    "Person",
    "PoolItem",
    "Question",
    "QuestionVersion",
    "Quota",
    "RosterChange",
    "RosterEntry",
    "SignIn",
    "Sitting",
    "Slot",
    "SpentNumber",
    "Step",
    "StudyMark",
    "Unit",
]
