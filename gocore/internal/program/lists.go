package program

import "context"

// LookEvery is how many items of a list are read between looks at the context.
const LookEvery = 1 << 12

// SomeItems is how many items of a list there may be before its length is believed:
// room for so many is made at once.
const SomeItems = 1 << 18

// Look returns the context's error, which it looks at for some of the numbers i: a
// list may be as long as the file.
func Look(ctx context.Context, i int) error {
	if i%LookEvery == 0 {
		return ctx.Err()
	}
	return nil
}
