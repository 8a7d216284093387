"""Writes shirts.csv: sales of shirts by colour and month, made up, the same at every run.

They are synthetic: a level, a trend and a season for each colour, and noise from a fixed seed.
"""

import csv
import math
import random
from pathlib import Path

FIRST_YEAR, MONTHS = 2021, 60
COLOURS = {
    # Level, growth a month, height of the season, its month of most sales (1 is January).
    "black": (240, 0.4, 0.15, 11),
    "navy": (180, 0.6, 0.25, 9),
    "red": (120, 0.8, 0.65, 12),
    "white": (260, 0.3, 0.45, 6),
    "yellow": (70, 0.5, 0.80, 7),
}


def main() -> None:
    """The file is beside this one."""
    draws = random.Random(20_26)  # noqa: S311 - the same every time
    with (Path(__file__).parent / "shirts.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["month", "colour", "sold"])
        for month in range(MONTHS):
            for colour, (level, growth, height, peak) in COLOURS.items():
                season = 1 + height * math.cos(2 * math.pi * (month + 1 - peak) / 12)
                expected = (level + growth * month) * season
                sold = max(0, round(draws.gauss(expected, 0.04 * expected)))
                date = f"{FIRST_YEAR + month // 12}-{month % 12 + 1:02d}-01"
                writer.writerow([date, colour, sold])


if __name__ == "__main__":
    main()
