"""What an operator types before a plan may run: the more it can break, the more must be typed."""

from __future__ import annotations

import msgspec

from actions.guard.errors import ConfirmationError
from actions.guard.model import Frozen, Plan, Risk, digest


class Confirmation(Frozen, frozen=True, kw_only=True):
    """What the operator gave: the typed name and slot, and which plan was on the screen.

    `plan` is `plan_shown(plan)` of what was displayed; empty trusts the plan that was handed over.
    """

    name: str = ""
    slot: str = ""
    plan: str = ""


class Required(Frozen, frozen=True, kw_only=True):
    """What a plan asks to be typed; an empty name means that one key is enough."""

    risk: Risk
    name: str = ""
    slot: str = ""
    sentence: str = ""


def plan_shown(plan: Plan) -> str:
    """Hash what the operator sees of a plan: its steps, gaps and decisions, not when it was made."""
    return digest(plan.body)


def required(plan: Plan, *, named: bool = False) -> Required:
    """Tell what must be typed for a plan; a pure function of its risk, name and slot.

    `named` asks for the name even where nothing can break, as for a production environment.
    """
    risk = plan.risk
    if risk is Risk.SAFE and named:
        return Required(risk=risk, name=plan.name, sentence=f"Nothing breaks; here, type the name {plan.name} even so.")
    if risk is Risk.SAFE:
        return Required(risk=risk, sentence="Nothing breaks: confirm with one key.")
    if risk is Risk.DISRUPTIVE or not plan.slot:
        return Required(risk=risk, name=plan.name, sentence=f"Type the name {plan.name} to confirm.")
    sentence = f"This cannot be undone: type the name {plan.name} and the slot {plan.slot} to confirm."
    return Required(risk=risk, name=plan.name, slot=plan.slot, sentence=sentence)


def check(plan: Plan, confirmation: Confirmation | None, *, named: bool = False) -> None:
    """Raise `ConfirmationError` unless the confirmation fits the plan exactly; `named` as in `required`."""
    need = required(plan, named=named)
    if confirmation is None:
        raise ConfirmationError(f"Not confirmed. {need.sentence}")
    if confirmation.plan and confirmation.plan != plan_shown(plan):
        raise ConfirmationError("What was confirmed is another plan than the one that would run now; look at it again.")
    if need.name and confirmation.name.strip() != need.name:
        raise ConfirmationError(f"The typed name is not {need.name}. {need.sentence}")
    if need.slot and confirmation.slot.strip() != need.slot:
        raise ConfirmationError(f"The typed slot is not {need.slot}. {need.sentence}")


def addressed(plan: Plan, name: str, slot: str) -> Plan:
    """Return the plan with what must be typed for it; the slot counts for irreversible plans only."""
    return msgspec.structs.replace(plan, name=name, slot=slot if plan.risk is Risk.IRREVERSIBLE else "")
