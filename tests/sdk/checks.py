"""One line a check; what the three Python scripts share."""

import os
import sys
import traceback

STARTER_URL = os.environ["BISE_STARTER_URL"]
TOK_URL = os.environ["BISE_TOK_URL"]
KEY = os.environ["BISE_API_KEY"]
HELLO = [{"role": "user", "content": "What is 2+2?"}]
WEATHER = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}

# Ids of tok.gguf under whose biases the random model calls soon.
CALLS, ARGUMENTS = 9, 32

_failed = []


def check(name):
    """Runs the function at once and says whether it passed."""

    def run(function):
        try:
            function()
            print(f"ok    {name}", flush=True)
        except Exception:
            _failed.append(name)
            print(f"FAIL  {name}\n{traceback.format_exc()}", flush=True)
        return function

    return run


def same(found, expected):
    assert found == expected, f"found {found!r}, expected {expected!r}"


def raises(kind, function):
    try:
        function()
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__} was raised")


def first_with(attempt, good, seeds=range(60)):
    """The first answer of the random model, by seed, that is of the kind looked for."""
    for seed in seeds:
        answer = attempt(seed)
        if good(answer):
            return answer
    raise AssertionError("no seed gives such an answer")


def done():
    sys.exit(1 if _failed else 0)
