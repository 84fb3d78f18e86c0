"""Which rehearsal a draft had, and what that means for its run."""

from nodeagent.config.digest import file_digest
from nodeagent.model.run import DareRun
from tui.viewmodels.draft import Draft
from tui.viewmodels.store import View


def rehearsal_of(view: View, draft: Draft) -> DareRun | None:
    """Return the newest good rehearsal of exactly this draft, None if there is none."""
    digest = file_digest(draft.text.encode())
    good = (
        run
        for run in reversed(view.rehearsals)
        if run.rehearsed and (run.target_digest, run.base_digest) == (digest, draft.base_digest)
    )
    return next(good, None)


def rehearsed_text(run: DareRun) -> str:
    """Return what follows from a rehearsal, for the dialog before the run."""
    return f"Rehearsed ({run.rehearsed[:12]}): if anything drifted since, it is refused."
