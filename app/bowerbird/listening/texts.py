"""Sentences about studies that the window and the command line share."""

from bowerbird.base.text import count_text
from bowerbird.jobs.progress import Progress
from bowerbird.listening.bundles import MergeResult
from bowerbird.listening.responses import Responses


def progress_text(progress: Progress) -> str:
    """Return how far a job is: "Cutting excerpts: 12 of 40 excerpts"."""
    if not progress.n_total or not progress.unit:
        return progress.activity
    return f"{progress.activity}: {progress.n_done:,} of {progress.n_total:,} {progress.unit}"


def merge_sentences(name: str, merged: MergeResult) -> tuple[str, ...]:
    """Return what merging a file of ratings changed.

    Parameters
    ----------
    name : str
        Of the file.
    merged : MergeResult
    """
    raters = count_text(merged.n_raters, "new rater", "new raters")
    responses = count_text(merged.n_responses, "new response", "new responses")
    sentences = [f"{name}: {raters}, {responses}, {merged.n_known:,} already here."]
    if merged.n_conflicts:
        sentences.append(f"{merged.n_conflicts:,} conflict with earlier responses; both are kept.")
    sentences += [f"The alias {before} was taken, so that rater is now {after}." for before, after in merged.renamed]
    return tuple(sentences)


def responses_text(responses: Responses) -> str:
    """Return how many responses there are: "12 responses from 1 rater"."""
    n_responses = len(responses.final_ratings()) + len(responses.final_choices())
    raters = count_text(len(responses.raters), "rater", "raters")
    return f"{count_text(n_responses, 'response', 'responses')} from {raters}"


def effort_text(n_pages: int, minutes: float) -> str:
    """Return what a study asks of a rater: "12 pages, about 8 minutes per rater"."""
    pages = count_text(n_pages, "page", "pages")
    return f"{pages}, about {count_text(max(1, round(minutes)), 'minute', 'minutes')} per rater"
