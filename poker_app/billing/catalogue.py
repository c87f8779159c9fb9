"""The offer (plans, packs, trial): the standard one, or an operator's own from a TOML file."""

import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from poker_app.rules import Unusable
from poker_app.rules.plans import STANDARD, Offer, Pack, Plan


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    plans: list[dict[str, Any]]
    earlier: list[dict[str, Any]] = []
    packs: list[dict[str, Any]] = []
    trial_plan: str = ""
    trial_days: int = 0
    currency: str = "eur"


def load(path: str) -> Offer:
    """Reads the offer from a file, or returns the standard one without a path. Raises ValueError, saying what is
    wrong."""
    if not path:
        return STANDARD
    try:
        file = _File.model_validate(tomllib.loads(Path(path).read_text(encoding="utf-8")))
        plans = [_checked(Plan, each) for each in file.plans]
        earlier = [_checked(Plan, each) for each in file.earlier]
        packs = [_checked(Pack, each) for each in file.packs]
        return Offer(plans, packs, file.trial_plan, file.trial_days, file.currency, earlier)
    except (OSError, tomllib.TOMLDecodeError, ValidationError, Unusable) as problem:
        raise ValueError(f"PLANS_FILE {path} cannot be used: {problem}") from problem


def _checked[T](kind: type[T], given: dict[str, Any]) -> T:
    """Builds a value of the rules, and checks its types. TOML has no null: "none" stands for it."""
    if unknown := given.keys() - {field.name for field in fields(kind)}:  # type: ignore[arg-type]
        raise Unusable(f"Nobody knows what {', '.join(sorted(unknown))} is.")
    return TypeAdapter(kind).validate_python(
        {name: None if value == "none" else value for name, value in given.items()}
    )
