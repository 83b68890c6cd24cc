"""YAML 1.2 text to the JSON values that kubectl would send."""

from farandole.api.yaml.values import Unreadable, YamlValues, read_yaml

__all__ = ["Unreadable", "YamlValues", "read_yaml"]
