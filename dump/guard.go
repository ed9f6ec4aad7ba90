package dump

import (
	"errors"
	"fmt"
	"runtime/debug"
)

// ErrInternal is wrapped by the errors that Guard makes of panics.
var ErrInternal = errors.New("internal error")

// Guard runs f, which reads mapped memory in the calling goroutine. A page that
// has vanished from under the mapping, since somebody cut the file, becomes an
// error; so does any other panic, with its stack: damaged input must not take
// the process down from a worker where nobody recovers.
func Guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		r := recover()
		if r == nil {
			return
		}
		if fault, ok := r.(interface {
			error
			Addr() uintptr
		}); ok {
			err = fmt.Errorf("the file changed while it was being read (the page mapped at %#x is gone): open it again: %w", fault.Addr(), fault)
			return
		}
		err = fmt.Errorf("%w: %v\n%s", ErrInternal, r, debug.Stack())
	}()
	return f()
}
