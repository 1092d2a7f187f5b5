"""One thing wrong at one place of the dictionary of a file."""

import copy
from collections.abc import Iterator
from typing import Any

Place = tuple[Any, ...]


def places(node: Any, path: Place = ()) -> Iterator[Place]:
    """The path of every node below the whole."""
    inside = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, each in inside:
        yield (*path, key)
        yield from places(each, (*path, key))


def damaged(data: dict[str, Any], path: Place, how: str, what: Any) -> dict[str, Any]:
    """A copy with the node at a path replaced, lost, or under another key."""
    data = copy.deepcopy(data)
    table: Any = data
    for key in path[:-1]:
        table = table[key]
    if how == "replace":
        table[path[-1]] = what
    elif how == "lose":
        del table[path[-1]]
    elif isinstance(table, dict):
        table[what] = table.pop(path[-1])
    return data
