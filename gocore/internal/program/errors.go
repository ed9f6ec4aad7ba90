package program

import "errors"

// What Open can find wrong with a core or its program. Errors wrap one of these
// in a sentence that says what to do.
var (
	ErrNotGo           = errors.New("not a Go program")
	ErrNoExecutable    = errors.New("no executable")
	ErrWrongExecutable = errors.New("wrong executable")
	ErrNoDWARF         = errors.New("no DWARF")
	ErrVersion         = errors.New("unsupported Go version")
	ErrDamaged         = errors.New("damaged runtime tables")
)
