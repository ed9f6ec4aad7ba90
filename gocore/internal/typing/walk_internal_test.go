package typing

import "testing"

// A walk through one large array hears the context.
func TestWalkEnded(t *testing.T) {
	asked := 0
	walk := &Typer{}
	walk.Mem.Left = 1 << 40
	walk.Mem.Ended = func() bool {
		asked++
		return asked == 3
	}
	walk.walkValues(make([]byte, 32<<20), &compiled{size: 8})
	if asked != 3 || walk.Mem.Left != 0 || walk.Mem.Refused != 0 {
		t.Errorf("asked %d times, %d bytes left, %d refused", asked, walk.Mem.Left, walk.Mem.Refused)
	}
}
