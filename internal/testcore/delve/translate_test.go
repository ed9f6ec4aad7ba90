package delve

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"goheap/gocore"
)

func TestTranslate(t *testing.T) {
	numbers := map[string]int64{"main.queue.recvx": 3, "main.queue.dataqsiz": 4, "main.a.b.recvx": 0, "main.a.b.dataqsiz": 8}
	number := func(expr string) (int64, error) {
		n, ok := numbers[expr]
		if !ok {
			return 0, fmt.Errorf("asked for %s", expr)
		}
		return n, nil
	}
	for _, test := range []struct{ path, want string }{
		{"main.srv", "main.srv"},
		{"main.srv.store.blocks[3]", "main.srv.store.blocks[3]"},
		{"net/http.DefaultClient.Transport", `"net/http".DefaultClient.Transport`},
		{"github.com/nats-io/nats-server/v2/server.opts.x", `"github.com/nats-io/nats-server/v2/server".opts.x`},
		{`main.m["a.b[c\"].d"].e`, `main.m["a.b[c\"].d"].e`},
		{"main.m[-7].x", "main.m[-7].x"},
		{"*main.p", "*main.p"},
		{"(*main.p).x", "(*main.p).x"},
		{"main.list.next ×3.value", "main.list.next.next.next.value"},
		{"main.list(.node.next) ×2.value", "main.list.node.next.node.next.value"},
		{"<-main.queue[2]", "main.queue.buf[1]"},
		{"(<-main.queue[0]).name", "(main.queue.buf[3]).name"},
		{"(<-main.a.b[1]).m[3]", "(main.a.b.buf[1]).m[3]"},
		{"main.x.(*main.T).y", "main.x.(*main.T).y"},
		{"main.x.(*net/http.conn).r", "main.x.(*http.conn).r"},
		{"main.x.(int).y", "main.x.(int).y"},
		{"main.x.([]*net/http.conn)[2]", "main.x.(data)[2]"},
		{"main.x.(main.Box[int]).v", "main.x.(data).v"},
		{"main.x.(func(int) string).func1 captured y.z", "main.x.(data).y.z"},
		{"main.f.outer.func10 captured inner", "main.f.outer.inner"},
		{"main.f.func1.2 captured x[3]", "main.f.x[3]"},
		{"(*net/http.conn)(0xc000012340).r", "(*`net/http.conn`)(0xc000012340).r"},
		{"local.f[3]", "local.f[3]"},
		{"x", "x"},
		{"call.func1 captured x", "call.x"},
	} {
		got, err := translate(test.path, false, number)
		if err != nil || got != test.want {
			t.Errorf("%s: %s, %v, want %s", test.path, got, err, test.want)
		}
	}
	if got, err := translate("main.x.(*main.T).y", true, number); got != "main.x.(data).y" {
		t.Errorf("untyped: %s, %v", got, err)
	}
	for _, test := range []struct {
		path   string
		reason untranslatable
	}{
		{"main.x → +0x18", byOffset},
		{"main.x[1][5] beyond len 2", byOutside},
		{"main.x[5] beyond len 2.y", byOutside},
		{"main.x → finalizer.y", bySpecial},
		{"main.m[key 3].x", byKey},
		{`main.m[{1 "a"}].x`, byStructKey},
		{"main.m[main.T{1 2}].x", byDynamicKey},
		{"main.m[int8(3)].x", byDynamicKey},
		{"main.m[nil]", byDynamicKey},
		{"main.m[0xc000012340].x", byPointerKey},
		{`main.m[1e+100]`, byFloatKey},
		{`main.m[0.1].x`, byFloatKey},
		{`main.m["abc"… (700 bytes) at 0xc000012340].x`, byLongKey},
		{"main.f.Get captured receiver", byReceiver},
		{"data at 0x5e80c8.x", inData},
		{"main..stmp_3.x", inData},
		{"x.?", byPart},
	} {
		got, err := translate(test.path, false, number)
		var reason untranslatable
		if !errors.As(err, &reason) || reason != test.reason {
			t.Errorf("%s: %q, %v, want %s", test.path, got, err, test.reason)
		}
	}
	// Whatever a path is, there is an answer.
	for _, s := range []string{"", "(", "<-", "<-x", "main.", ".", "[", "main.x[", "main.x.(", `main.x["`, "main.x ×", "main.x ×99999999999", "*", "(*T)(0x", "→", "main.x.func1 captured "} {
		translate(s, false, number)
	}
}

func TestStartOf(t *testing.T) {
	path := gocore.Path{
		Expression: "goroutine 17 [chan receive] main.worker main.go:12 · local.f[3]",
		Hops:       []gocore.Hop{{Expr: "goroutine 17 [chan receive]", Detail: "main.worker main.go:12 · local"}},
	}
	want := start{goroutine: 4, function: "main.worker", position: "main.go:12", rest: "local.f[3]"}
	if got, err := startOf(path, gocore.GoroutineRoot, 4); err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	path.Expression = strings.Replace(path.Expression, "main.worker", "main.inner (inlined in main.outer)", 1)
	path.Hops[0].Detail = "main.inner (inlined in main.outer) main.go:12 · local"
	want.function = "main.inner"
	if got, err := startOf(path, gocore.GoroutineRoot, 4); err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	path.Expression = "goroutine 17 [chan receive] main.worker main.go:12 #3 · local.f[3]"
	path.Hops[0].Detail = "main.worker main.go:12 #3 · local"
	want.function = "main.worker"
	if got, err := startOf(path, gocore.GoroutineRoot, 4); err != nil || got != want {
		t.Errorf("%+v, %v, want %+v", got, err, want)
	}
	path.Expression = "goroutine 17 [chan receive] main.worker main.go:12 · stack +0x18"
	path.Hops[0].Detail = "main.worker main.go:12 · stack +0x18"
	if _, err := startOf(path, gocore.GoroutineRoot, 4); !errors.Is(err, onStack) {
		t.Errorf("a word of a stack: %v", err)
	}
	if got, err := startOf(gocore.Path{Expression: "main.x"}, gocore.GlobalRoot, -1); err != nil || got.rest != "main.x" {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := startOf(gocore.Path{Expression: "x"}, gocore.FinalizerRoot, -1); !errors.Is(err, ofRoot) {
		t.Errorf("a finalizer: %v", err)
	}
}
