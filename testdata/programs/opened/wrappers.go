package main

import (
	"bytes"
	"context"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

type wrapped struct {
	Value, NoValue atomic.Value

	RStruct, RPtr, RInt, RString, RMap, RZero, RField, RNil reflect.Value
	RMethod                                                 reflect.Value
	Recursive                                               reflect.Value

	Once, NotYet    sync.Once
	Group, Waited   sync.WaitGroup
	Builder, NoText strings.Builder
	PBuilder        *strings.Builder
	Buffer, Read    bytes.Buffer
	PBuffer         *bytes.Buffer
}

type recursive struct{ V reflect.Value }

func (i item) Method() int { return i.ID }

func wrappers() {
	w := &all.Wrapped
	at := func(path ...string) []string { return append([]string{"Wrapped"}, path...) }
	w.Value.Store(&item{1, "stored"})
	starts("(*main.item) 0x", at("Value")...).Children = []string{"ID", "Name"}
	say("nil", at("NoValue")...)

	x := item{3, "three"}
	w.RStruct, w.RPtr, w.RInt, w.RString = reflect.ValueOf(x), reflect.ValueOf(&x), reflect.ValueOf(42), reflect.ValueOf("text")
	w.RMap, w.RField, w.RMethod = reflect.ValueOf(map[string]int{"k": 1}), reflect.ValueOf(&x).Elem().Field(1), reflect.ValueOf(x).Method(0)
	w.RNil = reflect.ValueOf((*item)(nil))
	say(`(main.item) {ID: 3, Name: "three"}`, at("RStruct")...).Children = []string{"ID", "Name"}
	say("3", at("RStruct", "ID")...)
	say("(*main.item) "+hex(unsafe.Pointer(&x))+` → {ID: 3, Name: "three"}`, at("RPtr")...).Children = []string{"ID", "Name"}
	say("(int) 42", at("RInt")...).Count = 0
	say(`(string) "text"`, at("RString")...)
	say(`(map[string]int) len 1 {"k": 1}`, at("RMap")...).Children = []string{`["k"]`}
	say("invalid", at("RZero")...)
	say(`(string) "three"`, at("RField")...)
	say("(*main.item) nil", at("RNil")...)
	starts("{", at("RMethod")...)
	r := &recursive{}
	r.V = reflect.ValueOf(&r.V).Elem()
	w.Recursive = r.V
	starts("(reflect.Value) (reflect.Value) (reflect.Value) ", at("Recursive")...).Count = 0

	w.Once.Do(func() {})
	say("done", at("Once")...)
	say("not done", at("NotYet")...)
	w.Group.Add(3)
	w.Group.Done()
	say("counter 2", at("Group")...)
	w.Waited.Add(1)
	for i := 0; i < 2; i++ {
		go all.Wrapped.Waited.Wait()
	}
	say("counter 1, 2 goroutines wait", at("Waited")...)

	w.Builder.WriteString("built\n")
	w.PBuilder = &strings.Builder{}
	w.PBuilder.WriteString(strings.Repeat("0123456789", 30))
	say(`"built\n"`, at("Builder")...)
	say(`""`, at("NoText")...)
	say(fmt.Sprintf("%s → %q… (300 bytes)", hex(unsafe.Pointer(w.PBuilder)), w.PBuilder.String()[:120]), at("PBuilder")...)
	w.Buffer.WriteString("buffered")
	w.Read.WriteString("read and not read")
	w.Read.Next(9)
	w.PBuffer = bytes.NewBufferString("pointed to")
	say(`"buffered"`, at("Buffer")...)
	say(`"not read"`, at("Read")...)
	say(hex(unsafe.Pointer(w.PBuffer))+` → "pointed to"`, at("PBuffer")...)
}

type key int

const userKey key = 1

var userName interface{} = "user"

type library struct {
	Background, TODO, Cancel, Cancelled, Deadline, Passed context.Context
	Chain, Typed, Constant, Own, Deep                     context.Context

	Addr, Addr6, Addr6z, NoAddr netip.Addr
	Port                        netip.AddrPort
	Prefix                      netip.Prefix
	IP                          net.IP
	Net                         *net.IPNet
	Big                         *big.Int

	Timer, Stopped, Fired, After *time.Timer
	Ticker, NoTicks              *time.Ticker
	Copied                       struct{ T time.Timer }
}

var cancels []context.CancelFunc

func withCancel(c context.Context) context.Context {
	c, cancel := context.WithCancel(c)
	cancels = append(cancels, cancel)
	return c
}

func withDeadline(c context.Context, t time.Time) context.Context {
	c, cancel := context.WithDeadline(c, t)
	cancels = append(cancels, cancel)
	return c
}

type own struct{ context.Context }

func texts() {
	l := &all.Library
	at := func(path ...string) []string { return append([]string{"Library"}, path...) }
	bg := context.Background()
	l.Background, l.TODO = bg, context.TODO()
	say("("+typeName(bg)+") "+contextText(bg), at("Background")...)
	say("("+typeName(l.TODO)+") "+contextText(l.TODO), at("TODO")...)
	l.Cancel = withCancel(bg)
	cancelled, cancel := context.WithCancel(l.Cancel)
	cancel()
	l.Cancelled = cancelled
	say("(*context.cancelCtx) context.Background.WithCancel", at("Cancel")...)
	say("(*context.cancelCtx) context.Background.WithCancel.WithCancel (context canceled)", at("Cancelled")...)
	far := time.Date(2199, 1, 2, 3, 4, 5, 0, time.UTC)
	l.Deadline = withDeadline(bg, far)
	say("(*context.timerCtx) context.Background.WithDeadline(2199-01-02T03:04:05Z)", at("Deadline")...)
	l.Passed = withDeadline(bg, time.Date(1999, 1, 2, 3, 4, 5, 0, time.UTC))
	say("(*context.timerCtx) context.Background.WithDeadline(1999-01-02T03:04:05Z) (context deadline exceeded)", at("Passed")...)
	l.Chain = context.WithValue(l.Deadline, userName, "ann")
	l.Chain = withCancel(l.Chain)
	say(`(*context.cancelCtx) context.Background.WithDeadline(2199-01-02T03:04:05Z).WithValue("user", "ann").WithCancel`, at("Chain")...)
	l.Typed = context.WithValue(bg, item{1, "k"}, &item{})
	say("(*context.valueCtx) context.Background.WithValue(main.item, *main.item)", at("Typed")...).Children = []string{"Context", "key", "val"}
	l.Constant = context.WithValue(bg, userKey, 17)
	say("(*context.valueCtx) context.Background.WithValue(userKey, 17)", at("Constant")...)
	l.Own = context.WithValue(own{bg}, userKey, nil)
	say("(*context.valueCtx) main.own.WithValue(userKey, nil)", at("Own")...)
	l.Deep = bg
	for i := 0; i < 100; i++ {
		l.Deep = context.WithValue(l.Deep, userKey, i)
	}
	say("(*context.valueCtx) …"+deepest(95, 100), at("Deep")...)

	l.Addr, l.Addr6, l.Addr6z = netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::2"), netip.MustParseAddr("fe80::1%eth1")
	l.Port, l.Prefix = netip.AddrPortFrom(l.Addr6z, 8080), netip.MustParsePrefix("192.0.2.0/24")
	l.IP, l.Big = net.ParseIP("2001:db8::1"), new(big.Int).Exp(big.NewInt(7), big.NewInt(60), nil)
	_, l.Net, _ = net.ParseCIDR("10.20.0.0/14")
	say(l.Addr.String(), at("Addr")...)
	say(l.Addr6.String(), at("Addr6")...)
	say(l.Addr6z.String(), at("Addr6z")...)
	say(l.NoAddr.String(), at("NoAddr")...)
	say(l.Port.String(), at("Port")...)
	say(l.Prefix.String(), at("Prefix")...)
	say(l.IP.String(), at("IP")...)
	say(hex(unsafe.Pointer(l.Net))+" → "+l.Net.String(), at("Net")...)
	say(hex(unsafe.Pointer(l.Big))+" → "+l.Big.String(), at("Big")...)

	l.Timer, l.Stopped, l.Fired = time.NewTimer(time.Hour), time.NewTimer(time.Hour), time.NewTimer(time.Nanosecond)
	l.Stopped.Stop()
	<-l.Fired.C
	l.After = time.AfterFunc(time.Hour, func() {})
	l.Ticker, l.NoTicks = time.NewTicker(90*time.Minute), time.NewTicker(time.Hour)
	l.NoTicks.Stop()
	l.Copied.T = *l.Timer
	say(hex(unsafe.Pointer(l.Timer))+" → runs", at("Timer")...)
	say(hex(unsafe.Pointer(l.Stopped))+" → stopped", at("Stopped")...)
	say(hex(unsafe.Pointer(l.Fired))+" → stopped", at("Fired")...)
	say(hex(unsafe.Pointer(l.After))+" → runs", at("After")...)
	say(hex(unsafe.Pointer(l.Ticker))+" → runs, every 1h30m0s", at("Ticker")...)
	say(hex(unsafe.Pointer(l.NoTicks))+" → stopped", at("NoTicks")...)
}

// deepest are the calls that made the last contexts of a chain.
func deepest(from, to int) (s string) {
	for i := from; i < to; i++ {
		s += fmt.Sprintf(".WithValue(userKey, %d)", i)
	}
	return s
}

func typeName(v interface{}) string { return reflect.TypeOf(v).String() }

func contextText(c context.Context) string { return c.(fmt.Stringer).String() }
