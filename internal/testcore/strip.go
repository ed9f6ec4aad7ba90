package testcore

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Debugging reports whether a section of that name has debugging information.
func Debugging(name string) bool {
	return strings.HasPrefix(name, ".debug_") || strings.HasPrefix(name, ".zdebug_")
}

// Symbols reports whether a section of that name has debugging information or symbols.
func Symbols(name string) bool {
	return Debugging(name) || name == ".symtab" || name == ".strtab"
}

// Strip copies an executable for a processor with words of 8 bytes, of low order first,
// into a folder, without the sections that drop names, as strip does: they have no
// contents then. Everything else stays where it is, so that the copy belongs to the cores
// and heap dumps of the program.
func Strip(exe, folder string, drop func(name string) bool) (path string, err error) {
	b, err := os.ReadFile(exe)
	if err != nil {
		return "", err
	}
	f, err := elf.Open(exe)
	if err != nil {
		return "", err
	}
	defer f.Close()
	const shoff, entry, typ = 40, 64, 4 // in the headers of files with words of 8 bytes
	table := binary.LittleEndian.Uint64(b[shoff:])
	dropped := 0
	for i, s := range f.Sections {
		if drop(s.Name) {
			binary.LittleEndian.PutUint32(b[table+uint64(i)*entry+typ:], uint32(elf.SHT_NOBITS))
			clear(b[s.Offset:][:s.FileSize])
			dropped++
		}
	}
	if dropped == 0 {
		return "", fmt.Errorf("%s has nothing to be dropped", exe)
	}
	path = filepath.Join(folder, filepath.Base(exe))
	return path, os.WriteFile(path, b, 0o777)
}
