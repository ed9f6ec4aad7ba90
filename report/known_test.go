package report

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rivo/uniseg"
)

// A file of known fingerprints is taken as it is meant, and what is wrong with it is said
// with the line and what to write.
func TestParseKnown(t *testing.T) {
	k, err := parseKnown("fine.txt", "\ufeff# ours\n\n3f2a91c07b44 the cache is bounded\r\n  0123456789AB\tit ends # soon\n")
	want := []KnownEntry{{"3f2a91c07b44", "the cache is bounded", 3}, {"0123456789ab", "it ends # soon", 4}}
	if err != nil || !slices.Equal(k.Entries, want) {
		t.Errorf("%+v, %v", k, err)
	}
	for text, wrong := range map[string]string{
		"\nmain.cache is fine":                     `fine.txt, line 2: "main.cache" is no fingerprint`,
		"3f2a91c07b4 too short":                    `line 1: "3f2a91c07b4" is no fingerprint, which has 12 digits`,
		"3f2a91c07b444 x":                          `is no fingerprint`,
		"3f2a91c07bzz x":                           `is no fingerprint`,
		"# c\n3f2a91c07b44":                        `line 2: 3f2a91c07b44 has no reason`,
		"3f2a91c07b44 # why":                       `line 1: 3f2a91c07b44 has no reason`,
		"3f2a91c07b44 a\n\n3F2A91C07B44 b":         `line 3: 3F2A91C07B44 stands in line 1 already`,
		strings.Repeat("x", 500):                   `"` + strings.Repeat("x", 39) + `…" is no fingerprint`,
		"\x1b[31m \x00":                            `"\x1b[31m" is no fingerprint`,
		"3f2a91c07b44 a\n3f2a91c07b45 b\n\xff\xfe": `line 3: `,
	} {
		if _, err := parseKnown("fine.txt", text); err == nil || !strings.Contains(err.Error(), wrong) || !strings.Contains(err.Error(), `as in "3f2a91c07b44 the cache is bounded"`) {
			t.Errorf("%q: %v, want %s", text, err, wrong)
		}
	}
	if _, err := ReadKnown(t.TempDir()); err == nil || !strings.Contains(err.Error(), "a directory") {
		t.Errorf("a directory: %v", err)
	}
	big := filepath.Join(t.TempDir(), "big")
	if err := os.WriteFile(big, make([]byte, maxKnownFile+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadKnown(big); err == nil {
		t.Error("a file of any size is read")
	}
}

// Suspects that are known are counted with their reasons, others keep their places, and
// what is known of no suspect is mentioned.
func TestKnownSuspects(t *testing.T) {
	found, err := Suspects(t.Context(), analyse(t, blockstore()))
	if err != nil || len(found) < 2 {
		t.Fatalf("%d suspects, %v", len(found), err)
	}
	text := func(known ...KnownEntry) string {
		t.Helper()
		s := analyse(t, blockstore())
		s.Known = &Known{"fine.txt", known}
		var b bytes.Buffer
		if err := WriteSections(t.Context(), &b, s, Layout{Top: 4, Sections: []string{SectionVerdict, SectionSuspects}}); err != nil {
			t.Fatal(err)
		}
		d, err := NewReportDocument(t.Context(), s, DefaultLimits())
		if err != nil || len(d.Suspects) != len(found) {
			t.Fatalf("%d suspects, %v", len(d.Suspects), err)
		}
		named := 0
		for _, f := range d.Suspects {
			if f.Known != "" {
				named++
			}
		}
		if named+len(d.Unused) != len(known) {
			t.Errorf("%d suspects are known and %q is of none; known are %+v", named, d.Unused, known)
		}
		return b.String()
	}
	first, second := found[0], found[1]
	if got := text(); strings.Contains(got, " known") || strings.Count(got, "# fingerprint "+first.Fingerprint) != 1 || !strings.Contains(got, "1  "+first.short(analyse(t, blockstore()))[:20]) {
		t.Errorf("nothing is known, and there is\n%s", got)
	}
	got := text(KnownEntry{first.Fingerprint, "it is bounded", 1}, KnownEntry{"ffffffffffff", "gone", 7})
	for _, want := range []string{"1 suspect is known: ", "(it is bounded)", "1 fingerprint in fine.txt of no suspect here: ffffffffffff (line 7)", "  known (it is bounded): " + first.Sentence, "1  " + second.Sentence[:10]} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	var all []KnownEntry
	for i, f := range found {
		all = append(all, KnownEntry{f.Fingerprint, "fine", i + 1})
	}
	if got := text(all...); !strings.Contains(got, "Nothing suspicious is alive that is not known.") || strings.Contains(got, "\n1  ") {
		t.Errorf("all are known, and there is\n%s", got)
	}
}

// A command that is printed is what a shell makes the same words of, in one line or in
// several.
func TestCommandLines(t *testing.T) {
	for _, c := range []command{
		{"goheap", "why", "core.4711", "main.cache"},
		{"goheap", "why", "--exe", "/srv/bin/it's here", "/var/crash/core of the server", `main.m["a b"]`, "$HOME", "`x`", "", "*", "~"},
		{"goheap", "show", strings.Repeat("/long", 30), "g:17"},
	} {
		for _, width := range []int{0, 40, 80} {
			lines := c.lines("   ", width)
			for _, line := range lines {
				if width > 0 && uniseg.StringWidth(line) > width && !strings.Contains(line, "'") {
					t.Errorf("%q at %d: %q", c, width, line)
				}
			}
			text := strings.Join(lines, "\n")
			script := strings.Replace(text, "goheap", `printf '%s\n'`, 1)
			out, err := exec.Command("sh", "-c", script).CombinedOutput()
			if want := strings.Join(c[1:], "\n") + "\n"; err != nil || string(out) != want {
				t.Errorf("%q at %d: %q is read as %q, %v", c, width, text, out, err)
			}
		}
	}
	if lines := (command{"goheap", "why", "core.4711", "main.cache"}).lines("   ", 80); !slices.Equal(lines, []string{"   goheap why core.4711 main.cache"}) {
		t.Errorf("%q", lines)
	}
}
