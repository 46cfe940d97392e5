"""What may be set on a named step, and within which bounds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

ParameterValue = float | int | bool


@dataclass(frozen=True, slots=True)
class StepParameter:
    """One parameter of a step; the type of `default` is the type of its values."""

    name: str
    default: ParameterValue
    low: float
    high: float
    meaning: str

    def check(self, value: object) -> ParameterValue:
        """Return `value` in the parameter's type.

        Raises
        ------
        ValueError
            If it is of another type, not finite or out of bounds.
        """
        if isinstance(self.default, bool):
            if isinstance(value, bool):
                return value
            raise ValueError(f"{self.name} must be true or false, got {value!r}")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"{self.name} must be a number, got {value!r}")
        if not self.low <= value <= self.high:  # also refuses NaN
            raise ValueError(
                f"{self.name} must be in [{self.low:g}, {self.high:g}], got {value!r}"
            )
        if isinstance(self.default, int):
            if value != int(value):
                raise ValueError(f"{self.name} must be a whole number, got {value!r}")
            return int(value)
        return float(value)


def check_parameters(
    step: str, parameters: Sequence[StepParameter], values: Mapping[str, object]
) -> dict[str, ParameterValue]:
    """Return all of a step's parameters, those not in `values` at their defaults.

    Raises
    ------
    ValueError
        If a parameter is unknown, of another type or out of bounds.
    """
    known = {parameter.name: parameter for parameter in parameters}
    for name in values:
        if name not in known:
            raise ValueError(f"{step} has no parameter {name!r}")
    return {
        name: parameter.check(values.get(name, parameter.default))
        for name, parameter in known.items()
    }
