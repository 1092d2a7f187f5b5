"""The gallery: one figure and a few sentences for each perturbation, made by running it: `make docs`.

`python docs/gallery.py NAME...` makes the figures named and leaves the others as they are.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from vrest.io.measurements import read_measurements
from vrest.model.cellfile import load
from vrest.plot.curve import curve_figure
from vrest.plot.dose_response import dose_figure
from vrest.plot.parameter_map import map_figure
from vrest.plot.perturb import perturbation_figure
from vrest.study.curve.curve import curve
from vrest.study.parameter_map.parameter_map import parameter_map
from vrest.study.perturb.dose_response import dose_response
from vrest.study.perturb.library import find, perturbations
from vrest.study.perturb.perturb import perturb
from vrest.tables import number
from vrest.units import duration
from vrest.verbs.rest import rest

HERE = Path(__file__).parent
IMAGES, PAGE = HERE / "images" / "gallery", HERE / "gallery.md"
DPI = 80

HEAD = """# Gallery of perturbations

*What do a poison, a lesion or a disease do to a cell?*

One figure for each perturbation, in the cell where it tells most. Every figure and every number is made by `make docs`,
which runs the command under the figure. What each perturbation does in every other cell is in [pairs.md](pairs.md), at
its default dose and duration; where a figure has another, it is said.

How to read a figure: on the left the time course, from before the perturbation until the washed cell is where it ends;
on the right how far V has moved at five moments while it is kept on, and V and the Nernst potentials on a logarithmic
clock meanwhile. An arrow leads to a potential that is off the scale, and what does not move is named and not drawn.
Spikes that cannot be told apart are a grey band from the lowest to the highest V; some of them are shown beside it.

At the end: a [curve](#vrest-curve), a [map](#vrest-map) and [dose-responses](#vrest-perturb---dose).
"""


@dataclass(frozen=True)
class Scene:
    """The cell in which a perturbation is shown, and how."""

    cell: str
    dose: str | None = None
    duration: str | None = None


SCENES = {
    "anoxia": Scene("dijkstra_2016", duration="5 min"),
    "atp_depletion": Scene("muscle_tubule"),
    "cooling": Scene("mammalian_neuron"),
    "electroneutral_pump": Scene("article_neuron"),
    "gaba_a_opening": Scene("immature_neuron"),
    "gating_pore_leak": Scene("kir_muscle"),
    "hyperkalaemia": Scene("ventricular_myocyte"),
    "hypokalaemia": Scene("kir_muscle", "lethal", "6 h"),
    "hyponatraemia": Scene("astrocyte", "severe"),
    "k2p_opening": Scene("pyramidal_neuron", "3"),
    "k_clearance_loss": Scene("cressman_2009"),
    "k_leak_block": Scene("frog_skin"),
    "k_permeability_loss": Scene("article_neuron"),
    "k_puff": Scene("astrocyte_pair"),
    "kcc2_block": Scene("pyramidal_neuron"),
    "kir41_loss": Scene("kir_astrocyte"),
    "m_current_closure": Scene("pyramidal_neuron", "50 %"),
    "nkcc1_block": Scene("immature_neuron"),
    "ouabain": Scene("mammalian_neuron"),
    "pump_loss": Scene("squid_axon"),
    "sd_trigger": Scene("huebel_dahlem_2014"),
    "selectivity_loss": Scene("article_neuron"),
    "ttx": Scene("hodgkin_huxley_1952"),
}


def main() -> None:
    every = [*perturbations(), *STUDIES]
    wanted = sys.argv[1:] or every
    sections = {} if wanted == every else _sections()
    IMAGES.mkdir(parents=True, exist_ok=True)
    for name in wanted:
        sections[name] = STUDIES[name]() if name in STUDIES else section(name, SCENES[name])
        print(sections[name], flush=True)
    PAGE.write_text("\n".join([HEAD, *(sections[name] for name in sorted(sections))]), encoding="utf-8")


def section(name: str, scene: Scene) -> str:
    """Draws the figure of one perturbation; what to write beside it."""
    story = perturb(scene.cell, name, scene.dose, duration=scene.duration)
    _write(perturbation_figure(story), IMAGES / f"{name}.png")
    line = ["vrest", "perturb", scene.cell, name]
    line += ["--dose", scene.dose] if scene.dose else []
    line += ["--duration", scene.duration] if scene.duration else []
    line += ["--plot", f"{name}.png"]
    what = find(name)
    ready = story.excitability
    told = f" At rest the cell is {_spoken(ready[0])}; kept on, {_spoken(ready[1])}." if ready else ""
    return f"""## {name}

{what.title}. {what.mechanism}{_differs(name, scene)}

![{name} in {scene.cell}](images/gallery/{name}.png)

{story.sentence()}{told}

```
{shlex.join(line)}
```
"""


def along() -> str:
    """Draws V against K+ outside in two cells; what to write beside them."""
    neuron = curve("mammalian_neuron", "outside.K swap Na", "0.5:150:log")
    fibre = curve("kir_muscle", "outside.K swap Na", "0.5:20:log")
    _write(curve_figure(neuron), HERE / "images" / "curve.png")
    _write(curve_figure(fibre), IMAGES / "curve.png")
    data = read_measurements(HERE.parent / "examples" / "vm_ko.csv")
    measured = curve("frog_muscle", "outside.K swap Na", "0.5:100:log", data=data)
    _write(curve_figure(measured), IMAGES / "measured.png")
    points = measured.points
    assert points is not None
    off = number(points.off(points.instant), 2)
    (jump,) = fibre.thresholds
    return f"""## {CURVE}

V along one number of a cell, at once and settled ([curves](curve.md)). With more K+ outside the settled V of a neuron
follows the Nernst line, as its K+ inside changes too; with little, the pump starves of K+ and the cell runs down.

![V of a mammalian neuron against K+ outside](images/curve.png)

```
vrest curve mammalian_neuron outside.K 0.5 150 --log --swap Na --plot curve.png
```

A muscle fibre with an inward rectifier: {jump.said(fibre.unit)}.

![V of a muscle fibre against K+ outside](images/gallery/curve.png)

```
vrest curve kir_muscle outside.K 0.5 20 --log --swap Na --plot fibre.png
```

Measured points of a frog's muscle, with Cl- channels blocked: they lie {off} mV (root mean square) from V at once in
the bath of each, the crosses. The curve has open Cl- channels, which hold V at once back.

![V of a frog's muscle against K+ outside, with measured points](images/gallery/measured.png)

```
vrest curve frog_muscle outside.K 0.5 100 --log --swap Na --data examples/vm_ko.csv --plot measured.png
```
"""


def doses() -> str:
    """Draws two dose-responses; what to write beside them."""
    drug = dose_response("mammalian_neuron", "ouabain", "1 nM:10 uM:log:41")
    grades = dose_response("skeletal_muscle", "hyperkalaemia", "mild, moderate, severe, lethal")
    _write(dose_figure(drug), IMAGES / "doses.png")
    _write(dose_figure(grades), IMAGES / "grades.png")
    moved = drug.settled[0] - drug.v_rest[0]
    half = float(drug.doses[int((moved > moved[-1] / 2).argmax())])
    return f"""## {DOSES}

Several doses of a perturbation in one figure ([doses](curve.md)). Half of the pumps are blocked at
{number(drug.half or 0.0)} {drug.unit}, but V settles half way down only at about {number(half, 2)} {drug.unit}: the
pumps that are left turn faster as Na+ inside rises. At once, no dose takes away more than the pump's own current.

![V of a neuron against ouabain](images/gallery/doses.png)

```
vrest perturb mammalian_neuron ouabain --dose 1nM:10uM:log:41 --plot doses.png
```

Named doses are those of a clinic; `vrest perturb hyperkalaemia` says what each stands for.

![V of a muscle fibre against the grades of hyperkalaemia](images/gallery/grades.png)

```
vrest perturb skeletal_muscle hyperkalaemia --dose mild,moderate,severe,lethal --plot grades.png
```
"""


def over() -> str:
    """Draws a map of anoxia; what to write beside it."""
    x, y = ("duration", "1 min:2 h:log"), ("dose", "0 %:100 %")
    found = parameter_map("mammalian_neuron", x, y, "anoxia", after="10 min")
    _write(map_figure(found), IMAGES / "map.png")
    back = found.endings == "back"
    longest = duration(float(found.x.values[back[-1]].max()), 2)
    away = ~back
    near = np.abs(found.v - rest("mammalian_neuron").v_rest) < 1.0
    alike, apart = int((near & away).sum()), int(away.sum())
    always = number(float(found.y.values[back.all(axis=1)].max()))
    return f"""## {MAP}

What becomes of a cell over two numbers ([maps](populations.md#maps)): here how much of the pump's activity is lost, for
how long, and whether the neuron is back 10 min after the wash. Without any pump it comes back after {longest} at most;
with a loss of {always} % it does after 2 h, too. At {alike} of the {apart} points where it is not back, V is: the
contents take longer.

![A neuron after anoxia of any depth and duration](images/gallery/map.png)

```
vrest map mammalian_neuron anoxia --x duration '1 min:2 h:log' --y dose '0 %:100 %' --after '10 min' --plot map.png
```
"""


CURVE, DOSES, MAP = "vrest curve", "vrest perturb --dose", "vrest map"
STUDIES: dict[str, Callable[[], str]] = {CURVE: along, DOSES: doses, MAP: over}
"""The last sections: V along one number of a cell, over doses, and over two numbers."""


def _write(figure: Figure, path: Path) -> None:
    """A small file: of the colours of a figure, 256 that are near all others."""
    drawn = BytesIO()
    figure.savefig(drawn, dpi=DPI)
    Image.open(drawn).convert("RGB").quantize(256, Image.Quantize.MAXCOVERAGE).save(path, optimize=True)


def _differs(name: str, scene: Scene) -> str:
    """What is not as in the table of pairs."""
    usual, cell = find(name), load(scene.cell)
    told = []
    if scene.dose:
        here, there = (usual.text(p.used_dose(cell)[0]) for p in (usual.dosed(scene.dose), usual))
        told.append(f"a dose of {here} in place of {there}")
    if scene.duration:
        hours = usual.duration / 3600
        there = f"{hours:g} h" if hours >= 1 else f"{60 * hours:g} min"
        told.append(f"a duration of {scene.duration} in place of {there}")
    return f" Here with {' and '.join(told)}." if told else ""


def _spoken(ready: object) -> str:
    return "it comes to no rest" if ready is None else " ".join(repr(ready).split())


def _sections() -> dict[str, str]:
    """The sections of the present page, by name."""
    parts = PAGE.read_text(encoding="utf-8").split("\n## ")[1:]
    return {part.partition("\n")[0]: f"## {part}".rstrip() + "\n" for part in parts}


if __name__ == "__main__":
    main()
