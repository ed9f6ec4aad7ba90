//go:build go1.20

package main

import "errors"

//go:noinline
func joinErrors() {
	bad := &fault{p: newThing()}
	d.joined = errors.Join(errors.New("first"), bad)
	say("errors.Join", at(bad), "main.fault", "main.d.joined.(*errors.joinError).errs[1].(*main.fault)")
	isThing("errors.Join, behind an error", bad.p, "main.d.joined.(*errors.joinError).errs[1].(*main.fault).p")
}

// funcDescriptor is the type of what describes a func of three parameters.
const funcDescriptor = "struct { FuncType " + funcType + "; Args [3]*reflect.rtype }"
