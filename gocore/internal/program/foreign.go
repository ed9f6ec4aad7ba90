package program

import (
	"bytes"
	"encoding/binary"
)

// Files that hold a Go program and from which nothing of it can be read.

// garbled is what garble writes in place of the version of Go.
const garbled = "unknown"

// packed reports whether UPX has packed an ELF file: its l_info, whose second word is the
// magic, stands behind the program headers (upx, src/stub/src/include/linux.h, and
// PackLinuxElf). Some words may stand between.
func packed(data []byte) bool {
	const between = 64
	if len(data) < 64 || !bytes.HasPrefix(data, []byte("\x7fELF")) {
		return false
	}
	order := binary.ByteOrder(binary.LittleEndian)
	if data[5] == 2 { // ELFDATA2MSB
		order = binary.BigEndian
	}
	start, each, n := uint64(order.Uint32(data[28:])), order.Uint16(data[42:]), order.Uint16(data[44:])
	if data[4] == 2 { // ELFCLASS64
		start, each, n = order.Uint64(data[32:]), order.Uint16(data[54:]), order.Uint16(data[56:])
	}
	end := start + uint64(each)*uint64(n)
	return end >= start && bytes.Contains(bytesAt(data, end, between), []byte("UPX!"))
}
