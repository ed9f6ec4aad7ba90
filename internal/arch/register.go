package arch

import "strconv"

// Register returns the name of an integer register by its number in DWARF, as the manuals
// of the processor have it: "RAX", "X0", "R3". It is "" for what is none. The numbers are
// those of the processors' supplements to DWARF; on amd64 and 386 the program counter has
// one, too.
func (a Arch) Register(number int) string {
	name := func(names ...string) string {
		if number < 0 || number >= len(names) {
			return ""
		}
		return names[number]
	}
	numbered := func(letter string, n int) string {
		if number < 0 || number >= n {
			return ""
		}
		return letter + strconv.Itoa(number)
	}
	switch a.Name {
	case "amd64":
		return name("RAX", "RDX", "RCX", "RBX", "RSI", "RDI", "RBP", "RSP", "R8", "R9", "R10", "R11", "R12", "R13", "R14", "R15", "RIP")
	case "386":
		return name("EAX", "ECX", "EDX", "EBX", "ESP", "EBP", "ESI", "EDI", "EIP")
	case "arm64":
		if number == 31 {
			return "SP"
		}
		return numbered("X", 31)
	case "arm", "s390x":
		return numbered("R", 16)
	case "loong64", "ppc64le":
		return numbered("R", 32)
	}
	return ""
}
