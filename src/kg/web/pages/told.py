"""Errors for a page's own script: problem details that also say themselves in the language of the page."""

import json
from collections.abc import Callable
from functools import wraps

from flask import Response, current_app

from kg.errors import KGError
from kg.web import i18n
from kg.web.problem import MEDIA_TYPE
from kg.web.telling import tell


def told(view: Callable[[], Response]) -> Callable[[], Response]:
    """Give the errors of a view a member ``told``: what was found and what to do, in the reader's language."""

    @wraps(view)
    def answer() -> Response:
        try:
            return view()
        except KGError as error:
            response = current_app.make_response(current_app.handle_user_exception(error))
            if response.mimetype == MEDIA_TYPE:
                body = response.get_json(force=True)
                parts = [body.get("detail", ""), body.get("advice", "")]
                language = i18n.language()
                said = ["".join(piece.text for piece in tell(part, language)) for part in parts if part]
                body["told"] = ("" if language == "zh" else " ").join(said)
                response.set_data(json.dumps(body, ensure_ascii=False, indent=2) + "\n")
            return response

    return answer
