package arch

import (
	"strings"
	"testing"

	"github.com/go-delve/delve/pkg/dwarf/regnum"
)

// The names are those that Delve has, where it has them (on ppc64le it goes by numbers of
// its own), and of each processor no two are the same.
func TestRegister(t *testing.T) {
	theirs := map[string]func(uint64) string{
		"amd64": regnum.AMD64ToName, "386": regnum.I386ToName, "arm64": regnum.ARM64ToName, "loong64": regnum.LOONG64ToName,
	}
	for _, a := range known() {
		seen := map[string]bool{}
		for i := range 64 {
			name := a.Register(i)
			if name == "" {
				continue
			}
			if seen[name] {
				t.Errorf("%s has two registers %s", a.Name, name)
			}
			seen[name] = true
			if to := theirs[a.Name]; to != nil && !strings.EqualFold(to(uint64(i)), name) {
				t.Errorf("register %d of %s is %s, want %s", i, a.Name, name, to(uint64(i)))
			}
		}
		if want := map[string]int{"amd64": 17, "386": 9, "arm64": 32, "arm": 16, "s390x": 16, "loong64": 32, "ppc64le": 32}[a.Name]; len(seen) != want {
			t.Errorf("%s has %d registers, want %d", a.Name, len(seen), want)
		}
		if a.Register(-1) != "" {
			t.Errorf("%s has a register -1", a.Name)
		}
	}
}
