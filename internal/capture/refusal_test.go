//go:build linux && (amd64 || arm64)

package capture

import (
	"strings"
	"syscall"
	"testing"
)

// Each thing that stands in the way has a sentence of its own, with the way out.
func TestRefusals(t *testing.T) {
	for _, test := range []struct {
		r    rights
		err  error
		want string
	}{
		{rights{ended: true}, syscall.ENOENT, "no process"},
		{rights{}, syscall.ESRCH, "no process"},
		{rights{kernelThread: true}, syscall.ENOENT, "no memory"},
		{rights{withoutPagemap: true}, syscall.ENOENT, "sandboxes"},
		{rights{}, syscall.EIO, "input/output error"},
		{rights{tracer: 7, capable: true}, syscall.EPERM, "process 7 traces it already"},
		{rights{yama: 3, capable: true}, syscall.EPERM, "WriteHeapDump"},
		{rights{capable: true, otherUsers: true}, syscall.EACCES, "user namespace"},
		{rights{capable: true, seccomp: true}, syscall.ENOSYS, "seccomp=unconfined"},
		{rights{capable: true}, syscall.EPERM, "AppArmor"},
		{rights{uid: 5}, syscall.EPERM, "--profile=general"},
		{rights{uid: 5, ownUID: 6, dumpable: true}, syscall.EACCES, "belongs to user 5"},
		{rights{uid: 6, ownUID: 6}, syscall.EACCES, "PR_SET_DUMPABLE"},
		{rights{uid: 6, ownUID: 6, dumpable: true, yama: 2}, syscall.EPERM, "ptrace_scope is 2"},
		{rights{uid: 6, ownUID: 6, dumpable: true, yama: 1}, syscall.EPERM, "ptrace_scope=0"},
		{rights{uid: 6, ownUID: 6, dumpable: true, seccomp: true}, syscall.EPERM, "seccomp=unconfined"},
		{rights{uid: 6, ownUID: 6, dumpable: true}, syscall.EPERM, "not permitted"},
	} {
		test.r.pid = 4711
		if got := test.r.explain(test.err).Error(); !strings.Contains(got, test.want) || !strings.Contains(got, "4711") || strings.Contains(got, "%!") {
			t.Errorf("%+v, %v: %q, want %q", test.r, test.err, got, test.want)
		}
	}
}
