"""`vrest design`."""

from __future__ import annotations

from dataclasses import replace

import rich_click as click
from click.exceptions import Exit

from vrest.cli import options


@click.command("design")
@options.cell
@click.option("--v-rest", metavar="V", help='Where the cell shall rest, mV, or such as "-75 mV".')
@click.option("--inside", multiple=True, metavar="ION=C", help='A concentration inside, such as "Cl=5 mM". Repeatable.')
@click.option("--outside", multiple=True, metavar="ION=C", help="The same outside. Repeatable.")
@click.option("--input-resistance", metavar="R", help='At rest, such as "150 Mohm": sets the scale of the strengths.')
@click.option("--area", metavar="A", help='Of the membrane, such as "1000 um2".')
@click.option("--add", multiple=True, metavar="LAW", help='A transport to add: KCC2, NKCC1, "ghk_leak Cl". Repeatable.')
@click.option("--hold", multiple=True, metavar="WHAT", help='What stays: pump.max_rate, "P_Na/P_K=0.04". Repeatable.')
@options.changes
@click.option("-o", "--output", metavar="FILE", help="Save the designed cell, with all digits (.toml).")
@options.common
def command(
    cell: str,
    v_rest: str | None,
    inside: tuple[str, ...],
    outside: tuple[str, ...],
    input_resistance: str | None,
    area: str | None,
    add: tuple[str, ...],
    hold: tuple[str, ...],
    changes: options.Changes,
    output: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """A cell that really rests where you want it: leaks, pump and cotransport solved for a target.

    \b
    Examples:
      vrest design mammalian_neuron --v-rest "-75 mV" --input-resistance "150 Mohm" -o mine.toml
      vrest design mammalian_neuron --v-rest "-75 mV" --inside "Cl=5 mM" --add KCC2
      vrest design squid_axon --v-rest -62 --outside "K=15 mM" --swap Na --json
      vrest design mammalian_neuron --v-rest -70 --hold "P_Na/P_K=0.04"  # exit code 3: nothing can

    Ions inside that are not named stay, or take their equilibrium where only channels move them. What cannot rest is
    refused with the reason (exit code 3); a design that is not stable has exit code 4 and is not saved.

    CELL is a name of the library ('vrest show' lists them), a TOML file, or - for standard input.
    """
    from vrest.cli.answer import Meter, answer, shown
    from vrest.cli.app import Wrong
    from vrest.errors import NoRestError
    from vrest.io.report import door, report

    if v_rest is None:
        raise Wrong("--v-rest is missing.", code="missing_argument", hint='Such as --v-rest "-75 mV".')
    if output:
        from vrest.atomic import check_target

        check_target(output, (".toml",), "a cell")
    within, without = _targets(inside, "--inside"), _targets(outside, "--outside")
    described = changes.described(cell)
    bath = next(iter(described.membranes.values())).outside
    going_along = [f"{bath}.{ion}={value}" for ion, value in without.items() if changes.swap or changes.salt]
    described = replace(changes, texts=(*changes.texts, *going_along)).apply(described)

    from vrest.study.design.design import design

    with Meter(described.name):
        made = design(
            described,
            v_rest=v_rest,
            inside=within,
            outside=without,
            input_resistance=input_resistance,
            area=area,
            add=add,
            hold=hold,
        )
    error = None
    if not made.stable:
        error = NoRestError(f"The designed point does not hold. {made.rest.reason}", code="unstable")
    elif output:
        from vrest.atomic import replacing
        from vrest.model.cellfile import write_cell

        with replacing(output) as temporary:
            temporary.write_text(write_cell(made.cell), encoding="utf-8")
    inputs = {"cell": cell, "v_rest": v_rest, "inside": list(inside), "outside": list(outside), "area": area}
    inputs |= {"input_resistance": input_resistance, "add": list(add), "hold": list(hold)}
    inputs |= {**changes.inputs, "output": output}
    body = report(
        made.as_dict(),
        made.units(),
        inputs,
        cell=made.cell.name,
        temperature=door(made.cell.temperature, "temperature"),
        warnings=made.rest.warnings,
        error=error,
    )
    told = "" if made.stable else made.rest.reason
    answer(body, lambda: shown(made, told), as_json=as_json, quiet=quiet)
    if error is not None:
        raise Exit(error.exit_code)


def _targets(texts: tuple[str, ...], option: str) -> dict[str, str]:
    """ION=C of the command line, by ion."""
    from vrest.errors import InputError

    found = {}
    for text in texts:
        ion, equals, value = (part.strip() for part in text.partition("="))
        if not (ion and equals and value) or ion in found:
            raise InputError(
                f"{option} {text!r} " + ("names an ion again." if ion in found else "is not ION=CONCENTRATION."),
                code="bad_target",
                hint=f'Such as {option} "Cl=5 mM".',
            )
        found[ion] = value
    return found
