package gocore_test

import (
	"sync"
	"testing"

	"goheap/gocore"
	"goheap/internal/testcore"
)

// All methods may be called from several goroutines, the first time included.
func TestConcurrent(t *testing.T) {
	core := testcore.Core(t, "probe", testcore.Options{}, testcore.Kernel).Core
	p, err := gocore.Open(t.Context(), core, gocore.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if problems := survey(t, p); len(problems) > 0 {
				t.Errorf("a whole core has problems: %+v", problems)
			}
			p.Source()
		})
	}
	wg.Wait()
}
