package main

import (
	"fmt"
	"io/fs"
	"net"
	"os"
	"reflect"
	"syscall"
	"time"
)

type State uint8

const (
	StateNew State = iota
	stateHidden
	StateActive
	StateUnused
	StateAlso       = StateActive
	StateFar  State = 200
)

type Level int8

const (
	Low  Level = -3
	Zero Level = 0
)

// Access is of flags: one of its constants is two others.
type Access uint16

const (
	Read Access = 1 << iota
	Write
	Exec
	ReadWrite = Read | Write
)

// Step counts, so that 5 is not First and Fourth.
type Step int

const (
	First Step = iota + 1
	Second
	Third
	Fourth
)

// Masked has bits that are no constants by themselves.
type Masked uint32

const (
	MaskedOne  Masked = 1
	MaskedTwo  Masked = 2
	MaskedKind Masked = 0xf0
)

type Wide uint64

const (
	WideLow Wide = 1
	WideTop Wide = 1 << 63
)

type Of[T any] int32

const OfString Of[string] = 7

// Plain has no constants; Borrowed has one, which is not of a declared type.
type (
	Plain    int
	Borrowed = int
)

const borrowed Borrowed = 4

type Holder struct {
	S State
	A Access
}

type constants struct {
	State, Hidden, New, Far, Unknown State
	Low, Zero, NoLevel               Level
	Both, Two, None, Beyond          Access
	Third, Fifth                     Step
	Kind, Ones                       Masked
	Top, TopLow                      Wide
	Of                               Of[string]
	OfInt                            Of[int]
	Plain                            Plain
	Borrowed                         int
	Local                            interface{}

	Holder Holder
	Boxed  interface{}
	Ptr    *State
	Slice  []State
	Array  [2]State
	Steps  []Step
	Bytes  []byte
	ByKey  map[State]State

	Month    time.Month
	Weekday  time.Weekday
	Duration time.Duration
	RKind    reflect.Kind
	RPointer reflect.Kind
	Signal   os.Signal
	NetFlags net.Flags
	Mode     fs.FileMode
	Dir      os.FileMode
	SlogText []interface{}
}

//go:noinline
func local() interface{} {
	type State int
	const Inner State = 2
	return Inner
}

func named() {
	c := &all.Constants
	number := func(v interface{}) string {
		r := reflect.ValueOf(v)
		if r.CanInt() {
			return fmt.Sprint(r.Int())
		}
		return fmt.Sprint(r.Uint())
	}
	is := func(field, name string, v interface{}) {
		if name == "" {
			say(number(v), "Constants", field).Count = 0
		} else {
			say(name+" ("+number(v)+")", "Constants", field).Count = 0
		}
	}
	c.State, c.Hidden, c.Far, c.Unknown = StateActive, stateHidden, StateFar, 100
	is("State", "StateActive", c.State)
	is("Hidden", "stateHidden", c.Hidden)
	is("New", "StateNew", c.New)
	is("Far", "StateFar", c.Far)
	is("Unknown", "", c.Unknown)
	c.Low, c.NoLevel = Low, 3
	is("Low", "Low", c.Low)
	is("Zero", "Zero", c.Zero)
	is("NoLevel", "", c.NoLevel)
	c.Both, c.Two, c.Beyond = ReadWrite, Read|Exec, Read|1<<3
	is("Both", "ReadWrite", c.Both)
	is("Two", "Read|Exec", c.Two)
	is("None", "", c.None)
	is("Beyond", "", c.Beyond)
	c.Third, c.Fifth = Third, 5
	is("Third", "Third", c.Third)
	is("Fifth", "", c.Fifth)
	c.Kind, c.Ones = MaskedKind, MaskedOne|MaskedTwo
	is("Kind", "MaskedKind", c.Kind)
	is("Ones", "", c.Ones)
	c.Top, c.TopLow = WideTop, WideTop|WideLow
	is("Top", "WideTop", c.Top)
	is("TopLow", "WideLow|WideTop", c.TopLow)
	c.Of, c.OfInt = OfString, 7
	is("Of", "OfString", c.Of)
	is("OfInt", "", c.OfInt)
	c.Plain, c.Borrowed = 4, borrowed
	is("Plain", "", c.Plain)
	is("Borrowed", "", c.Borrowed)
	c.Local = local()
	say("(main.State) 2", "Constants", "Local")

	c.Holder = Holder{StateActive, Write}
	say("{S: StateActive (2), A: Write (2)}", "Constants", "Holder").Children = []string{"S", "A"}
	say("Write (2)", "Constants", "Holder", "A")
	c.Boxed = Fourth
	say("(main.Step) Fourth (4)", "Constants", "Boxed")
	c.Ptr = new(State)
	*c.Ptr = StateUnused
	starts("0x", "Constants", "Ptr")
	say("StateUnused (3)", "Constants", "Ptr", "*")
	c.Slice, c.Array, c.Steps, c.Bytes = []State{StateActive, 77}, [2]State{StateFar}, []Step{Second, 9}, []byte{2, 1}
	say("len 2 cap 2 {StateActive (2), 77}", "Constants", "Slice").Children = []string{"[0]", "[1]"}
	say("{StateFar (200), StateNew (0)}", "Constants", "Array")
	say("len 2 cap 2 {Second (2), 9}", "Constants", "Steps")
	say(`len 2 cap 2 "\x02\x01"`, "Constants", "Bytes")
	c.ByKey = map[State]State{StateActive: stateHidden}
	// Keys are written as they can be typed back.
	say("len 1 {2: stateHidden (1)}", "Constants", "ByKey").Children = []string{"[2]"}

	c.Month, c.Weekday, c.Duration, c.RKind, c.RPointer = time.March, time.Sunday, 90*time.Second, reflect.Struct, reflect.Ptr
	is("Month", c.Month.String(), c.Month)
	is("Weekday", c.Weekday.String(), c.Weekday)
	say(c.Duration.String(), "Constants", "Duration")
	is("RKind", "Struct", c.RKind)
	is("RPointer", "Pointer", c.RPointer)
	c.Signal, c.NetFlags = syscall.SIGABRT, net.FlagUp|net.FlagLoopback
	say("(syscall.Signal) SIGABRT (6)", "Constants", "Signal")
	is("NetFlags", "FlagUp|FlagLoopback", c.NetFlags)
	c.Mode, c.Dir = 0o644, os.ModeDir|os.ModeSticky|0o755
	say(c.Mode.String(), "Constants", "Mode").Count = 0
	say(c.Dir.String(), "Constants", "Dir").Count = 0
	c.SlogText = slogLevels()
	// Constants of package net are kept where code of it is.
	_, _ = net.InterfaceByIndex(1)
	for i, v := range c.SlogText {
		say(fmt.Sprintf("(log/slog.Level) %s (%d)", v, v), "Constants", "SlogText", fmt.Sprintf("[%d]", i))
	}
}
