"""Importing this registers every law, exchange and gating that comes with the package."""

from vrest.model import (  # noqa: F401
    calcium,
    channels,
    cotransport,
    electrodiffusion,
    gatings_cortical,
    gatings_cressman,
    gatings_dijkstra,
    gatings_edpr,
    gatings_wei,
    glial_uptake,
    junctions,
    pumps,
    rectifiers,
    water,
    water_shared,
)
