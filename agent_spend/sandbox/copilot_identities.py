"""Who the simulated company's GitHub accounts are: SCIM users and external identities of an enterprise of managed users.

Managed users are provisioned at the enterprise, so its organizations have neither SCIM nor SAML of their own, unless
``github_organizations=standalone``. Other switches: ``github_scim=missing`` answers 404 as an enterprise without SCIM does;
``github_saml=missing`` has no identity provider, ``github_saml=forbidden`` refuses as GraphQL does, with status 200.
"""

import json

from starlette.requests import Request
from starlette.responses import Response

from agent_spend.sandbox.copilot_replies import Refusal, json_reply
from agent_spend.sandbox.scenario import ENTERPRISE, Person
from agent_spend.sandbox.state import SandboxState


def scim_users(sandbox: SandboxState, request: Request) -> Response:
    """SCIM users by ``startIndex``, from 1; whoever has left stays listed as inactive."""
    is_standalone = sandbox.options.get("github_organizations") == "standalone"
    if ("org" in request.path_params and not is_standalone) or sandbox.options.get("github_scim") == "missing":
        raise Refusal(404, "Not Found")
    people = sandbox.scenario.people
    start = max(1, int(request.query_params.get("startIndex", "1")))
    count = min(100, int(request.query_params.get("count", "30")))
    page = [_scim(sandbox, person) for person in people[start - 1 : start - 1 + count]]
    return json_reply(
        {
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": len(people),
            "itemsPerPage": len(page), "startIndex": start, "Resources": page,
        }
    )  # fmt: skip


def graphql(sandbox: SandboxState, body: bytes) -> Response:
    """External identities, ten a page whatever ``first`` asks for; any other query is not understood."""
    asked = json.loads(body or b"{}")
    query, variables = asked.get("query", ""), asked.get("variables") or {}
    if "externalIdentities" not in query:
        return json_reply({"errors": [{"message": "the sandbox knows externalIdentities only"}]})
    if sandbox.options.get("github_saml") == "forbidden":
        error = {"type": "FORBIDDEN", "message": "Resource not accessible by personal access token"}
        return json_reply({"data": {"organization": None}, "errors": [error]})
    if "organization(" in query:
        is_standalone = sandbox.options.get("github_organizations") == "standalone"
        provider = _provider(sandbox, variables.get("after")) if is_standalone else None
        return json_reply({"data": {"organization": {"samlIdentityProvider": provider}}})
    if variables.get("slug") != ENTERPRISE:
        return json_reply({"data": {"enterprise": None}, "errors": [{"type": "NOT_FOUND", "message": "Could not resolve"}]})
    provider = None if sandbox.options.get("github_saml") == "missing" else _provider(sandbox, variables.get("after"))
    return json_reply({"data": {"enterprise": {"ownerInfo": {"samlIdentityProvider": provider}}}})


def _provider(sandbox: SandboxState, after: str | None) -> dict:
    people, start = sandbox.scenario.people, int(after or 0)
    shown = people[start : start + 10]
    return {
        "externalIdentities": {
            "pageInfo": {"hasNextPage": start + 10 < len(people), "endCursor": str(start + len(shown))},
            "edges": [{"node": _identity(sandbox, person)} for person in shown],
        }
    }


def _identity(sandbox: SandboxState, person: Person) -> dict:
    scenario, address = sandbox.scenario, [{"value": person.email, "primary": True}]
    login = scenario.login_of(person, scenario.end_day)
    return {
        "samlIdentity": {"nameId": person.email, "emails": []},
        "scimIdentity": {"username": person.email, "emails": address},
        "user": {"login": login, "databaseId": person.github_user_id, "name": person.name},
    }


def _scim(sandbox: SandboxState, person: Person) -> dict:
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": f"scim-{person.person_id}",
        "externalId": person.person_id, "userName": person.email, "displayName": person.name,
        "active": sandbox.scenario.is_employed(person, sandbox.scenario.end_day),
        "emails": [{"value": person.email, "type": "work", "primary": True}],
        "meta": {"resourceType": "User"},
    }  # fmt: skip
