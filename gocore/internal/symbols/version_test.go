package symbols

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
)

// TestEra has files that say less of the Go that built them than its version.
func TestEra(t *testing.T) {
	magic := func(m uint32) []byte { return binary.LittleEndian.AppendUint32(nil, m) }
	info := func(flags byte, rest string) []byte {
		b := append([]byte(buildInfoMagic), 8, flags)
		return append(b, rest+strings.Repeat("\x00", 64)...)
	}
	inline := strings.Repeat("\x00", 16) + "\x08go1.26.8"
	for _, c := range []struct {
		what, section string
		contents      []byte
		version, era  string
	}{
		{"no Go", ".data", nil, "", ""},
		{"inline", ".go.buildinfo", info(flagInline, inline), "go1.26.8", ""},
		{"inline, empty", ".go.buildinfo", info(flagInline, ""), "", EraUnknown},
		{"cut off", ".go.buildinfo", info(flagInline, inline)[:20], "", ""},
		{"pointers to nothing", ".go.buildinfo", info(0, "\x10\x20"), "", EraPointers},
		{"other words", ".go.buildinfo", info(flagBigEndian, ""), "", EraPointers},
		{"table of Go 1.2", ".gopclntab", magic(pclntabMagic12), "", EraBeforeBuildInfo},
		{"table of Go 1.16", ".data.rel.ro.gopclntab", magic(pclntabMagic116), "", Era116},
		{"table of Go 1.20", ".gopclntab", magic(0xfffffff1), "", EraUnknown},
		{"table cut off", ".gopclntab", nil, "", ""},
	} {
		f, err := New(bytes.NewReader(withSection(c.section, 0, c.contents)))
		if err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		if f.GoVersion != c.version || f.Era != c.era {
			t.Errorf("%s: version %q, era %q; want %q, %q", c.what, f.GoVersion, f.Era, c.version, c.era)
		}
	}
}
