"""As much of JSON Schema (2020-12) as the schemas in docs use, and no keyword more."""
import json
import re
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int,
         "null": type(None)}
REMARKS = {"$schema", "title", "description"}


def resolve(schema, definitions):
    """With what each $ref refers to in its place."""
    if isinstance(schema, list):
        return [resolve(each, definitions) for each in schema]
    if not isinstance(schema, dict):
        return schema
    resolved = {name: resolve(each, definitions) for name, each in schema.items()
                if name not in ("$defs", "$ref")}
    if isinstance(schema.get("$ref"), str):
        assert schema["$ref"].startswith("#/$defs/")
        return {**resolve(definitions[schema["$ref"].rsplit("/", 1)[1]], definitions), **resolved}
    return resolved


def load(name):
    """A schema of docs/."""
    schema = json.loads((DOCS / name).read_text())
    return resolve(schema, schema.get("$defs", {}))


SCHEMA = load("report.schema.json")
HOOK_SCHEMA = load("hook.schema.json")


def is_of(value, name):
    return isinstance(value, TYPES[name]) and not (name == "integer" and isinstance(value, bool))


def same(a, b):
    """In Python True == 1."""
    return type(a) is type(b) and a == b


def check_type(value, names, _):
    names = names if isinstance(names, list) else [names]
    if not any(is_of(value, name) for name in names):
        yield f"{value!r} is not {' or '.join(names)}"


def check_enum(value, allowed, _):
    if not any(same(value, each) for each in allowed):
        yield f"{value!r} is none of {allowed}"


def check_const(value, expected, _):
    if not same(value, expected):
        yield f"{value!r} is not {expected!r}"


def check_pattern(value, pattern, _):
    if isinstance(value, str) and not re.search(pattern, value):
        yield f"{value!r} does not match {pattern}"


def check_minimum(value, least, _):
    if is_of(value, "integer") and value < least:
        yield f"{value} is less than {least}"


def check_required(value, names, _):
    if isinstance(value, dict):
        yield from (f"{name} is missing" for name in names if name not in value)


def check_properties(value, properties, _):
    if isinstance(value, dict):
        for name, schema in properties.items():
            if name in value:
                yield from (f"{name}: {each}" for each in complaints(value[name], schema))


def check_additional(value, allowed, schema):
    assert allowed is False
    if isinstance(value, dict):
        yield from (f"{name} is unknown" for name in value if name not in schema["properties"])


def check_items(value, schema, _):
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from (f"[{number}]: {each}" for each in complaints(item, schema))


def check_one_of(value, schemas, _):
    found = [list(complaints(value, each)) for each in schemas]
    if sum(not each for each in found) != 1:
        yield min(found, key=len)[0] if all(found) else "fits several"


CHECKS = {"type": check_type, "enum": check_enum, "const": check_const, "pattern": check_pattern,
          "minimum": check_minimum, "required": check_required, "properties": check_properties,
          "additionalProperties": check_additional, "items": check_items, "oneOf": check_one_of}


def complaints(value, schema=None):
    """What is wrong with a report; nothing when it is as the schema wants it."""
    schema = SCHEMA if schema is None else schema
    for keyword, argument in schema.items():
        if keyword not in REMARKS:
            yield from CHECKS[keyword](value, argument, schema)
