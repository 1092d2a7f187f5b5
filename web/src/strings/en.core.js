// Texts of the computing part: why the page cannot answer, and the way out.
export default {
  "core.pending": "Still following the motion…",
  "core.impossible": "There is no such cell: a value is outside its limits, or nothing balances the charge.",
  "core.used_up":
    "An ion is used up, or a compartment is nearly empty of it. Whether the cell rests without it, this page does not decide.",
  "core.without.decays": "{names} is used up: what is left of it decays, and nothing brings it back.",
  "core.without.slowly": "{names} is used up: what is left of it decays more slowly than any exponential, and nothing brings it back.",
  "core.without.and": " and ",
  "core.leaves": "There is a stationary state, but the cell leaves it. Where it goes from there, this page does not follow.",
  "core.not_followed": "The cell still moves after as many steps as this page takes; it may oscillate. This page does not decide.",
  "core.not_converged": "The motion comes to a stop, but not at a state that this page can certify.",
  "core.not_finite": "The motion leads to numbers that are not finite. This page does not decide why.",
  "core.too_slow": "There is a stationary state, but its slowest rate is too small for this page to tell from zero.",
  "core.combination":
    "With just these transports off other totals are conserved than this page carries. It gives the answer at once alone.",
  "core.refused": "This page shows no numbers.",
  "core.no_webassembly":
    "This browser cannot run WebAssembly, in which the equations are compiled. Open the file in a newer Firefox, Chrome, Edge or Safari, or ask the same on a command line: {command}",
  "core.forbidden":
    "Whoever shows this page forbids WebAssembly, in which its equations are compiled (a content policy without 'wasm-unsafe-eval'). Save the file and open it from your disk, or ask the same on a command line: {command}",
  "core.no_memory": "There is not enough memory for the equations. Close other pages and load this one again, or ask on a command line: {command}",
  "core.broken": "This file is damaged or was not made by vrest: {why} Make it again: vrest web {cell} --save page.html",
  "core.format": "its document has the format {got}, and this page reads {allowed}.",
  "core.unlike":
    "This browser computes something else than vrest {version} did when the file was made ({what}), so the page shows no numbers. Ask on a command line instead: {command}",
  "core.failed": "The page met an error of its own ({why}). Load it again; if that does not help, please report it with the link of this page.",
  "core.link": "The link says what this page cannot take, which was left out: {what}.",
  "core.link.unknown": "{key}={value} (not known here)",
  "core.link.value": "{key}={value} (no value of it)",
  "core.link.outside": "{key}={value} (outside its limits)",
  "core.link.version": "The link was made by vrest {value}; this page is of vrest {version}, and its numbers may differ.",
};
