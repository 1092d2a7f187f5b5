"""From a trace to machine code: `kernel.Kernel` is the door."""
