//go:build linux && (amd64 || arm64)

package capture

// Types of notes, and what writes them, for tests that take cores: package testcore, which
// has those, captures.
const (
	NTPrstatus, NTFpregset, NTXstate = ntPrstatus, ntFpregset, ntXstate
	NTPrpsinfo, NTAuxv, NTFile       = ntPrpsinfo, ntAuxv, ntFile
)

type (
	Thread   = thread
	Identity = identity
	Mapping  = mapping
)

func NewThread(id, signal int, regs map[uint32][]byte) *Thread { return &thread{id, signal, regs} }

func NewIdentity(pid, parent, group, session int, name string) *Identity {
	return &identity{pid: pid, parent: parent, group: group, session: session, name: name}
}

func NewMapping(start, end, offset uint64, path string) Mapping {
	return mapping{start: start, end: end, offset: offset, inode: 1, path: path}
}

var (
	AppendThread   = appendThread
	AppendIdentity = appendIdentity
	AppendFiles    = appendFiles
)
