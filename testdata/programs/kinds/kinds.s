// Lets the compiler accept functions that the linker finds in the runtime.
