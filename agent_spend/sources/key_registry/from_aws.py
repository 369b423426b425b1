"""The key registry as tags on AWS Secrets Manager: `ListSecrets` in each region named, and nothing else."""

import json

from agent_spend.errors import FeedError, State
from agent_spend.sources.dated import Versions
from agent_spend.sources.http import MAX_ATTEMPTS, TIMEOUT_SECONDS, Answer
from agent_spend.sources.key_registry import schema

_PAGE_SIZE = 100
_EXPIRED = {
    "ExpiredTokenException", "InvalidClientTokenId", "InvalidSignatureException", "RequestExpired", "UnrecognizedClientException",
}  # fmt: skip
_TOO_MANY = {"Throttling", "ThrottlingException", "TooManyRequestsException"}


def read(setting: str, uri: str) -> Versions:
    """The registry of ``aws-secretsmanager://<region>[,<region>...]``; Secrets Manager is regional.

    Secrets that wait for deletion are listed too: their keys were used on days that are still being read again.
    Credentials are boto3's own (environment, profile, role); this project never sees them.

    Raises:
        FeedError: ``not_installed``, ``unauthorized``, ``forbidden``, ``not_found``, ``connection``, ``timeout``,
            ``rate_limited``, ``server_error``, ``malformed``, ``repeated_page``; ``empty_file`` when no secret of any region
            names a key. One failed region fails all.
    """
    regions = [region.strip() for region in uri.partition("://")[2].split(",") if region.strip()]
    if not regions:
        raise FeedError("bad_value", f"{setting}: name the regions, e.g. aws-secretsmanager://eu-west-1,us-east-1")
    lines, notes, raw = [], [], []
    for region in regions:
        tagged = [(entry["Name"], _tags(entry)) for entry in _secrets(region)]
        found, note = schema.tagged_lines(tagged, f"{setting} {region}")
        lines += found
        notes += [f"{region}: {note}"] if note else []
        raw.append(_evidence(region, {line.values["secret"] for line in found}, tagged))
    if not lines:
        raise schema.no_keys(f"{setting} in {', '.join(regions)}")
    for answer in raw:
        schema.refuse_secrets(answer.body, setting)
    return Versions(schema.versions_of(lines, "aws_secrets_manager"), tuple(raw), "; ".join(notes))


def _secrets(region: str) -> list[dict]:
    try:
        from boto3.session import Session
        from botocore import exceptions
        from botocore.config import Config
    except ImportError:
        raise FeedError("not_installed", "reading AWS Secrets Manager needs boto3: install agent-spend[aws]") from None
    where = f"AWS Secrets Manager ListSecrets in {region}"
    connect, answer = TIMEOUT_SECONDS
    retries = {"mode": "standard", "total_max_attempts": MAX_ATTEMPTS}
    config = Config(connect_timeout=connect, read_timeout=answer, retries=retries)
    try:
        # A session of its own: boto3's default one would keep credentials that have since been changed.
        client = Session().client("secretsmanager", region_name=region, config=config)
        pages = client.get_paginator("list_secrets").paginate(
            IncludePlannedDeletion=True, PaginationConfig={"PageSize": _PAGE_SIZE}
        )
        return [{"Name": entry["Name"], "Tags": entry.get("Tags")} for page in pages for entry in page["SecretList"]]
    except exceptions.ClientError as error:
        raise _refusal(where, error.response) from None
    except exceptions.PaginationError:
        raise FeedError("repeated_page", f"{where}: the same page came twice; nothing was stored, run it again") from None
    except (exceptions.ConnectTimeoutError, exceptions.ReadTimeoutError):
        raise FeedError("timeout", f"{where} did not answer in time; check the network and AWS_ENDPOINT_URL") from None
    except (exceptions.NoCredentialsError, exceptions.PartialCredentialsError, exceptions.TokenRetrievalError) as error:
        raise FeedError("unauthorized", f"{where}: {error}; give boto3 a role, a profile or keys") from None
    except (KeyError, TypeError, AttributeError, exceptions.ResponseStreamingError):
        # boto3 takes any answer with status 200 for the service's, whatever it holds.
        message = "is no whole list of secrets; nothing was stored. Check AWS_ENDPOINT_URL and proxies, and run it again"
        raise FeedError("malformed", f"{where}: the answer {message}") from None
    except exceptions.BotoCoreError as error:
        raise FeedError("connection", f"{where}: {error}; check the region's name and the network") from None


def _refusal(where: str, answer: dict) -> FeedError:
    error, status = answer.get("Error", {}), answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
    code, message = error.get("Code", ""), f"{where}: {error.get('Code')} {error.get('Message', '')}".strip()
    if code.startswith("AccessDenied") or status == 403:
        return FeedError("forbidden", f"{message}; allow secretsmanager:ListSecrets", State.FORBIDDEN)
    if code in _EXPIRED or status == 401:
        return FeedError("unauthorized", f"{message}; renew the AWS credentials of this process, and check its clock")
    if code in _TOO_MANY or status == 429:
        return FeedError("rate_limited", f"{message}; run it again later")
    if status == 404:
        return FeedError("not_found", f"{message}; check AWS_ENDPOINT_URL")
    return FeedError("server_error", f"{message}; run it again later")


def _tags(entry: dict) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in entry.get("Tags") or ()}


def _evidence(region: str, taken: set[str], tagged: list[tuple[str, dict[str, str]]]) -> Answer:
    """Names and tags of the secrets that take part; what other secrets the account holds is not ours to keep."""
    kept = [{"Name": name, "Tags": tags} for name, tags in tagged if name in taken]
    return Answer(f"aws-secretsmanager://{region}", 200, {}, json.dumps(kept).encode())
