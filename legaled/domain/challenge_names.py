"""Names on a board that others read: the surname, and a star for every other character."""

_PAIRS = (
    "欧阳太史端木上官司马东方独孤南宫万俟闻人夏侯诸葛尉迟公羊赫连澹台皇甫宗政濮阳公冶"
    "太叔申屠公孙慕容仲孙钟离长孙宇文司徒鲜于司空闾丘子车亓官司寇巫马公西颛孙壤驷公良"
    "漆雕乐正宰父谷梁拓跋夹谷轩辕令狐段干百里呼延东郭南门羊舌微生公户公玉梁丘左丘东门"
    "西门第五"
)
COMPOUND = frozenset(_PAIRS[at:at + 2] for at in range(0, len(_PAIRS), 2))


def masked(name: str) -> str:
    """罗玉凤 → 罗**, 欧阳修 → 欧阳*; never the whole name, and no space or dot is kept."""
    if len(name) > 2 and name[:2] in COMPOUND:
        return name[:2] + "*" * (len(name) - 2)
    return name[:1] + "*" * (len(name) - 1) if len(name) > 1 else "*"
