"""Writes shop-interactions.csv and shop-items.csv: a made-up shop, the same at every run.

They are synthetic: 120 people who each like one kind of clothes look at and buy items of it, rarely
others, some items more than others, by a fixed seed.
"""

import csv
import random
from pathlib import Path

FOLDER = Path(__file__).parent
KINDS = {"shirts": 20, "shoes": 80, "hats": 15, "coats": 140}
"""Kinds of clothes, and what an item of it costs about."""
ITEMS, PEOPLE, VISITS = 6, 120, 12
FIRST = 1_767_225_600
"""2026-01-01, in seconds since 1970."""


def main() -> None:
    """Both files are beside this one."""
    draws = random.Random(20_26)  # noqa: S311 - the same every time
    items = {kind: [f"{kind}-{n}" for n in range(1, ITEMS + 1)] for kind in KINDS}
    with (FOLDER / "shop-items.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["ITEM_ID", "CATEGORY", "PRICE"])
        for kind, price in KINDS.items():
            writer.writerows(
                [item, kind, price + 5 * place] for place, item in enumerate(items[kind])
            )
    with (FOLDER / "shop-interactions.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE"])
        for person in range(1, PEOPLE + 1):
            liked = list(KINDS)[person % len(KINDS)]
            for visit in range(VISITS):
                kind = liked if draws.random() < 0.9 else draws.choice(list(KINDS))
                # The first items of a kind sell best.
                item = items[kind][min(draws.randrange(ITEMS), draws.randrange(ITEMS))]
                moment = FIRST + 86_400 * visit + draws.randrange(86_400)
                writer.writerow([f"u{person}", item, moment, "view"])
                if draws.random() < 0.25:
                    writer.writerow([f"u{person}", item, moment + 60, "purchase"])


if __name__ == "__main__":
    main()
