package main

import (
	"bufio"
	"bytes"
	"container/heap"
	"container/list"
	"container/ring"
	"context"
	"fmt"
	"math/big"
	"net"
	"net/textproto"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"regexp/syntax"
	"runtime"
	"strings"
	"syscall"
	"text/template"
	"text/template/parse"
	"time"
	"unsafe"
)

// callFailed is of a type that not every version of the library uses by itself.
var callFailed os.SyscallError

type queue []*thing

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].id < q[j].id }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)        { *q = append(*q, x.(*thing)) }
func (q *queue) Pop() any          { x := (*q)[len(*q)-1]; *q = (*q)[:len(*q)-1]; return x }

type fault struct {
	p    *thing
	code int
}

func (f *fault) Error() string { return "fault" }

type contextKey struct{ id int }

var d struct {
	list     list.List
	ring     *ring.Ring
	heap     queue
	values   context.Context
	cancel   context.CancelFunc
	parent   context.Context
	deadline context.Context
	timer    *time.Timer
	ticker   *time.Ticker
	value    reflect.Value
	indirect reflect.Value
	builder  strings.Builder
	buffer   bytes.Buffer
	buffers  *bytes.Buffer
	reader   *bufio.Reader
	big      *big.Int
	regexp   *regexp.Regexp
	ip       net.IP
	addr     net.Addr
	listener net.Listener
	joined   error
	wrapped  error
	when     time.Time
	url      *url.URL
	header   textproto.MIMEHeader
	template *template.Template
}

//go:noinline
func buildLibrary() {
	callFailed.Syscall = "pause"
	var second *list.Element
	for i := 0; i < 5; i++ {
		e := d.list.PushBack(newThing())
		if i == 1 {
			second = e
		}
	}
	say("container/list, element", at(second), "container/list.Element", "main.d.list.root.next.next")
	isThing("container/list, value", second.Value.(*thing), "main.d.list.root.next.next.Value.(*main.thing)")

	d.ring = ring.New(5)
	d.ring.Next().Value = newThing()
	isThing("container/ring", d.ring.Next().Value.(*thing), "main.d.ring.next.Value.(*main.thing)")

	for i := 0; i < 5; i++ {
		heap.Push(&d.heap, newThing())
	}
	isThing("container/heap", d.heap[3], "main.d.heap[3]")

	parent, cancel := context.WithCancel(context.Background())
	d.values = context.WithValue(parent, contextKey{1}, newThing())
	isThing("context, value", d.values.Value(contextKey{1}).(*thing), "main.d.values.(*context.valueCtx).val.(*main.thing)")
	say("context, parent", boxed(parent), "context.cancelCtx", "main.d.values.(*context.valueCtx).Context.(*context.cancelCtx)")
	_ = cancel

	own, cancelOwn := context.WithCancel(context.Background())
	d.cancel = cancelOwn
	say("context, held by its cancel function", boxed(own), "context.cancelCtx", "main.d.cancel.func1 captured c")

	held, cancelHeld := context.WithCancel(context.Background())
	child, cancelChild := context.WithCancel(held)
	d.parent = held
	_, _ = cancelHeld, cancelChild
	say("context, child", boxed(child), "context.cancelCtx", fmt.Sprintf("main.d.parent.(*context.cancelCtx).children[key (*context.cancelCtx)(%#x)]", boxed(child)))

	late, cancelLate := context.WithTimeout(context.Background(), 2000*time.Hour)
	d.deadline = late
	_ = cancelLate
	say("context, with timeout", boxed(d.deadline), "context.timerCtx", "main.d.deadline.(*context.timerCtx)")
	inside := ""
	if reflect.TypeOf(d.deadline).Elem().Field(0).Type.Kind() == reflect.Ptr {
		inside = ".cancelCtx" // a *cancelCtx is embedded, in Go 1.20 alone
	}
	say("context, done", word(d.deadline.Done()), "chan struct {}", "main.d.deadline.(*context.timerCtx)"+inside+".done.v.(chan struct {})")

	d.timer = time.NewTimer(1000 * time.Hour)
	say("time.Timer", at(d.timer), timerType("time.Timer"), "main.d.timer")
	say("time.Timer, channel", word(d.timer.C), timerChannel, "main.d.timer.C")
	d.ticker = time.NewTicker(1000 * time.Hour)
	say("time.Ticker", at(d.ticker), timerType("time.Ticker"), "main.d.ticker")
	x := newThing()
	timed := func() { println(x) }
	time.AfterFunc(500*time.Hour, timed)
	name := runtime.FuncForPC(reflect.ValueOf(timed).Pointer()).Name()
	isThing("time.AfterFunc", x, fmt.Sprintf("timers that run %s%s.arg.(func()).%s captured x", name, timerPart, name[strings.Index(name, ".func")+1:]))

	d.value = reflect.ValueOf(newThing())
	isThing("reflect.Value", d.value.Interface().(*thing), "main.d.value.ptr")
	msg := &message{p: newThing()}
	d.indirect = reflect.ValueOf(msg).Elem()
	say("reflect.Value that can be set", at(msg), "main.message", "main.d.indirect.ptr")
	isThing("reflect.Value that can be set, on", msg.p, "main.d.indirect.ptr.p")

	d.builder.WriteString(long("built"))
	say("strings.Builder", word(d.builder.String()), "[]uint8", "main.d.builder.buf")
	d.buffer.WriteString(long("buffered"))
	say("bytes.Buffer", word(d.buffer.Bytes()), "[]uint8", "main.d.buffer.buf")
	d.buffers = bytes.NewBuffer(make([]byte, 10, 100))
	say("bytes.Buffer on the heap", at(d.buffers), "bytes.Buffer", "main.d.buffers")
	say("bytes.Buffer on the heap, bytes", word(d.buffers.Bytes()), "[]uint8", "main.d.buffers.buf")

	source := strings.NewReader(long("read"))
	d.reader = bufio.NewReaderSize(source, 5000)
	say("bufio.Reader", at(d.reader), "bufio.Reader", "main.d.reader")
	say("bufio.Reader, source", at(source), "strings.Reader", "main.d.reader.rd.(*strings.Reader)")

	d.big = new(big.Int).Lsh(big.NewInt(3), 1000)
	say("big.Int", at(d.big), "math/big.Int", "main.d.big")
	say("big.Int, digits", word(d.big.Bits()), "[]math/big.Word", "main.d.big.abs")

	d.regexp = regexp.MustCompile(`a(b|c)*d+[x-z]`)
	say("regexp", at(d.regexp), "regexp.Regexp", "main.d.regexp")
	prog := (*syntax.Prog)(reflect.ValueOf(d.regexp).Elem().FieldByName("prog").UnsafePointer())
	for i, in := range prog.Inst {
		if in.Op == syntax.InstRune1 && in.Rune[0] == 'd' {
			outer := uintptr(unsafe.Pointer(&in.Rune[0])) - unsafe.Offsetof(syntax.Regexp{}.Rune0)
			say("regexp, held by a rune", outer, "regexp/syntax.Regexp", fmt.Sprintf("main.d.regexp.prog.Inst[%d].Rune", i))
		}
	}

	d.ip = append(make(net.IP, 0, 16), net.IPv4(192, 0, 2, 1)...)
	say("net.IP", word(d.ip), "[]uint8", "main.d.ip")
	tcp := &net.TCPAddr{IP: append(make(net.IP, 0, 16), d.ip...), Port: 80}
	d.addr = tcp
	say("net.Addr", at(tcp), "net.TCPAddr", "main.d.addr.(*net.TCPAddr)")
	say("net.Addr, bytes", word(tcp.IP), "[]uint8", "main.d.addr.(*net.TCPAddr).IP")

	if listener, err := net.Listen("tcp4", "127.0.0.1:0"); err == nil {
		d.listener = listener
		ip := listener.Addr().(*net.TCPAddr).IP
		say("socket address", word(ip)-unsafe.Offsetof(syscall.SockaddrInet4{}.Addr), "syscall.SockaddrInet4", "main.d.listener.(*net.TCPListener).fd.laddr.(*net.TCPAddr).IP")
	} else {
		missing("socket address", err.Error())
	}

	joinErrors()
	worse := &fault{p: newThing()}
	d.wrapped = fmt.Errorf("wrapped: %w", worse)
	say("fmt.Errorf", at(worse), "main.fault", "main.d.wrapped.(*fmt.wrapError).err.(*main.fault)")

	d.when = time.Now().In(time.FixedZone(long("Kinds"), 3723))
	say("time.Time, location", at(d.when.Location()), "time.Location", "main.d.when.loc")

	d.url, _ = url.Parse("https://user:" + strings.Repeat("secret", 5) + "@example.com/p?q=1")
	say("url.URL", at(d.url), "net/url.URL", "main.d.url")
	say("url.URL, user", at(d.url.User), "net/url.Userinfo", "main.d.url.User")

	d.header = textproto.MIMEHeader{"Accept": {long("text/plain"), long("text/html")}}
	say("header", word(d.header), "net/textproto.MIMEHeader", "main.d.header")
	say("header, values", word(d.header["Accept"]), "[]string", `main.d.header["Accept"]`)
	say("header, value", word(d.header["Accept"][1]), "string data", `main.d.header["Accept"][1]`)

	d.template = template.Must(template.New("t").Parse("{{if .A}}{{range .B}}{{.}}{{end}}{{end}}"))
	say("template", at(d.template.Tree), "text/template/parse.Tree", "main.d.template.Tree")
	say("template, root", at(d.template.Root), "text/template/parse.ListNode", "main.d.template.Tree.Root")
	say("template, nodes", word(d.template.Root.Nodes), "[]text/template/parse.Node", "main.d.template.Tree.Root.Nodes")
	say("template, node", boxed(d.template.Root.Nodes[0]), "text/template/parse.IfNode", "main.d.template.Tree.Root.Nodes[0].(*text/template/parse.IfNode)")
	branch := d.template.Root.Nodes[0].(*parse.IfNode)
	say("template, promoted field", at(branch.List), "text/template/parse.ListNode", "main.d.template.Tree.Root.Nodes[0].(*text/template/parse.IfNode).List")
}
