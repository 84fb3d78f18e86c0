"""All that F4 offers for a field: what nodes report, then what the draft itself knows."""

from tui.viewmodels import draft_data as raw
from tui.viewmodels.form import Field
from tui.viewmodels.form_inventory import Known, offers_known
from tui.viewmodels.form_offer import Offer, offers, unique
from tui.viewmodels.form_parameters import parameter_offers


def offers_with(data: raw.Data | None, field: Field, known: Known, fix: str = "") -> list[Offer]:
    """Return what can be chosen for a field; a finding's `fix` comes first."""
    if field.is_parameter:
        first = [Offer(fix, "what would be right")] if fix else []
        return unique([*first, *parameter_offers(data, field.path, known)])
    if field.is_name:
        return unique(offers_known(data, field.path, field.spec, known))
    reported = offers_known(data, field.path, field.spec, known)
    own = offers(data, field.path, field.spec, fix)
    split = 1 if fix else 0
    return unique([*own[:split], *reported, *own[split:]])
