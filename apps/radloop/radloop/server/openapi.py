"""What the OpenAPI document says beside what FastAPI finds out: tokens, and the role that each route asks for."""

from typing import Any

from fastapi import FastAPI

from radloop.server.rules import find

TEXT = {"schema": {"type": "string"}}
BYTES = {"schema": {"type": "string", "format": "binary"}}

METHODS = {"get", "head", "put", "post", "delete"}


def tell_roles(app: FastAPI) -> None:
    """Let ``app.openapi()`` tell them."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = plain()
            document.setdefault("components", {})["securitySchemes"] = {
                "token": {"type": "http", "scheme": "bearer", "description": "radloop token create"}
            }
            for path, operations in document["paths"].items():
                for method in METHODS & operations.keys():
                    found = find(method.upper(), path)
                    if found is not None and found.rule.role is not None:
                        # Either: nobody is asked on loopback, unless the settings say so.
                        operations[method]["security"] = [{"token": []}, {}]
                        operations[method]["x-role"] = found.rule.role
        return app.openapi_schema or {}

    app.openapi = openapi  # type: ignore[method-assign]
