package report

import (
	"encoding/hex"
	"fmt"
	"strings"
	"unicode"

	"goheap/internal/files"
)

// Known are suspects that somebody has looked into and found to be fine.
type Known struct {
	Path    string
	Entries []KnownEntry // in the order of the file, each fingerprint once
}

// KnownEntry is a line of the file.
type KnownEntry struct {
	Fingerprint string
	Reason      string
	Line        int // from 1
}

const maxKnownFile = 1 << 20 // bytes

// knownLine is what a line looks like, for errors.
const knownLine = `a line is a fingerprint and why it is fine, as in "3f2a91c07b44 the cache is bounded", or a comment behind #`

// ReadKnown reads a file of fingerprints, one a line, each with a reason.
func ReadKnown(path string) (*Known, error) {
	data, err := files.Read(path, maxKnownFile)
	if err != nil {
		return nil, err
	}
	return parseKnown(path, string(data))
}

// parseKnown takes apart the text of a file of fingerprints. Its first error is that of the
// first line that has one.
func parseKnown(path, text string) (*Known, error) {
	k := &Known{Path: path}
	lines := map[string]int{}
	for i, line := range strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		wrong := func(format string, args ...any) error {
			return fmt.Errorf("%s, line %d: %s; %s", path, i+1, fmt.Sprintf(format, args...), knownLine)
		}
		name, reason := line, ""
		if at := strings.IndexFunc(line, unicode.IsSpace); at >= 0 {
			name, reason = line[:at], strings.TrimSpace(line[at:])
		}
		fingerprint := strings.ToLower(name)
		if _, err := hex.DecodeString(fingerprint); err != nil || len(fingerprint) != fingerprintDigits {
			return nil, wrong("\"%s\" is no fingerprint, which has %d digits from 0 to f", Printable(shortened(name)), fingerprintDigits)
		}
		if reason == "" || strings.HasPrefix(reason, "#") {
			return nil, wrong("%s has no reason", name)
		}
		if first := lines[fingerprint]; first != 0 {
			return nil, wrong("%s stands in line %d already: leave one of them out", name, first)
		}
		lines[fingerprint] = i + 1
		k.Entries = append(k.Entries, KnownEntry{fingerprint, reason, i + 1})
	}
	return k, nil
}

// shortened is a word of a file as an error quotes it.
func shortened(word string) string {
	const most = 40
	return clipped(word, most)
}

// reason says why a suspect is fine, "" if nobody has said so.
func (k *Known) reason(fingerprint string) string {
	if k == nil {
		return ""
	}
	for _, e := range k.Entries {
		if e.Fingerprint == fingerprint {
			return e.Reason
		}
	}
	return ""
}

// unused are the entries that no suspect has.
func (k *Known) unused(found []Suspect) []KnownEntry {
	if k == nil {
		return nil
	}
	has := map[string]bool{}
	for i := range found {
		has[found[i].Fingerprint] = true
	}
	var rest []KnownEntry
	for _, e := range k.Entries {
		if !has[e.Fingerprint] {
			rest = append(rest, e)
		}
	}
	return rest
}

// told tells the suspects that nobody knows yet from the others.
func told(found []Suspect) (open, known []Suspect) {
	for _, f := range found {
		if f.Known != "" {
			known = append(known, f)
		} else {
			open = append(open, f)
		}
	}
	return open, known
}

// knownText counts the suspects that are known, with the reasons: "2 suspects are known:
// main.cache (it is bounded), …". It is "" for none.
func knownText(known []Suspect) string {
	if len(known) == 0 {
		return ""
	}
	const most = 3
	var parts []string
	for i := range known[:min(len(known), most)] {
		f := &known[i]
		parts = append(parts, fmt.Sprintf("%s (%s)", ShortPaths(Printable(f.subjectName())), Printable(f.Known)))
	}
	if len(known) > most {
		parts = append(parts, "…")
	}
	are := "suspects are"
	if len(known) == 1 {
		are = "suspect is"
	}
	return fmt.Sprintf("%s %s known: %s", comma(uint64(len(known))), are, strings.Join(parts, ", "))
}

// subjectName is how a suspect is called in a few words.
func (f *Suspect) subjectName() string {
	if f.Accumulation.Expression != "" && f.Rule == RuleSingle {
		return f.Accumulation.Expression
	}
	if f.Name == "" {
		return f.Type
	}
	return f.Name
}

// unusedText says which lines of a file of known fingerprints are of no suspect, "" for
// none: what they were about may be mended, or below the thresholds.
func (k *Known) unusedText(found []Suspect) string {
	rest := k.unused(found)
	if len(rest) == 0 {
		return ""
	}
	const most = 5
	var parts []string
	for _, e := range rest[:min(len(rest), most)] {
		parts = append(parts, fmt.Sprintf("%s (line %d)", e.Fingerprint, e.Line))
	}
	if len(rest) > most {
		parts = append(parts, "…")
	}
	return fmt.Sprintf("%s in %s of no suspect here: %s", plural(uint64(len(rest)), "fingerprint"), Printable(k.Path), strings.Join(parts, ", "))
}
