"""How to reach S3: the endpoint, the keys and the region, read once from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from farandole.api.errors import DataError

VARIABLES: Mapping[str, tuple[str, ...]] = {
    "endpoint": ("FARANDOLE_S3_ENDPOINT", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"),
    "access_key": ("FARANDOLE_S3_ACCESS_KEY", "AWS_ACCESS_KEY_ID"),
    "secret_key": ("FARANDOLE_S3_SECRET_KEY", "AWS_SECRET_ACCESS_KEY"),
    "session_token": ("FARANDOLE_S3_SESSION_TOKEN", "AWS_SESSION_TOKEN"),
    "region": ("FARANDOLE_S3_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"),
    "secure": ("FARANDOLE_S3_SECURE",),
    "retries": ("FARANDOLE_S3_RETRIES",),
    "cache": ("FARANDOLE_CACHE",),
}


class S3Settings(BaseModel):
    """Where S3 is and who we are there; without keys, requests are anonymous."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    endpoint: str = Field("s3.amazonaws.com", description="host:port or http(s)://host:port")
    access_key: str = Field("", description="the public half of the key")
    secret_key: SecretStr = Field(SecretStr(""), description="the secret half of the key")
    session_token: SecretStr = Field(SecretStr(""), description="of temporary keys")
    region: str = Field("us-east-1", description="the bucket's region")
    secure: bool = Field(True, description="TLS, when the endpoint does not say http or https")
    retries: int = Field(5, ge=0, le=20, description="how often a temporary failure is retried")
    cache: Path = Field(
        Path("~/.cache/farandole"), description="where downloaded objects are kept to be mapped"
    )

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """Take each setting from the first of its VARIABLES that is set; raises DataError."""
        values = {
            field: environment[name]
            for field, names in VARIABLES.items()
            for name in reversed(names)
            if environment.get(name)
        }
        try:
            settings = cls.model_validate(values)
        except ValidationError as error:
            raise DataError(_wrong(error)) from None
        if bool(settings.access_key) != bool(settings.secret_key.get_secret_value()):
            raise DataError(
                "S3 needs both halves of a key, received one;"
                f" set {VARIABLES['access_key'][0]} and {VARIABLES['secret_key'][0]}"
            )
        return settings

    @property
    def host(self) -> str:
        """The endpoint as host:port."""
        return urlsplit(self._url).netloc

    @property
    def encrypted(self) -> bool:
        """Whether requests travel by TLS."""
        return urlsplit(self._url).scheme == "https"

    @property
    def _url(self) -> str:
        scheme = "https" if self.secure else "http"
        return self.endpoint if "://" in self.endpoint else f"{scheme}://{self.endpoint}"


def _wrong(error: ValidationError) -> str:
    problems = (
        f"{VARIABLES[str(problem['loc'][0])][0]}: received {problem['input']!r}, {problem['msg']}"
        for problem in error.errors()
    )
    return "S3 settings in the environment: " + "; ".join(problems)
