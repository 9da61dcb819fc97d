"""How long things may be: files, functions, lines."""

import ast
import re

import tree

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70  # lines with code; comments and blank lines are free
COLUMNS_MAX = 100
SCRIPTS = {"run", "test", ".ci/run"}  # source without a suffix
SOURCE = tree.CPP + (".py", ".sh", ".cmake", ".c", ".S")

SCOPE = re.compile(r"^(?:(?:typedef|static|inline|constexpr|const|export)\s+)*"
                   r"(?:class|struct|union|enum)\b(?![^{]*\()")
NAMESPACE = re.compile(r'^(?:inline\s+)?namespace\b|^extern\s*""$')
NAME = re.compile(r"(operator\s*[^\s\w(]+|operator\(\)|[~\w:]+)\s*(?:\(|=\s*\[)")
ATTRIBUTE = re.compile(r"\[\[.*?\]\]|\balignas\s*\([^()]*\)|__attribute__\s*\(\(.*?\)\)")


def source_files(root):
    return [path for path in tree.all_files(root)
            if path.suffix in SOURCE or path.name == "CMakeLists.txt" or str(path) in SCRIPTS]


def without_templates(statement):
    """`template <class T, class U = X<Y>> R f()` without its first part."""
    while match := re.match(r"\s*(?:template|requires)\s*<", statement):
        depth, at = 1, match.end()
        while depth and at < len(statement):
            depth += {"<": 1, ">": -1}.get(statement[at], 0)
            at += 1
        statement = statement[at:]
    return statement


def kind_of(statement):
    """What a brace at namespace or class level opens, judged by the words before it."""
    words = without_templates(ATTRIBUTE.sub(" ", statement)).strip()
    words = re.sub(r"^(?:(?:public|private|protected)\s*:\s*)+", "", words)
    if NAMESPACE.match(words):
        return "scope"
    if SCOPE.match(words):
        return "scope"
    if "(" not in words:
        return "value"
    # In a constructor's list of members `a_{1}` comes before the body.
    if re.search(r"\)\s*(?:noexcept\s*)?:[^:]", words) and re.search(r"[\w>]$", words):
        return "member"
    if re.search(r"=\s*$|=\s*[\w:<>]+$", words) and not re.search(r"operator\s*=*$", words):
        return "value"
    return "function"


def functions(text):
    """(name, first line, lines of code) of each function body outside of other functions."""
    code = re.sub(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", lambda m: "\n" * m.group().count("\n"),
                  tree.without_comments(text), flags=re.MULTILINE)
    open_kinds, statement, began = [], "", 0
    inside = 0  # how deep in a function, a value or a member's initial value
    start_line, name, line = 1, "", 1
    lines = code.split("\n")
    for char in code:
        if char == "\n":
            line += 1
        if inside:
            inside += {"{": 1, "}": -1}.get(char, 0)
            if inside == 0:
                kind = open_kinds.pop()
                if kind == "function":
                    body = lines[start_line - 1:line]
                    yield name, start_line, sum(1 for row in body if row.strip())
                statement = statement + "{}" if kind in ("member", "value") else ""
            continue
        if char == "{":
            kind = kind_of(statement) if statement.count("(") == statement.count(")") else "value"
            open_kinds.append(kind)
            if kind == "scope":
                statement = ""
            else:
                inside = 1
                name = (NAME.findall(without_templates(statement)) or ["?"])[0]
                start_line = began
        elif char == "}":
            if open_kinds:
                open_kinds.pop()
            statement = ""
        elif char == ";" and statement.count("(") == statement.count(")"):
            statement = ""
        else:
            if not statement.strip() and not char.isspace():
                statement, began = "", line
            statement += char


def python_functions(text):
    lines = text.split("\n")
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            body = lines[node.lineno - 1:node.end_lineno]
            rows = sum(1 for row in body if row.strip() and not row.lstrip().startswith("#"))
            yield node.name, node.lineno, rows


def problems(root, _build):
    for path in source_files(root):
        text = tree.read(root / path)
        lines = text.splitlines()
        if len(lines) > FILE_LINES_MAX:
            yield f"{path}: {len(lines)} lines, at most {FILE_LINES_MAX}"
        for number, line in enumerate(lines, 1):
            if len(line) > COLUMNS_MAX:
                yield f"{path}:{number}: {len(line)} columns, at most {COLUMNS_MAX}"
        found = ()
        if path.suffix in tree.CPP:
            found = functions(text)
        elif path.suffix == ".py":
            found = python_functions(text)
        for name, number, rows in found:
            if rows > FUNCTION_LINES_MAX:
                yield (f"{path}:{number}: {name} has {rows} lines of code, "
                       f"at most {FUNCTION_LINES_MAX}")
