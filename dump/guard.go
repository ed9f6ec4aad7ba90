package dump

import (
	"errors"
	"fmt"
	"runtime/debug"
)

// ErrInternal is wrapped by the errors that Guard makes of panics.
var ErrInternal = errors.New("internal error")

// Panic is such an error. Its sentence does without the stack, which is for those who
// ask for it.
type Panic struct {
	Value any
	Stack []byte
}

func (p *Panic) Error() string { return fmt.Sprintf("%v: %v", ErrInternal, p.Value) }
func (p *Panic) Unwrap() error { return ErrInternal }

// ErrChanged is wrapped by the errors about pages that have vanished from under a
// mapping: somebody has cut the file, or it can no longer be read.
var ErrChanged = errors.New("the file changed while it was being read")

// Guard runs f, which reads mapped memory in the calling goroutine. A page that
// has vanished from under the mapping becomes an error that wraps ErrChanged; so
// does any other panic become an error, a *Panic: damaged input must not
// take the process down from a worker where nobody recovers.
func Guard(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &Panic{r, debug.Stack()}
		}
	}()
	return GuardFaults(f)
}

// GuardFaults is Guard for those who have somebody else for their panics: a page
// that has vanished becomes an error, every other panic goes on.
//
// Guards may stand within each other. What a fault is told to is the innermost.
func GuardFaults(f func() error) (err error) {
	defer func(before bool) {
		debug.SetPanicOnFault(before)
		if r := recover(); r != nil {
			if err = Fault(r); err == nil {
				panic(r)
			}
		}
	}(debug.SetPanicOnFault(true))
	return f()
}

// Fault returns the error for what recover returned where that is a page which has
// vanished, and nil where it is anything else.
func Fault(recovered any) error {
	fault, ok := recovered.(interface {
		error
		Addr() uintptr // of those faults alone, see debug.SetPanicOnFault
	})
	if !ok {
		return nil
	}
	return fmt.Errorf("%w (the page mapped at %#x is gone): open it again: %w", ErrChanged, fault.Addr(), fault)
}

// Recovered keeps what a worker's recover returned, nil for nothing. What is a Panic
// already stays one.
func Recovered(said any) *Panic {
	switch p := said.(type) {
	case nil:
		return nil
	case *Panic:
		return p
	}
	return &Panic{Value: said, Stack: debug.Stack()}
}
