"""`tf.train.Example` messages, written and read without TensorFlow.

Field numbers are those of TensorFlow's `example.proto` and `feature.proto`, so the bytes on the
wire are the same. The package is another: both may be loaded in one process.
"""

from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format

_DECLARATION = """
name: "farandole/example.proto"  package: "farandole.example"  syntax: "proto3"
message_type { name: "BytesList"
  field { name: "value" number: 1 label: LABEL_REPEATED type: TYPE_BYTES } }
message_type { name: "FloatList"
  field { name: "value" number: 1 label: LABEL_REPEATED type: TYPE_FLOAT } }
message_type { name: "Int64List"
  field { name: "value" number: 1 label: LABEL_REPEATED type: TYPE_INT64 } }
message_type { name: "Feature"
  oneof_decl { name: "kind" }
  field { name: "bytes_list" number: 1 label: LABEL_OPTIONAL oneof_index: 0
          type: TYPE_MESSAGE type_name: ".farandole.example.BytesList" }
  field { name: "float_list" number: 2 label: LABEL_OPTIONAL oneof_index: 0
          type: TYPE_MESSAGE type_name: ".farandole.example.FloatList" }
  field { name: "int64_list" number: 3 label: LABEL_OPTIONAL oneof_index: 0
          type: TYPE_MESSAGE type_name: ".farandole.example.Int64List" } }
message_type { name: "Features"
  nested_type { name: "FeatureEntry"
    options { map_entry: true }
    field { name: "key" number: 1 label: LABEL_OPTIONAL type: TYPE_STRING }
    field { name: "value" number: 2 label: LABEL_OPTIONAL
            type: TYPE_MESSAGE type_name: ".farandole.example.Feature" } }
  field { name: "feature" number: 1 label: LABEL_REPEATED
          type: TYPE_MESSAGE type_name: ".farandole.example.Features.FeatureEntry" } }
message_type { name: "Example"
  field { name: "features" number: 1 label: LABEL_OPTIONAL
          type: TYPE_MESSAGE type_name: ".farandole.example.Features" } }
"""


def encode_example(features: dict[str, bytes | int | float]) -> bytes:
    """Serialize an Example with one value a feature; equal features give equal bytes."""
    example = _Example()
    for name, value in features.items():
        _values(example.features.feature[name], value).append(value)
    serialized: bytes = example.SerializeToString(deterministic=True)
    return serialized


def bytes_feature(data: bytes, name: str) -> bytes:
    """Return one bytes feature of a serialized Example."""
    value: bytes = _Example.FromString(data).features.feature[name].bytes_list.value[0]
    return value


def _values(feature: Any, value: bytes | int | float) -> Any:
    if isinstance(value, bytes):
        return feature.bytes_list.value
    if isinstance(value, int):
        return feature.int64_list.value
    return feature.float_list.value


def _declared(name: str) -> Any:
    pool = descriptor_pool.DescriptorPool()
    pool.Add(text_format.Parse(_DECLARATION, descriptor_pb2.FileDescriptorProto()))
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"farandole.example.{name}"))


_Example = _declared("Example")
