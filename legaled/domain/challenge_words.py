"""The rules of a challenge in Chinese sentences, from the object that the engine plays by."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from legaled.domain.banks import KIND_LABEL
from legaled.domain.challenge_rules import LONGEST, Across, End, LastTie, Rules, Tie
from legaled.domain.exams import PAPER_ORDER
from legaled.domain.times import BEIJING

END_LABEL: Mapping[End, str] = {
    End.ALL: "答完为止",
    End.FIRST_WRONG: "答错即止",
    End.LIVES: "机会用完为止",
    End.UNTIL_RIGHT: "错题再答，直到全对",
}
ACROSS_LABEL: Mapping[Across, str] = {
    Across.BEST: "取最好的一轮",
    Across.SUM: "各轮得分相加",
    Across.LEVELS: "各关最好成绩相加",
}
TIE_LABEL: Mapping[Tie, str] = {Tie.TIME: "用时短的在前", Tie.FINISH: "先完成的在前"}
LAST_TIE_LABEL: Mapping[LastTie, str] = {
    LastTie.OTHER: "先完成的或用时短的在前，再按抽签号", LastTie.LOT: "按抽签号",
}


def sentences(rules: Rules, starts: datetime, ends: datetime) -> list[str]:
    """The whole rules page. Rules that play differently read differently."""
    return [line for part in PARTS for line in part(rules, starts, ends)]


def season(rules: Rules, starts: datetime, ends: datetime) -> Iterator[str]:
    yield (f"赛期从 {_when(starts)} 到 {_when(ends)}（北京时间）。"
           "开始的时刻算在内，结束的时刻不算。")
    if rules.stages:
        parts = "；".join(
            f"{one.title or f'第 {number} 阶段'}从 {_when(one.starts)} 到 {_when(one.ends)}"
            for number, one in enumerate(rules.stages, 1)
        )
        yield f"分 {len(rules.stages)} 个阶段：{parts}。阶段之外不能开始。"


def draw(rules: Rules, _starts: datetime, _ends: datetime) -> Iterator[str]:
    kinds = "、".join(
        f"{KIND_LABEL[kind]}题 {rules.quotas[kind]} 道"
        for kind in PAPER_ORDER if kind in rules.quotas
    )
    where = "每关" if rules.levels else "每轮"
    if rules.questions:
        yield f"{where} {rules.questions} 题{f'：{kinds}' if kinds else '，不分题型'}。"
    else:
        yield "题数不限，直到题库用完。"
    yield ("题目和选项的顺序由种子随机抽定，只看种子，不看以前答过什么；同一轮里不出重复的题"
           + ("，错题再答除外。" if rules.end is End.UNTIL_RIGHT else "。"))
    yield "一轮的题目在开始时已经抽定，刷新、退出或换设备都不会换题；赛后凭种子可以重现。"
    if rules.levels:
        yield (f"共 {rules.levels} 关，答对 {rules.gate} 题过关，开启下一关；"
               "没过可以再闯，过了的关也可以再闯。")


def ending(rules: Rules, _starts: datetime, _ends: datetime) -> Iterator[str]:
    yield {
        End.ALL: "答错不停，答完全部题目结束。",
        End.FIRST_WRONG: "答错一题，这一轮就结束。",
        End.LIVES: f"每轮有 {rules.lives} 次机会，错一题少一次，用完就结束。",
        End.UNTIL_RIGHT: "答错的题排到最后再出，直到每题都答对。重答对了不再给分。",
    }[rules.end]
    if rules.minutes:
        yield f"一轮最长 {rules.minutes} 分钟，从开始算起，到时自动结束，已答的算数。"
    else:
        hours = int(LONGEST.total_seconds()) // 3600
        yield f"一轮不另设时限，开始后满 {hours} 小时自动结束，已答的算数。"


def clock(rules: Rules, _starts: datetime, _ends: datetime) -> Iterator[str]:
    grace = f"{rules.grace} 秒" if rules.grace else ""
    if rules.seconds:
        yield (f"每题 {rules.seconds} 秒，从服务器出题时算起，以服务器的时钟为准"
               + (f"；另给网络 {grace}宽限，宽限内到达的答案算数，用时按满时算。"
                  if grace else "。"))
    else:
        yield ("每题不单独限时"
               + (f"；一轮到时后，另给网络 {grace}宽限，宽限内到达的答案算数。" if grace else "。"))
    yield ("用时是各题从出题到答案到达服务器的时间之和，看解析的时间不算；"
           "没有答的题，算到它的时限为止。")
    if rules.fast_millis:
        yield f"快于 {rules.fast_millis} 毫秒的答案会做标记，供主办方核查；标记不改变得分。"


def marks(rules: Rules, _starts: datetime, _ends: datetime) -> Iterator[str]:
    last = f"，最后一题 {rules.last_points} 分" if rules.last_points else ""
    yield f"每题答对得 {rules.points} 分{last}，答错、超时不得分也不扣分。多选、少选、错选不得分。"
    if rules.combo:
        yield f"一轮中每连对 {rules.combo_every} 题，另加 {rules.combo} 分。"


def caps(rules: Rules, _starts: datetime, _ends: datetime) -> Iterator[str]:
    in_all = f"，整个赛期最多 {rules.runs_in_all} 轮" if rules.runs_in_all else ""
    yield f"每人每天最多 {rules.counted_a_day} 轮计分{in_all}。"
    if rules.practice and rules.runs_a_day:
        yield f"连同练习，每天最多 {rules.runs_a_day} 轮。练习不计分。"
    elif rules.practice:
        yield "练习轮数不限，不计分。"
    yield ("一天从北京时间 0:00 到 24:00；跨过零点的一轮，算在开始的那一天。"
           "开始了就用掉一轮，中途退出不退还。")


def ranking(rules: Rules, _starts: datetime, _ends: datetime) -> Iterator[str]:
    yield {
        Across.BEST: "个人成绩取计分各轮中名次最好的一轮。",
        Across.SUM: "个人成绩是计分各轮得分之和，用时也相加；完成时间是最后一次得分的那一轮。",
        Across.LEVELS: "个人成绩是每一关最好一轮的得分之和，用时也相加；"
                       "完成时间是其中最后完成的那一轮。",
    }[rules.across]
    other = TIE_LABEL[Tie.FINISH if rules.tie is Tie.TIME else Tie.TIME]
    after = f"；再相同，{other}" if rules.last_tie is LastTie.OTHER else ""
    yield (f"排名先比得分，高的在前；得分相同，{TIE_LABEL[rules.tie]}{after}；仍相同，按抽签号，"
           "小的在前。抽签号由赛事种子和人员编号算出，不会并列。")


def fixes(rules: Rules, _starts: datetime, _ends: datetime) -> Iterator[str]:
    yield ("发布后发现题目有错的，主办方写明原因更正，出示过这道题的各轮按作答记录重算。"
           "作废的题，凡是出示过的都按答对算，不论答了什么、有没有答"
           + ("；断线另补过一题的那次除外。" if rules.spares and rules.seconds else "。")
           + "改答案的，按新答案重新判。")
    yield ("更正只改得分、答对数和连对，不改一轮出了哪些题、在哪里结束、用了多少时间。"
           "同一题更正几次的，按最后一次。作废以后开始的各轮不再抽这道题，剩下的题不够抽的除外。")
    if rules.end in (End.FIRST_WRONG, End.LIVES):
        yield ("因为这道题当时被判错而结束的计分轮，成绩照重算的算，另退还一轮，"
               "赛期内任何一天可以补；当时判对、更正后是错的，扣回这道题的分，后面已答的照算。")


def faults(rules: Rules, _starts: datetime, _ends: datetime) -> Iterator[str]:
    yield "同一时间只有一轮：换设备或开两个页面，看到的是同一轮的同一题，先到的答案算数。"
    yield "一题只能答一次。重复提交不改变结果，再看到的仍是第一次的判定。"
    yield ("超时到达的答案记录在案，不算数。"
           + ("答案到达之前看不到对错和解析。" if not rules.seconds else
              "答案到达或者超时之前，看不到对错和解析。"))
    yield from _lost(rules)
    yield ("服务器重启不丢已收到的答案，回来后接着答，钟不停。服务器故障影响比赛的，"
           "主办方可以写明原因作废这一轮，名额退还。")
    what = "阶段或赛期" if rules.stages else "赛期"
    yield f"{what}结束时正在进行的一轮到结束时刻为止，已答的算数，不再延长。"
    yield "正在参加考试的人，交卷前不能进入用到同一题库的挑战赛。"
    yield "挑战赛成绩不计入普法考试的任何比率。"


def _lost(rules: Rules) -> Iterator[str]:
    if not rules.seconds:
        yield "断线后回到本页，接着答同一题，已答的都在。一轮的钟不停。"
        return
    yield "断线后在时限内回来，还是同一题，剩下的时间接着走，钟不停。"
    cost = {
        End.ALL: "按答错算", End.FIRST_WRONG: "按答错算，这一轮结束",
        End.LIVES: "按答错算，少一次机会", End.UNTIL_RIGHT: "按答错算，排到最后再出",
    }[rules.end]
    if rules.spares:
        yield (f"每轮有 {rules.spares} 次断线补题：时限和宽限内没有收到任何答案的题，前"
               f" {rules.spares} 次不算答错、不断连对，另补一题；这一题的时间照算。"
               f"用完以后，没有答案的题{cost}。不必说明原因，人人一样。")
    else:
        yield f"时限和宽限内没有收到答案的题{cost}。"


Part = Callable[[Rules, datetime, datetime], Iterator[str]]
PARTS: tuple[Part, ...] = (season, draw, ending, clock, marks, caps, ranking, fixes, faults)


def _when(at: datetime) -> str:
    local = at.astimezone(BEIJING)
    return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"
