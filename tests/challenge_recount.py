"""The boards of a challenge from its exported steps alone: plain Python, nothing of the product."""

import csv
import io
import json
from collections import defaultdict
from datetime import datetime, timedelta
from fractions import Fraction
from hashlib import sha256


def tables(data):
    """The file's tables by their titles, each row by its headings."""
    found, title, header = {}, None, None
    for row in csv.reader(io.StringIO(data.decode("utf-8-sig"))):
        if not row:
            title = header = None
        elif title is None:
            title = row[0]
        elif header is None:
            header = row
            found[title] = []
        else:
            found[title].append(dict(zip(header, row, strict=True)))
    return found


def worth(rows, rules):
    """(score, milliseconds) of one run from its lines."""
    score = streak = millis = 0
    spares, tried = rules["spares"], set()
    for row in sorted(rows, key=lambda one: int(one["题序"])):
        is_right, took, is_made_up = outcome(row, spares)
        millis += took
        spares -= is_made_up
        if is_made_up:
            continue
        is_first = row["题目版本"] not in tried
        tried.add(row["题目版本"])
        streak = streak + 1 if is_right else 0
        if is_right and is_first:
            is_last = rules["last_points"] and len(tried) == rules["questions"]
            score += rules["last_points"] if is_last else rules["points"]
            score += rules["combo"] if rules["combo_every"] and (
                streak % rules["combo_every"] == 0) else 0
    return score, millis


def outcome(row, spares):
    """(right, milliseconds, whether another question made up for it) of one line."""
    if row["在时限内"] == "1":
        return row["答对"] == "1", int(row["用时毫秒"]), False
    shown, own, last, ended = (
        datetime.fromisoformat(row[name] or row["截止"])
        for name in ("出示", "本题截止", "截止", "结束")
    )
    took = max((min(own, last, ended) - shown) // timedelta(milliseconds=1), 0)
    return row["更正"] == "作废", took, spares > 0 and own < last and own <= ended


def together(rules, found, key):
    """One result from a person's (score, milliseconds, end, level) of every run."""
    if rules["across"] == "best":
        return min(found, key=key)
    last = max([one[2] for one in found if one[0]] or [one[2] for one in found])
    if rules["across"] == "levels":
        found = [min((one for one in found if one[3] == level), key=key)
                 for level in {one[3] for one in found}]
        last = max(one[2] for one in found)
    return sum(one[0] for one in found), sum(one[1] for one in found), last


def people(data):
    """(person, score, milliseconds) of each line of the person board, the first place first."""
    read = tables(data)
    head = {row["名目"]: row["值"] for row in read["规则"]}
    rules, seed = json.loads(head["规则"]), head["种子"]
    runs, results = defaultdict(list), defaultdict(list)
    for row in read["步骤"]:
        if row["计分"] == "1" and row["结束"] and not row["作废"]:
            runs[row["轮"]].append(row)
    for rows in runs.values():
        ended = datetime.fromisoformat(rows[0]["结束"]).timestamp()
        results[rows[0]["人"]].append((*worth(rows, rules), ended, rows[0]["关"]))

    def key(one):
        return (-one[0], *((one[1], one[2]) if rules["tie"] == "time" else (one[2], one[1])))

    totals = {person: together(rules, found, key) for person, found in results.items()}
    order = sorted(totals, key=lambda person: (
        *key(totals[person]), sha256(f"{seed}:{person}".encode()).hexdigest()))
    return [(int(person), *totals[person][:2]) for person in order]


def sections(data):
    """(name, listed, players, sum of scores) of the units in which people sit, by the rule."""
    read = tables(data)
    scores = {person: score for person, score, _ in people(data)}
    members, names = defaultdict(list), {}
    for row in read["名单"]:
        names[row["单位代码"]] = row["单位"].rpartition("/")[2]
        members[row["单位代码"]].append(scores.get(int(row["人"])))
    least = json.loads({row["名目"]: row["值"] for row in read["规则"]}["规则"])["min_members"]
    lines = []
    for code, found in members.items():
        played = [score for score in found if score is not None]
        mean = Fraction(sum(played), len(played)) if played else 0
        order = (len(found) < least, -Fraction(len(played), len(found)), -mean, -len(found), code)
        lines.append((order, (names[code], len(found), len(played), sum(played))))
    return [line for _, line in sorted(lines)]
