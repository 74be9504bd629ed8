"""The query console."""

from http import HTTPStatus

from flask import render_template, request

from kg.errors import KGError, QueryRefused, QueryStopped, QuerySyntaxError
from kg.model.label import choose
from kg.services import console
from kg.services.explore import Names
from kg.store.protocol import Conditions
from kg.web import i18n
from kg.web.operations import base_version
from kg.web.pages.common import blueprint
from kg.web.present import Presenter
from kg.web.problem import status_of
from kg.web.state import state
from kg.web.telling import tell


@blueprint.route("/console", methods=["GET", "POST"])
def query_console() -> tuple[str, int]:
    """Show the query console; run the query that the form or the address brings."""
    here = state()
    text = (request.form if request.method == "POST" else request.args).get("query", "")
    result: console.Table | None = None
    problem: KGError | None = None
    if text.strip():
        try:
            conditions = Conditions(max_rows=console.ROWS)
            result = console.run(here.store, here.queries.under(conditions), text, here.settings.query_max_bytes)
        except KGError as error:
            problem = error
    names = result.names if result else Names()
    if problem is not None and not isinstance(problem, QuerySyntaxError | QueryRefused | QueryStopped):
        raise problem
    status = HTTPStatus.OK if problem is None else status_of(problem)
    page = render_template(
        "console.html",
        p=Presenter(names, i18n.language()),
        text=text,
        result=result,
        problem=problem,
        problem_told=tell(getattr(problem, "explanation", getattr(problem, "reason", "")), i18n.language()),
        problem_advice=tell(getattr(problem, "advice", ""), i18n.language()),
        examples=console.examples(i18n.language()),
        start=console.START,
        version=base_version(here),
        choose=choose,
    )
    return page, int(status)
