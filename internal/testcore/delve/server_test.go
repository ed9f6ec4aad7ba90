//go:build delve

package delve

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"goheap/internal/testcore"
)

// The server whose core is compared: one of the smaller ones, which needs nothing but
// the module proxy.
const (
	serverPackage = "github.com/nats-io/nats-server/v2"
	serverVersion = "v2.10.27"
)

// serverCore runs the server with clients that have subscribed and sent something, and
// returns its executable and a core.
func serverCore(t *testing.T, flags []string) (exe, core string) {
	t.Helper()
	exe, err := testcore.Install(serverPackage, serverVersion, testcore.Options{Flags: flags, Progress: os.Stderr})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cmd := exec.Command(exe, "-a", "127.0.0.1", "-p", "-1", "-m", "-1", "-js", "-sd", filepath.Join(dir, "store"), "--ports_file_dir", dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	address := serverAddress(t, filepath.Join(dir, fmt.Sprintf("%s_%d.ports", filepath.Base(exe), cmd.Process.Pid)))
	for i := range 12 {
		talk(t, address, i)
	}
	return exe, testcore.Attach(t, cmd.Process.Pid)
}

// serverAddress waits for the file in which the server says where it listens.
func serverAddress(t *testing.T, file string) string {
	t.Helper()
	for range 300 {
		var ports struct{ Nats []string }
		if b, err := os.ReadFile(file); err == nil && json.Unmarshal(b, &ports) == nil && len(ports.Nats) > 0 {
			return strings.TrimPrefix(ports.Nats[0], "nats://")
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("the server does not say in %s where it listens", file)
	return ""
}

// talk is a client that stays connected: it subscribes, makes a stream and publishes to
// it (docs.nats.io, Client Protocol).
func talk(t *testing.T, address string, i int) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	var b strings.Builder
	fmt.Fprintf(&b, "CONNECT {\"verbose\":false,\"name\":\"client %d\",\"lang\":\"none\",\"version\":\"1\",\"protocol\":1}\r\n", i)
	for k := range 5 {
		fmt.Fprintf(&b, "SUB orders.%d.*.item%d %d\r\n", i, k, k+1)
	}
	fmt.Fprintf(&b, "SUB _INBOX.%d.> workers 9\r\n", i)
	if i%4 == 0 {
		stream := fmt.Sprintf(`{"name":"S%d","subjects":["stored.%d.>"],"storage":"memory","retention":"limits","max_consumers":-1,"max_msgs":-1,"max_bytes":-1,"num_replicas":1}`, i, i)
		fmt.Fprintf(&b, "PUB $JS.API.STREAM.CREATE.S%d _INBOX.%d.made %d\r\n%s\r\n", i, i, len(stream), stream)
	}
	b.WriteString("PING\r\n")
	fmt.Fprint(conn, b.String())
	conn.SetReadDeadline(time.Now().Add(time.Minute))
	lines := bufio.NewScanner(conn)
	// The answers to different questions come in any order.
	wait := func(words ...string) {
		t.Helper()
		for len(words) > 0 && lines.Scan() {
			words = slices.DeleteFunc(words, func(word string) bool { return strings.HasPrefix(lines.Text(), word) })
		}
		if len(words) > 0 {
			t.Fatalf("the server said no %s: %v", words, lines.Err())
		}
	}
	if i%4 == 0 {
		wait("PONG", "MSG _INBOX") // the stream is there
	} else {
		wait("PONG")
	}
	b.Reset()
	for k := range 20 {
		fmt.Fprintf(&b, "PUB stored.%d.%d 5\r\nhello\r\n", i, k)
	}
	b.WriteString("PING\r\n")
	fmt.Fprint(conn, b.String())
	wait("PONG")
}
