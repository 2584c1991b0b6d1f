"""Bounds on a result: a name, a comparison, a limit. What is missing or None fails every bound."""

import operator

COMPARE = {"<=": operator.le, "<": operator.lt, "==": operator.eq, "!=": operator.ne, ">": operator.gt, ">=": operator.ge}

# Whatever happens, on picket's stack these hold, unless a scenario says otherwise.
ALWAYS = {"dual_ack_s": ("==", 0), "dual_primary_200_s": ("==", 0), "false_fences": ("==", 0), "inconsistent": ("==", 0),
          "invented": ("==", 0), "dual_address_s": ("<=", 0.5), "verdicts_compared": (">", 0)}


def broken(result: dict, bounds: dict) -> list[str]:
    """The bounds that do not hold, in words."""
    found = []
    for key, (comparison, limit) in bounds.items():
        value = result.get(key)
        if value is None or not COMPARE[comparison](value, limit):
            found.append(f"{key} is {value}, not {comparison} {limit}")
    return found


def in_words(bounds: dict) -> dict:
    return {key: f"{comparison} {limit}" for key, (comparison, limit) in bounds.items()}
