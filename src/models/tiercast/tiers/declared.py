"""All policies there are for a bundle: those that ship, those of extensions, and those in files of your own."""

from tiercast.collect import choose, collect
from tiercast.errors import DuplicateName
from tiercast.tiers.files import is_file, read_policy
from tiercast.tiers.policy import Policy


def declared_policies(extensions: tuple[str, ...] = (), files: tuple[str, ...] = ()) -> dict[str, Policy]:
    """Return every policy by name; a file's policy may take the place of the one that it is ``like``, under its name.

    Raises
    ------
    BadPolicy, DuplicateName, ExtensionError

    Examples
    --------
    >>> sorted(declared_policies())
    ['base_types', 'influence_intent', 'ladder', 'price_band', 'pyramid', 'value_satisfaction', 'value_tiers']
    """
    found = collect("tiercast.tiers", Policy, extensions)
    places: dict[str, str] = {}
    for file in dict.fromkeys(files):
        policy = read_policy(file, extensions=extensions)
        shipped = found.get(policy.name)
        if policy.name in places or (shipped is not None and shipped.classes != policy.classes):
            raise DuplicateName(
                what="policy",
                name=policy.name,
                modules=[places.get(policy.name, "tiercast.tiers"), str(file)],
            )
        found[policy.name], places[policy.name] = policy, str(file)
    return found


def policy_named(
    name: str, extensions: tuple[str, ...] = (), files: tuple[str, ...] = ()
) -> tuple[Policy, dict[str, Policy]]:
    """Return the policy of a name or a TOML file, and all there are.

    Raises
    ------
    UnknownName, BadPolicy, DuplicateName, ExtensionError
    """
    if is_file(name):
        every = declared_policies(extensions, (*files, name))
        return every[read_policy(name, extensions=extensions).name], every
    every = declared_policies(extensions, files)
    return choose(every, name, what="policy"), every
