"""`vrest mullins-noda`."""

from __future__ import annotations

import rich_click as click

from vrest.cli import options
from vrest.cli.ghk import Ions, fixed_columns, ions_option, read_ions, told_inputs


@click.command("mullins-noda")
@ions_option
@click.option("--pump-ratio", default="1.5", show_default=True, metavar="R", help="Na+ out for each K+ in.")
@options.celsius
@options.output
@options.common
def command(ions: Ions, pump_ratio: str, celsius: str, output: str | None, as_json: bool, quiet: bool) -> None:
    """Mullins-Noda potential: GHK of K+ and Na+ with the current of the pump that makes good their leaks.

    \b
    Examples:
      vrest mullins-noda --ion K 140 5 1 --ion Na 15 145 0.04 --celsius 37
      vrest mullins-noda --ion K 140 1:100:log 1 --ion Na 15 145 0.04 -o vm.csv

    It holds in the steady state, where Cl- is passive and does not count. Beside it stands GHK without the pump's
    current, which is the same with a pump ratio of 1. Each number may be a list ("2.5, 5, 10") or a range (1:100,
    1:100:log, 1:100:log:41); several that vary are equally long and go side by side.
    """
    import numpy as np

    from vrest.cli.answer import answer, say, table
    from vrest.cli.sweeps import as_door, swept
    from vrest.io.report import report
    from vrest.study.calculator import ghk, mullins_noda, swept_columns
    from vrest.tables import Column, Table, millivolts, number
    from vrest.units import to_si

    read, heat = read_ions(ions), swept(celsius, "temperature", "celsius")
    ratio = swept(pump_ratio, "number", "pump ratio")
    v = mullins_noda(read, pump_ratio=ratio, celsius=heat)
    without = ghk(read, celsius=heat)
    difference = v - without.v
    inputs = told_inputs(ions, read, heat)
    inputs |= {"pump_ratio": as_door(to_si(ratio, "number", bare_ok=True), "number"), "output": output}
    varied = swept_columns(read, celsius=heat, pump_ratio=ratio)
    body = report(
        {"v": v, "ghk": without.v, "pump_part": difference},
        {"v": "mV", "ghk": "mV", "pump_part": "mV"},
        inputs,
        temperature=None if isinstance(inputs["celsius"], list) else inputs["celsius"],
        warnings=without.notices,
    )
    potentials = {"V": v, "GHK": np.broadcast_to(without.v, np.shape(v)), "pump's part": difference}
    columns = [Column(name, "mV", np.ravel(values).tolist(), decimals=2) for name, values in potentials.items()]
    listed, rows = Table([*varied, *columns]), Table(fixed_columns(inputs))
    options.save_data(output, body, [listed, rows])

    def human() -> None:
        fixed = [] if isinstance(inputs["pump_ratio"], list) else [f"r = {number(inputs['pump_ratio'])}"]
        fixed += [] if isinstance(inputs["celsius"], list) else [f"{number(inputs['celsius'])} degC"]
        if varied:
            say(", ".join(["V by Mullins-Noda", *fixed]))
            table(rows, listed)
        else:
            say(f"V = {millivolts(v)} mV   (Mullins-Noda, {', '.join(fixed)})")
            part = millivolts(difference)
            say(f"GHK without the pump's current: {millivolts(without.v)} mV; the pump's part: {part} mV")
            table(rows)

    answer(body, human, as_json=as_json, quiet=quiet)
