"""The words of the grammar: what people type where a cell, a path, a number, a unit or a name is asked for."""

CELLS = ("mammalian_neuron", "mammalian_neuron", "squid_axon", "skeletal_muscle")
"""Small ones, whose machine code is made once."""

PATHS = (
    "outside.K", "outside.Na", "inside.K", "pump.max_rate", "temperature", "membranes.neuron.potential",
    "K_leak.permeability", "compartments.outside.ions.Cl", "ko", "nai", "celsius", "cm", "capacitance",
    "impermeant.valence", "gk", "ek", "outside.Mg", "nothing", "outside", "", ".", "outside..K", "K",
    "membranes.neuron.transports.pump.max_rate ", "outside.K.K", "área", "a" * 300,
)  # fmt: skip

NUMBERS = (
    "5", "0", "-5", "−5", "1e3", "1e-3", "1e400", "-1e400", "1e-400", "nan", "inf", "-inf", "0x", "1x", "0.5x", "2×",
    "1,5", "1.234,5", "1,234.5", "1 234", "1_000", "0x10", "½", "٣", "五", "5e", "--5", "+5", ".5", "5.", "1/2",
    "true", "None", "", " ", "solve", "restore", "1:2", "1:100:log", "1:2:3:4", "5 ± 1", "5(1)", "1e308", "4.9e-324",
    "0.0", "-0.0", "10001", "١٢", "5\n6",
)  # fmt: skip

UNITS = (
    "", "mM", " mM", "uM", "µM", "nM", "M", "mm", "mol/l", "mEq/L", "mg/dL", "mV", "V", "MV", "s", "ms", "min", "h",
    "d", "yr", "degC", "K", "°C", "degF", "um", "um3", "L", "pF", "nS", "S/cm2", "mS/cm^2", "uF/cm2", "cm/s",
    "pmol/cm2/s", "uA/cm2", "pA", "%", "mA/mM2/cm2", "furlong", "mM mM", "mM/", "/mM", "m M", "mm²", "kat", "1", "Hz",
    "pi", "c", "e", "hbar",
)  # fmt: skip

RIGHT = {
    "outside.K": ("5 mM", "3", "12 mmol/L", "8000 uM", "0 mM"),
    "outside.Na": ("145 mM", "120", "0.15 M"),
    "inside.K": ("140 mM", "100"),
    "pump.max_rate": ("50 pmol/cm2/s", "0", "6.4 uA/cm2"),
    "temperature": ("37 degC", "310.15 K", "20"),
    "membranes.neuron.potential": ("-70 mV", "-20", "−65 mV"),
    "concentration": ("5 mM", "140", "7.5", "100 uM", "1e-4 mM"),
}
"""What suits a path."""

TEXTS = (
    "", " ", "-", "--", "x", "K", "🧠", "\u202e", "a\tb", "a\nb", "\\", "'", '"', "`", "$(ls)", "%s%n", "{}", "[", "]",
    "{value}", "..", "/", "/dev/null", "/nonexistent/x", "~", "*", "?", "C:\\x", "a" * 256, "é" * 200, "\ufeff",
    "null", "NaN", "…", "=", "==", "K=", "=5",
)  # fmt: skip

IONS = (
    "K", "Na", "Cl", "Ca", "HCO3", "Mg", "Cs", "k", "K+", "Ca2+", "gluconate", "TEA", "water", "ATP", "V", "Xx", "",
    "🧠", "K K",
)  # fmt: skip

JOINTS = ("=", "=", "=", "*=", " = ", "==", "~", ":", "", "+=", "/=")

SPREADS = ("outside.K ~ uniform(3, 8) swap Na", "K_leak.permeability ~ lognormal(0.2)", "nai ~ normal(12, 1)")

AXES = (("outside.K swap Na", "2:20:log:3"), ("pump.max_rate", "0x:1x:lin:3"), ("celsius", "30, 37"))

NESTED = ("[]", "{}", "{ value = { a = 1 } }", "[1, 2]", "1979-05-27", "[" * 300, "{ a = " * 300)

TIMES = (
    "1 s", "10 ms", "1 min", "0", "0 s", "-1 s", "1e-15 s", "1 mV", "soon", "", "nan", "1e9 d", "5", "1 s ", "1,5 s",
)  # fmt: skip

NAMES = (
    "ouabain", "hyperkalaemia", "anoxia", "pump_loss", "ttx", "digoxin", "bumetanide", "ouabian", "", "k_puff",
    "cooling", "🧠",
)  # fmt: skip

SWEEPS = (
    "5, 10, 20", "1:100:log:4", "1:10:lin:3", "5,", ",", "1:2:3", "5 mM, 10 mM", "1 mM:10 mM:lin:3", "1:1e9",
    "10:1:log", "-1:1:log", "5:5", "1:100:log:1e9", "1:100:log:2.5", "1::3", ":", "nan:5", "0, 5", "5, x", "1,5; 2,5",
)  # fmt: skip

DOSES = (
    "10 nM,1 uM", "1 nM:1 uM:log:3", "10 %, 50 %", "1 uM,1 uM", "1 uM, severe", "0 uM", "1 uM:1 uM", "1 uM,",
    "1 uM", "severe", "50 %", "1", "-1 uM", "200 %", "nan uM", "1 uM,10 uM", "1 nM:1 uM:log", "1 mV", "",
    "therapeutic", "ouabain=1 uM",
)  # fmt: skip

HEADS = (
    "outside.K", "outside.K (mM)", "K_out/mM", "[K+]o", "Vm", "Vm (mV)", "ΔΨ", "sd", "SEM", "n", "x", "", "V [V]",
    "Na", "inside.K", "SEM (mV)", "Vm ± SEM (mV)", "error", "N", "cell", "K+ (mM)", "Vm (mV) ± sd", "Em",
)  # fmt: skip

CSV_CELLS = (
    *NUMBERS, "-90 ± 3", "−90±3", "-90 +/- 3", "-90(3)", "n.d.", "-", "NA", "#", "5 mM", "1;2", '"5"', '"5', "-90",
    "-80.5", "2.5",
)  # fmt: skip


FLAT = (
    "celsius", "diam", "L", "gk", "gna", "gcl", "ki", "ko", "nai", "nao", "cli", "clo", "cai", "cao", "hco3i", "e_pas",
    "g_pas", "v_init", "cm", "imax", "km_na", "km_k", "ipump", "Pa_kcc2", "fhspace", "xx",
)  # fmt: skip

REAGENTS = (
    "KCl", "NaCl", "MgCl2.6H2O", "HEPES", "K-gluconate", "Na2ATP", "Na3GTP", "EGTA", "CaCl2", "NaHCO3", "Tris", "ATP",
    "phosphocreatine di-Tris", "QX-314", "4-AP", "gluconic acid", "kcl", "CaCl", "((KCl))", "K" * 99, "Ca(Ca(Ca(", "K+",
    "glucose", "H2O", "DMSO", "TTX", "NaOH", "HCl", "carbonate", "", "KCl.0H2O", "KCl.99H2O", "KCl, 1 M stock",
)  # fmt: skip

PASTED = (
    "110 K-gluconate, 20 KCl, 10 HEPES, 1 EGTA, 2 MgCl2, 2 Na2ATP, 0.3 Na2GTP, pH 7.3 with KOH, 290 mOsm",
    "125 NaCl, 2.5 KCl, 1.25 NaH2PO4, 26 NaHCO3, 10 glucose, 2 CaCl2, 1 MgCl2, 95% O2/5% CO2, 32 °C",
    "(in mM): 140 NaCl, 5 KCl, 2 CaCl2, 10 Tris, pH 7.4 with HCl",
    "Bath contained 140 mM NaCl, 4 mM KCl, 0.5 uM TTX, 5,5 glucose, 10 HEPES (pH = 7,4 NaOH)",
)

RECIPES = (
    """name = "mine"
kind = "pipette"
temperature = "32 degC"
pH = 7.3
pH_temperature = "22 degC"
titrant = "KOH"
gas = "air"
measured_osmolality = "295 mOsm/kg"
volume = "500 mL"

[reagents]
K-gluconate = "110 mM"
KCl = "745 mg"
HEPES = "2.38 g/L"
"MgCl2.6H2O" = "2 mM"
Na2ATP = "4 mM"
""",
    """kind = "bath"
pH = 7.4
[ions]
Na = "140 mM"
K = "4 mM"
Cl = "146 mM"
Ca = "1 mM"
HEPES = "10 mM"
"ATP(-4)" = "1 mM"
""",
)
