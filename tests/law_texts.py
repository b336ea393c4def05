"""Laws made up for tests, printed in the layouts that official texts come in."""

from dataclasses import dataclass, field

from hypothesis import strategies as st

from legaled.domain.law_numbers import to_chinese

LETTERS = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥档案移交保管利用机关单位"
REFERENCES = ("依照本法第二条、第三条的规定", "违反第十二条第一款规定",
              "按照《某某法》第四十条至第四十二条")


@dataclass(frozen=True)
class MadeArticle:
    """`lines` are its 款, 项 and 目 with their marks; `sub` counts 之一."""

    number: int
    sub: int
    lines: tuple[str, ...]

    @property
    def words(self) -> str:
        return f"第{to_chinese(self.number)}条" + (f"之{to_chinese(self.sub)}" if self.sub else "")

    @property
    def short(self) -> str:
        return str(self.number) + (f"之{to_chinese(self.sub)}" if self.sub else "")


@dataclass(frozen=True)
class MadeLaw:
    """`blocks` are headings (level, words) and articles in their order."""

    title: str
    history: str
    preamble: tuple[str, ...]
    blocks: tuple[tuple[str, str] | MadeArticle, ...] = field(default=())

    @property
    def articles(self) -> list[MadeArticle]:
        return [block for block in self.blocks if isinstance(block, MadeArticle)]

    @property
    def headings(self) -> list[tuple[str, str]]:
        return [block for block in self.blocks if not isinstance(block, MadeArticle)]


# ---- strategies ----

sentences = st.builds(
    lambda words, reference, tail: words + (f"，{reference}" if reference else "") + tail,
    st.text(LETTERS, min_size=3, max_size=60), st.sampled_from(("", *REFERENCES)),
    st.just("。"))


@st.composite
def bodies(draw: st.DrawFn) -> tuple[str, ...]:
    """One 款 or two, with 项 and 目 at times, and a sentence that begins like an article."""
    lines = [draw(sentences)]
    if draw(st.booleans()):
        count = draw(st.integers(1, 4))
        lines += [f"（{to_chinese(n)}）{draw(st.text(LETTERS, min_size=2, max_size=9))}；"
                  for n in range(1, count + 1)]
        if draw(st.booleans()):
            lines += [f"{n}.{draw(st.text(LETTERS, min_size=2, max_size=9))}；" for n in (1, 2)]
    if draw(st.booleans()):
        lines.append(f"第{to_chinese(draw(st.integers(1, 40)))}条"
                     f"{draw(st.sampled_from(('第一款规定', '规定', '所称', '、第九条')))}的事项，"
                     + draw(sentences))
    return tuple(lines)


@st.composite
def made_laws(draw: st.DrawFn) -> MadeLaw:
    blocks: list[tuple[str, str] | MadeArticle] = []
    number = 0
    for part in range(1, draw(st.integers(0, 2)) + 1) or [0]:
        if part:
            blocks.append(("编", f"第{to_chinese(part)}编　{draw(names)}"))
        for chapter in range(1, draw(st.integers(1, 3)) + 1):
            blocks.append(("章", f"第{to_chinese(chapter)}章　{draw(names)}"))
            if draw(st.booleans()):
                blocks.append(("节", f"第一节　{draw(names)}"))
            for _ in range(draw(st.integers(1, 4))):
                number += 1
                blocks.append(MadeArticle(number, 0, draw(bodies())))
                blocks += [MadeArticle(number, sub, draw(bodies()))
                           for sub in range(1, draw(st.sampled_from((0, 0, 0, 1, 2))) + 1)]
    preamble = tuple(draw(st.lists(sentences, max_size=2)))
    return MadeLaw(
        "测试管理条例", "（2020年6月20日通过　2023年1月2日修订）", preamble, tuple(blocks))


names = st.text(LETTERS, min_size=2, max_size=8)


# ---- layouts ----

def markdown(law: MadeLaw) -> str:
    """A heading for each 章, an empty line between paragraphs."""
    lines = [f"# {law.title}", law.history, "<!-- INFO END -->"]
    if law.preamble:
        lines += ["## 序言", *law.preamble]
    for block in law.blocks:
        if isinstance(block, MadeArticle):
            first, *rest = block.lines
            lines += [f"{block.words} {first}", *rest]
        else:
            lines.append(("###" if block[0] == "节" else "##") + " " + block[1].replace("　", " "))
    return "\n\n".join(lines)


def front_matter(law: MadeLaw) -> str:
    """A YAML head, the number of each article in bold."""
    lines = ["---\nsidebar: auto\n---", f"# {law.title}", law.history]
    if law.preamble:
        lines += ["## 序言", *law.preamble]
    for block in law.blocks:
        if isinstance(block, MadeArticle):
            first, *rest = block.lines
            lines += [f"**{block.words}**　{first}", *rest]
        else:
            lines.append("## " + block[1])
    return "\n\n".join(lines) + "\n"


def gazette(law: MadeLaw, end: str = "\r\n") -> str:
    """A table of contents, two full-width spaces before each paragraph."""
    lines = [law.title, "", law.history, "", "目　　录", ""]
    if law.preamble:
        lines.append("　　序　言")
    lines += ["　　" + words for _, words in law.headings] + [""]
    if law.preamble:
        lines += ["序　言", *("　　" + one for one in law.preamble)]
    for block in law.blocks:
        if isinstance(block, MadeArticle):
            first, *rest = block.lines
            lines += [f"　　{block.words}　{first}", *("　　" + one for one in rest)]
        else:
            lines.append(block[1])
    return end.join(lines) + end


def printed(law: MadeLaw, width: int = 32) -> str:
    """As `gazette`, broken into lines of print, with page numbers between."""
    lines: list[str] = []
    for line in gazette(law, "\n").split("\n"):
        lines += [line[at:at + width] for at in range(0, max(1, len(line)), width)]
    pages = [[*lines[at:at + 40], f"— {at // 40 + 1} —"] for at in range(0, len(lines), 40)]
    return "\n".join(line for page in pages for line in page)


def spaced(law: MadeLaw) -> str:
    """As a scanner may leave it: a space after every character."""
    return "\n".join(" ".join(line) for line in gazette(law, "\n").split("\n"))


def digits(law: MadeLaw) -> str:
    """第12条 in place of 第十二条."""
    lines = [law.title, law.history]
    if law.preamble:
        lines += ["序言", *law.preamble]
    for block in law.blocks:
        if isinstance(block, MadeArticle):
            first, *rest = block.lines
            tail = f"之{to_chinese(block.sub)}" if block.sub else ""
            lines += [f"第{block.number}条{tail} {first}", *rest]
        else:
            lines.append(block[1])
    return "\n".join(lines)


LAYOUTS = {"markdown": markdown, "front matter": front_matter, "gazette": gazette,
           "spaced": spaced, "digits": digits}


def plain(count: int, title: str = "测试条例", *, per_chapter: int = 15) -> str:
    """A law of so many articles, of about the length of the civil code's."""
    lines = [title, "（2024年1月1日通过）", ""]
    sentence = "主管部门应当按照国家有关规定对移交的材料进行检查，不符合的，应当在期限内补正。"
    for number in range(1, count + 1):
        if number % per_chapter == 1:
            lines.append(f"第{to_chinese(number // per_chapter + 1)}章　内容")
        lines += [f"　　第{to_chinese(number)}条　{sentence}", f"　　{sentence * 2}"]
    return "\n".join([*lines, f"　　第{to_chinese(count + 1)}条　本条例自2024年5月1日起施行。"])
