"""The thresholds of ``models/thresholds.yml``: from which score a mention counts, and vouches."""

from __future__ import annotations

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.config import ConfigError


class Thresholds(BaseModel):
    """``candidate``: least score of a published mention. ``vetted``: of one that can vouch.

    The file also holds the curve that they were chosen from, which a build does not read.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    # Without a file: scores are calibrated chances, so .3 keeps what is likelier than a guess among
    # three, and .7 what is right two times in three. The shipped file has measured ones.
    candidate: float = Field(0.3, ge=0, le=1)
    vetted: float = Field(0.7, ge=0, le=1)


def parse_thresholds(text: str, where: str) -> Thresholds:
    """Read the thresholds.

    Raises:
        ConfigError: The text is not YAML, or a threshold is no number from 0 to 1.
    """
    try:
        return Thresholds.model_validate(yaml.safe_load(text) or {})
    except (yaml.YAMLError, ValidationError) as error:
        msg = f"{where}: {error}. Restore it from the repository or run `make models`."
        raise ConfigError(msg) from error
