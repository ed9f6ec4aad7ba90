// Package delve compares what goheap says of a core with what Delve says: where paths
// lead, what values are, what stands on stacks. Delve is another program, with a reader
// of DWARF, of stacks and of the runtime's structures of its own.
//
// Its tests have the build tag delve, since they need the module proxy: make test-delve.
package delve

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/rpc"
	"net/rpc/jsonrpc"
	"os/exec"
	"strings"
	"time"
)

// The version of Delve that is asked: the newest that knows the newest Go that goheap
// is tested with.
const (
	delvePackage = "github.com/go-delve/delve/cmd/dlv"
	delveVersion = "v1.27.2"
)

// client is a Delve that has a core open.
type client struct {
	cmd  *exec.Cmd
	rpc  *rpc.Client
	asks int // how many questions it was asked
}

// startTime is how long Delve may take to read an executable and a core.
const startTime = 3 * time.Minute

// open starts Delve on a core. Its server says on its first line of output where it
// listens (Documentation/api/ClientHowto.md).
func open(ctx context.Context, dlv, exe, core string) (*client, error) {
	cmd := exec.CommandContext(ctx, dlv, "core", exe, core, "--headless", "--api-version=2",
		"--accept-multiclient", "--check-go-version=false", "--listen=127.0.0.1:0")
	cmd.Env = append(cmd.Environ(), "DEBUGINFOD_URLS=")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	c := &client{cmd: cmd}
	timer := time.AfterFunc(startTime, func() { cmd.Process.Kill() })
	address := ""
	lines := bufio.NewScanner(stdout)
	for address == "" && lines.Scan() {
		_, address, _ = strings.Cut(lines.Text(), "listening at: ")
	}
	timer.Stop()
	if address == "" {
		cmd.Process.Kill()
		cmd.Wait()
		return nil, fmt.Errorf("dlv core %s %s says nowhere where it listens:\n%s", exe, core, &stderr)
	}
	go func() {
		for lines.Scan() {
		}
	}()
	if c.rpc, err = jsonrpc.Dial("tcp", address); err != nil {
		c.close()
		return nil, fmt.Errorf("asking Delve at %s: %w", address, err)
	}
	return c, nil
}

// close ends Delve.
func (c *client) close() {
	if c.rpc != nil {
		c.rpc.Close()
	}
	c.cmd.Process.Kill()
	c.cmd.Wait()
}

// call asks one question.
func (c *client) call(method string, in, out any) error {
	c.asks++
	return c.rpc.Call("RPCServer."+method, in, out)
}

// anywhere is the scope of expressions that start at a global variable.
var anywhere = scope{GoroutineID: -1}

// eval evaluates an expression (Documentation/cli/expr.md).
func (c *client) eval(at scope, expr string, cfg loadConfig) (*variable, error) {
	var out struct{ Variable *variable }
	err := c.call("Eval", struct {
		Scope scope
		Expr  string
		Cfg   loadConfig
	}{at, expr, cfg}, &out)
	if err == nil && out.Variable == nil {
		err = errors.New("no variable")
	}
	if err != nil {
		return nil, err
	}
	if out.Variable.Unreadable != "" {
		return nil, fmt.Errorf("unreadable: %s", out.Variable.Unreadable)
	}
	return out.Variable, nil
}

// globals lists the variables of all packages, without what they lead to.
func (c *client) globals() ([]variable, error) {
	var out struct{ Variables []variable }
	err := c.call("ListPackageVars", struct {
		Filter string
		Cfg    loadConfig
	}{"", loadConfig{}}, &out)
	return out.Variables, err
}

// goroutines lists all of them.
func (c *client) goroutines() ([]goroutine, error) {
	var out struct{ Goroutines []goroutine }
	err := c.call("ListGoroutines", struct{ Start, Count int }{0, 1 << 20}, &out)
	return out.Goroutines, err
}

// stack returns the frames of a goroutine, innermost first, with their variables and
// deferred calls.
func (c *client) stack(id int64, cfg loadConfig) ([]stackframe, error) {
	var out struct{ Locations []stackframe }
	err := c.call("Stacktrace", struct {
		Id     int64
		Depth  int
		Full   bool
		Defers bool
		Cfg    loadConfig
	}{id, maxDepth, true, true, cfg}, &out)
	return out.Locations, err
}

// maxDepth is more frames than any stack of the test programs has.
const maxDepth = 10000
