"""JSON Schema as our documents use it: values that fit, values that do not, and a check."""

import random

EXTREMES = [0, -1, 1, 2**31, -2**31 - 1, 2**53, 2**53 + 1, 2**63 - 1, 2**63, -2**63, 2**64, 10**30,
            1e308, -1e308, 5e-324, 0.5, -0.0, 1e19]
TEXTS = ["", " ", "a", "\0", "é", "\U0001f600", "\ud800", "[INST]", "</s>", "../../etc/passwd",
         "%00", "/", "\r\n", "x" * 1025, "w " * 20000]
FORMS = {"string": str, "boolean": bool, "array": list, "object": dict, "null": type(None)}
KNOWN = {"$ref", "type", "enum", "properties", "required", "items", "minItems", "maxItems",
         "minLength", "maxLength", "minimum", "maximum", "description", "x-bise-class"}


def unknown_keywords(schema, where="$"):
    """What the check below would pass over in silence."""
    found = [f"{where}: {name}" for name in schema if name not in KNOWN]
    for name, member in schema.get("properties", {}).items():
        found += unknown_keywords(member, f"{where}.{name}")
    if "items" in schema:
        found += unknown_keywords(schema["items"], f"{where}[]")
    return found


class Schemas:
    def __init__(self, document, rng):
        self.named = document["components"]["schemas"]
        self.rng = rng

    def resolve(self, schema):
        while "$ref" in schema:
            schema = self.named[schema["$ref"].rsplit("/", 1)[1]]
        return schema

    def valid(self, schema, depth=0):
        schema, rng = self.resolve(schema), self.rng
        if "enum" in schema:
            return rng.choice(schema["enum"])
        kinds = schema.get("type", ["string", "object", "null", "integer"])
        kind = rng.choice(kinds) if isinstance(kinds, list) else kinds
        if kind == "object":
            return self.members(schema, depth)
        if kind == "array":
            least = schema.get("minItems", 0)
            count = least + (rng.randrange(3) if depth < 5 else 0)
            count = min(count, schema.get("maxItems", count))
            return [self.valid(schema.get("items", {}), depth + 1) for _ in range(count)]
        if kind in ("integer", "number"):
            return self.number(schema, kind)
        if kind == "string":
            text = rng.choice(["", "a", "word " * rng.randrange(30), "é\U0001f600", "user",
                               "text"])
            return text[:schema.get("maxLength", len(text))].ljust(schema.get("minLength", 0), "x")
        return rng.random() < 0.5 if kind == "boolean" else None

    def number(self, schema, kind):
        low, high = schema.get("minimum", -1000), schema.get("maximum", 1000)
        value = self.rng.choice([low, high, self.rng.uniform(low, max(low, high))])
        return int(value) if kind == "integer" else value

    def members(self, schema, depth):
        must, out = schema.get("required", []), {}
        share = self.rng.choice([0.0, 0.05, 0.3]) if depth < 5 else 0
        for name, member in schema.get("properties", {}).items():
            if name in must or self.rng.random() < share:
                out[name] = self.valid(member, depth + 1)
        return out

    def junk(self):
        rng = self.rng
        deep = None
        for _ in range(rng.choice([2, 30, 63, 64, 65, 200])):
            deep = [deep] if rng.random() < 0.5 else {"a": deep}
        return rng.choice([None, True, rng.choice(EXTREMES), rng.choice(TEXTS), [], {}, deep,
                           [1] * 3000, {"": ""}, [[]], [None], rng.choice(EXTREMES)])

    def broken(self, value):
        """The value with one place of it (any depth) taken out, replaced or added to."""
        rng = self.rng
        if isinstance(value, (dict, list)) and value and rng.random() < 0.75:
            out = dict(value) if isinstance(value, dict) else list(value)
            key = rng.choice(list(out)) if isinstance(out, dict) else rng.randrange(len(out))
            if rng.random() < 0.2:
                del out[key]
            else:
                out[key] = self.broken(out[key])
            return out
        if isinstance(value, dict) and rng.random() < 0.3:
            return {**value, rng.choice(["unknown", "", "__proto__", "x" * 3000]): self.junk()}
        return self.junk()

    def misfit(self, value, schema, where="$"):
        """What does not fit, or None."""
        schema = self.resolve(schema)
        wrong = misfit_here(value, schema, where)
        if wrong:
            return wrong
        if isinstance(value, dict):
            for name, member in schema.get("properties", {}).items():
                wrong = name in value and self.misfit(value[name], member, f"{where}.{name}")
                if wrong:
                    return wrong
        if isinstance(value, list) and "items" in schema:
            for index, item in enumerate(value):
                wrong = self.misfit(item, schema["items"], f"{where}[{index}]")
                if wrong:
                    return wrong
        return None


def misfit_here(value, schema, where):
    if "enum" in schema and value not in schema["enum"]:
        return f"{where}: {value!r} is none of {schema['enum']}"
    kinds = schema.get("type")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(is_a(value, kind) for kind in kinds):
        return f"{where}: {value!r:.80} is no {kinds}"
    if is_a(value, "number") and not (schema.get("minimum", value) <= value
                                      <= schema.get("maximum", value)):
        return f"{where}: {value!r} is out of bounds"
    for kind, least, most in ((str, "minLength", "maxLength"), (list, "minItems", "maxItems")):
        if isinstance(value, kind) and not (schema.get(least, 0) <= len(value)
                                            <= schema.get(most, len(value))):
            return f"{where}: the length {len(value)} is out of bounds"
    if isinstance(value, dict):
        for name in schema.get("required", []):
            if name not in value:
                return f"{where}: {name} is missing"
    return None


def is_a(value, kind):
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, FORMS[kind])
