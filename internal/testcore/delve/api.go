package delve

import (
	"encoding/json"
	"reflect"
)

// What follows are those fields of Delve's JSON that are used, by the names of its
// package service/api (types.go, v1.27) and service/rpc2 (server.go).

// loadConfig says how much of a value is sent.
type loadConfig struct {
	FollowPointers     bool
	MaxVariableRecurse int
	MaxStringLen       int
	MaxArrayValues     int
	MaxStructFields    int // -1 for all
}

// scope is where an expression is evaluated: in a frame of a goroutine. GoroutineID -1
// is that of the current thread.
type scope struct {
	GoroutineID int64
	Frame       int
}

// variableFlags are api.VariableFlags.
type variableFlags uint16

const (
	flagEscaped        variableFlags = 1 << iota // on the heap; the frame has its address
	flagShadowed                                 // by another variable of the name
	flagConstant                                 // no variable
	flagArgument                                 // of the function
	flagReturnArgument                           // a result
	flagFakeAddress                              // in registers, wholly or in part
)

// variable is api.Variable: a value, which has the fields that its kind needs.
type variable struct {
	Name     string        `json:"name"`
	Addr     uint64        `json:"addr"`
	OnlyAddr bool          `json:"onlyAddr"` // nothing but Addr and Type is known
	Type     string        `json:"type"`
	RealType string        `json:"realType"`
	Flags    variableFlags `json:"flags"`
	Kind     reflect.Kind  `json:"kind"`
	Value    string        `json:"value"` // of strings, numbers and functions
	// StringValueBytes is Value where that is no UTF-8.
	StringValueBytes []byte
	Len              int64 `json:"len"`
	Cap              int64 `json:"cap"`
	// Children are fields, elements, keys and values in turn, what a pointer leads
	// to, what an interface holds, the variables that a function captured.
	Children   []variable `json:"children"`
	Base       uint64     `json:"base"` // of what a slice, string, map or channel leads to
	Unreadable string     `json:"unreadable"`
	DeclLine   int64
}

// text is the value of a string.
func (v *variable) text() string {
	if len(v.StringValueBytes) > 0 {
		return string(v.StringValueBytes)
	}
	return v.Value
}

// location is api.Location.
type location struct {
	PC       uint64    `json:"pc"`
	File     string    `json:"file"`
	Line     int       `json:"line"`
	Function *function `json:"function"`
}

type function struct {
	Name      string `json:"name"`
	Optimized bool   `json:"optimized"`
}

// name is that of the location's function, "" where Delve knows none.
func (l *location) name() string {
	if l.Function == nil {
		return ""
	}
	return l.Function.Name
}

// stackframe is api.Stackframe.
type stackframe struct {
	location
	Locals    []variable
	Arguments []variable
	Defers    []deferred
	Err       string
}

// UnmarshalJSON keeps the embedded location from being taken for all there is.
func (f *stackframe) UnmarshalJSON(b []byte) error {
	var rest struct {
		Locals, Arguments []variable
		Defers            []deferred
		Err               string
	}
	if err := json.Unmarshal(b, &rest); err != nil {
		return err
	}
	f.Locals, f.Arguments, f.Defers, f.Err = rest.Locals, rest.Arguments, rest.Defers, rest.Err
	return json.Unmarshal(b, &f.location)
}

// deferred is api.Defer.
type deferred struct {
	DeferredLoc location // the function that will be called
	DeferLoc    location // the defer statement
	SP          uint64
	Unreadable  string
}

// goroutine is api.Goroutine.
type goroutine struct {
	ID             int64             `json:"id"`
	CurrentLoc     location          `json:"currentLoc"`
	UserCurrentLoc location          `json:"userCurrentLoc"`
	GoStatementLoc location          `json:"goStatementLoc"`
	StartLoc       location          `json:"startLoc"`
	ThreadID       int               `json:"threadID"`
	Status         uint64            `json:"status"`
	WaitReason     int64             `json:"waitReason"`
	Unreadable     string            `json:"unreadable"`
	Labels         map[string]string `json:"labels"`
}
