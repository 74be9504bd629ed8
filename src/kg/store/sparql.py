"""Binding: values enter an operation of the house as terms, in the places of its ``$name`` variables."""

from collections.abc import Mapping, Sequence

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from kg.errors import InvalidTerm, KGError
from kg.store.lexer import tokens
from kg.store.protocol import Binding, Term


class BindingError(KGError):
    """The values don't fit the parameters of an operation: a mistake in the house, not a reader's."""


def iri(value: str) -> NamedNode:
    """Return the term of an IRI.

    Raises
    ------
    InvalidTerm
        If it isn't absolute or has forbidden characters. It is never repaired.
    """
    try:
        return NamedNode(value)
    except ValueError as error:
        raise InvalidTerm(value, str(error)) from None


def serialize(term: Term) -> str:
    """Return the spelling of a term in SPARQL.

    Raises
    ------
    InvalidTerm
        For a blank node, which would be a variable, and whatever is no term.
    """
    match term:
        case NamedNode() | Literal():
            return str(term)
        case BlankNode():
            raise InvalidTerm(str(term), "a blank node in a query stands for anything")
        case Triple():
            return f"<<( {serialize(term.subject)} {serialize(term.predicate)} {serialize(term.object)} )>>"
    raise InvalidTerm(repr(term), "give a NamedNode or a Literal")


def bind(operation: str, bindings: Mapping[str, Binding]) -> str:
    """Put terms in for the variables that are spelt with a dollar sign.

    A sequence of terms becomes a list: with commas for ``IN ($list)``, without for ``VALUES ?x { $list }``. Variables
    spelt with a question mark, strings, IRIs and comments stay as they are.

    Raises
    ------
    InvalidTerm
        For a value that can't be a term.
    BindingError
        If a parameter gets no value, or a value has no parameter.

    Examples
    --------
    >>> bind("SELECT ?o { $s <urn:p> ?o }", {"s": iri("urn:a")})
    'SELECT ?o { <urn:a> <urn:p> ?o }'
    >>> bind("ASK { VALUES ?s { $s } }", {"s": [iri("urn:a"), iri("urn:b")]})
    'ASK { VALUES ?s { <urn:a> <urn:b> } }'
    """
    if not bindings and "$" not in operation:
        return operation
    parts: list[str] = []
    copied = 0
    used: set[str] = set()
    before = here = ""
    for token in tokens(operation):
        before, here = here, token.text
        if token.kind != "variable" or token.text[0] != "$":
            continue
        name = token.text[1:]
        if name not in bindings:
            raise BindingError(f"The parameter ${name} of the operation has no value; there are {_names(bindings)}.")
        used.add(name)
        parts += [operation[copied : token.start], _spelling(bindings[name], " " if before == "{" else ", ")]
        copied = token.start + len(token.text)
    if unknown := sorted(set(bindings) - used):
        raise BindingError(f"The operation has no parameter {', '.join(f'${name}' for name in unknown)}.")
    parts.append(operation[copied:])
    return "".join(parts)


def _spelling(binding: Binding, separator: str) -> str:
    if isinstance(binding, NamedNode | BlankNode | Literal | Triple):
        return serialize(binding)
    if isinstance(binding, str) or not isinstance(binding, Sequence):
        raise InvalidTerm(str(binding), "it says not whether it is an IRI or a literal; give a term")
    return separator.join(serialize(term) for term in binding)


def _names(bindings: Mapping[str, Binding]) -> str:
    return ", ".join(f"${name}" for name in bindings) or "none"
