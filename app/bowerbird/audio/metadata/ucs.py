"""The list of the Universal Category System, version 8.2.1 (https://universalcategorysystem.com, public domain)."""

import csv
from functools import cache

from bowerbird.base.paths import resources_path
from bowerbird.domain.sound_names import Categories


@cache
def ucs_categories() -> Categories:
    """Return category and subcategory by CatID."""
    with (resources_path() / "ucs.csv").open(encoding="utf-8", newline="") as file:
        return {row["CatID"]: (row["Category"], row["SubCategory"]) for row in csv.DictReader(file)}
