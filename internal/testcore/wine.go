package testcore

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Wine returns what makes the command that runs exe, a program for Windows on amd64, with
// args. Where Debian's wine is not installed, the test is skipped.
func Wine(t testing.TB) func(exe string, args ...string) *exec.Cmd {
	t.Helper()
	wine, env, err := WineFor()
	orSkip(t, err)
	return func(exe string, args ...string) *exec.Cmd {
		cmd := exec.Command(wine, append([]string{exe}, args...)...)
		cmd.Env = append(os.Environ(), env...)
		return cmd
	}
}

// WineFor is Wine for callers that are not tests: the program that runs others, and what
// it needs in its environment.
func WineFor() (wine string, env []string, err error) {
	if wine, err = exec.LookPath("wine64"); err != nil {
		wine, err = exec.LookPath("/usr/lib/wine/wine64") // where Debian has it
	}
	if err != nil {
		return "", nil, lacks("wine64 is not installed: apt-get install wine64")
	}
	c, err := findCache()
	if err != nil {
		return "", nil, err
	}
	in := func(prefix string) []string { return []string{"WINEDEBUG=-all", "WINEPREFIX=" + prefix} }
	prefix, err := c.entry("wine", keyOf("wine", c.dir, wine), func(dir string) error {
		cmd := exec.Command(wine, "wineboot", "-i")
		cmd.Env = append(os.Environ(), in(dir)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("%v: %w\n%s", cmd.Args, err, out)
		}
		system := filepath.Join(dir, "drive_c", "windows", "system32")
		return os.WriteFile(filepath.Join(system, randomLibrary), forwarder(), 0o666)
	})
	return wine, in(prefix), err
}

// randomLibrary has the function ProcessPrng, which programs of Go 1.22 and later do not start without
// (runtime/os_windows.go), and which wine 8 lacks.
const randomLibrary = "bcryptprimitives.dll"

// forwarder is a library for amd64 with the one function ProcessPrng(buffer, length), which is
// another name of SystemFunction036 in advapi32.dll: that has the same parameters. It
// consists of headers and a section with the table of what it exports (the PE
// format, "Optional Header" and "The .edata Section").
func forwarder() []byte {
	const (
		page, sector = 0x1000, 0x200 // alignment in memory, and in the file
		at           = page          // of the section, behind a page of headers
		signature    = 0x40
		optionalSize = 240 // with 16 directories
		tables       = 52  // before the names: the directory, and one function, name and ordinal
	)
	names := []byte(randomLibrary + "\x00ProcessPrng\x00advapi32.SystemFunction036\x00")
	name := func(of string) uint32 { return at + tables + uint32(bytes.Index(names, []byte(of))) }
	le := binary.LittleEndian
	section := make([]byte, 0, sector)
	for _, word := range []uint32{
		0, 0, 0, name(randomLibrary), 1, 1, 1, at + 40, at + 44, at + 48, // counts, and where the tables are
		name("advapi32"), name("ProcessPrng"), 0,
	} {
		section = le.AppendUint32(section, word)
	}
	section = append(section, names...)

	b := make([]byte, 2*sector)
	put := func(offset int, width int, v uint64) {
		for i := range width {
			b[offset+i] = byte(v >> (8 * i))
		}
	}
	copy(b, "MZ")
	put(0x3c, 4, signature)
	copy(b[signature:], "PE\x00\x00")
	const file = signature + 4
	put(file, 2, 0x8664) // Machine: amd64
	put(file+2, 2, 1)    // NumberOfSections
	put(file+16, 2, optionalSize)
	put(file+18, 2, 0x2022) // Characteristics: an image, addresses over 2 GB, a library
	const optional = file + 20
	put(optional, 2, 0x20b)          // Magic: PE32+
	put(optional+24, 8, 0x180000000) // ImageBase
	put(optional+32, 4, page)
	put(optional+36, 4, sector)
	put(optional+40, 2, 6) // versions of the system, and of the subsystem
	put(optional+48, 2, 6)
	put(optional+56, 4, 2*page) // SizeOfImage
	put(optional+60, 4, sector) // SizeOfHeaders
	put(optional+68, 2, 2)      // Subsystem: windows
	put(optional+70, 2, 0x100)  // DllCharacteristics: no code on data pages
	put(optional+108, 4, 16)
	put(optional+112, 4, at) // the first directory: exports
	put(optional+116, 4, uint64(len(section)))
	const entry = optional + optionalSize
	copy(b[entry:], ".edata")
	put(entry+8, 4, uint64(len(section)))
	put(entry+12, 4, at)
	put(entry+16, 4, sector)
	put(entry+20, 4, sector)
	put(entry+36, 4, 0x40000040) // Characteristics: initialized, read
	copy(b[sector:], section)
	return b
}
