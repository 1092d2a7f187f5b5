"""The gallery: one figure and a few sentences for each perturbation, made by running it: `make docs`.

`python docs/gallery.py NAME...` makes the figures named and leaves the others as they are.
"""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from matplotlib.figure import Figure
from PIL import Image

from vrest.model.cellfile import load
from vrest.plot.curve import curve_figure
from vrest.plot.perturb import perturbation_figure
from vrest.study.curve.curve import curve
from vrest.study.perturb.perturb import perturb
from vrest.study.perturb.perturbation import find, perturbations

HERE = Path(__file__).parent
IMAGES, PAGE = HERE / "images" / "gallery", HERE / "gallery.md"
CURVE = "vrest curve"
"""The last section: V along one number of a cell."""
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
    every = [*perturbations(), CURVE]
    wanted = sys.argv[1:] or every
    sections = {} if wanted == every else _sections()
    IMAGES.mkdir(parents=True, exist_ok=True)
    for name in wanted:
        sections[name] = along() if name == CURVE else section(name, SCENES[name])
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
"""


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
