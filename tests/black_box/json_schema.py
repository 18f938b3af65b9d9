# SPDX-License-Identifier: MIT
"""Checks a value against the part of JSON Schema that configs/schemas/ uses.

Stricter than the standard in one point: a field that the schema does not name is an error unless
additionalProperties allows it, so that no output has fields which are documented nowhere.
"""
TYPES = {
    "object": dict, "array": list, "string": str, "boolean": bool, "null": type(None),
    "number": (int, float), "integer": int,
}
KNOWN = {
    "$schema", "$defs", "$ref", "title", "description", "type", "required", "properties", "items", "const", "enum",
    "additionalProperties", "minimum", "maximum", "minItems", "maxItems",
}


def is_type(value, name):
    if isinstance(value, bool) and name != "boolean":
        return False
    return isinstance(value, TYPES[name])


def problems(value, schema, root=None, at="$"):
    root = root or schema
    unknown = set(schema) - KNOWN
    if unknown:
        return [f"{at}: the checker does not know {sorted(unknown)}"]
    if "$ref" in schema:
        return problems(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, at)
    if "const" in schema and value != schema["const"]:
        return [f"{at}: {value!r} is not {schema['const']!r}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{at}: {value!r} is none of {schema['enum']}"]
    names = schema.get("type", [])
    names = [names] if isinstance(names, str) else names
    if names and not any(is_type(value, name) for name in names):
        return [f"{at}: {value!r} is no {' or '.join(names)}"]
    out = []
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if value < schema.get("minimum", value) or value > schema.get("maximum", value):
            out.append(f"{at}: {value} is out of range")
    if isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
            out.append(f"{at}: {len(value)} items")
        for i, item in enumerate(value):
            out += problems(item, schema.get("items", {}), root, f"{at}[{i}]")
    if isinstance(value, dict):
        known, rest = schema.get("properties", {}), schema.get("additionalProperties")
        out += [f"{at}: {name} is missing" for name in schema.get("required", []) if name not in value]
        for name, item in value.items():
            if name in known:
                out += problems(item, known[name], root, f"{at}.{name}")
            elif rest is not None:
                out += problems(item, rest, root, f"{at}.{name}")
            elif "type" in schema:
                out.append(f"{at}: {name} is not documented")
    return out
