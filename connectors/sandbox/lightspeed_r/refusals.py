"""How the simulated R-Series says no (sheet section 10)."""

from http import HTTPStatus

from connectors.sandbox.server import Response

CLASSES = {401: "BadAuthenticationRequestError", 403: "ForbiddenRequestError"}


class Refused(Exception):
    """A request that gets `status` and the vendor's error body."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message

    def answer(self, content_type: str) -> Response:
        """The body as recorded on V2; JSON, whatever `content_type` claims."""
        body = {
            "httpCode": str(self.status),
            "httpMessage": HTTPStatus(self.status).phrase,
            "message": self.message,
            "errorClass": CLASSES.get(self.status, "Exception"),
        }
        return Response(self.status, body, headers={"Content-Type": content_type})
