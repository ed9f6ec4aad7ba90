package frames

import (
	"goheap/gocore/internal/code"
	"goheap/gocore/internal/program"
	"goheap/gocore/internal/unwind"
)

// dictByCode returns the address of the dictionary that the function of a frame is run
// with, where the code keeps it: a parameter, or a word of the closure, that is the address
// of a dictionary of this function is its own, and not one that it passes on. It is 0 where
// no such word is in the frame any more. Until Go 1.19 the collector does not look for
// dictionaries, so that live words have none (cmd/compile/internal/noder, stencil.go).
func (p *Reader) dictByCode(fn string, fr *unwind.Frame) uint64 {
	if !code.Follows(p.image.Arch.Name) || !followable(fr) {
		return 0
	}
	p.codesMu.Lock()
	defer p.codesMu.Unlock()
	if p.codes == nil {
		p.codes = NewStoredReader(p, nil)
	}
	f := p.codes.function(fr.Func)
	if f == nil {
		return 0
	}
	for _, s := range f.At(fr.PC) {
		o := f.Origins[s.Origin]
		if s.Doubt || o.Kind != code.Param && (o.Kind != code.Load || f.Origins[o.Base].Kind != code.Context) {
			continue
		}
		if word, ok := p.image.Mem.Word(fr.CFA() + uint64(s.CFA)); ok && (program.Code{Program: p.program}).IsDictionary(fn, word) {
			return word
		}
	}
	return 0
}
