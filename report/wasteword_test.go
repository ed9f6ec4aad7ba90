package report

import (
	"testing"

	"goheap/gocore/waste"
)

// Each rule has a name, words for what it has found and for what to change, of its own.
func TestWasteWords(t *testing.T) {
	seen := map[string]bool{"": true}
	for r := waste.Rule(1); r < waste.Rules; r++ {
		what, change := wasteWord(r)
		for _, text := range []string{r.String(), what, change} {
			if seen[text] {
				t.Errorf("rule %d: %q", r, text)
			}
			seen[text] = true
		}
	}
}
