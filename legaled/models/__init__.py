from legaled.models.attempts import Attempt, Slot, Step
from legaled.models.audit import AuditEvent
from legaled.models.banks import Bank, BankImport, Question, QuestionVersion, SpentNumber
from legaled.models.base import Model
from legaled.models.cards import Card, PracticeAnswer
from legaled.models.challenges import (
    Challenge,
    ChallengeBank,
    ChallengeCorrection,
    ChallengeEntry,
    ChallengeItem,
    ChallengeRun,
    ChallengeSlot,
    ChallengeStep,
)
from legaled.models.exams import Exam, ExamBank, PoolItem, Quota, Sitting
from legaled.models.law_flags import LawFlag
from legaled.models.laws import Law, LawAlias, LawArticle, LawHeading, LawVersion
from legaled.models.minutes import StudyPulse, StudyTime
from legaled.models.people import Person, SignIn, Unit
from legaled.models.plans import ItemMark, Material, PlanEntry, StudyItem, StudyPlan
from legaled.models.roster import RosterChange, RosterEntry
from legaled.models.sessions import Attendance, SessionLaw, SessionPhoto, StudySession
from legaled.models.study import StudyMark

__all__ = [
    "Attempt",
    "Attendance",
    "AuditEvent",
    "Bank",
    "BankImport",
    "Card",
    "Challenge",
    "ChallengeBank",
    "ChallengeCorrection",
    "ChallengeEntry",
    "ChallengeItem",
    "ChallengeRun",
    "ChallengeSlot",
    "ChallengeStep",
    "Exam",
    "ExamBank",
    "ItemMark",
    "Law",
    "LawAlias",
    "LawArticle",
    "LawFlag",
    "LawHeading",
    "LawVersion",
    "Material",
    "Model",
    "Person",
    "PlanEntry",
    "PoolItem",
    "PracticeAnswer",
    "Question",
    "QuestionVersion",
    "Quota",
    "RosterChange",
    "RosterEntry",
    "SessionLaw",
    "SessionPhoto",
    "SignIn",
    "Sitting",
    "Slot",
    "SpentNumber",
    "Step",
    "StudyItem",
    "StudyMark",
    "StudyPlan",
    "StudyPulse",
    "StudySession",
    "StudyTime",
    "Unit",
]
