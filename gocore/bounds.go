package gocore

import "context"

// lookEvery is how many items of a list are read between looks at the context.
const lookEvery = 1 << 12

// someItems is how many items of a list there may be before its length is believed:
// room for so many is made at once.
const someItems = 1 << 18

// look returns the context's error, which it looks at for some of the numbers i: a
// list may be as long as the file.
func look(ctx context.Context, i int) error {
	if i%lookEvery == 0 {
		return ctx.Err()
	}
	return nil
}
