package notation

import (
	"errors"
	"fmt"
	"time"
)

// showing has values of the program in its text.
type showing struct {
	error
	without string
}

// Showing is an error whose text has values of the program, and is without where these are
// not to be shown.
func Showing(err error, without string) error { return &showing{err, without} }

// WithoutValues is the text of the error without values of the program.
func (e *showing) WithoutValues() string { return e.without }

func (e *showing) Unwrap() error { return e.error }

// WithoutValues is the text of an error without values of the program.
func WithoutValues(err error) string {
	var e *showing
	if errors.As(err, &e) {
		return e.without
	}
	return err.Error()
}

// Goroutine names a goroutine by its number and state, and how long it has been in that,
// in nanoseconds.
func Goroutine(id uint64, state string, waits int64) string {
	if waits >= int64(time.Minute) {
		state += fmt.Sprintf(", %d minutes", waits/int64(time.Minute))
	}
	return fmt.Sprintf("goroutine %d [%s]", id, state)
}
