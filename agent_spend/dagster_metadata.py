"""What every asset says about itself in the Dagster UI besides its columns: the files behind it, and who answers for it."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import dagster as dg

from agent_spend.errors import ConfigurationError
from agent_spend.settings import env


def source_files(**paths: Path) -> dict:
    """Metadata that links an asset to its files; each keyword is the label of one. Files that are not there are left out."""
    references = [
        dg.LocalFileCodeReference(file_path=str(path.resolve()), line_number=1, label=label)
        for label, path in paths.items()
        if path.is_file()
    ]
    return {"dagster/code_references": dg.CodeReferencesMetadataValue(code_references=references)}


def owned(assets: Iterable[dg.AssetsDefinition | dg.AssetSpec]) -> Sequence[dg.AssetsDefinition | dg.AssetSpec]:
    """The assets with the owners that ``AGENT_SPEND_OWNERS`` names (comma list of ``team:<name>`` and e-mail addresses).

    Raises:
        ConfigurationError: an owner is neither.
    """
    owners = [owner.strip() for owner in (env("AGENT_SPEND_OWNERS") or "team:platform").split(",") if owner.strip()]
    try:
        dg.AssetSpec("any", owners=owners)
    except dg.DagsterInvalidDefinitionError:
        raise ConfigurationError(
            f"AGENT_SPEND_OWNERS must be a comma list of team:<name> and e-mail addresses, not {', '.join(owners)!r}"
        ) from None
    return dg.map_asset_specs(lambda spec: spec.replace_attributes(owners=owners), assets)
