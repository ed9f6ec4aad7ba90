package report

import (
	"strconv"
	"testing"
	"unicode/utf8"
)

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"":                 "",
		"main.Session":     "main.Session",
		"a\tb\r\nc":        `a\tb\r\nc`,
		"\x1b]0;x\x07":     `\x1b]0;x\a`,
		"\u202egnp.exe":    `\u202egnp.exe`,
		"\xff\xc3":         `\xff\xc3`,
		"\ufffd":           `�`,
		`c:\x`:             `c:\x`,
		"日本 × ≥ … …":       "日本 × ≥ … …",
		"\u00a0\u2028\x7f": `\u00a0\u2028\x7f`,
	} {
		if got := Printable(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func FuzzPrintable(f *testing.F) {
	f.Add("plain")
	f.Add(hostile)
	f.Fuzz(func(t *testing.T, s string) {
		out := Printable(s)
		clean := utf8.ValidString(s)
		for _, r := range s {
			clean = clean && strconv.IsPrint(r) && r != utf8.RuneError
		}
		if clean && out != s {
			t.Errorf("%q is printable and became %q", s, out)
		}
		for _, r := range out {
			if !strconv.IsPrint(r) {
				t.Fatalf("%q has the rune %U", out, r)
			}
		}
		if again := Printable(out); again != out {
			t.Errorf("%q became %q when printed again", out, again)
		}
	})
}

func TestShortPaths(t *testing.T) {
	for in, want := range map[string]string{
		"":             "",
		"main.Session": "main.Session",
		"24 × map[string]*github.com/nats-io/nats-server/v2/server.node": "24 × map[string]*server.node",
		"github.com/a/b.Cache[*vendor/golang.org/x/net/dns.item]":        "b.Cache[*dns.item]",
		"func(*net/http.Server, *crypto/tls.Conn) error":                 "func(*http.Server, *tls.Conn) error",
		"map[chan<- os.Signal]*os/signal.handler":                        "map[chan<- os.Signal]*signal.handler",
		"go.etcd.io/etcd/api/v3.KeyValue":                                "api/v3.KeyValue",
		"gopkg.in/yaml.v3.Node":                                          "yaml.v3.Node",
		"example.com/vault.Key":                                          "vault.Key",
		"v2.T":                                                           "v2.T",
		"/v2.T":                                                          "/v2.T",
		"a/":                                                             "a/",
		"[:::https://a.b]":                                               "[:::https://a.b]",
		"(unknown 48 B, pointers 0x31, contains a/b.T)":                  "(unknown 48 B, pointers 0x31, contains b.T)",
	} {
		if got := ShortPaths(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
