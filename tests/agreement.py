"""The kernel against the oracle on as many random rows as there is time for: python tests/agreement.py [SMALL [LARGE]].

SMALL rows have 1 to 300 tokens, LARGE ones up to 262,144; shapes, settings and u are random. The best level must agree with the
oracle, as the tests of the cutoff say, and the others must give its bits. The first disagreement ends the run.
"""

import sys

from cases import Case, cases
from oracle import check, close_call


def compare(case: Case) -> bool:
    """Compare one random row; False if float64 itself cannot tell what to keep of it."""
    if close_call(case.row, **case.settings):
        return False
    check(case.row, case.u, **case.settings)
    return True


def main(small: int = 100_000, large: int = 2_000) -> None:
    """Run the comparison and print what was compared."""
    for lowest, highest, count in ((1, 300, small), (301, 262_144, large)):
        compared = 0
        for done, case in enumerate(cases(0, count, lowest, highest), start=1):
            compared += compare(case)
            if done % max(count // 100, 1) == 0 and sys.stderr.isatty():
                print(f"\r{done} of {count} rows", end="", file=sys.stderr, flush=True)
        print(f"V from {lowest:,} to {highest:,}: {compared} of {count} rows agree with the oracle,")
        print(f"    {count - compared} are too close for float64 to tell", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
