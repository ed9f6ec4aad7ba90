package notation

import (
	"fmt"
	"strconv"
	"strings"
)

// at stands between a type and where in an object its value stands.
const at = " at +0x"

// PartAt names a value in an object of which no more is known than what its parts are:
// "(main.T at +0x40)". It stands behind an arrow, in front of what is selected of the value.
func PartAt(typ string, off uint64) string { return fmt.Sprintf("(%s at +%#x)", typ, off) }

// PartOf takes what PartAt makes apart.
func PartOf(s string) (typ string, off uint64, ok bool) {
	i := strings.LastIndex(s, at)
	if i < 2 || s[0] != '(' || s[len(s)-1] != ')' {
		return "", 0, false
	}
	off, err := strconv.ParseUint(s[i+len(at):len(s)-1], 16, 64)
	return s[1:i], off, err == nil
}
