"""A rater in a separate process, who rates until killed and prints every acknowledged response.

Lines of JSON: each opened page with its responses and its order; each response; each completed page.
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


def report(**what: object) -> None:
    print(json.dumps(what), flush=True)


def responses_on_page(session: RatingSession) -> list[list[object]]:
    """Return all responses on the current page."""
    page = session.page
    assert page is not None
    responses = [session.response(position) for position in range(len(page.slots))]
    return [[one.grade, one.cannot_judge, one.is_broken, one.comment] for one in responses]


def report_page(session: RatingSession) -> None:
    page = session.page
    assert page is not None
    order = [slot.item_id for slot in page.slots]
    responses = responses_on_page(session)
    shares = [round(session.listened_share(position), 3) for position in (None, *range(len(order)))]
    report(what="page", page=page.number, order=order, responses=responses, shares=shares, n_done=session.n_done)


def main() -> None:
    """Rate at random, repeatedly on each page, so that there are responses to lose."""
    folder = open_study(Path(sys.argv[1]))
    rng = random.Random(int(sys.argv[2]))
    with ResponseStore(folder.path) as file:
        raters = file.raters()
        rater = raters[0] if raters else join(folder, file, "heron", {})
        session = RatingSession(folder, file, rater)
        while session.page is not None:
            report_page(session)
            n_slots = len(session.page.slots)
            for position in (None, *range(n_slots)):
                session.record_playback(position, 0.0, is_start=True)
                session.record_playback(position, 1000.0)
                report(what="played", position=position)
            for _ in range(3):
                for position in range(n_slots):
                    act = rng.choice(["grade", "grade", "cannot_judge", "broken", "comment", "undo"])
                    match act:
                        case "grade":
                            why = session.grade(position, rng.randrange(4))
                            assert why is None, why
                        case "cannot_judge":
                            session.cannot_judge(position)
                        case "broken":
                            session.mark_broken(position)
                        case "comment":
                            session.comment(position, f"word {rng.randrange(100)}")
                        case "undo":
                            session.undo()
                    report(what="answered", act=act, responses=responses_on_page(session))
                    time.sleep(PAUSE_S)
            for position in range(n_slots):
                session.grade(position, rng.randrange(4))
                report(what="answered", act="grade", responses=responses_on_page(session))
            number = session.page.number
            assert session.complete() is None
            report(what="completed", page=number)
    report(what="done")


if __name__ == "__main__":
    main()
