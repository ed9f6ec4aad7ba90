package notation

import (
	"cmp"
	"slices"
	"strings"
)

// NearestTypes returns the types that are most like a name that is none of them, up to most:
// those that are the same but for packages and case, then but for pointers, then those that
// are spelled like it, then those of the same named type, as chan *main.K is for []K, and last
// those that have the name as a part. Of those that are alike, what a package declares stands
// before what is made of it and the insides of maps and channels, and the shorter one first.
func NearestTypes(name string, all []string, most int) []string {
	type near struct {
		name     string
		far      int
		declared int
	}
	plain := func(s string) string { return strings.ToLower(BareType(s)) }
	wanted := plain(name)
	if wanted == "" {
		return nil
	}
	limit := 1 + len(wanted)/4
	bare, last := strings.ReplaceAll(wanted, "*", ""), lastWord(wanted)
	var found []near
	seen := map[string]bool{}
	for _, other := range all {
		if seen[other] {
			continue
		}
		seen[other] = true
		o := plain(other)
		far := distance(wanted, o, limit)
		switch {
		case o == wanted:
			far = -2
		case strings.ReplaceAll(o, "*", "") == bare:
			far = -1
		case far <= limit && far < len(wanted):
		case lastWord(o) == last:
			far = limit + 1
		case strings.Contains(o, wanted):
			far = limit + 2
		default:
			continue
		}
		n := near{other, far, 0}
		if isInside(other) {
			n.declared = 2
		} else if strings.ContainsAny(other, " []*(){}<") {
			n.declared = 1
		}
		found = append(found, n)
	}
	slices.SortFunc(found, func(a, b near) int {
		return cmp.Or(cmp.Compare(a.far, b.far), cmp.Compare(a.declared, b.declared), cmp.Compare(len(a.name), len(b.name)), cmp.Compare(a.name, b.name))
	})
	var names []string
	for _, f := range found[:min(most, len(found))] {
		names = append(names, f.name)
	}
	return names
}

// lastWord is the last name in a type: that of what a container has.
func lastWord(s string) string {
	end := len(s)
	for end > 0 && !wordByte(s[end-1]) {
		end--
	}
	start := end
	for start > 0 && wordByte(s[start-1]) {
		start--
	}
	return s[start:end]
}

// isInside reports whether a type is one of those that a map or channel consists of.
func isInside(name string) bool {
	if strings.HasSuffix(name, " (insides)") {
		return true
	}
	for _, prefix := range []string{"map.", "table<", "group<", "hash<", "bucket<", "noalg.", "hchan<"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}
