"""`python -m tests.fuzz 100000 [FIRST]`: so many broken bank files through every reader.

Nothing may come out but a report; the slowest input and the peak of memory are printed.
"""

import resource
import sys
import tempfile
import time
import traceback
from collections import Counter
from itertools import islice
from pathlib import Path

from legaled.files.bank_check import check
from tests.fuzz.mutants import mutants
from tests.fuzz.seeds import write_seeds


def main(count: int, first: int = 0) -> int:
    with tempfile.TemporaryDirectory() as scratch:
        seeds = write_seeds(Path(scratch))
        codes, slow, faults = Counter[int](), (0.0, ""), 0
        by_format = Counter[str]()
        for mutant in islice(mutants(seeds, first), count):
            began = time.perf_counter()
            try:
                report = check(mutant.data, mutant.name)
                report.as_json()
            except BaseException as error:  # a Rust panic is no Exception
                if isinstance(error, KeyboardInterrupt):
                    raise
                faults += 1
                print(f"{mutant.name} from {mutant.seed}: {error!r}", file=sys.stderr)
                traceback.print_exc(limit=-3)
            else:
                codes[report.exit_code] += 1
                by_format[report.bank.format] += 1
            slow = max(slow, (time.perf_counter() - began, f"{mutant.name} from {mutant.seed}"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{count} inputs from {len(seeds)} seeds: {codes[0]} clean, {codes[1]} with errors,"
          f" {codes[2]} refused, {faults} faults")
    print(", ".join(f"{name} {number}" for name, number in by_format.most_common(12)))
    print(f"slowest {slow[0]:.2f} s ({slow[1]}), peak {peak:.0f} MB")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
