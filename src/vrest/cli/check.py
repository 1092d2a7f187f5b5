"""`vrest check`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import rich_click as click
from click.exceptions import Exit

from vrest.cli import options

if TYPE_CHECKING:
    from vrest.study.check.check import Check
    from vrest.study.check.findings import Claims
    from vrest.study.junction.result import LJP


@click.command("check")
@click.argument("description", metavar="FILE")
@options.changes
@options.recording
@options.saving(f"Save the cell of the first way out, with all digits (.toml), or {options.DATA_HELP}", ".toml")
@options.common
def command(
    description: str,
    changes: options.Changes,
    ljp: str | None,
    config: str | None,
    output: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Why a model drifts: what is inconsistent, where it leads, and what would make it rest.

    \b
    Examples:
      vrest check mammalian_neuron
      vrest check hh.toml --json  # exit code 5: it drifts
      vrest check mammalian_neuron --set "pump.max_rate*=0.8" -o fixed.toml  # exit code 5, and what would hold it

    FILE is a cell file, a name of the library, - for standard input, or TOML with what one would write for NEURON, in
    its units: celsius, diam, L, cm, v_init, v_rest, g_pas, e_pas, gnabar_hh, gkbar_hh, gl_hh, el_hh; of na, k, cl, ca,
    hco3 and mg what is named like nai, nao, ena, gna; pumps ipump, imax with km_na and km_k, ipumpmax with km, vmax
    with khalf and ksteep; KCC2 as Pa_kcc2, gkcc2 or U_kcc2; a space outside by fhspace, txfer, kbath, nabath. Every ion
    is followed for an hour. Ways out aim at v_rest or v_init where the file has it, else at where the reversal
    potentials that are given put V. Where v_rest is what an amplifier showed, --ljp takes the junction off it, or the
    two solutions, which are then inside and outside. Exit code 0: it rests; 5: it drifts.
    """
    from vrest.cli.answer import Meter, answer
    from vrest.errors import CheckError
    from vrest.io.neuron import read_description
    from vrest.io.report import door, report
    from vrest.model.notice import Notice

    described, claims = read_description(description)
    described = changes.solutions.fill(described)
    cell = changes.apply(described)
    if claims.as_in_neuron and cell.membranes["membrane"].potential != described.membranes["membrane"].potential:
        claims = replace(claims, target=cell.membranes["membrane"].potential, target_name="potential")

    from vrest.study.check.aim import aimed
    from vrest.study.check.check import check

    claims = aimed(claims, _junction(changes.solutions, claims, config) if ljp is None else ljp, config)
    with Meter(cell.name) as meter:
        story = check(cell, claims, progress=meter)
    error = None
    if not story.rests:
        worst = story.findings[0]
        hint = story.fixes[0].message if story.fixes else story.unfixed
        error = CheckError(f"'{cell.name}' drifts: {worst.message}", code="drifts", hint=hint)
    unsaved = []
    if options.is_cell(output) and not story.fixes:
        reason = "it rests as it is" if story.rests else "no way out was found"
        unsaved = [Notice("not_saved", f"'{output}' was not written: {reason}")]
    elif options.is_cell(output):
        options.save_cell(story.fixes[0].cell, output)
    temperature = door(cell.temperature, "temperature")
    body = report(
        story.as_dict(),
        story.units(),
        {"file": description, **changes.inputs, "ljp": ljp, "config": config, "output": output},
        cell=cell.name,
        temperature=temperature,
        warnings=[*story.warnings, *unsaved],
        error=error,
    )
    options.save_data(output, body, story.saved())
    if as_json:
        answer(body, lambda: None, as_json=True, quiet=quiet)
    else:
        sets = (f'--set "{change}"' for change in changes.parsed(described))
        given = " ".join([description, *changes.solutions.words, *sets])
        told = {key: value for key, value in body.items() if key != "error"}  # the first finding says it
        answer(told, lambda: show(story, temperature, given), as_json=False, quiet=quiet)
    if error is not None:
        raise Exit(error.exit_code)


def _junction(solutions: options.Solutions, claims: Claims, config: str | None) -> LJP | None:
    """That of the solutions, where there is something to take it off."""
    from vrest.study.junction.configuration import configuration, is_sharp

    if not solutions or claims.target is None or is_sharp(config):
        return None
    from vrest.study.junction.ljp import ljp

    chosen = configuration(config).name
    return ljp(str(solutions.pipette), str(solutions.bath), celsius=solutions.celsius, config=chosen)


def show(story: Check, temperature: float, given: str) -> None:
    """The account for people."""
    from vrest.cli.answer import command as copied
    from vrest.cli.answer import say, table
    from vrest.tables import number

    verdict = "rests" if story.rests else "drifts"
    say(f"{story.cell.name} at {number(temperature)} degC: {verdict}")
    for k, finding in enumerate(story.findings, 1):
        say(f"\n{k}. {finding.message}")
    table(story.tables()[1])
    for remark in story.remarks:
        say(f"{remark.message}\n")
    if story.stopped:
        say(f"Not followed further: {story.stopped}")
    for fix in story.fixes:
        say(f"Way out, rested and run for an hour (V moves by {number(fix.drift, decimals=2)} mV): {fix.message}")
        for line in fix.lines:
            copied(line.replace("FILE", given))
    if story.unfixed:
        say(story.unfixed)
