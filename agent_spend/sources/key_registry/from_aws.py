"""The key registry as tags on AWS Secrets Manager: `ListSecrets` in each region named, and nothing else."""

from agent_spend.errors import FeedError, State
from agent_spend.sources.dated import Versions
from agent_spend.sources.http import MAX_ATTEMPTS, TIMEOUT_SECONDS
from agent_spend.sources.key_registry.tags import Tagged, registry_of

_PAGE_SIZE = 100
_EXPIRED = {
    "ExpiredTokenException", "InvalidClientTokenId", "InvalidSignatureException", "RequestExpired", "UnrecognizedClientException",
}  # fmt: skip
_TOO_MANY = {"Throttling", "ThrottlingException", "TooManyRequestsException"}


def read(setting: str, uri: str) -> Versions:
    """The registry of ``aws-secretsmanager://[<profile>@]<region>[,...]``; Secrets Manager is regional, one account a profile.

    Secrets that wait for deletion are listed too: their keys were used on days that are still being read again.
    Credentials are boto3's own (environment, profile, role); this project never sees them.

    Raises:
        FeedError: ``not_installed``, ``unauthorized``, ``forbidden``, ``not_found``, ``connection``, ``timeout``,
            ``rate_limited``, ``server_error``, ``malformed``, ``repeated_page``; ``empty_file`` when no secret of any region
            names a key. One failed region fails all.
    """
    places = [place.strip() for place in uri.partition("://")[2].split(",") if place.strip()]
    if not places:
        raise FeedError("bad_value", f"{setting}: name the regions, e.g. aws-secretsmanager://eu-west-1,us-east-1")
    listed = {place: _secrets(place) for place in places}
    return registry_of(listed, setting, "aws_secrets_manager", "aws-secretsmanager://")


def _secrets(place: str) -> list[Tagged]:
    try:
        from boto3.session import Session
        from botocore import exceptions
        from botocore.config import Config
    except ImportError:
        raise FeedError("not_installed", "reading AWS Secrets Manager needs boto3: install agent-spend[aws]") from None
    profile, _, region = place.rpartition("@")
    where = f"AWS Secrets Manager ListSecrets in {place}"
    connect, answer = TIMEOUT_SECONDS
    retries = {"mode": "standard", "total_max_attempts": MAX_ATTEMPTS}
    config = Config(connect_timeout=connect, read_timeout=answer, retries=retries)
    try:
        # A session of its own: boto3's default one would keep credentials that have since been changed.
        client = Session(profile_name=profile or None).client("secretsmanager", region_name=region, config=config)
        pages = client.get_paginator("list_secrets").paginate(
            IncludePlannedDeletion=True, PaginationConfig={"PageSize": _PAGE_SIZE}
        )
        return [(entry["Name"], _tags(entry)) for page in pages for entry in page["SecretList"]]
    except exceptions.ClientError as error:
        raise _refusal(where, error.response) from None
    except exceptions.PaginationError:
        raise FeedError("repeated_page", f"{where}: the same page came twice; nothing was stored, run it again") from None
    except (exceptions.ConnectTimeoutError, exceptions.ReadTimeoutError):
        raise FeedError("timeout", f"{where} did not answer in time; check the network and AWS_ENDPOINT_URL") from None
    except (
        exceptions.NoCredentialsError, exceptions.PartialCredentialsError, exceptions.ProfileNotFound,
        exceptions.TokenRetrievalError,
    ) as error:  # fmt: skip
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
    return {tag.get("Key", ""): tag.get("Value", "") for tag in entry.get("Tags") or ()}
