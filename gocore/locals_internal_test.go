package gocore

import (
	"regexp"
	"testing"
)

// Of a value that is partly nowhere, the parts are as they are elsewhere: those of
// sync/atomic are the number inside.
func TestPartText(t *testing.T) {
	t.Parallel()
	p, _ := opened(t, "go1.26.8", "Strings")
	place, err := p.Resolve("main.all.Wrapped.Waited")
	if err != nil {
		t.Fatal(err)
	}
	of, ok := p.types.Lookup("sync.WaitGroup")
	if !ok || place.Value.Type != "sync.WaitGroup" {
		t.Fatalf("%+v", place.Value)
	}
	known := make([]bool, place.Value.Size)
	for i := range 8 { // sema follows, and padding
		known[i] = true
	}
	text := p.partText(of, place.Value.Addr, known)
	if !regexp.MustCompile(`, state: \d+, sema: \(optimised out\)}$`).MatchString(text) {
		t.Errorf("it is %s", text)
	}
}
