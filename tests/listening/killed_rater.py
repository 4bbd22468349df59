"""A rater in a process of its own, who rates until killed, and says so after every answer that was acknowledged.

Lines of JSON: the page that is opened, with everything that stands on it and its order; each answer; each page left.
"""

import json
import random
import sys
import time
from pathlib import Path

from bowerbird.listening.raters import join
from bowerbird.listening.response_store import ResponseStore
from bowerbird.listening.session import RatingSession
from bowerbird.listening.store import open_study

PAUSE_S = 0.004


def tell(**what: object) -> None:
    print(json.dumps(what), flush=True)


def standing(session: RatingSession) -> list[list[object]]:
    """Everything that was said on the page at hand."""
    page = session.page
    assert page is not None
    said = [session.said(position) for position in range(len(page.slots))]
    return [[part.grade, part.cannot_judge, part.is_broken, part.comment] for part in said]


def tell_page(session: RatingSession) -> None:
    page = session.page
    assert page is not None
    order = [slot.item_id for slot in page.slots]
    heard = [round(session.listened_share(position), 3) for position in (None, *range(len(order)))]
    tell(what="page", page=page.number, order=order, said=standing(session), heard=heard, n_done=session.n_done)


def main() -> None:
    """Rate at random, over and over on each page, so that there are answers to lose."""
    folder = open_study(Path(sys.argv[1]))
    chance = random.Random(int(sys.argv[2]))
    with ResponseStore(folder.path) as file:
        raters = file.raters()
        rater = raters[0] if raters else join(folder, file, "heron", {})
        session = RatingSession(folder, file, rater)
        while session.page is not None:
            tell_page(session)
            n_slots = len(session.page.slots)
            for position in (None, *range(n_slots)):
                session.hear(position, 0.0, is_start=True)
                session.hear(position, 1000.0)
                tell(what="heard", position=position)
            for _ in range(3):
                for position in range(n_slots):
                    act = chance.choice(["grade", "grade", "cannot_judge", "broken", "comment", "undo"])
                    match act:
                        case "grade":
                            why = session.grade(position, chance.randrange(4))
                            assert why == "", why
                        case "cannot_judge":
                            session.cannot_judge(position)
                        case "broken":
                            session.mark_broken(position)
                        case "comment":
                            session.comment(position, f"word {chance.randrange(100)}")
                        case "undo":
                            session.undo()
                    tell(what="answered", act=act, said=standing(session))
                    time.sleep(PAUSE_S)
            for position in range(n_slots):
                session.grade(position, chance.randrange(4))
                tell(what="answered", act="grade", said=standing(session))
            number = session.page.number
            assert session.complete() == ""
            tell(what="completed", page=number)
    tell(what="done")


if __name__ == "__main__":
    main()
