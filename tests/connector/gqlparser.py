"""graphql-core made to accept and refuse what the real Connector's gqlparser does, in its words."""
import json
import re

from graphql import GraphQLError, parse, validate
from graphql.language import ast

PARSE_FAILED, VALIDATION_FAILED = "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"
LITERALS = re.compile(r'"""(?P<block>.*?)"""|"(?:[^"\\\n]|\\.)*"|\([ \t\r\n,]*\)', re.DOTALL)
SYNTAX_ERROR = re.compile(r"Syntax Error GraphQL \(\d+:\d+\) (.*)")
LEXER_ERRORS = ("Unterminated string", "Invalid character", "Unexpected character",
                "Cannot parse the unexpected", "Invalid number")
CACHED = 500


class BadDocument(Exception):
    """status is 422; errors is the list for the answer."""

    def __init__(self, message, code, location=None, path=None):
        super().__init__(message)
        error = {"message": message}
        if path:
            error["path"] = path
        if location:
            error["locations"] = [{"line": location[0], "column": location[1]}]
        error["extensions"] = {"code": code}
        self.errors = [error]


class Documents:
    """Parsed and validated documents; the real server caches them too."""

    def __init__(self, schema, settings):
        self._schema, self._settings, self._cache = schema, settings, {}

    def get(self, query):
        key = (query, self._settings.strict_parser)
        if key not in self._cache:
            if len(self._cache) >= CACHED:
                self._cache.clear()
            try:
                self._cache[key] = self._read(query)
            except BadDocument as refused:
                self._cache[key] = refused
        document = self._cache[key]
        if isinstance(document, BadDocument):
            raise document
        return document

    def _read(self, query):
        if not query.strip():
            raise BadDocument("no operation provided", VALIDATION_FAILED)
        try:
            document = parse(self._translate(query))
        except GraphQLError as error:
            raise BadDocument(_syntax_message(error), PARSE_FAILED, _location(error)) from None
        errors = validate(self._schema, document)
        if errors:
            refused = [BadDocument(_validation_message(one), VALIDATION_FAILED, _location(one))
                       for one in errors]
            refused[0].errors = [one.errors[0] for one in refused]
            raise refused[0]
        return document

    def _translate(self, query):
        """Block strings and empty parentheses, which this graphql-core does not know."""
        def replace(found):
            if found.group("block") is not None:
                return json.dumps(_dedent(found.group("block")))
            if found.group().startswith('"'):
                return found.group()
            if self._settings.strict_parser:
                before = query[:found.end() - 1]
                line = before.count("\n") + 1
                raise BadDocument("expected at least one definition, found )", PARSE_FAILED,
                                  (line, len(before) - before.rfind("\n")))
            return " " * len(found.group())
        return LITERALS.sub(replace, query)


def _dedent(text):
    """BlockStringValue of the GraphQL specification, 2.9.4."""
    lines = text.replace("\r\n", "\n").split("\n")
    indents = [len(line) - len(line.lstrip(" \t")) for line in lines[1:] if line.strip(" \t")]
    common = min(indents, default=0)
    lines = lines[:1] + [line[common:] for line in lines[1:]]
    while lines and not lines[0].strip(" \t"):
        lines.pop(0)
    while lines and not lines[-1].strip(" \t"):
        lines.pop()
    return "\n".join(lines)


def _location(error):
    return (error.locations[0].line, error.locations[0].column) if error.locations else None


def _syntax_message(error):
    message = SYNTAX_ERROR.match(error.message).group(1)
    if message.startswith(LEXER_ERRORS):
        return "Unexpected <Invalid>"
    return message.replace("found EOF", "found <EOF>")


def _validation_message(error):
    return error.message.replace("is required but not provided",
                                 "is required, but it was not provided")


def choose_operation(document, name):
    operations = [one for one in document.definitions if isinstance(one, ast.OperationDefinition)]
    if name:
        operations = [one for one in operations if one.name and one.name.value == name]
    if len(operations) != 1:
        raise BadDocument(f"operation {name or ''} not found", VALIDATION_FAILED)
    return operations[0]


def check_variables(operation, variables):
    for definition in operation.variable_definitions or ():
        name = definition.variable.name.value
        if not isinstance(definition.type, ast.NonNullType) or definition.default_value:
            continue
        if name not in variables:
            raise BadDocument("must be defined", VALIDATION_FAILED, path=["variable", name])
        if variables[name] is None:
            raise BadDocument("cannot be null", VALIDATION_FAILED, path=["variable", name])
        if isinstance(variables[name], (dict, list)):
            kind = "map[string]interface {}" if isinstance(variables[name], dict) \
                else "[]interface {}"
            raise BadDocument(f"cannot use {kind} as String", VALIDATION_FAILED,
                              path=["variable", name])


def root_fields(operation):
    return {selection.name.value for selection in operation.selection_set.selections
            if isinstance(selection, ast.Field)}
